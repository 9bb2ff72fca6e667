//! The demo's own platform: it takes every message that we send, shows it, and lists what it took.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::traffic::whatsapp::Phones;

/// How many sent messages it keeps.
const KEPT_MAX: usize = 200;

#[derive(Clone)]
struct Platform {
    /// Messages of this number are shown on the terminal.
    shown: &'static str,
    phones: Arc<Phones>,
    sent: Arc<Mutex<VecDeque<Value>>>,
}

/// The platform's routes. What is sent from the number `shown` appears on the terminal; simulated customers get theirs
/// on their `phones`.
pub(super) fn router(shown: &'static str, phones: Arc<Phones>) -> Router {
    Router::new()
        .route("/demo/graph/messages", get(list))
        .route("/demo/graph/{version}/{number}/messages", post(take))
        .with_state(Platform { shown, phones, sent: Arc::default() })
}

async fn list(State(platform): State<Platform>) -> Json<Value> {
    let sent = platform.sent.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({ "items": sent.iter().collect::<Vec<_>>() }))
}

async fn take(
    State(platform): State<Platform>,
    Path((_, number)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let id = format!("wamid.DEMO{}", uuid::Uuid::now_v7().simple());
    let to = body["to"].as_str().unwrap_or_default().to_owned();
    let text = body["text"]["body"].as_str().unwrap_or("(no text)").to_owned();
    if number == platform.shown {
        // The demo is the one place that shows what is said: its customers are made up.
        let shown = super::print::<std::io::Error>(|out| writeln!(out, "  reply to {to}: {text}"));
        if let Err(error) = shown {
            tracing::debug!(%error, "the terminal is gone");
        }
    }
    platform.phones.bring(&to, &id, &text);
    let mut sent = platform.sent.lock().unwrap_or_else(PoisonError::into_inner);
    if sent.len() == KEPT_MAX {
        sent.pop_front();
    }
    sent.push_back(json!({ "id": id, "from": number, "body": body }));
    let contacts = json!([{ "input": to, "wa_id": to }]);
    (StatusCode::OK, Json(json!({ "messaging_product": "whatsapp", "contacts": contacts, "messages": [{ "id": id }] })))
}
