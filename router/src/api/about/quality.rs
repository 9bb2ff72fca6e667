//! Reviews, ratings of answers, and what they say.

use blendline_wire::JudgementId;
use serde_json::{Value, json};

use crate::api::answers::{AnswerRated, AnswersWanted};
use crate::api::causes::CauseInfo;
use crate::api::quality::QualityInfo;
use crate::api::review_list::{ReviewsWanted, Stretch};
use crate::api::review_view::{AnswerInfo, ReviewInfo, WholeReview};
use crate::api::reviews::ReviewAct;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    NO_WORKER, NOT_YOUR_REVIEW, REVIEW_STATE, SERVED_ELSEWHERE, TOO_MANY, UNKNOWN_ANSWER, UNKNOWN_REVIEW, UNKNOWN_TASK,
    UNKNOWN_WORKER, WRONG_POINTS,
};

const ID: &str = "jdg_5d41402abc4b2a76b9719d911017c592";

fn scored() -> Value {
    json!({
        "id": ID, "state": "scored", "at": "2026-11-25T09:30:00Z", "form": "credits", "seat": 1, "worker": "noa",
        "queue": "front", "unit": "north", "action": "credit", "amount": "90.00 ILS", "task": "tsk_7",
        "decision": "dec_5d41402abc4b2a76b9719d911017c592", "risks": ["near"], "chance_milli": 100, "by_task": "tsk_9",
        "reviewer": "omer", "scored_at": "2026-11-25T11:00:00Z", "score_milli": 850,
        "points": { "grounds": 4, "tone": 5 }, "words": "Say next time which order it was.",
        "answer_until": "2026-12-02T11:00:00Z"
    })
}

fn whole() -> Value {
    let mut whole = scored();
    let criteria = json!([
        { "name": "grounds", "words": { "en": "Was there a reason?" }, "points": 5, "weight": 3, "fatal": true },
        { "name": "tone", "words": { "en": "Was it kind?" }, "points": 5, "weight": 1, "fatal": false }
    ]);
    if let Some(whole) = whole.as_object_mut() {
        whole.insert("criteria".to_owned(), criteria);
        whole.insert("messages".to_owned(), json!([]));
    }
    whole
}

fn rated() -> Value {
    json!({
        "id": ID, "at": "2026-11-25T09:30:00Z", "request": "tsk_12", "task": "tsk_7", "asker": "noa", "worker": "dan",
        "queue": "stock", "after_ms": 5_400_000, "missed": false, "rating": "incomplete",
        "words": "Which branch has it?"
    })
}

pub(in crate::api) fn list() -> About {
    About::new("list_reviews", Tag::Quality, "List reviews in the order in which they were drawn")
        .text(
            "A worker sees those of his own work that are made, those that he made, and the one that a task of his asks \
             for. What waits is not told to whoever is reviewed.",
        )
        .asks::<ReviewsWanted>()
        .gives_page::<ReviewInfo>("Reviews.")
        .such_as(json!({ "items": [scored()], "next": null }))
        .fails(&[UNKNOWN_TASK, UNKNOWN_WORKER])
}

pub(in crate::api) fn one() -> About {
    About::new("get_review", Tag::Quality, "Read one review with what is reviewed")
        .place::<JudgementId>("id", "The review.")
        .gives::<WholeReview>(200, "The review, its criteria, the decision, and what was said.")
        .such_as(whole())
        .fails(&[UNKNOWN_REVIEW])
}

pub(in crate::api) fn act() -> About {
    About::new("act_on_review", Tag::Quality, "Score a piece of work, or answer the score of one's own")
        .text(
            "A score gives points to every criterion, `null` where it does not apply; it ends the task that asks for it. \
             Nobody scores his own work, nor a piece that he scored already. Whoever did the work answers once.",
        )
        .place::<JudgementId>("id", "The review.")
        .takes::<ReviewAct>(json!({
            "act": "score", "points": { "grounds": 4, "tone": 5 }, "words": "Say next time which order it was."
        }))
        .gives::<ReviewInfo>(200, "The review from now on.")
        .such_as(scored())
        .fails(&[UNKNOWN_REVIEW, UNKNOWN_WORKER, NOT_YOUR_REVIEW, REVIEW_STATE, WRONG_POINTS, SERVED_ELSEWHERE])
}

pub(in crate::api) fn export() -> About {
    About::new("export_reviews", Tag::Quality, "Reviews as CSV")
        .asks::<Stretch>()
        .gives_text("text/csv", "A line for each review, without anybody's words.")
        .fails(&[TOO_MANY])
}

pub(in crate::api) fn show() -> About {
    About::new("get_quality", Tag::Quality, "What reviews, ratings of answers and returns say")
        .text(
            "Scores by worker, group, queue and action, each with the interval of its mean (Student's, 95 %) and where it \
             goes (Welch's test of the latest ten and those before, 99 %); how alike reviewers judge; other limits that \
             reviews speak for, of which none is applied by itself; how answers were; what came back, by cause.",
        )
        .asks::<Stretch>()
        .gives::<QualityInfo>(200, "What is known.")
        .such_as(json!({
            "since": "2026-08-27T09:30:00Z", "drawn": 40, "waiting": 2,
            "workers": [{ "of": "noa", "count": 24, "score_milli": 940, "low_milli": 918, "high_milli": 962,
                          "drift": "steady" }],
            "groups": [], "queues": [], "actions": [],
            "calibration": { "pairs": 6, "agreed_milli": 833, "apart_milli": 55,
                             "reviewers": [{ "reviewer": "omer", "pairs": 6, "lenient_milli": 21 }] },
            "proposals": [{ "worker": "noa", "action": "credit", "currency": "ILS", "up": true, "count": 24,
                            "score_milli": 940, "alone": 10000, "limit": 12500, "now": "100.00 ILS", "amount": "125.00 ILS" }],
            "answers": [{ "queue": "stock", "given": 12, "missed": 1, "good": 8, "late": 1, "incomplete": 2, "wrong": 0 }],
            "sent_back": [{ "queue": "stock", "way": "transfer", "cause": "incomplete", "count": 3 }]
        }))
        .fails(&[TOO_MANY])
}

pub(in crate::api) fn causes() -> About {
    About::new("list_causes", Tag::Quality, "List why work may be sent back")
        .text("What the verdict `transfer` and a move of a case may give as their `cause`.")
        .gives_page::<CauseInfo>("Those that every company has, and those of its rules.")
        .such_as(json!({
            "items": [
                { "name": "incomplete", "own": false },
                { "name": "no-number", "own": true, "words": { "en": "No order number", "he": "אין מספר הזמנה" } }
            ],
            "next": null
        }))
}

pub(in crate::api) fn answers() -> About {
    About::new("list_answers", Tag::Quality, "List the answers that a task waited for")
        .asks::<AnswersWanted>()
        .gives_page::<AnswerInfo>("Answers to its requests, with how they were.")
        .such_as(json!({ "items": [rated()], "next": null }))
        .fails(&[UNKNOWN_TASK])
}

pub(in crate::api) fn rate() -> About {
    About::new("rate_answer", Tag::Quality, "Say how an answer was")
        .text("Whoever asked says it, by one tap; who changes his mind says it again.")
        .place::<JudgementId>("id", "The answer.")
        .takes::<AnswerRated>(json!({ "rating": "incomplete", "words": "Which branch has it?" }))
        .gives::<AnswerInfo>(200, "The answer from now on.")
        .such_as(rated())
        .fails(&[UNKNOWN_ANSWER, UNKNOWN_WORKER, NOT_YOUR_REVIEW, NO_WORKER, SERVED_ELSEWHERE])
}
