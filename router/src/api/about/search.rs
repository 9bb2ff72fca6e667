//! Search.

use serde_json::json;

use crate::api::search::{FoundInfo, Typed};
use crate::openapi::about::{About, Tag};

pub(in crate::api) fn find() -> About {
    About::new("search", Tag::Conversations, "Find what was said")
        .text(
            "In messages, colleagues' notes, notes of a transfer, names, addresses, fields of work items and names of files; case, accents, \
             Hebrew prefixes, points and final letters are no matter. The role `worker` finds what is in his own tasks. \
             What was said a moment ago is found a moment later.",
        )
        .asks::<Typed>()
        .gives_page::<FoundInfo>("Lines, the newest first.")
        .such_as(json!({
            "items": [{
                "task": "tsk_7", "conversation": "cnv_6", "at": "2026-11-25T09:30:00Z", "from": "customer",
                "name": "Noa", "text": "Where is my refund?", "files": [], "note": false
            }],
            "next": null
        }))
}
