//! Tasks.

use blendline_wire::TaskId;
use blendline_wire::worker::MessageView;
use serde_json::json;

use crate::api::customer::CustomerInfo;
use crate::api::explanation::ExplanationInfo;
use crate::api::tasks::{Latest, Transfer, Wanted};
use crate::api::view::TaskInfo;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{CLOSED, SERVED_ELSEWHERE, UNKNOWN_QUEUE, UNKNOWN_TASK, UNKNOWN_WORKER, WRONG_STATE};

pub(in crate::api) fn list() -> About {
    About::new("list_tasks", Tag::Tasks, "List tasks, oldest first")
        .text("The role `worker` sees the worker's own.")
        .asks::<Wanted>()
        .gives_page::<TaskInfo>("Tasks.")
        .such_as(json!({ "items": [super::task()], "next": null }))
        .fails(&[UNKNOWN_QUEUE, UNKNOWN_WORKER])
}

pub(in crate::api) fn one() -> About {
    About::new("get_task", Tag::Tasks, "Look at a task")
        .place::<TaskId>("id", "The task.")
        .gives::<TaskInfo>(200, "The task.")
        .such_as(super::task())
        .fails(&[UNKNOWN_TASK])
}

pub(in crate::api) fn cancel() -> About {
    About::new("cancel_task", Tag::Tasks, "Take back what is not needed any more")
        .text("Whoever has the task is told. A conversation's task cannot be taken back: the customer waits for it.")
        .place::<TaskId>("id", "The task.")
        .gives_nothing("It is taken back, with everything that was asked for it.")
        .fails(&[UNKNOWN_TASK, CLOSED, WRONG_STATE, SERVED_ELSEWHERE])
}

pub(in crate::api) fn messages() -> About {
    About::new("list_task_messages", Tag::Tasks, "Read a task's transcript")
        .text("The conversation's, or the task's own where it has none.")
        .place::<TaskId>("id", "The task.")
        .asks::<Latest>()
        .gives_page::<MessageView>("The latest lines, oldest first; `next` is null.")
        .such_as(json!({ "items": [super::message()], "next": null }))
        .fails(&[UNKNOWN_TASK])
}

pub(in crate::api) fn explanation() -> About {
    About::new("explain_task", Tag::Tasks, "Ask why a task waits")
        .text("Counted over all workers at this moment: what keeps them from it, and what would give it one.")
        .place::<TaskId>("id", "The task.")
        .gives::<ExplanationInfo>(200, "Where it stands, and why.")
        .such_as(json!({
            "state": "waiting",
            "waiting": {
                "urgency_milli": 640,
                "in_queue": 4,
                "workers": 12,
                "obstacles": { "other_queue": 2, "no_skill": 7, "away": 3 },
                "lacking_only": { "no_skill": 5, "away": 3 },
                "reserved_for": []
            },
            "routing": {
                "version": 7, "channel": "whatsapp_cloud", "account": "support", "language": "en",
                "tried": [{ "rule": "all", "applied": true, "because": "nothing more is asked", "code": "nothing_asked", "about": {}, "values": [] }],
                "rule": "all", "queue": "service", "needs": [], "target_ms": null, "tags": []
            }
        }))
        .fails(&[UNKNOWN_TASK, SERVED_ELSEWHERE])
}

pub(in crate::api) fn transfer() -> About {
    About::new("transfer_task", Tag::Tasks, "Move a task, whoever has it")
        .text("It keeps the place in line that it earned.")
        .place::<TaskId>("id", "The task.")
        .takes::<Transfer>(json!({ "to": { "queue": "refunds" } }))
        .gives_nothing("It is moved.")
        .fails(&[UNKNOWN_TASK, UNKNOWN_QUEUE, UNKNOWN_WORKER, CLOSED, WRONG_STATE, SERVED_ELSEWHERE])
}

pub(in crate::api) fn customer() -> About {
    About::new(
        "get_task_customer",
        Tag::Tasks,
        "See with whom a task is: what was said before, and what may be said now",
    )
    .place::<String>("id", "The task.")
    .gives::<CustomerInfo>(200, "The customer; nothing where the task has no conversation.")
    .such_as(json!({
        "contact": "000000000000000000000000000000ab",
        "together": [{ "conversation": "cnv_12", "task": "tsk_13", "channel": "webchat" }],
        "records": [{
            "system": "crm", "reference": "C-7", "version": 12,
            "record": { "version": 12, "name": "Noa Levi", "segment": "gold", "phones": ["+972501234567"] }
        }],
        "limits": { "text_chars_max": 4_096, "free_until": "2026-11-26T09:30:00Z", "public": false, "private": false },
        "ways": [{
            "channel": "whatsapp_cloud", "account": "phone", "open": "cnv_9",
            "lines": [{
                "conversation": "cnv_4", "seq": 1, "at": 1_795_599_000_000_u64, "from": "customer", "name": "Dana",
                "text": "Where is my order?"
            }]
        }]
    }))
    .fails(&[UNKNOWN_TASK])
}
