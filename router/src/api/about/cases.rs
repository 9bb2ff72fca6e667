//! Cases.

use blendline_wire::CaseId;
use serde_json::{Value, json};

use crate::api::case_view::CaseInfo;
use crate::api::cases::{CaseAct, CaseOpening, CasesWanted};
use crate::api::promises::{PromiseOf, PromisesWanted};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    CASE_STATE, CIRCLE, KEY_REUSED, MISSING_FIELDS, NO_CASE_TYPE, NO_MOVE, NO_PROMISE, SERVED_ELSEWHERE, TOO_MANY,
    UNKNOWN_CASE, UNKNOWN_CASE_TYPE, UNKNOWN_CONVERSATION, UNKNOWN_TASK, UNKNOWN_WORKER, WRONG_FIELD, WRONG_PROMISE,
};

const ID: &str = "cas_5d41402abc4b2a76b9719d911017c592";

fn case() -> Value {
    json!({
        "id": ID, "type": "delivery-problem", "words": { "en": "Delivery problem" }, "version": 3,
        "opened_at": "2026-11-25T09:30:00Z", "earned_at": "2026-11-25T09:30:00Z",
        "stage": {
            "name": "locating", "words": { "en": "The warehouse is looking for it" }, "since": "2026-11-25T09:41:00Z",
            "due_at": "2026-11-25T13:41:00Z"
        },
        "owner": "dana", "fields": { "order": "SO-1017", "reason": "not_received" },
        "links": { "matter": "mat_8", "conversation": "cnv_9" }, "task": "tsk_11",
        "moves": [
            { "to": "delivering", "words": { "en": "It is on its way" }, "by": ["worker", "system"],
              "missing": ["found", "promised"], "on": "found" }
        ],
        "promises": [promise()]
    })
}

fn promise() -> Value {
    json!({
        "number": 1, "made_at": "2026-11-25T09:41:00Z", "due_at": "2026-11-26T15:00:00Z",
        "words": "A driver brings it by tomorrow afternoon.", "owner": "dana", "kept_by": { "stage": "delivering" },
        "state": "at_risk", "customer_told_at": "2026-11-26T10:15:00Z", "late": false
    })
}

pub(in crate::api) fn promises() -> About {
    About::new("list_promises", Tag::Cases, "List what is promised to customers and not kept yet")
        .text(
            "By when the first promise of each case is due; `limit` counts cases. A worker sees those that he answers for, \
             in cases that concern him.",
        )
        .asks::<PromisesWanted>()
        .gives_page::<PromiseOf>("Promises.")
        .such_as(json!({
            "items": [{ "case": ID, "case_type": "delivery-problem", "matter": "mat_8", "promise": promise() }],
            "next": null
        }))
        .fails(&[UNKNOWN_WORKER])
}

pub(in crate::api) fn open() -> About {
    About::new("open_case", Tag::Cases, "Open a case")
        .text(
            "Opening it again under the same `key` gives the same case. A worker names a task of his; other systems name \
             a conversation, or nothing. Its first stage's task goes to the stage's queue.",
        )
        .takes::<CaseOpening>(json!({
            "type": "delivery-problem", "key": "crm-4711", "task": "tsk_7", "fields": { "order": "SO-1017" }
        }))
        .gives::<CaseInfo>(201, "The case.")
        .such_as(case())
        .header("Location", "The case's address.")
        .gives::<CaseInfo>(200, "The case that was opened under this key before, as it is now.")
        .such_as(case())
        .header("Location", "The case's address.")
        .fails(&[UNKNOWN_CASE, UNKNOWN_CASE_TYPE, UNKNOWN_CONVERSATION, UNKNOWN_TASK, UNKNOWN_WORKER])
        .fails(&[KEY_REUSED, WRONG_FIELD, CIRCLE, NO_CASE_TYPE, SERVED_ELSEWHERE])
}

pub(in crate::api) fn list() -> About {
    About::new("list_cases", Tag::Cases, "List the cases of a matter, a contact or the company")
        .text("A worker names a matter or a contact, and sees those that he owns or has a task of.")
        .asks::<CasesWanted>()
        .gives_page::<CaseInfo>("Cases.")
        .such_as(json!({ "items": [case()], "next": null }))
        .fails(&[UNKNOWN_CONVERSATION])
}

pub(in crate::api) fn one() -> About {
    About::new("get_case", Tag::Cases, "Look at a case")
        .place::<CaseId>("id", "The case.")
        .gives::<CaseInfo>(200, "The case.")
        .such_as(case())
        .fails(&[UNKNOWN_CASE])
}

pub(in crate::api) fn act() -> About {
    About::new("ask_of_case", Tag::Cases, "Move a case, or change what is known of it")
        .text(
            "`act` has one of `move`, `set`, `assign`, `pause`, `resume`, `close`, `reopen`, `link`, `promise`, \
             `keep`, `withdraw`. The same `key` again has no second effect.",
        )
        .place::<CaseId>("id", "The case.")
        .takes::<CaseAct>(json!({
            "key": "crm-4711-2", "act": { "move": { "to": "delivering", "fields": { "promised": "2026-12-01" } } }
        }))
        .gives::<CaseInfo>(200, "The case as it is now.")
        .such_as(case())
        .fails(&[UNKNOWN_CASE, UNKNOWN_CONVERSATION, UNKNOWN_WORKER, KEY_REUSED, CASE_STATE, NO_MOVE])
        .fails(&[MISSING_FIELDS, WRONG_FIELD, CIRCLE, TOO_MANY, NO_CASE_TYPE, SERVED_ELSEWHERE])
        .fails(&[NO_PROMISE, WRONG_PROMISE])
}
