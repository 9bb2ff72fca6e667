//! Macros for several tasks.

use serde_json::{Value, json};

use crate::api::drafts::Whose;
use crate::api::held::{Ask, Forgotten, HeldInfo, OfWorker, Which};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{HELD, UNKNOWN_CANNED, UNKNOWN_HELD, UNKNOWN_WORKER};

const NUMBER: &str = "0198c5a4-7b1e-7c3d-9f00-2b6a1d5e8f01";

fn held(waits: bool) -> Value {
    json!({
        "number": NUMBER, "name": "closing", "waits": waits, "due_at": "2026-11-25T09:31:00Z",
        "tasks": [{ "task": "tsk_7", "lease": 1, "failed": null, "left": !waits }]
    })
}

pub(in crate::api) fn one() -> About {
    About::new(
        "get_held_macro",
        Tag::Work,
        "The macro that waits to be done on several tasks, or what came of the last",
    )
    .asks::<Whose>()
    .gives::<OfWorker>(200, "What there is of the worker's.")
    .such_as(json!({ "held": held(true) }))
    .fails(&[UNKNOWN_WORKER])
}

pub(in crate::api) fn put() -> About {
    About::new("hold_macro", Tag::Work, "Have a macro done on several tasks, after a time in which it can be taken back")
        .text("It waits at the router, whether the caller stays or not, and is done then on one task after the other: on each as a whole or not at all. A worker has one that waits.")
        .takes::<Ask>(json!({
            "name": "closing", "tasks": [{ "task": "tsk_7", "lease": 1, "key": NUMBER, "seen": 4 }]
        }))
        .gives::<HeldInfo>(201, "It waits.")
        .such_as(held(true))
        .fails(&[UNKNOWN_WORKER, UNKNOWN_CANNED, HELD])
}

pub(in crate::api) fn remove() -> About {
    About::new("take_held_macro_back", Tag::Work, "Take back a macro that waits, or forget what came of it")
        .asks::<Which>()
        .gives::<Forgotten>(200, "It is forgotten; `undone` says whether before anything of it was done.")
        .such_as(json!({ "undone": true }))
        .fails(&[UNKNOWN_WORKER, UNKNOWN_HELD])
}

pub(in crate::api) fn hasten() -> About {
    About::new("do_held_macro_now", Tag::Work, "Do at once a macro that waits")
        .asks::<Which>()
        .gives::<HeldInfo>(200, "What came of it.")
        .such_as(held(false))
        .fails(&[UNKNOWN_WORKER, UNKNOWN_HELD])
}
