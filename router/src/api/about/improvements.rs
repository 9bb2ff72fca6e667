//! What should change.

use blendline_wire::ImprovementId;
use serde_json::{Value, json};

use crate::api::improvement_acts::ImprovementAct;
use crate::api::improvement_figures::{ImprovementPairs, ImprovementsWanted};
use crate::api::improvement_view::ImprovementInfo;
use crate::api::improvements::ImprovementOpening;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    IMPROVEMENT_STATE, KEY_REUSED, NOT_YOURS, SERVED_ELSEWHERE, TOO_MANY, UNKNOWN_CASE, UNKNOWN_IMPROVEMENT,
    UNKNOWN_QUEUE, UNKNOWN_TASK, UNKNOWN_WORKER,
};

const ID: &str = "imp_5d41402abc4b2a76b9719d911017c592";

fn planned() -> Value {
    json!({
        "id": ID, "opened_at": "2026-11-25T09:30:00Z", "source": "wrap_up", "title": "The return form asks twice",
        "queue": "front", "topic": "returns", "unit": "shop", "owner": "omer", "due_at": "2026-12-02T09:30:00Z",
        "climbs": 0, "status": "planned",
        "answer": { "by": "omer", "at": "2026-11-26T08:00:00Z", "do_by": "2026-12-15T00:00:00Z",
                    "words": "The second question goes." },
        "members": 1, "joined": [{ "id": "imp_0123456789abcdef0123456789abcdef", "title": "Asked twice for the receipt" }],
        "contacts": 14, "channels": { "webchat": 14 },
        "price": { "minor": 16800, "currency": "ILS", "amount": "168.00 ILS" },
        "writers": ["noa", "gil"],
        "evidence": [{ "at": "2026-11-25T09:30:00Z", "task": "tsk_7", "conversation": "cnv_9",
                       "channels": { "webchat": 1 } }],
        "before": { "figure": "contacts", "topic": "returns", "since": "2026-11-01T00:00:00Z",
                    "until": "2026-11-25T00:00:00Z", "count": 48, "of": 48, "milli": 14000 }
    })
}

pub(in crate::api) fn open() -> About {
    About::new("open_improvement", Tag::Improvements, "Write down what should change")
        .text(
            "The nearest manager up the tree of units is to answer it, and hears of it; unanswered it climbs. Whoever wrote \
             it hears what became of it. Under the same `key` again it is the same one.",
        )
        .takes::<ImprovementOpening>(json!({
            "key": "wrap-tsk_7", "source": "wrap_up", "title": "The return form asks twice", "task": "tsk_7"
        }))
        .gives::<ImprovementInfo>(201, "It is written down.")
        .such_as(planned())
        .header("Location", "The improvement's address.")
        .fails(&[UNKNOWN_IMPROVEMENT, UNKNOWN_QUEUE, UNKNOWN_TASK, UNKNOWN_CASE, UNKNOWN_WORKER, KEY_REUSED, SERVED_ELSEWHERE])
}

pub(in crate::api) fn list() -> About {
    About::new("list_improvements", Tag::Improvements, "List what should change")
        .text("A worker sees what he wrote, or with `owner` what he is to answer.")
        .asks::<ImprovementsWanted>()
        .gives_page::<ImprovementInfo>("Improvements.")
        .such_as(json!({ "items": [planned()], "next": null }))
        .fails(&[UNKNOWN_WORKER])
}

pub(in crate::api) fn one() -> About {
    About::new("get_improvement", Tag::Improvements, "Get one, with what speaks for it")
        .place::<ImprovementId>("id", "The improvement.")
        .gives::<ImprovementInfo>(200, "The improvement.")
        .such_as(planned())
        .fails(&[UNKNOWN_IMPROVEMENT])
}

pub(in crate::api) fn act() -> About {
    About::new("act_on_improvement", Tag::Improvements, "Answer, join, measure or finish one")
        .text(
            "`answer` takes `worker`, `words` and `do_by`; without `do_by` it will not be done. `join` takes `into`, `part` \
             undoes it. `measure` takes `phase`, `figure`, `since`, `until` and which contacts. `finish` wants it measured \
             before and after by the same measure. `add` takes what else speaks for it.",
        )
        .place::<ImprovementId>("id", "The improvement.")
        .takes::<ImprovementAct>(json!({
            "act": "answer", "worker": "omer", "do_by": "2026-12-15T00:00:00Z", "words": "The second question goes."
        }))
        .gives::<ImprovementInfo>(200, "As it is now.")
        .such_as(planned())
        .fails(&[
            UNKNOWN_IMPROVEMENT, UNKNOWN_QUEUE, UNKNOWN_TASK, UNKNOWN_CASE, UNKNOWN_WORKER, IMPROVEMENT_STATE, NOT_YOURS,
            TOO_MANY, SERVED_ELSEWHERE,
        ])
}

pub(in crate::api) fn export() -> About {
    About::new("export_improvements", Tag::Improvements, "Get the register as CSV")
        .asks::<ImprovementsWanted>()
        .gives_text("text/csv", "The lines.")
        .fails(&[TOO_MANY, UNKNOWN_WORKER])
}

pub(in crate::api) fn alike() -> About {
    About::new("list_alike_improvements", Tag::Improvements, "List which may say the same")
        .text("Of one queue and topic, with words in common. A person joins them.")
        .gives::<ImprovementPairs>(200, "Pairs.")
        .such_as(json!({ "items": [{ "into": ID, "join": "imp_0123456789abcdef0123456789abcdef" }] }))
        .fails(&[TOO_MANY])
}
