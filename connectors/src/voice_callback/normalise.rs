//! What happened to a call.

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind};

use crate::Malformed;
use crate::gateway::fields::{self, Fields};
use crate::reading::{self, fetched, fingerprint, no_webhook, set_repeats_aside};

const IDS: &[&str] =
    &["callsid", "callid", "calluuid", "callcontrolid", "callsessionid", "uuid", "linkedid", "uniqueid", "id"];
const CALLERS: &[&str] = &["from", "caller", "callernumber", "callerid", "ani", "msisdn", "phone", "phonenumber"];
const CALLED: &[&str] = &["to", "called", "callednumber", "calledid", "dnis", "destination", "did"];
const STATUSES: &[&str] = &["callstatus", "dialcallstatus", "status", "state", "disposition", "eventtype", "event"];
const RECORDINGS: &[&str] = &["recordingurl", "recordurl", "recording"];
const TIMES: &[&str] = &["timestamp", "starttime", "calltime", "occurredat", "datetime", "time", "date"];
/// What the caller pressed or said to a machine, which may be the wish to be called back.
const ANSWERS: &[&str] = &["digits", "dtmf", "speechresult", "callback", "callbacknumber"];
/// Nobody spoke with the caller.
const MISSED: &[&str] =
    &["noanswer", "busy", "failed", "canceled", "cancelled", "missed", "unanswered", "rejected", "timeout"];

/// Translates a body.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let body = fields::read(body)?;
    if !body.wrapped && !body.all.iter().any(is_known) {
        return Err(no_webhook("the whole body", "a call with its id, its status or its caller"));
    }
    let read = |fields: &Fields| {
        if is_known(fields) { call(fields) } else { reading::unreadable("an item", "a call", &fields.whole) }
    };
    let mut events: Vec<InboundEvent> = body.all.iter().map(read).collect();
    set_repeats_aside(&mut events);
    Ok(events)
}

/// Two of the three that every call has: an id alone would fit anything.
fn is_known(fields: &Fields) -> bool {
    let there = [fields.text(IDS).is_some(), fields.address(CALLERS).is_some(), fields.text(STATUSES).is_some()];
    there.iter().filter(|one| **one).count() >= 2
}

fn call(fields: &Fields) -> InboundEvent {
    let (from, to) = (fields.address(CALLERS), fields.address(CALLED));
    let ours =
        fields.text(&["direction"]).is_some_and(|direction| direction.to_ascii_lowercase().starts_with("outbound"));
    let (account, peer) = if ours { (from.clone(), to) } else { (to, from.clone()) };
    let status = fields.text(STATUSES).map(|status| status.to_ascii_lowercase());
    let id = fields.text(IDS);
    let recording = fields.text(RECORDINGS);
    let answer = fields.text(ANSWERS);
    let word: String = status.iter().flat_map(|status| status.chars()).filter(char::is_ascii_alphanumeric).collect();
    // Only what leaves somebody waiting wants an answer: ringing and talking are reports.
    let waits = !ours && (recording.is_some() || answer.is_some() || MISSED.contains(&word.as_str()));
    let sequence = fields.text(&["sequencenumber", "recordingsid"]);
    let version = sequence.or_else(|| recording.clone()).or_else(|| status.clone()).unwrap_or_default();
    InboundEvent {
        dedup_key: Some(id.as_ref().map_or_else(|| fingerprint(&[&fields.whole]), |id| format!("{id}:{version}"))),
        external_message_id: id,
        sender_id: from,
        sender_name: fields.text(&["callername", "calleridname", "cnam"]).map(Pii::new),
        payload: answer.map(Pii::new),
        attachments: recording.map(recorded).into_iter().collect(),
        timestamp: fields.time(TIMES),
        is_status_or_echo: !waits,
        event: fields.text(&["callbacksource", "recordingstatus"]),
        status,
        ..reading::event(InboundKind::Call, &account.unwrap_or_default(), peer)
    }
}

fn recorded(url: String) -> Attachment {
    fetched("audio", Some(url))
}
