//! A recorded day under the live rules and under a draft, as the command line runs it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_rules::RuleSet;
use blendline_rules::replay::{Compared, Day, compare};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::json::Strict;
use super::problem::Failure;
use crate::rules::replay::replayed;

/// A replay takes a core for a while: one at a time, so that it never takes more than one from the live work.
static ONE: Semaphore = Semaphore::const_new(1);

/// A day and a draft.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleDayRequest)]
pub struct Replay {
    /// The draft; left out, the live rules on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The recorded day, as JSON lines: messages, and who was there when.
    day: String,
}

/// What became of the day under both.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleDay)]
pub struct Replayed {
    /// Under the live rules; under the draft where none are live.
    live: DayInfo,
    /// Under the draft.
    draft: DayInfo,
    /// How many messages go to another queue.
    moved: u64,
    /// Some of them, by the pair of rules that decided.
    moves: Vec<MovedInfo>,
}

/// A day under one set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleDayUnder)]
pub struct DayInfo {
    /// By queue.
    queues: Vec<QueueInfo>,
    /// By group.
    groups: Vec<GroupInfo>,
    /// Messages that no rule took.
    without_rule: u64,
}

/// What became of a queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleDayQueue)]
pub struct QueueInfo {
    /// Its name.
    queue: String,
    /// How many came.
    arrived: u64,
    /// How many had a worker within their target.
    in_time: u64,
    /// How many had a worker at all.
    started: u64,
    /// How many were finished.
    done: u64,
    /// How many left without an answer.
    left: u64,
    /// How often running work was set aside.
    interrupted: u64,
    /// How long those who had a worker waited on the mean, in milliseconds.
    wait_mean_ms: u64,
    /// How long half of them waited at most, in milliseconds.
    wait_p50_ms: u64,
    /// How long nine of ten waited at most, in milliseconds.
    wait_p90_ms: u64,
}

/// What became of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleDayGroup)]
pub struct GroupInfo {
    /// Its name.
    group: String,
    /// How long its workers were there together, in milliseconds.
    present_ms: u64,
    /// How long they worked on tasks, each counted, in milliseconds.
    worked_ms: u64,
}

/// Messages that one pair of rules sends elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleDayMove)]
pub struct MovedInfo {
    /// The rule that is live; null for none.
    #[schema(required)]
    live_rule: Option<String>,
    /// Its queue.
    live_queue: String,
    /// The rule of the draft; null for none.
    #[schema(required)]
    draft_rule: Option<String>,
    /// Its queue.
    draft_queue: String,
    /// How many.
    count: u64,
    /// The first of them in the day, from 1.
    first: usize,
}

/// Runs a day twice and compares.
pub async fn replay(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Replay>,
) -> Result<Json<Replayed>, Failure> {
    let live = app.rules().rule_sets(caller.tenant, u32::MAX, 1).await?.pop().map(|row| row.text);
    let Ok(_alone) = ONE.try_acquire() else {
        return Err(Failure::busy("another day is being replayed: try again when it is done"));
    };
    let run = tokio::task::spawn_blocking(move || run(live.as_deref(), &said));
    run.await.map_err(|_| Failure::busy("the replay was given up: try again"))?.map(Json)
}

fn run(live: Option<&str>, said: &Replay) -> Result<Replayed, Failure> {
    let day = Day::read(said.day.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    if day.arrivals.is_empty() {
        return Err(unreadable("there is no message in it".to_owned()));
    }
    let draft = good(said.text.as_deref().or(live).unwrap_or_default())?;
    let live = live.map_or_else(|| Ok(draft.clone()), good)?;
    let result = |set: &RuleSet| replayed(set, &day).map_err(|error| unreadable(error.to_string()));
    Ok(Replayed::of(compare(&day, result(&live)?, result(&draft)?)))
}

fn good(text: &str) -> Result<RuleSet, Failure> {
    blendline_rules::check("rules", text, &crate::rules::world(None)).set.ok_or_else(|| {
        let detail = "the rules have errors, or there are none: POST /v1/rules/check";
        Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "rules_in_error", "This cannot be done", detail).at("/text")
    })
}

fn unreadable(detail: String) -> Failure {
    let title = "The day cannot be read";
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable", title, detail).at("/day")
}

impl Replayed {
    fn of(compared: Compared) -> Self {
        let moved = |moved: blendline_rules::replay::Moved| MovedInfo {
            live_rule: moved.live.0,
            live_queue: moved.live.1,
            draft_rule: moved.draft.0,
            draft_queue: moved.draft.1,
            count: moved.count,
            first: moved.first,
        };
        Self {
            live: DayInfo::of(compared.live),
            draft: DayInfo::of(compared.draft),
            moved: compared.moved,
            moves: compared.moves.into_iter().map(moved).collect(),
        }
    }
}

impl DayInfo {
    fn of(result: blendline_rules::replay::Result) -> Self {
        let queue = |queue: blendline_rules::replay::QueueResult| QueueInfo {
            queue: queue.queue,
            arrived: queue.arrived,
            in_time: queue.in_time,
            started: queue.started,
            done: queue.done,
            left: queue.left,
            interrupted: queue.interrupted,
            wait_mean_ms: queue.wait_mean_ms,
            wait_p50_ms: queue.wait_p50_ms,
            wait_p90_ms: queue.wait_p90_ms,
        };
        let group = |group: blendline_rules::replay::GroupResult| GroupInfo {
            group: group.group,
            present_ms: group.present_ms,
            worked_ms: group.worked_ms,
        };
        Self {
            queues: result.queues.into_iter().map(queue).collect(),
            groups: result.groups.into_iter().map(group).collect(),
            without_rule: result.without_rule,
        }
    }
}
