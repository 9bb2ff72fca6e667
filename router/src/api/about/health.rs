//! The program itself.

use serde_json::json;

use crate::api::health::Ready;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::BUSY;

pub(in crate::api) fn live() -> About {
    About::new("is_live", Tag::System, "Ask whether the process answers").gives_text("text/plain", "It does.")
}

pub(in crate::api) fn ready() -> About {
    About::new("is_ready", Tag::System, "Ask whether every shard is served and the broker answers")
        .gives::<Ready>(200, "It is so.")
        .such_as(json!({ "ready": true, "open_tasks": 12, "inbound": 0, "served": [0], "standby": [] }))
        .fails(&[BUSY])
}

pub(in crate::api) fn metrics() -> About {
    About::new("get_metrics", Tag::System, "Read the figures, for Prometheus")
        .text("No key: keep this address from the outside.")
        .gives_text("text/plain", "The Prometheus text format.")
        .gives_bare(404, "This process keeps no figures.")
}

pub(in crate::api) fn document() -> About {
    About::new("get_openapi", Tag::System, "Read this document")
        .gives::<serde_json::Value>(200, "The OpenAPI document of this version.")
}
