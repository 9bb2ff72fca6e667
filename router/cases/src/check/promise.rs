//! Whether what a stage promises can be kept, and whether its warning reaches anybody.

use blendline_wire::event::promise::Keeps;

use super::{Checking, Place, spread};
use crate::limits::PROMISE_CHARS_MAX;
use crate::types::{FieldKind, PromiseBy, Stage, StagePromise};
use crate::values::{PROMISE, placeholders};

impl Checking<'_> {
    pub(super) fn warn(&mut self, stage: &Stage) {
        let place = || Place::Stage(stage.name.clone(), "warn");
        let Some(target) = stage.target_ms else { return };
        if stage.warn.before_ms.is_some_and(|before| target <= before) {
            let cure = "it is how long before the end of the target";
            self.problem(place(), "out_of_range", "the warning comes before the stage begins", cure);
        }
        if stage.unit.is_none() && (stage.warn.unit || stage.warn.escalate_ms.is_some()) {
            let message = format!("no unit answers for `{}`, whose manager is to be told", stage.name);
            self.problem(place(), "missing_key", message, "`unit: …` in the stage");
        }
        let queues = &self.around.queues;
        if let Some(queue) = stage.warn.open.as_ref().filter(|queue| !queues.contains(*queue)) {
            self.unknown(place(), "queue", queue, queues);
        }
    }

    pub(super) fn promise(&mut self, stage: &Stage) {
        let Some(promise) = &stage.promise else { return };
        let place = || Place::Stage(stage.name.clone(), "promise");
        if stage.closes.is_some() {
            let cure = "promise it in the stage before";
            self.problem(place(), "not_here", "a case that is over keeps no promise", cure);
        }
        if promise.words.is_empty() {
            self.problem(place(), "missing_key", "nothing is promised", "`words: {he: …, en: …}`");
        }
        for text in promise.words.0.values().chain(promise.late.0.values()) {
            if PROMISE_CHARS_MAX < text.chars().count() {
                let message = format!("what is promised has at most {PROMISE_CHARS_MAX} characters");
                self.problem(place(), "too_long", message, "shorten it");
            }
            let is_known = |name: &&str| *name == PROMISE || self.kind.fields.contains_key(*name);
            for name in placeholders(text).into_iter().filter(|name| !is_known(name)) {
                let message = format!("nothing is filled in for `{{{name}}}`");
                self.problem(place(), "no_field", message, "name a field of this type, or `{promise}`");
            }
        }
        if let (PromiseBy::Within(by), Some(warn)) = (&promise.by, promise.warn_ms)
            && *by <= warn
        {
            let cure = "it is how long before the promise is due";
            self.problem(place(), "out_of_range", "the promise is at risk before it is made", cure);
        }
        self.due(stage, promise);
        self.keeps(stage, promise);
    }

    fn due(&mut self, stage: &Stage, promise: &StagePromise) {
        let place = || Place::Stage(stage.name.clone(), "promise");
        let PromiseBy::Field(name) = &promise.by else { return };
        match self.kind.fields.get(name).map(|field| &field.kind) {
            Some(FieldKind::Date) => {}
            Some(_) => {
                let message = format!("the field `{name}` holds no day that could be promised");
                self.problem(place(), "no_field", message, "name a field of the type `date`");
            }
            None => self.unknown(place(), "field", name, self.kind.fields.keys()),
        }
    }

    fn keeps(&mut self, stage: &Stage, promise: &StagePromise) {
        let place = || Place::Stage(stage.name.clone(), "promise");
        match &promise.kept {
            Keeps::Stage(name) if self.kind.stage(name).is_none() => {
                let stages = self.kind.stages.iter().map(|stage| &stage.name);
                self.unknown(place(), "stage", name, stages);
            }
            Keeps::Stage(name) if *name == stage.name => {
                let message = format!("`{name}` promises what it keeps itself");
                self.problem(place(), "promise_circle", message, "name a stage that comes after it");
            }
            Keeps::Stage(name) => {
                let steps = || self.kind.moves.iter().map(|step| (step.from.as_str(), step.to.as_str()));
                if !spread(vec![&stage.name], steps).contains(name.as_str()) {
                    let message =
                        format!("no move leads from `{}` to `{name}`, which would keep its promise", stage.name);
                    self.problem(place(), "never_kept", message, "name a stage that a case can come to from here");
                }
            }
            Keeps::Field(name) if !self.kind.fields.contains_key(name) => {
                self.unknown(place(), "field", name, self.kind.fields.keys());
            }
            Keeps::Field(name) => {
                if matches!(&promise.by, PromiseBy::Field(by) if by == name) {
                    let message = format!("`{name}` holds what is promised, and cannot keep it");
                    self.problem(place(), "promise_circle", message, "name another field, or a stage");
                }
            }
            Keeps::Said => {}
        }
    }
}
