//! A worker's connection for any language: long polls over plain HTTP.
//!
//! A poll stands for one read of the WebSocket: it waits for frames and brings all there are.
//! Calls go to `/v1/tasks/{id}/…` with the lease. The worker counts as there while he polls, and for a while after.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_wire::org::WEIGHT_UNIT;
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{SessionId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as Turn, mpsc};
use tokio::time::{Instant, interval, timeout};
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::json::Strict;
use super::problem::Failure;
use super::watch::Watch;
use crate::handle::Request;

/// How long a poll may wait at most, in seconds; proxies cut longer ones.
const WAIT_S_MAX: u64 = 25;
/// How long a worker counts as there after his last poll ended. He works meanwhile.
const AWAY_AFTER: Duration = Duration::from_secs(60);
/// How often the owner is told that a polling worker is there.
const HEARD_EVERY: Duration = Duration::from_secs(2);
/// Frames that wait for a worker's next poll; the owner ends a connection that lets more pile up.
const FRAMES_MAX: usize = 1024;
/// Frames that one poll brings.
const BRING_MAX: usize = 100;

/// A poll.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The connection; left out in the first poll, which makes one.
    #[serde(default)]
    session: Option<SessionId>,
    /// How long to wait for a frame, in seconds.
    #[serde(default)]
    #[schema(maximum = 25)]
    wait_s: u64,
    /// In the first poll: how he wants to receive work.
    #[serde(default)]
    accept: Option<AcceptMode>,
    /// In the first poll: how many ordinary tasks he takes at once.
    #[serde(default)]
    capacity: Option<u32>,
    /// In the first poll: the presence to begin with.
    #[serde(default)]
    presence: Option<Presence>,
}

/// What a poll brings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PollAnswer)]
pub struct Brought {
    /// The connection, for the next poll.
    session: SessionId,
    /// The frames, as the WebSocket would have brought them; the first of a connection is the welcome.
    frames: Vec<ServerFrame>,
}

/// The connections of workers who poll.
#[derive(Default)]
pub struct Polls {
    lines: Mutex<HashMap<SessionId, Arc<Line>>>,
}

struct Line {
    worker: WorkerId,
    /// Held by the poll that is waiting: one at a time.
    frames: Turn<mpsc::Receiver<ServerFrame>>,
    /// When the last poll ended; `None` while one waits.
    idle_since: Mutex<Option<Instant>>,
}

impl Polls {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<SessionId, Arc<Line>>) -> T) -> T {
        // A panic elsewhere leaves the map whole.
        act(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Line {
    fn set_idle(&self, since: Option<Instant>) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn is_away(&self) -> bool {
        let idle_since = *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner);
        idle_since.is_some_and(|since| since.elapsed() > AWAY_AFTER)
    }
}

/// Marks a poll's end even when its caller hangs up in the middle of it.
struct Waiting<'a>(&'a Line);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set_idle(Some(Instant::now()));
    }
}

/// Waits for frames of a worker and brings them.
pub async fn poll(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(poll): Strict<Poll>,
) -> Result<Json<Brought>, Failure> {
    let worker = caller.speaks_for(&app.directory(), Some(&name))?;
    if poll.wait_s > WAIT_S_MAX {
        return Err(Failure::bad("/wait_s", format!("wait at most {WAIT_S_MAX} seconds and poll again")));
    }
    let session = match poll.session {
        Some(session) => session,
        None => open(&app, caller.tenant, worker, &poll).await?,
    };
    let line = app.polls.with(|lines| lines.get(&session).cloned());
    let line = line.filter(|line| line.worker == worker).ok_or_else(ended)?;
    line.set_idle(None);
    let _waiting = Waiting(&line);
    // A person's poll ends with his session; the next is told why.
    let watch = Watch::start(&app, caller.person.as_ref());
    let mut inbox = line.frames.lock().await;
    let mut frames = Vec::new();
    let first = async {
        tokio::select! {
            count = inbox.recv_many(&mut frames, BRING_MAX) => count > 0,
            () = app.parts.stopping.cancelled() => true,
            () = watch.over() => false,
        }
    };
    // A poll that brings nothing is no fault; a connection that the owner let go is.
    if !timeout(Duration::from_secs(poll.wait_s), first).await.unwrap_or(true) {
        app.polls.with(|lines| lines.remove(&session));
        return Err(ended());
    }
    Ok(Json(Brought { session, frames }))
}

fn ended() -> Failure {
    let detail = "poll without `session` to begin a new connection: its welcome lists what is yours";
    Failure::new(StatusCode::CONFLICT, "session_ended", "This connection has ended", detail).at("/session")
}

async fn open(app: &Shared, tenant: TenantId, worker: WorkerId, poll: &Poll) -> Result<SessionId, Failure> {
    let session = app.next_session();
    let (sender, frames) = mpsc::channel(FRAMES_MAX);
    let presence = poll.presence.unwrap_or(Presence::Ready);
    let accept = poll.accept;
    let capacity = poll.capacity.map(|tasks| tasks.saturating_mul(WEIGHT_UNIT));
    let attach = Request::Attach { worker, session, accept, capacity, presence, frames: sender };
    app.door(tenant).send(attach).await.map_err(|error| Failure::busy(error.to_string()))?;
    let line = Arc::new(Line { worker, frames: Turn::new(frames), idle_since: Mutex::new(None) });
    app.polls.with(|lines| lines.insert(session, line.clone()));
    tokio::spawn(keep(app.clone(), tenant, session, line));
    Ok(session)
}

/// Tells the owner that a worker is there while he polls, and that he is gone when he has not for a while.
async fn keep(app: Shared, tenant: TenantId, session: SessionId, line: Arc<Line>) {
    let door = app.door(tenant);
    let worker = line.worker;
    let mut beat = interval(HEARD_EVERY);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            () = app.parts.stopping.cancelled() => return,
        }
        let known = app.polls.with(|lines| lines.contains_key(&session));
        if !known || line.is_away() {
            app.polls.with(|lines| lines.remove(&session));
            // An owner that is gone has no connections to forget.
            let _ = door.send(Request::Gone { worker, session }).await;
            return;
        }
        if door.send(Request::Heard { worker, session }).await.is_err() {
            return;
        }
    }
}
