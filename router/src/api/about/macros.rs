//! Macros.

use blendline_wire::TaskId;
use serde_json::json;

use crate::api::macros::{Done, Order};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{CLOSED, FENCED, KEY_REUSED, STEP_REFUSED, UNKNOWN_CANNED, UNKNOWN_TASK, UNKNOWN_WORKER};

pub(in crate::api) fn run() -> About {
    About::new("run_task_macro", Tag::Work, "Do a macro on a task")
        .text("A macro is a ready answer with acts behind it. Every step is looked at before the first is done; where one cannot be, nothing is, and `detail` says which and why.")
        .place::<TaskId>("id", "The task.")
        .place::<String>("name", "The macro's short name.")
        .takes::<Order>(json!({ "lease": 1, "key": "0198c5a4-7b1e-7c3d-9f00-2b6a1d5e8f01", "seen": 4 }))
        .gives::<Done>(200, "What it did, or would do.")
        .such_as(json!({
            "name": "resend", "says": "We send it again today.", "then": [{ "act": "finish", "disposition": "answered" }],
            "leaves": true
        }))
        .fails(&[UNKNOWN_TASK, UNKNOWN_CANNED, UNKNOWN_WORKER, FENCED, CLOSED, KEY_REUSED, STEP_REFUSED])
}
