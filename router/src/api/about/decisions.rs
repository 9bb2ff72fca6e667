//! Decisions.

use blendline_wire::DecisionId;
use serde_json::{Value, json};

use crate::api::decision_allowance::{AllowanceWanted, Allowances};
use crate::api::decision_links::{LinkInfo, LinkedDecision, Order};
use crate::api::decision_list::DecisionsWanted;
use crate::api::decision_view::DecisionInfo;
use crate::api::decisions::{DecisionAct, DecisionAsking};
use crate::api::ledger::{LedgerWanted, LimitProposals};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BUSY, COMPANY_SIGN_IN, DECISION_STATE, FOREIGN_PAGE, KEY_REUSED, MUST_CHANGE, NO_WORKER, NOT_YOURS, OVER_LIMIT,
    RATE_LIMITED, SERVED_ELSEWHERE, STEP_UP, TOO_MANY, UNKNOWN_ACTION, UNKNOWN_CASE, UNKNOWN_DECISION, UNKNOWN_LINK,
    UNKNOWN_TASK, UNKNOWN_WORKER, WRONG_CREDENTIALS,
};

const ID: &str = "dec_5d41402abc4b2a76b9719d911017c592";

fn granted() -> Value {
    json!({
        "id": ID, "state": "granted", "action": "credit", "minor": 5000, "currency": "ILS", "amount": "50.00 ILS",
        "asker": "noa", "asked_at": "2026-11-25T09:30:00Z", "reason": "The parcel came two days late.", "alone": 10000,
        "decider": "noa", "holder": "noa", "grant": "desk", "task": "tsk_7", "version": 3,
        "lines": [{ "line": 1, "at": "2026-11-25T09:30:00Z", "kind": "granted", "minor": 5000,
                    "note": "The parcel came two days late." }]
    })
}

fn waiting() -> Value {
    json!({
        "id": ID, "state": "waiting", "action": "credit", "minor": 15000, "currency": "ILS", "amount": "150.00 ILS",
        "asker": "noa", "asked_at": "2026-11-25T09:30:00Z", "alone": 10000, "task": "tsk_7", "approval": "tsk_9",
        "version": 3,
        "lines": [
            { "line": 1, "at": "2026-11-25T09:30:00Z", "kind": "asked", "minor": 15000 },
            { "line": 2, "at": "2026-11-25T09:30:00Z", "kind": "routed", "minor": 15000, "to": "omer" }
        ]
    })
}

pub(in crate::api) fn ask() -> About {
    About::new("decide", Tag::Decisions, "Decide, or ask whoever may")
        .text(
            "Within the worker's authority it is granted at once. Above it a task goes to the nearest up the tree who may \
             and is free; the worker's own task waits for the answer, unless `waits` is false. Where nobody may, it is \
             refused, and the detail says what would be allowed. Asking again under the same `key` is asking once.",
        )
        .takes::<DecisionAsking>(json!({
            "key": "desk-4711", "action": "credit", "minor": 5000, "currency": "ILS", "task": "tsk_7",
            "reason": "The parcel came two days late."
        }))
        .gives::<DecisionInfo>(201, "It is granted.")
        .such_as(granted())
        .header("Location", "The decision's address.")
        .gives::<DecisionInfo>(202, "Somebody else is asked.")
        .such_as(waiting())
        .header("Location", "The decision's address.")
        .gives::<DecisionInfo>(200, "The decision that was asked for under this key before, as it is now.")
        .such_as(granted())
        .header("Location", "The decision's address.")
        .fails(&[UNKNOWN_ACTION, UNKNOWN_CASE, UNKNOWN_TASK, UNKNOWN_WORKER])
        .fails(&[OVER_LIMIT, KEY_REUSED, TOO_MANY, SERVED_ELSEWHERE])
}

pub(in crate::api) fn list() -> About {
    About::new("list_decisions", Tag::Decisions, "List decisions in the order in which they were asked for")
        .text(
            "A worker sees those that he asked for, and the one that a task of his asks for. By `matter` are listed those \
             that a task of the matter asks or asked for, and not those that were granted at once.",
        )
        .asks::<DecisionsWanted>()
        .gives_page::<DecisionInfo>("Decisions.")
        .such_as(json!({ "items": [granted(), waiting()], "next": null }))
        .fails(&[UNKNOWN_TASK, UNKNOWN_WORKER])
}

pub(in crate::api) fn one() -> About {
    About::new("get_decision", Tag::Decisions, "Read one decision with its lines of the ledger")
        .place::<DecisionId>("id", "The decision.")
        .gives::<DecisionInfo>(200, "The decision.")
        .such_as(waiting())
        .fails(&[UNKNOWN_DECISION])
}

pub(in crate::api) fn act() -> About {
    About::new("act_on_decision", Tag::Decisions, "Approve, deny, withdraw or reverse a decision")
        .text(
            "Whoever asked never approves. Where two persons decide, the task goes on to the second. A reversal is another \
             line of the ledger, and gives no limit back.",
        )
        .place::<DecisionId>("id", "The decision.")
        .takes::<DecisionAct>(json!({ "act": "approve", "note": "He has waited long enough." }))
        .gives::<DecisionInfo>(200, "The decision from now on.")
        .such_as(granted())
        .fails(&[UNKNOWN_DECISION, UNKNOWN_WORKER, DECISION_STATE, NOT_YOURS, TOO_MANY, SERVED_ELSEWHERE])
}

pub(in crate::api) fn link() -> About {
    About::new("make_decision_link", Tag::Decisions, "Make a link for whoever is asked and is not at his desk")
        .text(
            "Signed, and over at its time. It shows what is asked to whoever has it, and decides nothing: that takes the \
             password of whoever may, or a sign-in of the last five minutes. It is in the audit log.",
        )
        .place::<DecisionId>("id", "The decision.")
        .takes::<Order>(json!({ "hours": 24 }))
        .gives::<LinkInfo>(201, "The link.")
        .such_as(json!({ "path": "/decide/bdl10000…", "until": "2026-11-26T09:30:00Z" }))
        .fails(&[UNKNOWN_DECISION, DECISION_STATE])
}

pub(in crate::api) fn page() -> About {
    About::new("decision_page", Tag::Pages, "What is asked, for whoever has the link")
        .place::<String>("token", "What the link holds.")
        .gives_text("text/html", "The page.")
        .gives_text_as(404, "text/html", "A page that says that the link does not work (any more).")
        .fails(&[RATE_LIMITED, BUSY])
}

pub(in crate::api) fn act_by_link() -> About {
    About::new("decide_by_link", Tag::Pages, "Approve or deny by a link, with a proof of who does")
        .text("For the page of the link alone. Tries of passwords count as those of signing in do.")
        .place::<String>("token", "What the link holds.")
        .takes::<LinkedDecision>(json!({ "act": "approve", "name": "omer", "password": "four horses eat lemons" }))
        .gives::<DecisionInfo>(200, "The decision from now on.")
        .such_as(granted())
        .fails(&[WRONG_CREDENTIALS, STEP_UP, FOREIGN_PAGE, COMPANY_SIGN_IN, MUST_CHANGE, NO_WORKER])
        .fails(&[UNKNOWN_LINK, DECISION_STATE, NOT_YOURS, TOO_MANY, RATE_LIMITED, BUSY, SERVED_ELSEWHERE])
}

pub(in crate::api) fn allowance() -> About {
    About::new("get_allowance", Tag::Decisions, "Say what a worker may decide now, and what is left of it")
        .asks::<AllowanceWanted>()
        .gives::<Allowances>(200, "What he may decide.")
        .such_as(json!({
            "items": [{ "action": "credit", "currency": "ILS", "grant": "desk", "minor": 5000, "amount": "50.00 ILS",
                        "once": 10000, "day": 25000, "customer": 5000 }],
            "actions": [{ "action": "credit", "currency": "ILS", "digits": 2 }]
        }))
        .fails(&[UNKNOWN_TASK, UNKNOWN_WORKER])
}

pub(in crate::api) fn export() -> About {
    About::new("export_decisions", Tag::Decisions, "Get the ledger as CSV, with totals")
        .text(
            "A line for each of the ledger's, in the order of time; at the end a line `total` for each action and currency: \
             what was granted less what was reversed. The sums are those of the events.",
        )
        .asks::<LedgerWanted>()
        .gives_text("text/csv", "The lines.")
        .fails(&[TOO_MANY])
}

pub(in crate::api) fn propose() -> About {
    About::new("propose_limits", Tag::Decisions, "List limits that approvals speak for")
        .text("Ten or more approvals of a worker's wishes, and at least 95 % of them granted, propose a higher limit.")
        .asks::<LedgerWanted>()
        .gives::<LimitProposals>(200, "Proposals.")
        .such_as(json!({
            "items": [{ "worker": "noa", "action": "credit", "currency": "ILS", "decided": 20, "granted": 19,
                        "alone": 10000, "limit": 12800 }],
            "reviewed": [{ "worker": "noa", "action": "credit", "currency": "ILS", "up": true, "count": 24,
                           "score_milli": 940, "alone": 10000, "limit": 12500, "now": "100.00 ILS",
                           "amount": "125.00 ILS" }]
        }))
        .fails(&[TOO_MANY])
}
