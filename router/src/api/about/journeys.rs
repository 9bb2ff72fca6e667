//! Journeys.

use blendline_wire::CaseId;
use serde_json::{Value, json};

use crate::api::journeys::JourneyInfo;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{UNKNOWN_CASE, UNKNOWN_CONTACT};

const TEXT: &str = "Who had each task and each case at every moment, which clock ran, who waited for whom, and what it cost the \
                    customer: made of the newest 2,000 events alone, without a word of what was said. `more` is true where the \
                    beginning is missing.";

fn journey() -> Value {
    json!({
        "until": "2026-11-25T10:00:00Z", "open": true, "more": false,
        "items": [
            { "at": "2026-11-25T09:30:00Z", "event": "evt_1", "what": "message_received", "by": "customer",
              "channel": "webchat", "conversation": "cnv_9", "task": "tsk_7" },
            { "at": "2026-11-25T09:31:00Z", "event": "evt_4", "what": "task_assigned", "by": "system",
              "channel": "webchat", "conversation": "cnv_9", "task": "tsk_7", "to": "dana" }
        ],
        "spans": [
            { "task": "tsk_7", "from": "2026-11-25T09:30:00Z", "until": "2026-11-25T09:31:00Z", "queue": "front",
              "clock": "us", "waits_for": "queue", "waits_for_name": "front" },
            { "task": "tsk_7", "from": "2026-11-25T09:31:00Z", "worker": "dana", "queue": "front", "clock": "working" }
        ],
        "clocks": { "working_ms": 1_740_000, "us_ms": 60_000, "other_ms": 0, "customer_ms": 0, "total_ms": 1_800_000 },
        "effort": {
            "contacts": 1, "hand_offs": 0, "people": 1, "channel_changes": 0, "asked_again": 0, "told_again": 0,
            "waits": 1, "longest_wait_ms": 1_800_000, "waited_ms": 1_800_000,
            "longest_wait_open_ms": 1_800_000, "waited_open_ms": 1_800_000
        }
    })
}

pub(in crate::api) fn of_contact() -> About {
    About::new("contact_journey", Tag::Conversations, "What a customer went through")
        .text(TEXT)
        .place::<String>("id", "A contact of his; his others are looked at with it.")
        .gives::<JourneyInfo>(200, "The journey.")
        .such_as(journey())
        .fails(&[UNKNOWN_CONTACT])
}

pub(in crate::api) fn of_case() -> About {
    About::new("case_journey", Tag::Cases, "What a case went through")
        .text(TEXT)
        .place::<CaseId>("id", "The case.")
        .gives::<JourneyInfo>(200, "The journey of the case and of its matter.")
        .such_as(journey())
        .fails(&[UNKNOWN_CASE])
}
