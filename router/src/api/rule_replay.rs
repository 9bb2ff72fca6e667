//! Replay of the record under the live rules and under a draft.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_rules::RuleSet;
use blendline_rules::replay::Change;
use blendline_wire::time::Instant;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::auth::Caller;
use super::json::Strict;
use super::problem::Failure;
use super::rules::{configured, live, unprocessable};
use super::{Shared, now};
use crate::rules::record::{Asked, ReplayError, replayed};
use crate::rules::replayed::Replayed;
use crate::rules::world;

/// The longest period, in milliseconds: the journal is kept for so long.
const PERIOD_MS_MAX: u64 = 8 * 86_400_000;
/// Changes of one replay at most.
const CHANGES_MAX: usize = 20;
/// Replays take a core and memory: one at a time in a process.
static ONE: Semaphore = Semaphore::const_new(1);

/// What is to be replayed.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleReplayRequest)]
pub struct Period {
    /// From when.
    from: Instant,
    /// Until when; eight days after `from` at most.
    to: Instant,
    /// The text to compare with; left out, the draft, and where there is none the live rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rules: Option<String>,
    /// More or fewer people in the draft.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    staff: Vec<Staff>,
    /// People of the draft who learn something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    cross_train: Vec<Training>,
    /// Whether further changes of people are tried one by one, to see which brings most. It takes up to a minute more.
    #[serde(default)]
    levers: bool,
}

/// More or fewer people.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplayStaff)]
pub struct Staff {
    /// In which group; left out, in every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// How many per cent more, or, below zero, fewer.
    #[schema(minimum = -100, maximum = 1000)]
    percent: i32,
}

/// People who learn something.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplayTraining)]
pub struct Training {
    /// The group.
    group: String,
    /// The queue that it serves besides, or the skill that it learns.
    what: String,
}

/// Runs a period of the record under the live rules, and beside it under a draft; nothing changes.
pub async fn replay(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Period>,
) -> Result<Json<Replayed>, Failure> {
    let (from, to) = (said.from.0, said.to.0.min(now()));
    if to <= from || PERIOD_MS_MAX < to.since(from) {
        return Err(Failure::bad("/to", "give an instant after `from`, eight days later at most"));
    }
    if CHANGES_MAX < said.staff.len() + said.cross_train.len() {
        return Err(Failure::bad("/staff", format!("give at most {CHANGES_MAX} changes")));
    }
    if let Some(place) = said.staff.iter().position(|staff| !(-100..=1_000).contains(&staff.percent)) {
        return Err(Failure::bad(format!("/staff/{place}/percent"), "give -100 to 1000"));
    }
    let Ok(_one) = ONE.try_acquire() else {
        return Err(Failure::busy("another replay is running: try again when it is over"));
    };
    let Some(row) = live(&app, &caller).await? else {
        return Err(unprocessable("rules_in_error", "no rules are live: publish some first"));
    };
    let read = |text: &str| -> Result<RuleSet, Failure> {
        let checked = blendline_rules::check("rules", text, &world(None));
        checked.set.ok_or_else(|| unprocessable("rules_in_error", "the rules have errors: POST /v1/rules/check"))
    };
    let set = read(&row.text)?;
    let draft = match said.rules {
        Some(text) => read(&text)?,
        None => match app.rules().rule_draft(caller.tenant).await? {
            Some(draft) => read(&draft.text)?,
            None => set.clone(),
        },
    };
    let staff = said.staff.into_iter().map(|Staff { group, percent }| match group {
        Some(group) => Change::StaffOf { group, percent },
        None => Change::Staff(percent),
    });
    let trained = said.cross_train.into_iter().map(|Training { group, what }| Change::CrossTrain { group, what });
    let asked = Asked {
        tenant: caller.tenant,
        shard: app.parts.doors.shard(caller.tenant),
        from,
        to,
        changes: trained.chain(staff).collect(),
        levers: said.levers,
    };
    let tenant = configured(&app, &caller)?;
    match replayed(&app.parts.archive, tenant, (row.version, &set), &draft, &asked).await {
        Ok(replayed) => Ok(Json(replayed)),
        Err(ReplayError::Store(error)) => Err(error.into()),
        Err(error @ ReplayError::Unchangeable(_)) => Err(Failure::bad("/staff", error.to_string())),
        Err(error) => Err(unprocessable("not_recorded", error.to_string())),
    }
}
