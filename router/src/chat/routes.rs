//! The routes of the chat. They take visitors' tokens, not keys.

use axum::Router;
use axum::middleware::from_fn_with_state;

use super::gate::{gate, preflight};
use super::{Shared, about, poll, session, socket};
use crate::openapi::Open;

/// The routes of the chat. What browsers ask before they ask (`OPTIONS`) is part of CORS, not of the API.
pub fn routes() -> Vec<Open<Shared>> {
    let messages = "/v1/chat/{account}/messages";
    vec![
        Open::post("/v1/chat/{account}/sessions", session::open, about::open).around(|it| it.options(preflight)),
        Open::get(messages, poll::read, about::read),
        Open::post(messages, poll::say, about::say).around(|it| it.options(preflight)),
        Open::get("/v1/chat/{account}/connect", socket::connect, about::connect),
    ]
}

/// The chat as routes beside the API's.
pub fn router(chat: Shared) -> Router {
    Open::add(Router::new(), routes()).route_layer(from_fn_with_state(chat.clone(), gate)).with_state(chat)
}
