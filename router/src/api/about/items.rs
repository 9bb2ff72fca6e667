//! Work items.

use serde_json::json;

use crate::api::items::Item;
use crate::api::view::TaskInfo;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    NO_RULE, OUT_OF_RANGE, SERVED_ELSEWHERE, TOO_MANY, UNKNOWN_CONVERSATION, UNKNOWN_QUEUE, UNKNOWN_SKILL, UNKNOWN_TASK,
};

pub(in crate::api) fn push() -> About {
    About::new("push_item", Tag::Items, "Push a work item in")
        .text("Pushing the same `external_ref` again gives the same task, whatever else the body says.")
        .takes::<Item>(json!({
            "queue": "refunds", "external_ref": "crm-4711", "title": "Refund of order 12",
            "text": "The parcel came back.", "fields": { "order": 12 }, "skills": { "hebrew": 3 }
        }))
        .gives::<TaskInfo>(201, "The item's task.")
        .such_as(super::task())
        .header("Location", "The task's address.")
        .gives::<TaskInfo>(200, "The task that an earlier push of this reference made, as it is now.")
        .such_as(super::task())
        .header("Location", "The task's address.")
        .fails(&[
            NO_RULE,
            UNKNOWN_QUEUE,
            UNKNOWN_SKILL,
            UNKNOWN_CONVERSATION,
            UNKNOWN_TASK,
            OUT_OF_RANGE,
            TOO_MANY,
            SERVED_ELSEWHERE,
        ])
}
