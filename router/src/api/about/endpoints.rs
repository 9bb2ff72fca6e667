//! Webhooks out.

use serde_json::{Value, json};

use crate::api::endpoints::{Addition, Again, Change, DeliveryInfo, EndpointInfo, Replayed, Rotation, Tested, Wanted};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{BUSY, MEANWHILE, NAME_TAKEN, UNKNOWN_ENDPOINT};

fn endpoint() -> Value {
    json!({
        "name": "crm", "url": "https://crm.example.org/blendline", "kinds": ["task_created", "task_solved"],
        "created_at": "2026-11-25T09:30:00Z", "state": "active", "since": null, "reason": null, "keys": 1
    })
}

fn of(about: About) -> About {
    about.place::<String>("name", "The endpoint.").fails(&[UNKNOWN_ENDPOINT])
}

pub(in crate::api) fn list() -> About {
    About::new("list_event_endpoints", Tag::Events, "List where events are posted")
        .gives_page::<EndpointInfo>("All endpoints, by name; `next` is null.")
        .such_as(json!({ "items": [endpoint()], "next": null }))
}

pub(in crate::api) fn one() -> About {
    of(About::new("get_event_endpoint", Tag::Events, "Look at an endpoint"))
        .gives::<EndpointInfo>(200, "The endpoint.")
        .such_as(endpoint())
}

pub(in crate::api) fn add() -> About {
    About::new("add_event_endpoint", Tag::Events, "Have events posted")
        .text("Signed as standardwebhooks.com says, from now on. What is posted, in which order and how often: docs/events.md.")
        .takes::<Addition>(json!({
            "name": "crm", "url": "https://crm.example.org/blendline", "kinds": ["task_created", "task_solved"]
        }))
        .gives::<EndpointInfo>(201, "The endpoint; `secret` is told here and never again.")
        .such_as(endpoint())
        .fails(&[NAME_TAKEN, MEANWHILE, BUSY])
}

pub(in crate::api) fn change() -> About {
    of(About::new("change_event_endpoint", Tag::Events, "Change, pause or resume an endpoint"))
        .text("What is not named stays. One that was paused goes on from where it was: nothing is left out.")
        .takes::<Change>(json!({ "paused": false }))
        .gives::<EndpointInfo>(200, "The endpoint.")
        .such_as(endpoint())
        .fails(&[MEANWHILE])
}

pub(in crate::api) fn remove() -> About {
    of(About::new("remove_event_endpoint", Tag::Events, "Remove an endpoint with its ledger"))
        .gives_nothing("It is gone.")
}

pub(in crate::api) fn rotate() -> About {
    of(About::new("rotate_event_endpoint", Tag::Events, "Change the key that signs"))
        .text("Both sign until the old one's time is over: what is posted bears a signature of each.")
        .takes::<Rotation>(json!({ "overlap_hours": 24 }))
        .gives::<EndpointInfo>(200, "The endpoint; `secret` is told here and never again.")
        .such_as(endpoint())
        .fails(&[MEANWHILE, BUSY])
}

pub(in crate::api) fn test() -> About {
    of(About::new("test_event_endpoint", Tag::Events, "Post a test"))
        .text("Once, at once, of the type `test`; it is in no ledger.")
        .gives::<Tested>(200, "What came of it.")
        .such_as(json!({ "taken": false, "cause": "answered 500", "took_ms": 12 }))
        .fails(&[BUSY])
}

pub(in crate::api) fn deliveries() -> About {
    of(About::new("list_event_deliveries", Tag::Events, "Read the ledger of an endpoint, by event"))
        .asks::<Wanted>()
        .gives_page::<DeliveryInfo>("Entries.")
        .such_as(json!({
            "items": [{
                "event": "evt_7", "at": "2026-11-25T09:30:00Z", "lane": "mat_8", "state": "pending", "attempts": 2,
                "next_at": "2026-11-25T09:30:15Z", "cause": "answered 503"
            }],
            "next": null
        }))
}

pub(in crate::api) fn replay() -> About {
    of(About::new("replay_event_deliveries", Tag::Events, "Have events posted again"))
        .text("By id, or all of a time. They bear the same `webhook-id`: who knows it already takes it once.")
        .takes::<Again>(json!({ "from": "2026-11-25T09:00:00Z", "until": "2026-11-25T10:00:00Z", "missed": true }))
        .gives::<Replayed>(202, "They are posted again; where `next` is not null, call again with it as `from`.")
        .such_as(json!({ "events": 12, "next": null }))
        .fails(&[MEANWHILE])
}
