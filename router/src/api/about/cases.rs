//! Cases.

use blendline_wire::CaseId;
use serde_json::{Value, json};

use crate::api::case_acts::CaseAct;
use crate::api::case_alike::{AlikeInfo, AlikeWanted};
use crate::api::case_events::CaseHistory;
use crate::api::case_list::{CasesWanted, CountInfo};
use crate::api::case_types::TypeInfo;
use crate::api::case_view::CaseInfo;
use crate::api::cases::CaseOpening;
use crate::api::promises::{PromiseOf, PromisesWanted};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    CASE_HELD, CASE_STATE, CIRCLE, KEY_REUSED, MISSING_FIELDS, NEEDS_AGREEMENT, NO_CASE_TYPE, NO_MOVE, NO_PROMISE,
    ONE_VOICE, OWN_UNIT, SERVED_ELSEWHERE, TOO_MANY, UNKNOWN_CASE, UNKNOWN_CASE_TYPE, UNKNOWN_CONVERSATION,
    UNKNOWN_TASK, UNKNOWN_WORKER, WRONG_FIELD, WRONG_PROMISE,
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
        "way": [
            { "stage": "locating", "words": { "en": "The warehouse is looking for it" }, "state": "here",
              "at": "2026-11-25T09:41:00Z" },
            { "stage": "delivering", "words": { "en": "It is on its way" }, "state": "ahead" }
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
        .fails(&[KEY_REUSED, WRONG_FIELD, CIRCLE, NO_CASE_TYPE, ONE_VOICE, SERVED_ELSEWHERE])
}

pub(in crate::api) fn list() -> About {
    About::new("list_cases", Tag::Cases, "List the cases of a matter, a contact or the company")
        .text(
            "A worker names a matter or a contact, and sees those that he owns or has a task of; of a customer whose \
             conversation he has, all.",
        )
        .asks::<CasesWanted>()
        .gives_page::<CaseInfo>("Cases.")
        .such_as(json!({ "items": [case()], "next": null }))
        .fails(&[UNKNOWN_CONVERSATION, UNKNOWN_WORKER])
}

pub(in crate::api) fn alike() -> About {
    About::new("find_cases_alike", Tag::Cases, "Find cases that are nobody's yet by what a customer says of them")
        .text(
            "Open cases of a type that belong to no customer, compared by the words of one field: forgotten goods by their \
             list. Those with the largest share of his words come first, at most ten.",
        )
        .asks::<AlikeWanted>()
        .gives_page::<AlikeInfo>("Cases.")
        .such_as(json!({ "items": [{ "share_milli": 750, "case": case() }], "next": null }))
}

pub(in crate::api) fn counts() -> About {
    About::new("count_cases", Tag::Cases, "How many cases stand in each stage")
        .text("Of the query of the list it takes what says which cases; a contact and a page it does not.")
        .asks::<CasesWanted>()
        .gives_page::<CountInfo>("Counts, by type and stage.")
        .such_as(json!({
            "items": [{ "type": "delivery-problem", "stage": "locating", "count": 7, "late": 2 }], "next": null
        }))
        .fails(&[UNKNOWN_WORKER])
}

pub(in crate::api) fn types() -> About {
    About::new("list_case_types", Tag::Cases, "The types of cases that the live rules have")
        .gives_page::<TypeInfo>("The types.")
        .such_as(json!({
            "items": [{
                "name": "parcel", "words": { "en": "A parcel did not come" },
                "fields": [
                    { "name": "found", "words": {}, "type": "choice", "of": [{ "name": "lost", "words": { "en": "Lost" } }] },
                    { "name": "credit", "words": { "en": "Credit" }, "type": "money", "currency": "ILS", "digits": 2 }
                ],
                "stages": [
                    { "name": "looking", "words": { "en": "We are looking for it" }, "queue": "stock",
                      "procedure": { "en": "Follow the parcel from its last scan." } },
                    { "name": "solved", "words": { "en": "Solved" }, "closes": "solved", "procedure": {},
                      "buttons": [{ "name": "confirm", "words": { "en": "Yes" } }] }
                ]
            }],
            "next": null
        }))
}

pub(in crate::api) fn history() -> About {
    About::new("case_history", Tag::Cases, "What happened to a case")
        .place::<CaseId>("id", "The case.")
        .gives::<CaseHistory>(200, "Its events, and the buttons that its customer was sent.")
        .such_as(json!({
            "items": [{
                "happened": {
                    "id": "evt_9", "at": 1_795_599_000_000_u64, "tenant": "ten_1", "event": "case_assigned", "case": ID,
                    "to": "wrk_3", "actor": { "worker": "wrk_3" }, "activity": "back_office"
                },
                "who": "dana", "new_owner": "dana"
            }],
            "asked": [{ "at": "2026-11-25T09:41:00Z", "stage": "choosing", "pressed": "crediting",
                        "pressed_at": "2026-11-25T10:02:00Z" }]
        }))
        .fails(&[UNKNOWN_CASE])
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
            "`act` has one of `move`, `set`, `assign`, `pause`, `resume`, `close`, `reopen`, `agree`, `link`, `promise`, \
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
        .fails(&[NO_PROMISE, WRONG_PROMISE, NEEDS_AGREEMENT, OWN_UNIT, CASE_HELD])
}
