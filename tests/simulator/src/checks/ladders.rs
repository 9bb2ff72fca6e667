//! What becomes of work that waits, step by step, and what work takes of whoever has it.

use blendline_core::input::Command;
use blendline_core::rows::{Task, TaskState};
use blendline_wire::event::EventKind;

use super::Step;
use crate::verdict::{Check, ensure};

pub(super) fn check(step: &Step<'_>) -> Check {
    for (old, new) in step.changes.tasks.values() {
        weighs(step, old.as_ref(), new)?;
        if let Some(old) = old {
            climbed(step, old, new)?;
        }
    }
    Ok(())
}

/// A task takes of its holder what his settings say of its channel, or what its queue says of everybody.
fn weighs(step: &Step<'_>, old: Option<&Task>, new: &Task) -> Check {
    let Some(holder) = new.state.holder() else {
        ensure!(new.weighs.is_none(), "weights", "{} takes {:?} of nobody", new.id, new.weighs);
        return Ok(());
    };
    // He may have had it since before his settings changed.
    let had = old.is_some_and(|old| old.state.holder() == Some(holder));
    if had || matches!(step.input.command, Command::Put(_)) {
        return Ok(());
    }
    let Some(row) = step.rows.workers.get(&holder) else { return Ok(()) };
    let own = row.settings.weights.iter().find(|own| own.channel == new.channel).map(|own| own.weight);
    ensure!(new.weighs == own, "weights", "{} takes {:?} of {holder}, and should {own:?}", new.id, new.weighs);
    Ok(())
}

/// Whatever steps are behind a task were taken: it counts for more where they say so, a supervisor was told.
fn climbed(step: &Step<'_>, old: &Task, new: &Task) -> Check {
    let over = old.relax.len().saturating_sub(new.relax.len());
    // Who transfers work takes its ladder away.
    let moved = |kind: &EventKind| matches!(kind, EventKind::TaskTransferred { .. });
    let mut events = step.events().filter(|event| event.task == Some(new.id)).map(|event| &event.kind);
    if over == 0 || matches!(new.state, TaskState::Closed { .. }) || events.any(moved) {
        return Ok(());
    }
    let told = |kind: &EventKind| matches!(kind, EventKind::SupervisorTold { .. });
    let steps = &old.relax[..over];
    let tells = steps.iter().any(|step| step.tell);
    ensure!(!tells || happened(step, new, told), "ladder", "nobody was told of {}", new.id);
    if let Some(times) = steps.iter().rev().find_map(|step| step.lift_milli) {
        ensure!(new.lift_milli == times, "ladder", "{} counts {} times, not {times}", new.id, new.lift_milli);
    }
    Ok(())
}

fn happened(step: &Step<'_>, task: &Task, is: impl Fn(&EventKind) -> bool) -> bool {
    step.events().any(|event| event.task == Some(task.id) && is(&event.kind))
}
