//! The routes of the chat. They take visitors' tokens, not keys.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::gate::{gate, preflight};
use super::{Shared, poll, session, socket};

/// The chat as routes beside the API's.
pub fn router(chat: Shared) -> Router {
    Router::new()
        .route("/v1/chat/{account}/sessions", post(session::open).options(preflight))
        .route("/v1/chat/{account}/messages", get(poll::read).post(poll::say).options(preflight))
        .route("/v1/chat/{account}/connect", get(socket::connect))
        .route_layer(from_fn_with_state(chat.clone(), gate))
        .with_state(chat)
}
