//! Whether the process lives, whether it serves, and its figures.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Shared;
use super::problem::Failure;
use crate::ports::broker::inbound_queue;

/// A look between two batches takes milliseconds; an owner that takes longer does not serve.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// The process answers.
pub async fn live() -> &'static str {
    "live\n"
}

/// The owner serves and the broker answers.
pub async fn ready(State(app): State<Shared>) -> Result<Response, Failure> {
    if app.parts.stopping.is_cancelled() {
        return Err(Failure::busy("the process is ending"));
    }
    let open = tokio::time::timeout(LOOK_TIMEOUT, app.handle().look(blendline_core::Scheduler::open_tasks))
        .await
        .map_err(|_| Failure::busy("the owner does not answer"))?
        .map_err(|error| Failure::busy(error.to_string()))?;
    let queue = inbound_queue(app.parts.shard);
    let depth = tokio::time::timeout(LOOK_TIMEOUT, app.parts.broker.depth(&queue))
        .await
        .map_err(|_| Failure::busy("the broker does not answer"))?
        .map_err(|error| Failure::busy(error.to_string()))?;
    let body = json!({ "ready": true, "open_tasks": open, "inbound": depth }).to_string();
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The figures, for Prometheus.
pub async fn metrics(State(app): State<Shared>) -> Response {
    match &app.parts.metrics {
        Some(handle) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
