//! Going live by steps: begin a trial of the draft, see what it comes to, end it.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_wire::EventId;
use blendline_wire::event::EventKind;
use blendline_wire::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Caller;
use super::json::Strict;
use super::problem::Failure;
use super::rule_info::VersionInfo;
use super::rules::{configured, conflict, deed, draft_named, unprocessable, with_reason};
use super::view::queue_name;
use super::{Shared, now};
use crate::ports::rules::{Guard, RuleSetRow, Stage};
use crate::rules::trial::{Watch, ended, latest_and_live};
use crate::rules::{keeper, publish};

/// The largest list of accounts or groups.
const NAMES_MAX: usize = 100;

/// A trial to begin.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleTrialRequest)]
pub struct Beginning {
    /// The draft that was looked at: no other is tried.
    sha256: String,
    /// Why.
    reason: String,
    /// For whom it decides; with `acts: false` for nobody: what it would do is counted.
    stage: Stage,
}

/// The end of a trial.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleTrialEnd)]
pub struct End {
    /// Why.
    reason: String,
}

/// What is on trial.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleTrials)]
pub struct Status {
    /// The trial; null where there is none.
    #[schema(required)]
    trial: Option<TrialInfo>,
}

/// A trial, and what it has come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleTrial)]
pub struct TrialInfo {
    /// Its version: what its own decisions bear.
    version: u32,
    /// Who began it.
    publisher: String,
    /// Why.
    reason: String,
    /// When.
    since: Instant,
    /// For whom it decides.
    stage: Stage,
    /// How many tasks came since.
    tasks: u64,
    /// How many of them it decided.
    decided: u64,
    /// How many it sent, or would have sent, another way than the live rules.
    differed: u64,
    /// The latest of these, newest first.
    differences: Vec<Difference>,
    /// What queues came to since.
    queues: Vec<QueueSince>,
    /// False where there was more to read than one look takes.
    whole: bool,
}

/// A decision that differed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleDifference)]
pub struct Difference {
    /// The event.
    event: EventId,
    /// When.
    at: Instant,
    /// The conversation, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<blendline_wire::ConversationId>,
    /// Whether the trial decided.
    acted: bool,
    /// The live rule; null where none applies.
    #[schema(required)]
    live_rule: Option<String>,
    /// Its queue.
    live_queue: String,
    /// The trial's rule; null where none applies.
    #[schema(required)]
    trial_rule: Option<String>,
    /// Its queue.
    trial_queue: String,
}

/// What a queue came to since a trial began.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueSinceTrial)]
pub struct QueueSince {
    /// Its name.
    queue: String,
    /// Tasks that came since and were answered, or waited longer than their target.
    answered: u64,
    /// Those answered in time.
    in_time: u64,
}

/// Begins a trial of the draft.
pub async fn begin(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Beginning>,
) -> Result<Json<VersionInfo>, Failure> {
    let draft = draft_named(&app, &caller, &said.sha256).await?;
    with_reason(&said.reason)?;
    let (latest, live) = latest_and_live(app.rules(), caller.tenant).await?;
    let (Some(latest), Some(live)) = (latest, live) else {
        return Err(conflict("no_live_rules", "no rules are live to try others beside: publish some"));
    };
    if said.stage.acts && publish::wants_two(&draft.text, Some(&live)) && draft.author == caller.actor {
        let detail = "these rules need two people: somebody else begins to act by what you wrote";
        return Err(conflict("second_person", detail));
    }
    check_stage(&app, &caller, &said.stage, &live)?;
    let row = RuleSetRow {
        version: latest.version + 1,
        text: draft.text,
        author: draft.author,
        publisher: caller.actor.clone(),
        reason: said.reason,
        at: now(),
        from_configuration: false,
        stage: Some(said.stage),
    };
    fits(&app, &caller, &row, &live)?;
    if !app.rules().publish_rule_set(caller.tenant, &row, &deed(&caller, "rules_tried")).await? {
        return Err(conflict("meanwhile", "somebody else published meanwhile: look at the difference again"));
    }
    Ok(Json(VersionInfo::of(&row)))
}

/// What a stage names must be there.
fn check_stage(app: &Shared, caller: &Caller, stage: &Stage, live: &RuleSetRow) -> Result<(), Failure> {
    let bad = |place: &str, detail: String| Err(Failure::bad(format!("/stage/{place}"), detail));
    if 1_000 < stage.per_mille || (stage.acts && stage.per_mille == 0) {
        return bad("per_mille", "give 1 to 1000".to_owned());
    }
    if NAMES_MAX < stage.accounts.len().max(stage.groups.len()) {
        return bad("accounts", format!("give at most {NAMES_MAX} names"));
    }
    let tenant = configured(app, caller)?;
    if let Some(name) = stage.accounts.iter().find(|name| tenant.accounts.iter().all(|own| own.name != **name)) {
        return bad("accounts", format!("no account is called `{name}`"));
    }
    let set = blendline_rules::check("live", &live.text, &crate::rules::world(None)).set;
    let has_group =
        |name: &String| set.as_ref().is_some_and(|set| set.groups.iter().any(|group| group.name.value == *name));
    if let Some(name) = stage.groups.iter().find(|name| !has_group(name)) {
        return bad("groups", format!("the live rules have no group `{name}`"));
    }
    if let Some(Guard { queue, least_percent, .. }) = &stage.guard {
        if app.directory().queue(caller.tenant, queue).is_none() {
            return bad("guard/queue", format!("no queue is called `{queue}`"));
        }
        if !(1..=100).contains(least_percent) {
            return bad("guard/least_percent", "give 1 to 100".to_owned());
        }
    }
    Ok(())
}

/// A trial decides where work goes, and nothing else: queues and skills that are new are not there yet.
fn fits(app: &Shared, caller: &Caller, row: &RuleSetRow, live: &RuleSetRow) -> Result<(), Failure> {
    let tenant = configured(app, caller)?;
    let in_error = |detail: String| unprocessable("rules_in_error", detail);
    keeper::with(tenant, row).map_err(|faults| in_error(format!("it has {} errors", faults.errors())))?;
    let read = |text: &str| blendline_rules::check("rules", text, &crate::rules::world(None)).set;
    let (Some(new), Some(old)) = (read(&row.text), read(&live.text)) else {
        return Err(in_error("the rules have errors: POST /v1/rules/check".to_owned()));
    };
    let directory = app.directory();
    let queue =
        new.queues.iter().map(|queue| &queue.name.value).find(|name| directory.queue(caller.tenant, name).is_none());
    if let Some(name) = queue {
        let detail = format!("the queue `{name}` is not live yet: publish it first, then try the rules that use it");
        return Err(unprocessable("not_live", detail));
    }
    let has = |name: &String| old.skills.iter().any(|skill| skill.value == *name);
    if let Some(name) = new.skills.iter().map(|skill| &skill.value).find(|name| !has(name)) {
        let detail = format!("the skill `{name}` is not live yet: publish it first, then try the rules that use it");
        return Err(unprocessable("not_live", detail));
    }
    Ok(())
}

/// What the running trial has come to.
pub async fn status(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Status>, Failure> {
    let latest = latest_and_live(app.rules(), caller.tenant).await?.0;
    let Some((row, stage)) = latest.and_then(|row| Some((row.clone(), row.stage?))) else {
        return Ok(Json(Status { trial: None }));
    };
    let shard = app.parts.doors.shard(caller.tenant);
    let mut watch = Watch::begin(app.archive(), (caller.tenant, shard), &row).await?;
    let whole = watch.look(app.archive()).await?;
    let directory = app.directory();
    let difference = |event: &blendline_wire::event::Event| match event.kind.clone() {
        EventKind::RulesDiffered { acted, live_rule, live_queue, trial_rule, trial_queue, .. } => Some(Difference {
            event: event.id,
            at: Instant(event.at),
            conversation: event.conversation,
            acted,
            live_rule,
            live_queue: queue_name(live_queue, &directory),
            trial_rule,
            trial_queue: queue_name(trial_queue, &directory),
        }),
        _ => None,
    };
    let seen = watch.seen;
    let queues = seen.answered.iter().map(|(queue, (answered, in_time))| QueueSince {
        queue: queue_name(*queue, &directory),
        answered: *answered,
        in_time: *in_time,
    });
    let trial = TrialInfo {
        version: row.version,
        publisher: row.publisher,
        reason: row.reason,
        since: Instant(row.at),
        stage,
        tasks: seen.tasks,
        decided: seen.decided,
        differed: seen.differed,
        differences: seen.differences.iter().rev().filter_map(difference).collect(),
        queues: queues.collect(),
        whole,
    };
    Ok(Json(Status { trial: Some(trial) }))
}

/// Ends the trial: the live rules decide for everybody again.
pub async fn end(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<End>,
) -> Result<Json<VersionInfo>, Failure> {
    with_reason(&said.reason)?;
    let (Some(latest), Some(live)) = latest_and_live(app.rules(), caller.tenant).await? else { return Err(no_trial()) };
    if latest.stage.is_none() {
        return Err(no_trial());
    }
    let row = ended(&live, &latest, &caller.actor, format!("the trial ended: {}", said.reason), now());
    if !app.rules().publish_rule_set(caller.tenant, &row, &deed(&caller, "rules_trial_ended")).await? {
        return Err(conflict("meanwhile", "somebody else published meanwhile: look again"));
    }
    Ok(Json(VersionInfo::of(&row)))
}

fn no_trial() -> Failure {
    conflict("no_trial", "no rules are on trial: POST /v1/rules/trial begins one")
}
