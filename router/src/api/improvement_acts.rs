//! What becomes of what should change: a manager answers, it is measured, done, joined with others.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_improvements::limits::TEXT_CHARS_MAX;
use blendline_improvements::{Command, Evidence};
use blendline_wire::event::improvement::{Figure, Phase};
use blendline_wire::time::Instant;
use blendline_wire::{CaseId, ImprovementId, Pii, TaskId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::auth::Caller;
use super::improvement_figures::measured;
use super::improvement_view::ImprovementInfo;
use super::improvements::{Speaking, ask, concerning, manages, said, shown, spoken};
use super::json::Strict;
use super::page::id;
use super::problem::Failure;
use super::{Shared, audit};
use crate::directory::Role;

/// What is to become of one. Which fields go with which act, its documentation says.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImprovementAct {
    /// What.
    act: ImprovementDeed,
    /// `answer`: the manager who answers; `assign`: the one who is to; `add`: who writes it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// `answer`: until when it will be done; left out, it will not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    do_by: Option<Instant>,
    /// `answer`: what will be done, or why not; `add`: more about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    words: Option<Pii<String>>,
    /// `join`: the one that says the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    into: Option<ImprovementId>,
    /// `measure`: before the change, or after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phase: Option<Phase>,
    /// `measure`: the figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    figure: Option<Figure>,
    /// `measure`: of contacts in this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// `measure`: of contacts of which the rules say this: a tag, or the name of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// `measure`: of contacts of this type of case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case_type: Option<String>,
    /// `measure`: from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Instant>,
    /// `measure`: before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    /// `add`: the task that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// `add`: the case that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// `add`: how many contacts it stands for, by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    contacts: BTreeMap<String, u64>,
}

/// What can become of one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImprovementDeed {
    /// A manager answers it.
    Answer,
    /// It is being done.
    Begin,
    /// It is done, and was measured before and after.
    Finish,
    /// It is open again.
    Reopen,
    /// It says the same as another, and belongs to that.
    Join,
    /// It says something else after all.
    Part,
    /// Another manager is to answer.
    Assign,
    /// It is measured from the log of events.
    Measure,
    /// More speaks for it.
    Add,
}

impl ImprovementAct {
    /// What it is called in the audit log, and what of it stands there: no words of people.
    fn told(&self) -> (&'static str, Value) {
        let Self { worker, into, phase, figure, queue, topic, case_type, since, until, .. } = self;
        match self.act {
            ImprovementDeed::Answer => ("improvement_answer", json!({ "worker": worker, "do_by": self.do_by })),
            ImprovementDeed::Begin => ("improvement_begin", Value::Null),
            ImprovementDeed::Finish => ("improvement_finish", Value::Null),
            ImprovementDeed::Reopen => ("improvement_reopen", Value::Null),
            ImprovementDeed::Join => ("improvement_join", json!({ "into": into })),
            ImprovementDeed::Part => ("improvement_part", Value::Null),
            ImprovementDeed::Assign => ("improvement_assign", json!({ "worker": worker })),
            ImprovementDeed::Measure => {
                let of = json!({ "queue": queue, "topic": topic, "case_type": case_type });
                let asked = json!({ "phase": phase, "figure": figure, "of": of, "since": since, "until": until });
                ("improvement_measure", asked)
            }
            ImprovementDeed::Add => ("improvement_add", json!({ "worker": worker })),
        }
    }
}

/// Does something with one.
pub async fn act(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(act): Strict<ImprovementAct>,
) -> Result<Json<ImprovementInfo>, Failure> {
    let own = id("improvement", &text)?;
    let (it, _) = concerning(&app, &caller, own).await?;
    if let (Role::Worker, Some(worker)) = (caller.role, caller.worker)
        && act.act != ImprovementDeed::Add
        && !manages(&app, &it, worker)
    {
        return Err(super::auth::forbidden("a manager of its unit, or of one above, does this"));
    }
    let (what, asked) = act.told();
    let command = command(&app, &caller, act).await?;
    // What a manager does about his own unit is in the log of events; who acts in others' place answers for it here too.
    if caller.role != Role::Worker {
        audit::note(&app, &caller, what, &own.to_string(), asked).await?;
    }
    ask(&app, &caller, own, command).await?;
    Ok(Json(shown(&app, &caller, own).await?))
}

async fn command(app: &Shared, caller: &Caller, act: ImprovementAct) -> Result<Command, Failure> {
    let directory = app.directory();
    let words = act.words.clone().unwrap_or_else(|| Pii::new(String::new()));
    Ok(match act.act {
        ImprovementDeed::Answer => {
            said(&words, TEXT_CHARS_MAX, "/words")?;
            let by = caller.speaks_for(&directory, act.worker.as_deref())?;
            Command::Answer { by, do_by: act.do_by.map(|Instant(at)| at), words }
        }
        ImprovementDeed::Begin => Command::Begin,
        ImprovementDeed::Finish => Command::Finish,
        ImprovementDeed::Reopen => Command::Reopen,
        ImprovementDeed::Join => {
            Command::Join { into: act.into.ok_or_else(|| Failure::bad("/into", "name the one that says the same"))? }
        }
        ImprovementDeed::Part => Command::Part,
        ImprovementDeed::Assign => {
            let name = act.worker.as_deref().unwrap_or_default();
            let unknown = || Failure::not_found("worker", format!("no worker is called `{name}`")).at("/worker");
            Command::Assign { owner: directory.worker(caller.tenant, name).ok_or_else(unknown)? }
        }
        ImprovementDeed::Measure => {
            let (Some(phase), Some(figure)) = (act.phase, act.figure) else {
                let detail = "say the figure, and whether it is before the change or after it";
                return Err(Failure::bad("/figure", detail));
            };
            let (Some(Instant(since)), Some(Instant(until))) = (act.since, act.until) else {
                return Err(Failure::bad("/since", "say since when and until when it is measured"));
            };
            let of = (act.queue.as_deref(), act.topic, act.case_type);
            let measured = Box::new(measured(app, caller, figure, of, (since, until)).await?);
            Command::Measure { phase, measured }
        }
        ImprovementDeed::Add => {
            let writer = match (&act.worker, caller.worker) {
                (None, None) => None,
                _ => Some(caller.speaks_for(&directory, act.worker.as_deref())?),
            };
            let speaking = Speaking { task: act.task, case: act.case, contacts: act.contacts };
            let spoken = spoken(app, caller, speaking, writer).await?;
            let evidence = Evidence { words: act.words, ..spoken.evidence };
            if evidence.words.as_ref().is_some_and(|words| TEXT_CHARS_MAX < words.expose().chars().count()) {
                return Err(Failure::bad("/words", format!("give at most {TEXT_CHARS_MAX} characters")));
            }
            Command::Add { evidence: Box::new(evidence), writer: spoken.writer }
        }
    })
}
