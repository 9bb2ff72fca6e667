//! What operations people look at.

use blendline_wire::OutboundId;
use blendline_wire::event::Event;
use serde_json::json;

use crate::api::operations::{EventsWanted, OutboxWanted, QuarantineWanted, Replay, Replayed, Resend, Resent};
use crate::api::view::{OutboundInfo, QuarantineInfo};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BUSY, CLOSED, KEY_REUSED, NO_ACCOUNT, SERVED_ELSEWHERE, UNKNOWN_OUTBOUND, UNKNOWN_QUARANTINED, UNKNOWN_WORKER,
    UNREADABLE, WRONG_STATE,
};

pub(in crate::api) fn outbox() -> About {
    About::new("list_outbox", Tag::Operations, "List messages of ours")
        .text("`state=unknown` lists those of which nobody can say whether they were sent, `state=failed` those that were not and will not be: say them again with `/v1/outbox/{id}/resend`.")
        .asks::<OutboxWanted>()
        .gives_page::<OutboundInfo>("Messages, oldest first.")
        .such_as(json!({
            "items": [{
                "id": "out_7", "channel": "whatsapp_cloud", "account": "support", "conversation": "cnv_9",
                "task": "tsk_7", "seq": 4, "worker": "dana", "state": "unknown", "reason": "timeout", "attempt": 1,
                "queued_at": "2026-11-25T09:31:00Z"
            }],
            "next": null
        }))
}

pub(in crate::api) fn resend() -> About {
    About::new("resend_outbound", Tag::Operations, "Say again what failed")
        .text("As a message of its own, in the same conversation while that is open, in the same or in other words. A worker repairs what he said himself.")
        .place::<OutboundId>("id", "The message that failed.")
        .takes::<Resend>(json!({ "worker": "dana", "key": "k2", "content": { "type": "text", "text": "Once more" } }))
        .gives::<Resent>(201, "It is said again.")
        .such_as(json!({ "conversation": "cnv_9", "seq": 5 }))
        .fails(&[UNKNOWN_OUTBOUND, UNKNOWN_WORKER, WRONG_STATE, CLOSED, KEY_REUSED, SERVED_ELSEWHERE])
}

pub(in crate::api) fn events() -> About {
    About::new("list_events", Tag::Operations, "Read everything that happened, oldest first")
        .text("Reports are functions of this log alone. Give the last id as `after` to follow it.")
        .asks::<EventsWanted>()
        .gives_page::<Event>("Events.")
        .such_as(json!({
            "items": [{
                "id": "evt_7", "at": 1_795_599_000_000_u64, "tenant": "ten_1", "event": "task_created", "kind": "item",
                "queue": "que_2", "due_at": 1_795_613_400_000_u64, "actor": "integrator", "activity": "administration",
                "matter": "mat_8", "task": "tsk_7", "side": "back"
            }],
            "next": null
        }))
}

pub(in crate::api) fn quarantine() -> About {
    About::new("list_quarantine", Tag::Operations, "List what could not be read, newest first")
        .asks::<QuarantineWanted>()
        .gives_page::<QuarantineInfo>("What could not be read; `next` is null.")
        .such_as(json!({
            "items": [{
                "id": 3, "channel": "whatsapp_cloud", "account": "support", "at": "2026-11-25T09:30:00Z",
                "cause": "line 1 column 2", "bytes": 3, "raw": "{x}"
            }],
            "next": null
        }))
}

pub(in crate::api) fn replay() -> About {
    About::new("replay_quarantined", Tag::Operations, "Read again what could not be read")
        .text("As it came, or in the repaired form that you send. Done twice it does no harm: what was taken in before is recognised.")
        .place::<u64>("id", "Its number in the quarantine.")
        .takes::<Replay>(json!({ "body": "{\"object\": \"whatsapp_business_account\", \"entry\": []}" }))
        .gives::<Replayed>(202, "It was read; what it held comes in now.")
        .such_as(json!({ "events": 1 }))
        .fails(&[UNKNOWN_QUARANTINED, NO_ACCOUNT, UNREADABLE, BUSY])
}
