//! Notes and mentions.

use blendline_wire::TaskId;
use serde_json::{Value, json};

use crate::api::drafts::Whose;
use crate::api::notes::{Addition, NoteInfo, Seen};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{SERVED_ELSEWHERE, UNKNOWN_TASK, UNKNOWN_WORKER};

fn note() -> Value {
    json!({
        "id": "5d41402abc4b2a76b9719d911017c592", "at": "2026-11-25T09:30:00Z", "matter": "mat_8", "task": "tsk_7",
        "from": "Dana", "text": "@yossi may we refund this?", "mentions": ["yossi"]
    })
}

pub(in crate::api) fn list() -> About {
    About::new("list_notes", Tag::Tasks, "Read the notes about a task's matter")
        .text("Colleagues' words to each other, of all tasks of the matter, oldest first. No customer ever gets one.")
        .place::<TaskId>("id", "The task.")
        .gives_page::<NoteInfo>("Notes; `next` is null.")
        .such_as(json!({ "items": [note()], "next": null }))
        .fails(&[UNKNOWN_TASK])
}

pub(in crate::api) fn add() -> About {
    About::new("add_note", Tag::Tasks, "Write a note about a task's matter")
        .text("`@name` mentions a worker: he finds it at his desk, and may read and answer there. It is never sent.")
        .place::<TaskId>("id", "The task.")
        .takes::<Addition>(json!({ "text": "@yossi may we refund this?" }))
        .gives::<NoteInfo>(201, "The note.")
        .such_as(note())
        .fails(&[UNKNOWN_TASK, SERVED_ELSEWHERE])
}

pub(in crate::api) fn mentions() -> About {
    About::new("list_mentions", Tag::Work, "Read the notes that mention a worker and that he has not seen")
        .text("The newest first.")
        .asks::<Whose>()
        .gives_page::<NoteInfo>("Notes; `next` is null.")
        .such_as(json!({ "items": [note()], "next": null }))
        .fails(&[UNKNOWN_WORKER])
}

pub(in crate::api) fn see() -> About {
    About::new("see_mention", Tag::Work, "Say that a mention was seen")
        .takes::<Seen>(json!({ "note": "5d41402abc4b2a76b9719d911017c592" }))
        .gives_nothing("It is seen.")
        .fails(&[UNKNOWN_WORKER, SERVED_ELSEWHERE])
}
