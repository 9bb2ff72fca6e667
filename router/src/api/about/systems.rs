//! What other systems sign with, and where they post.

use serde_json::{Value, json};

use crate::api::externals::{ExternalOutcome, ExternalTelling};
use crate::api::system_keys::{Order, SystemInfo};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BUSY, MEANWHILE, NO_SECRET, NO_SIGNATURE, RATE_LIMITED, SERVED_ELSEWHERE, UNKNOWN_CONVERSATION, UNKNOWN_SYSTEM,
    UNKNOWN_URL, WRONG_SIGNATURE, WRONG_TIME,
};

fn system() -> Value {
    json!({
        "system": "delivery", "in_rules": true, "path": "/v1/hooks/shop/delivery", "keys": 1, "since": "2026-11-25T09:30:00Z"
    })
}

fn of(about: About) -> About {
    about.place::<String>("system", "The system, as the rules name it.")
}

pub(in crate::api) fn list() -> About {
    About::new("list_systems", Tag::Cases, "List other systems, and who of them signs")
        .gives_page::<SystemInfo>("All that the rules name or that have keys, by name; `next` is null.")
        .such_as(json!({ "items": [system()], "next": null }))
}

pub(in crate::api) fn rotate() -> About {
    of(About::new("make_system_key", Tag::Cases, "Make a key that another system signs its posts with"))
        .text("It is good at once; what the system signs with until then is good beside it until its time is over.")
        .takes::<Order>(json!({ "overlap_hours": 24 }))
        .gives::<SystemInfo>(201, "The system; `secret` is told here and never again.")
        .such_as(system())
        .fails(&[MEANWHILE, BUSY])
}

pub(in crate::api) fn remove() -> About {
    of(About::new("remove_system_keys", Tag::Cases, "Take all keys of another system away"))
        .gives_nothing("Nothing that it signs is believed any more.")
        .fails(&[UNKNOWN_SYSTEM])
}

pub(in crate::api) fn receive() -> About {
    About::new("receive_system_event", Tag::Webhooks, "Take an event of another system that signs")
        .text(
            "Signed as standardwebhooks.com says, within five minutes, by any of the system's keys: `webhook-signature` is \
             `v1,` and the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`. Body and answers are those of \
             `POST /v1/systems/{system}/events`; no key of the API is needed.",
        )
        .place::<String>("tenant", "The tenant's name.")
        .place::<String>("system", "The system, as the rules name it.")
        .takes_leniently::<ExternalTelling>(
            utoipa::openapi::Required::True,
            json!({
                "id": "dlv-88-3", "reference": "SO-1017", "sequence": 3, "kind": "delivered", "at": "2026-11-25T09:30:00Z"
            }),
        )
        .gives::<ExternalOutcome>(200, "It was applied.")
        .gives::<ExternalOutcome>(202, "It waits for others, or for a person.")
        .fails(&[UNKNOWN_URL, NO_SIGNATURE, WRONG_SIGNATURE, WRONG_TIME, NO_SECRET, RATE_LIMITED])
        .fails(&[UNKNOWN_CONVERSATION, SERVED_ELSEWHERE, BUSY])
}
