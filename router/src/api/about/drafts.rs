//! Drafts.

use blendline_wire::TaskId;
use serde_json::json;

use crate::api::drafts::{Change, DraftInfo, Whose};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{UNKNOWN_TASK, UNKNOWN_WORKER};

pub(in crate::api) fn list() -> About {
    About::new("list_drafts", Tag::Work, "Read what a worker has begun to write")
        .asks::<Whose>()
        .gives_page::<DraftInfo>("Drafts, the newest first; `next` is null.")
        .such_as(json!({
            "items": [{ "task": "tsk_7", "at": "2026-11-25T09:30:00Z", "text": "It left", "window": "a1" }], "next": null
        }))
        .fails(&[UNKNOWN_WORKER])
}

pub(in crate::api) fn put() -> About {
    About::new("put_draft", Tag::Work, "Keep what is written so far")
        .text("One for each worker and task, and the newest wins. Without text nothing is left of it.")
        .place::<TaskId>("id", "The task.")
        .takes::<Change>(json!({ "text": "It left the wareh", "window": "a1" }))
        .gives_nothing("It is kept.")
        .fails(&[UNKNOWN_TASK, UNKNOWN_WORKER])
}
