//! Work that waits comes again, and what is old or worth much is never pushed out for good by what is fresher and easier.
//!
//! A queue takes first what has used most of its target. A task that is made again has used nothing of it, so its target is cut
//! until, a little later, it stands where it would stand had it waited all along; and further by what it is worth.

use blendline_wire::Millis;
use blendline_wire::event::EventKind;
use blendline_wire::event::case::CaseValue;
use blendline_wire::event::promise::CaseResurfaced;

use crate::apply::Deciding;
use crate::case::Case;
use crate::command::Effect;
use crate::types::Resurface;

/// The shortest target that a task is given, in milliseconds.
pub const TARGET_MS_MIN: u64 = 60_000;
/// A part of the time between two turns, after which the task has caught up with its age.
const CATCH_UP: u64 = 10;
/// By so much, in thousandths, each doubling of the worth cuts the target.
const WORTH_MILLI: u64 = 100;

/// How long after it comes again a task stands at least where its age would have it, in milliseconds.
pub const fn catches_up_ms(after_ms: u64) -> u64 {
    let part = after_ms / CATCH_UP;
    if part == 0 { 1 } else { part }
}

/// The target of a task that comes again: of a stage with this target, after so long there, worth so much.
pub fn target_ms(stage_ms: u64, age_ms: u64, after_ms: u64, worth: i64) -> u64 {
    let catch_up = u128::from(catches_up_ms(after_ms));
    let aged = u128::from(stage_ms) * catch_up / (u128::from(age_ms) + catch_up);
    let doublings = 64 - worth.max(0).unsigned_abs().leading_zeros();
    let cut = aged * 1_000 / u128::from(1_000 + WORTH_MILLI * u64::from(doublings));
    u64::try_from(cut).unwrap_or(stage_ms).max(TARGET_MS_MIN.min(stage_ms))
}

/// What a case is worth.
fn worth(case: &Case, by: &str) -> Option<i64> {
    match case.fields.get(by)? {
        CaseValue::Money { minor, .. } => Some(*minor),
        CaseValue::Number(number) => Some(*number),
        CaseValue::Text(_) => None,
    }
}

impl Deciding<'_> {
    fn resurfaces(&self) -> Option<&Resurface> {
        let stands = self.case.is_open() && self.case.stage.stands_since().is_none();
        self.terms.kind.stage(&self.case.stage.name).filter(|_| stands)?.resurface.as_ref()
    }

    /// When the stage's task comes again next.
    pub(crate) fn resurfaces_at(&self) -> Option<Millis> {
        let after_ms = self.resurfaces()?.after_ms;
        let turns = u64::from(self.case.stage.resurfaced) + 1;
        Some(self.case.stage.entered_at.plus(after_ms.saturating_mul(turns)))
    }

    /// The stage's task comes again, where nobody has it.
    pub(crate) fn resurface(&mut self) {
        if self.resurfaces_at().is_none_or(|at| self.now < at) {
            return;
        }
        let Some((stage, resurface)) =
            self.terms.kind.stage(&self.case.stage.name).and_then(|stage| Some((stage, stage.resurface.as_ref()?)))
        else {
            return;
        };
        let age_ms = self.now.since(self.case.stage.entered_at);
        let worth = resurface.by.as_ref().and_then(|by| worth(&self.case, by));
        let target = stage.target_ms.unwrap_or(resurface.after_ms);
        let target_ms = target_ms(target, age_ms, resurface.after_ms, worth.unwrap_or(0));
        // Turns that were missed are not made up for.
        let times = u32::try_from(age_ms / resurface.after_ms.max(1)).unwrap_or(u32::MAX);
        let (case, name, queue) = (self.case.id, stage.name.clone(), stage.queue.clone());
        self.happen(EventKind::CaseResurfaced(CaseResurfaced { case, stage: name, times, worth, target_ms }));
        let Some(queue) = queue else { return };
        self.effects.push(match self.case.task {
            Some(task) => Effect::Raise { task, queue, target_ms },
            None => Effect::Open { queue, target_ms: Some(target_ms) },
        });
    }
}
