//! What a stage brings with it: work, and words to the customer and to whoever acts for him.

use crate::apply::Deciding;
use crate::command::{Effect, Whom};
use crate::types::{Stage, Tell};
use crate::values;

impl Deciding<'_> {
    /// The task that did the stage's work is taken back.
    pub(crate) fn cancel_work(&mut self) {
        self.effects.extend(self.case.task.map(|task| Effect::Cancel { task }));
    }

    /// The work of the stage that it is in now, and what it says to whom.
    pub(crate) fn begin_stage(&mut self, stage: &Stage) {
        self.open_work(stage);
        let promised = self.promise_of(stage);
        self.say(Whom::Customer, stage, promised.as_deref());
        self.say(Whom::Agent, stage, promised.as_deref());
    }

    /// A task does the stage's work, where that is somebody's.
    pub(crate) fn open_work(&mut self, stage: &Stage) {
        let goes_on = self.case.is_open() && self.case.stage.held.is_none();
        if let Some(queue) = stage.queue.clone().filter(|_| goes_on) {
            let target_ms = self.case.stage.due_at.map(|due| due.since(self.now).max(1));
            self.effects.push(Effect::Open { queue, target_ms });
        }
    }

    /// Says what a stage says to somebody, to the customer when he may be written to.
    pub(crate) fn say(&mut self, whom: Whom, stage: &Stage, promised: Option<&str>) {
        let tell = if whom == Whom::Customer { &stage.tell } else { &stage.tell_agent };
        let said = tell
            .as_ref()
            .and_then(|tell: &Tell| Some((tell, values::filled(self.terms.kind, &tell.text, &self.case, promised)?)));
        let Some((tell, text)) = said else { return };
        if whom == Whom::Customer && self.puts_off(stage) {
            return;
        }
        let (channels, buttons) = (tell.channels.clone(), values::buttons(tell, &self.case));
        self.effects.push(Effect::Tell { whom, channels, text, buttons });
    }
}
