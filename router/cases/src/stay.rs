//! How long a case stays in a stage: what is due when it comes, and what was used when it goes.

use blendline_core::calendar::Hours;
use blendline_wire::Millis;
use blendline_wire::event::case::{CaseMover, StageEntered, StageLeft};

use crate::case::Case;
use crate::clock::{after_open, open_between};
use crate::command::Terms;
use crate::types::{CaseType, Stage};

/// A stage that is entered now.
pub(crate) fn entered(terms: &Terms<'_>, stage: &Stage, now: Millis) -> StageEntered {
    let due_at = stage.target_ms.map(|target| after_open(terms.hours(stage), now, target));
    let waits_for = stage_waits_for(terms.kind, stage).to_owned();
    StageEntered { stage: stage.name.clone(), due_at, responsible: stage.unit.clone(), waits_for }
}

/// What a case waits for in a stage while it is not paused; nothing where it ends.
pub(crate) fn stage_waits_for(kind: &CaseType, stage: &Stage) -> &'static str {
    let by_customer = |by: &[CaseMover]| by.contains(&CaseMover::Customer);
    if stage.closes.is_some() {
        ""
    } else if stage.queue.is_some() {
        "queue"
    } else if kind.moves_from(&stage.name).any(|step| by_customer(&step.by)) {
        "customer"
    } else {
        "system"
    }
}

/// What the stage that a case leaves now took. While its clock stands nothing of its target is used.
pub(crate) fn left(terms: &Terms<'_>, case: &Case, now: Millis) -> StageLeft {
    let run = &case.stage;
    let until = run.stands_since().unwrap_or(now);
    let stood_ms = run.stood_ms(now);
    let stage = terms.kind.stage(&run.name);
    let hours = stage.map_or(Hours(None), |stage| terms.hours(stage));
    let used_ms = match (stage.and_then(|stage| stage.target_ms), run.due_at) {
        (Some(target), Some(due)) => {
            target.saturating_sub(open_between(hours, until, due)) + open_between(hours, due, until)
        }
        _ => open_between(hours, run.entered_at, now).saturating_sub(stood_ms),
    };
    StageLeft {
        stage: run.name.clone(),
        entered_at: run.entered_at,
        ran_ms: now.since(run.entered_at).saturating_sub(stood_ms),
        stood_ms,
        used_ms,
        due_at: run.due_at,
        late: run.due_at.is_some_and(|due| due < until),
    }
}
