//! What the routes of the chat say of themselves.

use serde_json::json;
use utoipa::openapi::Required;

use super::frames::{Opening, ServerFrame};
use super::poll::{Ack, Answer, Asked, Said};
use super::session::{Ask, Session};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BAD_REQUEST, BAD_TOKEN, BUSY, EMPTY, FOREIGN_ORIGIN, TOO_FAST, TOO_LONG, UNKNOWN_ACCOUNT,
};

fn about(id: &'static str, summary: &'static str) -> About {
    About::new(id, Tag::Chat, summary)
        .place::<String>("account", "The chat's configured name.")
        .fails(&[UNKNOWN_ACCOUNT, FOREIGN_ORIGIN])
}

pub(super) fn open() -> About {
    about("open_chat_session", "Open or renew a visitor's session")
        .text(
            "Without a body: somebody new. With `token`: who he was. With `identity`: whom the company vouches for by \
             HMAC-SHA256 of the user's id, and his mail address where it is given, under the account's `identity_secret`; a wrong one is never told, the \
             visitor stays anonymous.",
        )
        .takes_leniently::<Ask>(Required::False, json!({ "token": "v1.eyJ2…" }))
        .gives::<Session>(200, "The session.")
        .such_as(json!({ "token": "v1.eyJ2…", "visitor": "v_8c1f…", "expires_at": 1_796_203_800_000_u64, "mail": true, "away": false }))
        .fails(&[BAD_TOKEN, TOO_FAST, BUSY])
}

pub(super) fn read() -> About {
    about("read_chat", "Wait for what is new to a visitor")
        .by_visitor()
        .asks::<Asked>()
        .gives::<Answer>(200, "What came after the cursor; no messages when nothing came in time.")
        .such_as(json!({
            "messages": [{
                "cursor": "9.4", "from": "agent", "name": "Dana", "text": "On its way.", "at": 1_795_599_000_000_u64,
                "client_id": null
            }],
            "state": "active"
        }))
        .fails(&[BAD_TOKEN, BUSY])
}

pub(super) fn say() -> About {
    about("say_in_chat", "Say something as a visitor")
        .text("The same `client_id` again is the same message.")
        .by_visitor()
        .takes_leniently::<Said>(
            Required::True,
            json!({ "client_id": "0198c5a4-7b1e-7c3d-9f00-2b6a1d5e8f01", "text": "Where is my order?" }),
        )
        .gives::<Ack>(200, "It is durable.")
        .such_as(json!({ "type": "ack", "client_id": "0198c5a4-7b1e-7c3d-9f00-2b6a1d5e8f01" }))
        .fails(&[BAD_TOKEN, TOO_LONG, EMPTY, TOO_FAST, BUSY])
}

pub(super) fn connect() -> About {
    about("connect_chat", "Open a visitor's WebSocket")
        .text(
            "Each frame is one JSON text message of at most 16 KiB. The visitor's first is `ChatHello` with his token \
             (no header bears it: browsers cannot send one) and the cursor of the last message he has; afterwards he \
             says `message` (with `client_id`, a UUID, and `text`), `typing`, `confirm` (with `confirmed`), `read` (with \
             the `cursor` up to which he has seen what was said), `consent` (with `client_id` and `granted`), or \
             `address` (with `client_id` and `email`). He is told `ChatFrame`s.\n\n\
             Close codes: 1003 no text, 1007 no frame, 1008 no hello or too many frames, 1009 too large, 1012 connect \
             again, 1013 too many sockets or a slow reader, 4401 open a session, 4409 it goes on in another window.",
        )
        .knows::<Opening>()
        .knows::<ServerFrame>()
        .gives_bare(101, "The connection is a WebSocket now.")
        .fails(&[BAD_REQUEST])
}
