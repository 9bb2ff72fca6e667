//! What other systems tell.

use blendline_wire::ExternalId;
use serde_json::{Value, json};

use crate::api::externals::{ExternalAct, ExternalInfo, ExternalOutcome, ExternalTelling, ExternalsWanted};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{SERVED_ELSEWHERE, UNKNOWN_CONVERSATION, UNKNOWN_EXTERNAL};

const ID: &str = "ext_5d41402abc4b2a76b9719d911017c592";

fn done() -> Value {
    json!({ "id": ID, "state": "done" })
}

fn parked() -> Value {
    json!({ "id": ID, "state": "parked", "reason": "unknown_reference", "detail": "SO-1017" })
}

pub(in crate::api) fn tell() -> About {
    About::new("tell_external_event", Tag::Cases, "Tell what happened in another system")
        .text(
            "The rules say what each kind of event does to the cases that bear its reference. An event that comes before \
             those before it waits for them; what cannot be applied is put aside, with its reason, and never lost. Telling \
             it again is telling it once.",
        )
        .place::<String>("system", "The system, as the rules name it.")
        .takes::<ExternalTelling>(json!({
            "id": "dlv-88-3", "reference": "SO-1017", "sequence": 3, "kind": "delivered", "at": "2026-11-25T09:30:00Z"
        }))
        .gives::<ExternalOutcome>(200, "It was applied.")
        .such_as(done())
        .gives::<ExternalOutcome>(202, "It waits for others, or for a person.")
        .such_as(parked())
        .fails(&[UNKNOWN_CONVERSATION, SERVED_ELSEWHERE])
}

pub(in crate::api) fn list() -> About {
    About::new("list_external_events", Tag::Cases, "List events of other systems that were not applied yet")
        .asks::<ExternalsWanted>()
        .gives_page::<ExternalInfo>("Events.")
        .such_as(json!({
            "items": [{
                "id": ID, "state": "parked", "reason": "unknown_reference", "detail": "SO-1017", "system": "delivery",
                "given_id": "dlv-88-3", "reference": "SO-1017", "sequence": 3, "kind": "delivered",
                "at": "2026-11-25T09:30:00Z", "came_at": "2026-11-25T09:30:01Z", "fields": {}
            }],
            "next": null
        }))
}

pub(in crate::api) fn act() -> About {
    About::new("act_on_external_event", Tag::Cases, "Try an event again that was put aside, or drop it")
        .place::<ExternalId>("id", "The event.")
        .takes::<ExternalAct>(json!({ "act": "drop", "reason": "The order was a test." }))
        .gives::<ExternalOutcome>(200, "What became of it.")
        .such_as(done())
        .fails(&[UNKNOWN_EXTERNAL, SERVED_ELSEWHERE])
}
