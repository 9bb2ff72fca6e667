//! The consent register.

use serde_json::{Value, json};

use crate::api::consents::{Change, ConsentsInfo, Wanted};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::SERVED_ELSEWHERE;

fn consents() -> Value {
    json!({
        "channel": "sms", "address": "972500000001",
        "purposes": { "all": { "granted": false, "source": "word", "at": "2026-11-25T09:30:00Z" } }
    })
}

pub(in crate::api) fn list() -> About {
    About::new("list_consents", Tag::Conversations, "List who agreed to be written to, and who did not")
        .text("With `channel` and `address`, what is known of that one.")
        .asks::<Wanted>()
        .gives_page::<ConsentsInfo>("What is known, in no order of meaning.")
        .such_as(json!({ "items": [consents()], "next": null }))
}

pub(in crate::api) fn put() -> About {
    About::new("put_consent", Tag::Conversations, "Record that somebody agreed to be written to, or withdrew")
        .text("What was said last counts. Nobody is written to without having asked who withdrew: a conversation that a worker begins is refused, and what is no answer within its open window is not sent.")
        .takes::<Change>(json!({
            "channel": "sms", "address": "+972 50-000-0001", "purpose": "marketing", "granted": true,
            "source": "form of 25 November"
        }))
        .gives::<ConsentsInfo>(200, "What is known of him now.")
        .such_as(consents())
        .fails(&[SERVED_ELSEWHERE])
}
