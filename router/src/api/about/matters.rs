//! The same matter, said by hand.

use serde_json::{Value, json};

use crate::api::matters::Pair;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{CLOSED, SERVED_ELSEWHERE, UNKNOWN_CONVERSATION, WRONG_STATE};

fn pair() -> Value {
    json!({ "one": "cnv_9", "other": "tsk_12", "reason": "He wrote by mail about the same chair" })
}

pub(in crate::api) fn join() -> About {
    About::new("join_matters", Tag::Conversations, "Say that two open conversations are one matter")
        .text(
            "Whoever has the first gets the second. A worker says it of what he has, of one customer; a supervisor of any two. \
             The reason stands in a note beside both. Saying it again changes nothing.",
        )
        .takes::<Pair>(pair())
        .gives_nothing("They are held together.")
        .fails(&[UNKNOWN_CONVERSATION, CLOSED, WRONG_STATE, SERVED_ELSEWHERE])
}

pub(in crate::api) fn part() -> About {
    About::new("part_matters", Tag::Conversations, "Say that two conversations are two matters after all")
        .text("They stay with whoever has them, and nothing joins them by itself again. What happened stays in their history.")
        .takes::<Pair>(pair())
        .gives_nothing("They are apart.")
        .fails(&[UNKNOWN_CONVERSATION, CLOSED, WRONG_STATE, SERVED_ELSEWHERE])
}
