//! Ready answers.

use blendline_wire::TaskId;
use serde_json::{Value, json};

use crate::api::canned::{CannedInfo, Change, FilledInfo};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{MEANWHILE, UNKNOWN_CANNED, UNKNOWN_QUEUE, UNKNOWN_TASK};

fn canned() -> Value {
    json!({
        "name": "late", "version": 1, "title": "A parcel is late", "text": "Hello {{contact.first_name}}, I am looking.",
        "queue": null, "language": "en", "then": [], "hotkey": null, "changed_at": "2026-11-25T09:30:00Z"
    })
}

pub(in crate::api) fn list() -> About {
    About::new("list_canned_answers", Tag::Operations, "List ready answers by name")
        .gives_page::<CannedInfo>("All of them; `next` is null.")
        .such_as(json!({ "items": [canned()], "next": null }))
}

pub(in crate::api) fn put() -> About {
    About::new("put_canned_answer", Tag::Operations, "Add or change a ready answer")
        .text("A place that names nothing is refused with its line, its column and the cure.")
        .place::<String>("name", "Its short name: letters, digits, `-` and `_`, at most 40 bytes.")
        .takes::<Change>(json!({
            "version": 0, "title": "A parcel is late", "text": "Hello {{contact.first_name}}, I am looking.",
            "language": "en", "then": [{ "act": "finish", "disposition": "answered" }], "hotkey": 1
        }))
        .gives::<CannedInfo>(200, "The answer as it is now.")
        .such_as(canned())
        .fails(&[MEANWHILE, UNKNOWN_QUEUE])
}

pub(in crate::api) fn remove() -> About {
    About::new("remove_canned_answer", Tag::Operations, "Remove a ready answer")
        .place::<String>("name", "Its short name.")
        .gives_nothing("It is gone.")
        .fails(&[UNKNOWN_CANNED])
}

pub(in crate::api) fn of_task() -> About {
    About::new("list_task_answers", Tag::Work, "List the ready answers for a task, filled")
        .text("Those of its queue and of all, the customer's language first. What is not known is a gap, `…`.")
        .place::<TaskId>("id", "The task.")
        .gives_page::<FilledInfo>("Answers; `next` is null.")
        .such_as(json!({
            "items": [{
                "name": "late", "title": "A parcel is late", "text": "Hello Noa, I am looking.", "missing": [],
                "language": "en", "then": [], "hotkey": null
            }],
            "next": null
        }))
        .fails(&[UNKNOWN_TASK])
}
