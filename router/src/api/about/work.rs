//! What a worker does with a task.

use blendline_wire::TaskId;
use serde_json::json;

use crate::api::work::{Accept, Decline, Say, Settle};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    CASE_STATE, CIRCLE, FENCED, KEY_REUSED, MISSING_FIELDS, NEEDS_AGREEMENT, NO_CASE_TYPE, NO_CONVERSATION, NO_MOVE,
    OUT_OF_RANGE, SERVED_ELSEWHERE, TOO_DEEP, TOO_MANY, UNDECIDED, UNKNOWN_QUEUE, UNKNOWN_TASK, UNKNOWN_WORKER,
    WRONG_STATE,
};

fn about(id: &'static str, summary: &'static str) -> About {
    About::new(id, Tag::Work, summary).place::<TaskId>("id", "The task.").fails(&[
        UNKNOWN_TASK,
        UNKNOWN_WORKER,
        FENCED,
        SERVED_ELSEWHERE,
    ])
}

pub(in crate::api) fn accept() -> About {
    about("accept_task", "Take an offer")
        .takes::<Accept>(json!({ "lease": 1 }))
        .gives_nothing("The task is the worker's. Taking it again is no fault.")
}

pub(in crate::api) fn decline() -> About {
    about("decline_task", "Do not take an offer")
        .takes::<Decline>(json!({ "lease": 1, "reason": "lunch" }))
        .gives_nothing("It goes to others, and not to him for a while.")
        .fails(&[WRONG_STATE])
}

pub(in crate::api) fn reply() -> About {
    about("reply_to_customer", "Say something to the customer")
        .text("204 means durable, not sent: `GET /v1/outbox` and the frame `reply_status` tell what became of it.")
        .takes::<Say>(json!({ "lease": 1, "key": "r1", "content": { "type": "text", "text": "On its way." } }))
        .gives_nothing("It will be sent, once; the same key again has no second effect.")
        .fails(&[WRONG_STATE, KEY_REUSED, NO_CONVERSATION, TOO_MANY])
}

pub(in crate::api) fn settle() -> About {
    about("settle_task", "Say what becomes of a task, and what is said to the customer with it")
        .text(
            "One step: verdict and replies are durable together or not at all. With `seen`, what the customer wrote \
             after that line brings the task back instead of closing it unread.",
        )
        .takes::<Settle>(json!({
            "lease": 1, "seen": 3, "verdict": { "verdict": "done", "disposition": "answered" },
            "replies": [{ "key": "r2", "content": { "type": "text", "text": "All done." } }]
        }))
        .gives_nothing("It is settled. The same verdict under the same lease again has no second effect.")
        .fails(&[WRONG_STATE, KEY_REUSED, NO_CONVERSATION, TOO_MANY, OUT_OF_RANGE])
        .fails(&[UNKNOWN_QUEUE, CIRCLE, TOO_DEEP, NO_MOVE, MISSING_FIELDS, CASE_STATE, NO_CASE_TYPE, UNDECIDED])
        .fails(&[NEEDS_AGREEMENT])
}
