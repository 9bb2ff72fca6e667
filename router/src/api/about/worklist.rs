//! Open work as a list.

use blendline_wire::TaskId;
use serde_json::json;

use super::task;
use crate::api::worklist::{Filter, List, Take, ViewInfo};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{NOT_TAKEN, UNKNOWN_QUEUE, UNKNOWN_TASK, UNKNOWN_WORKER};

pub(in crate::api) fn list() -> About {
    let mut row = task();
    row["tags"] = json!(["refund"]);
    row["language"] = json!("he");
    About::new("list_open_work", Tag::Work, "List open work by any of its fields")
        .text("A worker sees what waits in his queues, and his own; with what keeps him from taking it, where something does.")
        .asks::<Filter>()
        .gives::<List>(200, "Those due first, and how many there are.")
        .such_as(json!({ "items": [row], "count": 1 }))
        .fails(&[UNKNOWN_QUEUE, UNKNOWN_WORKER])
}

pub(in crate::api) fn take() -> About {
    About::new("take_task", Tag::Work, "Take a waiting task")
        .text("Within the worker's queues, skills and capacity. It comes to him as work that is meant for him does: offered, or at once.")
        .place::<TaskId>("id", "The task.")
        .takes::<Take>(json!({}))
        .gives_nothing("It is on its way to him, and to nobody else.")
        .fails(&[UNKNOWN_TASK, UNKNOWN_WORKER, NOT_TAKEN])
}

pub(in crate::api) fn views() -> About {
    About::new("list_work_views", Tag::Work, "List one's own views of open work, each with its count")
        .gives_page::<ViewInfo>("All of them by name; `next` is null.")
        .such_as(json!({ "items": [{ "name": "old mail", "filter": { "channel": "email", "tag": "refund", "older_min": 60 }, "count": 3 }], "next": null }))
}

pub(in crate::api) fn put_view() -> About {
    About::new("put_work_view", Tag::Work, "Keep a view of open work")
        .place::<String>("name", "What it is called.")
        .takes::<Filter>(json!({ "channel": "email", "tag": "refund", "older_min": 60 }))
        .gives_nothing("It is kept, in the place of the one of this name.")
        .fails(&[UNKNOWN_QUEUE, UNKNOWN_WORKER])
}

pub(in crate::api) fn remove_view() -> About {
    About::new("remove_work_view", Tag::Work, "Forget a view of open work")
        .place::<String>("name", "What it is called.")
        .gives_nothing("It is gone, or was not there.")
}
