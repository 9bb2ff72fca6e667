//! Queues.

use serde_json::{Value, json};

use crate::api::queues::QueueInfo;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{SERVED_ELSEWHERE, UNKNOWN_QUEUE};

fn queue() -> Value {
    json!({
        "name": "care", "side": "front", "target_ms": 600_000, "waiting": 4, "first_due_at": "2026-11-25T09:40:00Z"
    })
}

pub(in crate::api) fn list() -> About {
    About::new("list_queues", Tag::Queues, "See what waits in every queue")
        .gives_page::<QueueInfo>("All queues; `next` is null.")
        .such_as(json!({ "items": [queue()], "next": null }))
        .fails(&[SERVED_ELSEWHERE])
}

pub(in crate::api) fn one() -> About {
    About::new("get_queue", Tag::Queues, "See what waits in a queue")
        .place::<String>("name", "The queue.")
        .gives::<QueueInfo>(200, "The queue.")
        .such_as(queue())
        .fails(&[UNKNOWN_QUEUE, SERVED_ELSEWHERE])
}
