//! What should change, noted together with what becomes of a task: both are committed, or neither.

use std::collections::BTreeMap;

use blendline_core::Scheduler;
use blendline_improvements::{Command as Improve, Evidence, Opening, Refusal, Writer};
use blendline_wire::event::Actor;
use blendline_wire::event::improvement::ImprovementSource;
use blendline_wire::{ImprovementId, Lease, TaskId, TenantId};

use crate::driver::draft::{Draft, Item};
use crate::driver::keys;
use crate::driver::step::Stepper;
use crate::handle::{Call, WrapUp};

/// The improvement that is noted with a verdict: said again, it is the same one.
fn name(tenant: TenantId, task: TaskId, lease: Lease) -> ImprovementId {
    keys::improvement(tenant, &format!("wrap-{task}-{}", lease.0))
}

/// The task and what is noted with it, where a call notes something.
fn noted(call: &Call) -> Option<(TaskId, Lease, &WrapUp)> {
    match call {
        Call::Doubtful { call, .. } => noted(call),
        Call::Settle { task, lease, improve: Some(improve), .. } => Some((*task, *lease, improve)),
        _ => None,
    }
}

impl Draft {
    /// Asks for what was noted before with the verdicts at hand.
    pub(crate) fn want_noted(&mut self, core: &Scheduler) {
        for item in &self.items {
            let Item::Call { call, .. } = item else { continue };
            let Some((task, lease, _)) = noted(call) else { continue };
            let tenant = core.task(task).map(|row| row.tenant);
            self.wanted.improvements.extend(tenant.map(|tenant| name(tenant, task, lease)));
        }
    }
}

impl Stepper<'_> {
    /// What a call is about to note, with what is known of its task.
    pub(crate) fn noting(&self, call: &Call) -> Option<Opening> {
        let (task, lease, WrapUp { title, topic }) = noted(call)?;
        let row = self.core.task(task)?;
        let worker = row.state.owner()?;
        let (matter, conversation) = (Some(row.matter), row.conversation);
        let account = conversation.and_then(|id| self.core.conversation(id)).map(|open| open.account);
        let channel =
            account.and_then(|account| self.directory.accounts.get(&account)).map(|entry| entry.channel.clone());
        let contacts = BTreeMap::from([(channel.unwrap_or_else(|| "item".to_owned()), 1)]);
        let task = Some(task);
        Some(Opening {
            id: name(row.tenant, row.id, lease),
            tenant: row.tenant,
            source: ImprovementSource::WrapUp,
            title: title.clone(),
            text: None,
            queue: Some(row.queue),
            topic: topic.clone(),
            unit: None,
            evidence: Evidence { task, matter, conversation, contacts, ..Evidence::default() },
            writer: Some(Writer { worker, task, matter, conversation }),
        })
    }

    /// Writes it down, once the verdict is taken.
    pub(crate) fn note_with_verdict(&mut self, actor: Actor, opening: Opening) {
        let (tenant, id) = (opening.tenant, opening.id);
        match self.improve(actor, tenant, id, Improve::Open(Box::new(opening))) {
            Ok(()) | Err(Refusal::Exists) => {}
            Err(refusal) => tracing::warn!(?refusal, "What was noted with a verdict could not be written down."),
        }
    }
}
