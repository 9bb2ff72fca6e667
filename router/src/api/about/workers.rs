//! Workers and their connections.

use blendline_wire::worker::{ClientFrame, ServerFrame};
use serde_json::json;

use crate::api::poll::{Brought, Poll};
use crate::api::workers::{PresenceChange, Words, WorkerInfo};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BAD_REQUEST, FOREIGN_PAGE, NOT_CONNECTED, SERVED_ELSEWHERE, SESSION_ENDED, UNKNOWN_WORKER,
};

pub(in crate::api) fn list() -> About {
    About::new("list_workers", Tag::Workers, "See who is there now")
        .gives_page::<WorkerInfo>("All workers; `next` is null.")
        .such_as(json!({
            "items": [{
                "name": "dana", "connected": true, "presence": "ready", "accept": "offer", "capacity": 300,
                "load": 100, "tasks": ["tsk_7"], "idle_since": "2026-11-25T09:30:00Z"
            }],
            "next": null
        }))
        .fails(&[SERVED_ELSEWHERE])
}

pub(in crate::api) fn connect() -> About {
    About::new("connect_worker", Tag::Workers, "Open a worker's WebSocket")
        .text(
            "Each frame is one JSON text message of at most 64 KiB: `ClientFrame` from the worker, `ServerFrame` to \
             him. The first is his `hello`, answered by `welcome` with everything that is his; what is not in it is \
             somebody else's. Calls bear a number that comes back in `answer`. Say `heartbeat` every `heartbeat_ms`. \
             A newer connection of the same worker replaces the older one.\n\n\
             Close codes: 1000 left, 1003 no text, 1007 no frame, 1008 no hello or not this worker, 1009 too large, \
             1012 connect again, 1013 slow reader, 4401 the session is over.",
        )
        .knows::<ClientFrame>()
        .knows::<ServerFrame>()
        .gives_bare(101, "The connection is a WebSocket now.")
        .fails(&[BAD_REQUEST, FOREIGN_PAGE])
}

pub(in crate::api) fn poll() -> About {
    About::new("poll_worker", Tag::Workers, "Wait for a worker's frames by long poll")
        .text(
            "For any language: a poll stands for one read of the WebSocket. The first, without `session`, makes a \
             connection and brings the welcome. The worker counts as there while a poll waits and for 60 s after.",
        )
        .place::<String>("name", "The worker.")
        .takes::<Poll>(json!({ "wait_s": 0, "accept": "auto" }))
        .gives::<Brought>(200, "What there was; no frames when nothing came in time.")
        .such_as(json!({
            "session": "ses_7",
            "frames": [{ "type": "welcome", "session": "ses_7", "heartbeat_ms": 5000, "tasks": [] }]
        }))
        .fails(&[UNKNOWN_WORKER, SESSION_ENDED])
}

pub(in crate::api) fn presence() -> About {
    About::new("set_presence", Tag::Workers, "Say whether a worker takes work")
        .text("A worker his own; a supervisor anybody's. `away` hands over what he has.")
        .place::<String>("name", "The worker.")
        .takes::<PresenceChange>(json!({ "presence": "busy", "reason": "meeting" }))
        .gives_nothing("It is so.")
        .fails(&[UNKNOWN_WORKER, NOT_CONNECTED, SERVED_ELSEWHERE])
}

pub(in crate::api) fn tell() -> About {
    About::new("tell_worker", Tag::Workers, "Say something to a worker who is there")
        .text("It is shown at his desk and kept nowhere. Programs that work are not told.")
        .place::<String>("name", "The worker.")
        .takes::<Words>(json!({ "text": "Please take the call on line 2." }))
        .gives_nothing("It was passed on.")
        .fails(&[UNKNOWN_WORKER, NOT_CONNECTED, SERVED_ELSEWHERE])
}
