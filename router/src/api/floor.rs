//! The floor now: once as JSON, or as a stream of what changes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use futures_util::stream;
use serde::Serialize;

use super::Shared;
use super::auth::Caller;
use super::problem::{Failure, of_call};
use super::server::Place;
use super::watch::Watch;
use crate::floor::{Floor, Sources};

/// How often a stream on which nothing happens says that it is there.
const ALIVE: Duration = Duration::from_secs(15);

/// The floor; whoever accepts an event stream gets it whole as `floor`, and then what changes as `changes`.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    place: Option<Extension<Arc<Place>>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let sources = Sources {
        archive: app.parts.archive.clone(),
        directory: app.parts.directory.clone(),
        rules: app.parts.rules.clone(),
        stopping: app.parts.stopping.clone(),
    };
    let mut floors = app.floors.watch(caller.tenant, app.door(caller.tenant), &sources);
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/event-stream") {
        let watch = Watch::start(&app, caller.person.as_ref());
        let open = (place, app.lines.token());
        let following = Following { floors, watch, stopping: sources.stopping, sent: None, _open: open };
        let events = stream::unfold(following, |mut following| async move {
            Some((Ok::<_, Infallible>(following.next().await?), following))
        });
        return Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)).into_response());
    }
    let seen = floors.wait_for(Option::is_some).await.ok().and_then(|latest| latest.clone());
    match seen {
        Some(Ok(floor)) => Ok(Json(floor.as_ref().clone()).into_response()),
        Some(Err(error)) => Err(of_call(error, caller.tenant, &app.directory())),
        None => Err(Failure::busy("the router ends: ask again")),
    }
}

type Open = (Option<Extension<Arc<Place>>>, tokio_util::task::task_tracker::TaskTrackerToken);

/// One who follows a floor.
struct Following {
    floors: tokio::sync::watch::Receiver<crate::floor::Latest>,
    watch: Watch,
    stopping: tokio_util::sync::CancellationToken,
    sent: Option<Arc<Floor>>,
    /// Until the end the connection counts, against the server's limit and for an orderly end.
    _open: Open,
}

impl Following {
    /// The next that is to be told; `None` when the session, or the router, is at its end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                changed = self.floors.changed() => changed.ok()?,
                () = self.watch.over() => return None,
                () = self.stopping.cancelled() => return None,
            }
            let latest = self.floors.borrow_and_update().clone();
            match latest {
                Some(Ok(floor)) => {
                    if let Some(event) = self.told(floor) {
                        return Some(event);
                    }
                }
                // The owner moves: the page says that what it shows is not now, and hears when it is again.
                Some(Err(_)) if self.sent.take().is_some() => return Some(Event::default().event("away").data("")),
                _ => {}
            }
        }
    }

    fn told(&mut self, floor: Arc<Floor>) -> Option<Event> {
        let event = match &self.sent {
            // Somebody came or went: told whole, which is rare.
            Some(sent) if is_alike(sent, &floor) => {
                let changes = changes(sent, &floor);
                if changes.is_empty() {
                    return None;
                }
                Event::default().event("changes").json_data(changes)
            }
            _ => Event::default().event("floor").json_data(floor.as_ref()),
        };
        self.sent = Some(floor);
        // These types cannot fail to be written.
        event.ok()
    }
}

/// Whether both have the same queues, groups and people.
fn is_alike(one: &Floor, other: &Floor) -> bool {
    let queues = one.queues.iter().map(|queue| &queue.name).eq(other.queues.iter().map(|queue| &queue.name));
    let groups = one.groups.iter().map(|group| &group.name).eq(other.groups.iter().map(|group| &group.name));
    let people = one.people.iter().map(|person| &person.name).eq(other.people.iter().map(|person| &person.name));
    one.since == other.since && queues && groups && people
}

/// What differs, in the form of a floor.
#[derive(Serialize)]
struct Changes<'a> {
    at: blendline_wire::time::Instant,
    queues: Vec<&'a crate::floor::FloorQueue>,
    groups: Vec<&'a crate::floor::FloorGroup>,
    people: Vec<&'a crate::floor::FloorPerson>,
    sides: Vec<&'a crate::floor::FloorSide>,
}

impl Changes<'_> {
    fn is_empty(&self) -> bool {
        self.queues.is_empty() && self.groups.is_empty() && self.people.is_empty() && self.sides.is_empty()
    }
}

fn changes<'a>(before: &Floor, after: &'a Floor) -> Changes<'a> {
    fn differing<'a, T: PartialEq>(before: &[T], after: &'a [T]) -> Vec<&'a T> {
        after.iter().zip(before).filter(|(new, old)| new != old).map(|(new, _)| new).collect()
    }
    Changes {
        at: after.at,
        queues: differing(&before.queues, &after.queues),
        groups: differing(&before.groups, &after.groups),
        people: differing(&before.people, &after.people),
        sides: differing(&before.sides, &after.sides),
    }
}
