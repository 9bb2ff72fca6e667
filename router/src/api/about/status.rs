//! Where a matter stands.

use blendline_wire::TaskId;
use serde_json::json;

use crate::api::status::{LinkInfo, Order};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{BUSY, RATE_LIMITED, UNKNOWN_TASK};

pub(in crate::api) fn link() -> About {
    About::new("make_status_link", Tag::Tasks, "Make a link by which the customer sees where his matter stands")
        .text("Signed, and over at its time. It shows the stage, the next step, the promised time and, where the company's configuration says so, who works on it; nothing else.")
        .place::<TaskId>("id", "The task.")
        .takes::<Order>(json!({ "hours": 168 }))
        .gives::<LinkInfo>(201, "The link.")
        .such_as(json!({ "path": "/status/bst1.7b22…", "until": "2026-12-02T09:30:00Z" }))
        .fails(&[UNKNOWN_TASK])
}

pub(in crate::api) fn page() -> About {
    About::new("status_page", Tag::Pages, "Where a matter stands, for the customer who has the link")
        .place::<String>("token", "What the link holds.")
        .gives_text("text/html", "The page.")
        .gives_text_as(404, "text/html", "A page that says that the link does not work (any more).")
        .fails(&[RATE_LIMITED, BUSY])
}
