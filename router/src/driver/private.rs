//! Where an answer goes on channels where one speaks in public and in private: there, where the customer wrote last,
//! unless it moves the conversation to private.
//!
//! What was said tells it, so the same question has the same answer when the call is checked and when it is sent.

use std::collections::HashSet;

use blendline_connectors::Connector;
use blendline_core::rows::OutboundState;
use blendline_wire::capability::PrivateReply;
use blendline_wire::outbound::{Answered, Outbound, SendFailure};
use blendline_wire::worker::Author;
use blendline_wire::{Millis, OutboundId, Pii};

use crate::payload::{MessageBody, Place, StoredMessage};
use crate::ports::store::{Archive, StoreError};

/// Where a message of ours goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Way {
    to: Option<Pii<String>>,
    thread: Option<String>,
    answers: Option<Answered>,
    private_reply_to: Option<String>,
    window_until: Option<Millis>,
}

impl Way {
    /// Sends a message this way.
    pub(crate) fn direct(self, outbound: &mut Outbound) {
        if let Some(to) = self.to {
            outbound.to = to;
        }
        outbound.thread = self.thread;
        outbound.answers = self.answers.map(Box::new).or(outbound.answers.take());
        outbound.private_reply_to = self.private_reply_to;
        outbound.window_until = self.window_until;
    }

    /// Where the customer said `line`.
    fn back_to(line: &StoredMessage, place: &Place, window_ms: Option<u64>) -> Self {
        Self {
            to: place.peer.clone(),
            thread: place.thread.clone(),
            answers: Some(line.body.clone().answered()),
            private_reply_to: None,
            // What is said in public has no window.
            window_until: window_ms.filter(|_| place.thread.is_none()).map(|window_ms| line.at.plus(window_ms)),
        }
    }
}

/// Whether the customer's last word was said in public.
pub(crate) fn is_heard_in_public(lines: &[StoredMessage]) -> bool {
    lines.iter().rev().find(|line| heard(line).is_some()).is_some_and(|line| is_public(&line.body))
}

/// The way of the message at `seq`; `None` where its contact says it, because nothing tells more.
///
/// `failed` are messages of ours that the platform did not take, `at` is when the message was said. An error says why the
/// platform would not take a private one, and what to do instead.
pub(crate) fn way(
    connector: &dyn Connector,
    lines: &[StoredMessage],
    seq: u64,
    privately: bool,
    failed: &HashSet<OutboundId>,
    at: Millis,
) -> Result<Option<Way>, SendFailure> {
    let window_ms = connector.capabilities().window_ms;
    let before = || lines.iter().filter(|line| line.seq < seq);
    let heard: Vec<_> = before().filter_map(|line| Some((line, heard(line)?))).collect();
    if !privately {
        return Ok(heard.last().map(|(line, place)| Way::back_to(line, place, window_ms)));
    }
    let written = heard.iter().rev().find(|(line, _)| !is_public(&line.body));
    if let Some((line, place)) = written
        && window_ms.is_none_or(|window_ms| at < line.at.plus(window_ms))
    {
        return Ok(Some(Way::back_to(line, place, window_ms)));
    }
    let Some(rules) = connector.private_reply() else {
        return Err(SendFailure::new("private_not_possible", "this platform has no private side: answer in public"));
    };
    let said: Vec<_> = heard.iter().copied().filter(|(line, _)| is_public(&line.body)).collect();
    match begin(rules, &said, before(), failed, at) {
        // The platform's window is over; nothing that was said in public since opens another way.
        Err(_) if written.is_some() => Err(SendFailure::new(
            "window_closed",
            "too long has passed since the customer wrote in private: answer in public, or wait until he writes",
        )),
        begun => begun.map(Some),
    }
}

/// The way of the first private message: an answer to what was said in public.
fn begin<'a>(
    rules: PrivateReply,
    said: &[(&StoredMessage, &Place)],
    before: impl Iterator<Item = &'a StoredMessage>,
    failed: &HashSet<OutboundId>,
    at: Millis,
) -> Result<Way, SendFailure> {
    let of_kind = |line: &StoredMessage| line.body.kind.is_some_and(|kind| rules.kinds.contains(&kind));
    let known: Vec<_> = said.iter().filter(|(line, _)| of_kind(line) && line.body.external_id.is_some()).collect();
    if known.is_empty() {
        let detail = "the platform lets nobody answer this in private: answer in public";
        return Err(SendFailure::new("private_not_possible", detail));
    }
    let timely = |line: &StoredMessage, at| rules.within_ms.is_none_or(|within_ms| at < said_at(line).plus(within_ms));
    let mut spent = HashSet::new();
    if rules.once {
        // Each of ours took the latest that was left to it.
        for ours in before.filter(|line| line.body.privately && line.outbound.is_some_and(|id| !failed.contains(&id))) {
            let free =
                |line: &StoredMessage| line.seq < ours.seq && timely(line, ours.at) && !spent.contains(&line.seq);
            let taken = known.iter().rev().find(|(line, _)| free(line)).map(|(line, _)| line.seq);
            spent.extend(taken);
        }
    }
    let mut late = false;
    for (line, place) in known.into_iter().rev() {
        late |= !timely(line, at);
        if timely(line, at) && !spent.contains(&line.seq) {
            let private_reply_to = line.body.external_id.clone();
            let way = Way::back_to(line, place, None);
            return Ok(Way { thread: None, private_reply_to, ..way });
        }
    }
    Err(if late && spent.is_empty() {
        let days = rules.within_ms.unwrap_or(0) / (24 * 60 * 60 * 1000);
        let detail = format!("the platform takes a private answer for {days} days only: answer in public");
        SendFailure::new("private_too_late", detail)
    } else {
        let detail = "the platform takes one private answer to what was said in public, and it was given: wait until the \
                      customer writes in private, or answer in public";
        SendFailure::new("private_once", detail)
    })
}

/// Messages of ours among these private ones that the platform did not take: they spent nothing.
pub(crate) async fn failed(archive: &dyn Archive, lines: &[StoredMessage]) -> Result<HashSet<OutboundId>, StoreError> {
    let ours: Vec<_> = lines.iter().filter(|line| line.body.privately).filter_map(|line| line.outbound).collect();
    if ours.is_empty() {
        return Ok(HashSet::new());
    }
    let letters = archive.letters(&ours).await?.into_iter();
    Ok(letters.filter(|one| matches!(one.row.state, OutboundState::Failed { .. })).map(|one| one.row.id).collect())
}

/// Where the customer said this line, if he did.
fn heard(line: &StoredMessage) -> Option<&Place> {
    let says = line.body.kind.is_some_and(|kind| kind.wants_answer());
    line.body.place.as_ref().filter(|_| line.author == Author::Customer && says)
}

fn is_public(body: &MessageBody) -> bool {
    !matches!(body.visibility.as_deref(), None | Some("direct"))
}

/// The platform's time counts, unless its clock is ahead of ours.
fn said_at(line: &StoredMessage) -> Millis {
    line.body.timestamp.map_or(line.at, |at| at.0.min(line.at))
}

#[cfg(test)]
mod tests {
    use blendline_wire::inbound::InboundKind;
    use blendline_wire::outbound::Content;
    use blendline_wire::time::Instant;

    use super::*;

    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn heard(seq: u64, at: u64, thread: Option<&str>) -> StoredMessage {
        let public = thread.is_some();
        let body = MessageBody {
            kind: Some(if public { InboundKind::Comment } else { InboundKind::Message }),
            external_id: Some(format!("c{seq}")),
            timestamp: Some(Instant(Millis(at))),
            visibility: public.then(|| "public".to_owned()),
            place: Some(Place {
                peer: Some(if public { "p" } else { "psid" }.into()),
                thread: thread.map(str::to_owned),
            }),
            ..MessageBody::default()
        };
        StoredMessage { seq, at: Millis(at), author: Author::Customer, worker: None, outbound: None, body }
    }

    fn ours(seq: u64, at: u64) -> StoredMessage {
        let content = Content::Text { text: "x".into() };
        let body = MessageBody { privately: true, ..MessageBody::reply(content) };
        let outbound = Some(OutboundId(seq));
        StoredMessage { seq, at: Millis(at), author: Author::Worker, worker: None, outbound, body }
    }

    fn asked(channel: &str, lines: &[StoredMessage], failed: &[u64], at: u64) -> String {
        let connector = blendline_connectors::by_name(channel).unwrap();
        let failed = failed.iter().map(|id| OutboundId(*id)).collect();
        match way(connector, lines, 99, true, &failed, Millis(at)) {
            Ok(Some(Way { private_reply_to: Some(said), thread: None, .. })) => format!("begins at {said}"),
            Ok(Some(Way { to: Some(to), thread: None, .. })) => format!("goes on with {}", to.expose()),
            other => other.map_err(|cause| cause.reason).map(|way| format!("{way:?}")).unwrap_or_else(|reason| reason),
        }
    }

    #[test]
    fn each_comment_opens_one_way_for_a_week() {
        let comment = |seq| heard(seq, DAY * seq, Some("post"));
        let page = |lines: &[StoredMessage], failed: &[u64], day| asked("facebook_page", lines, failed, DAY * day);
        assert_eq!(page(&[comment(1)], &[], 2), "begins at c1");
        assert_eq!(page(&[comment(1)], &[], 8), "private_too_late");
        assert_eq!(page(&[comment(1), comment(2)], &[], 3), "begins at c2");
        let once = [comment(1), comment(2), ours(3, DAY * 3)];
        assert_eq!(page(&once, &[], 3), "begins at c1", "the earlier one is left");
        assert_eq!(page(&once, &[3], 3), "begins at c2", "what failed spent nothing");
        let twice = [comment(1), comment(2), ours(3, DAY * 3), ours(4, DAY * 3)];
        assert_eq!(page(&twice, &[], 3), "private_once");
        // His private answer opens the platform's window; when that is over, a new comment opens a way of its own.
        let answered = [comment(1), ours(2, DAY), heard(3, DAY * 2, None)];
        assert_eq!(page(&answered, &[], 2), "goes on with psid");
        assert_eq!(page(&answered, &[], 4), "window_closed");
        let again = [comment(1), ours(2, DAY), heard(3, DAY * 2, None), comment(4)];
        assert_eq!(page(&again, &[], 5), "begins at c4");
    }

    #[test]
    fn where_there_is_no_private_side_it_is_said_so() {
        let comment = [heard(1, DAY, Some("post"))];
        assert_eq!(asked("google_business", &comment, &[], DAY), "private_not_possible");
        assert_eq!(asked("linkedin", &comment, &[], DAY), "private_not_possible");
        // Meta takes no private answer to what somebody wrote on a page of his own.
        let mut mention = comment.clone();
        mention[0].body.kind = Some(InboundKind::Mention);
        assert_eq!(asked("facebook_page", &mention, &[], DAY), "private_not_possible");
        assert_eq!(asked("x_xaa", &mention, &[], DAY * 90), "begins at c1");
    }
}
