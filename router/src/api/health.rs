//! Whether the process lives, whether it serves, and its figures.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::problem::Failure;
use crate::driver::Status;
use crate::ports::broker::inbound_queue;

/// A look between two batches takes milliseconds; an owner that takes longer does not serve.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// The process answers.
pub async fn live() -> &'static str {
    "live\n"
}

/// That the program serves.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Always true: an answer that is none is a 503.
    ready: bool,
    /// Tasks that are not closed, of all tenants.
    open_tasks: usize,
    /// Messages on the broker that wait to be taken in.
    inbound: u64,
    /// The shards that are served here.
    served: Vec<u16>,
    /// The shards that another router serves.
    standby: Vec<u16>,
}

/// Every shard is served here, or by a router that this one would take over from; and the broker answers.
pub async fn ready(State(app): State<Shared>) -> Result<Json<Ready>, Failure> {
    if app.parts.stopping.is_cancelled() {
        return Err(Failure::busy("the process is ending"));
    }
    let (mut open, mut served, mut standby) = (0, Vec::new(), Vec::new());
    for (shard, door) in app.parts.doors.all() {
        if stands_by(&app, shard) {
            standby.push(shard);
            continue;
        }
        let looked = tokio::time::timeout(LOOK_TIMEOUT, door.look(blendline_core::Scheduler::open_tasks))
            .await
            .map_err(|_| Failure::busy("the owner does not answer"))?;
        open += looked.map_err(|error| Failure::busy(error.to_string()))?;
        served.push(shard);
    }
    let broker = &app.parts.broker;
    let depths = app.parts.doors.shards().into_iter().map(|shard| async move {
        let queue = inbound_queue(shard);
        broker.depth(&queue).await
    });
    let depths = tokio::time::timeout(LOOK_TIMEOUT, futures_util::future::try_join_all(depths))
        .await
        .map_err(|_| Failure::busy("the broker does not answer"))?
        .map_err(|error| Failure::busy(error.to_string()))?;
    let inbound: u64 = depths.into_iter().sum();
    Ok(Json(Ready { ready: true, open_tasks: open, inbound, served, standby }))
}

/// True when another router is known to serve this shard.
fn stands_by(app: &Shared, shard: u16) -> bool {
    let status = app.parts.owners.get(&shard);
    status.is_some_and(|status| matches!(&*status.borrow(), Status::Standby { owner: Some(_) }))
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
