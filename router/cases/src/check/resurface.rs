//! Whether what comes again can: somebody works there, and what it is worth is a number.

use super::{Checking, Place};
use crate::types::{FieldKind, Stage};

impl Checking<'_> {
    /// The stage has a task that can come again, and a field that says what it is worth.
    pub(super) fn resurface(&mut self, stage: &Stage) {
        let Some(resurface) = &stage.resurface else { return };
        let place = || Place::Stage(stage.name.clone(), "resurface");
        if stage.queue.is_none() {
            let message = format!("`{}` has no task that could come again", stage.name);
            self.problem(place(), "not_here", message, "give the stage a `queue`, or take `resurface` out");
        }
        let Some(by) = &resurface.by else { return };
        match self.kind.fields.get(by).map(|field| &field.kind) {
            None => self.unknown(place(), "field", by, self.kind.fields.keys()),
            Some(FieldKind::Money { .. } | FieldKind::Number) => {}
            Some(_) => {
                let message = format!("`{by}` does not say what it is worth");
                self.problem(place(), "not_here", message, "a field of `type: money`, or of `type: number`");
            }
        }
    }
}
