//! I1: every event that came in ends in exactly one way; I13: a message never falls between close and reopen.

use blendline_core::input::{Command, InboundMessage, Input};
use blendline_core::rows::{Conversation, ConversationState, TaskState};
use blendline_wire::event::EventKind;

use super::Step;
use crate::verdict::{Check, ensure};

pub(super) fn check(step: &Step<'_>) -> Check {
    let Input { command, .. } = step.input;
    match command {
        Command::Message(said) => message(step, said),
        Command::Duplicate { .. } => recorded(step, |kind| matches!(kind, EventKind::MessageDuplicate { .. })),
        Command::Discard { .. } => recorded(step, |kind| matches!(kind, EventKind::MessageDiscarded { .. })),
        Command::Quarantine { .. } => recorded(step, |kind| matches!(kind, EventKind::Quarantined { .. })),
        Command::Confirm { prior, confirmed } => confirm(step, prior, *confirmed),
        Command::ConfirmEnded { prior } => confirm_ended(step, prior),
        _ => {
            let strange = step.events().find(|event| matches!(event.kind, EventKind::MessageReceived { .. }));
            ensure!(strange.is_none(), "I1", "a message out of nothing: {strange:?}");
            Ok(())
        }
    }
}

fn count(step: &Step<'_>, wanted: fn(&EventKind) -> bool) -> usize {
    step.events().filter(|event| wanted(&event.kind)).count()
}

fn recorded(step: &Step<'_>, wanted: fn(&EventKind) -> bool) -> Check {
    let ends = count(step, wanted);
    ensure!(ends == 1, "I1", "recorded {ends} times");
    ensure!(step.was_due || step.changes.is_empty(), "I1", "what routes nothing changed {:?}", step.changes);
    Ok(())
}

fn message(step: &Step<'_>, said: &InboundMessage) -> Check {
    let lines = step.messages().filter(|line| line.payload == said.payload).count();
    let received = count(step, |kind| matches!(kind, EventKind::MessageReceived { .. }));
    let rejected = count(step, |kind| matches!(kind, EventKind::TaskRejected { .. }));
    let discarded = count(step, |kind| matches!(kind, EventKind::MessageDiscarded { .. }));
    ensure!(lines == received, "I1", "{lines} lines of the transcript, {received} events");
    let wants = said.kind.wants_answer();
    let merged = count(step, |kind| matches!(kind, EventKind::TaskMerged { .. }));
    let created = step.changes.tasks.values().filter(|(old, new)| old.is_none() && new.parent.is_none()).count();
    ensure!(
        received + discarded + usize::from(received == 0) * rejected == 1,
        "I1",
        "received {received}, rejected {rejected}, discarded {discarded}"
    );
    if wants && received == 1 {
        ensure!(merged + created + rejected == 1, "I1", "merged {merged}, created {created}, rejected {rejected}");
    } else {
        // What wants no answer joins an open task or the transcript alone.
        ensure!(created == 0 && merged <= received, "I1", "no answer wanted: merged {merged}, created {created}");
    }
    if wants && received == 1 && rejected == 0 {
        let open = step.rows.open_conversation(said.account, said.contact);
        ensure!(open.is_some(), "I13", "a message was taken and no conversation of its contact is open");
        let task = open.and_then(|row| match row.state {
            ConversationState::Open { task } => step.rows.tasks.get(&task),
            _ => None,
        });
        let unanswered = task.is_some_and(|task| task.unanswered);
        ensure!(unanswered, "I13", "a message was taken and its task counts as answered");
        let asleep = task.is_some_and(|task| matches!(task.state, TaskState::Parked { .. }));
        ensure!(!asleep, "I13", "a message was taken and its task sleeps: {task:?}");
        if let (Some(prior), Some(open)) = (&said.prior, open) {
            reopened(step, said, prior, open)?;
        }
    }
    Ok(())
}

/// Within the tenant's window the conversation comes back; after it, another begins.
fn reopened(step: &Step<'_>, said: &InboundMessage, prior: &Conversation, open: &Conversation) -> Check {
    let was_open = step
        .changes
        .conversations
        .get(&open.id)
        .is_none_or(|(old, _)| old.as_ref().is_some_and(|old| matches!(old.state, ConversationState::Open { .. })));
    let (Some(tenant), Some(ended), false) = (step.rows.tenants.get(&said.tenant), prior.state.ended_at(), was_open)
    else {
        return Ok(());
    };
    let ages = (step.now.since(ended), said.received_at.since(ended));
    if ages.0 < tenant.reopen_window_ms && ages.1 < tenant.reopen_window_ms {
        ensure!(open.id == prior.id, "reopen", "{} came back within the window as {}", prior.id, open.id);
        ensure!(open.matter == prior.matter, "reopen", "{} has another matter", prior.id);
    }
    if ages.0 > tenant.reopen_window_ms && ages.1 > tenant.reopen_window_ms {
        ensure!(open.id != prior.id, "reopen", "{} came back after the window", prior.id);
    }
    Ok(())
}

fn confirm(step: &Step<'_>, prior: &Conversation, confirmed: bool) -> Check {
    let ConversationState::Solved { earned_at, queue, confirm_until, .. } = prior.state else {
        let moved = step.changes.conversations.contains_key(&prior.id);
        ensure!(step.was_due || !moved, "confirm", "{} was not waiting to be confirmed, and changed", prior.id);
        return Ok(());
    };
    if step.now >= confirm_until {
        return Ok(());
    }
    let after = step.rows.conversations.get(&prior.id).or_else(|| step.rows.ended.get(&prior.id));
    let state = after.map(|row| &row.state);
    let Some(ConversationState::Open { task }) = state else {
        // A denial may find the queue full, or the contact in another conversation; it is recorded all the same.
        let elsewhere = step.rows.open_conversation(prior.account, prior.contact).is_some();
        let rejected = count(step, |kind| matches!(kind, EventKind::TaskRejected { .. })) > 0;
        let said = matches!(state, Some(ConversationState::Confirmed { .. }));
        ensure!(said == confirmed || elsewhere || rejected, "confirm", "{} is {state:?}, said {confirmed}", prior.id);
        return Ok(());
    };
    ensure!(!confirmed, "confirm", "{} was confirmed, and is open", prior.id);
    let Some(row) = step.rows.tasks.get(task) else { return Ok(()) };
    ensure!(row.earned_at == earned_at, "place in line", "{task} has {}, had earned {}", row.earned_at.0, earned_at.0);
    let there = step.rows.queues.contains_key(&queue);
    ensure!(!there || row.queue == queue, "confirm", "{task} came back to {}, was in {queue}", row.queue);
    Ok(())
}

fn confirm_ended(step: &Step<'_>, prior: &Conversation) -> Check {
    let ConversationState::Solved { confirm_until, .. } = prior.state else { return Ok(()) };
    if step.now >= confirm_until {
        let after = step.rows.ended.get(&prior.id).map(|row| &row.state);
        let ended = matches!(after, Some(ConversationState::Unconfirmed { .. }));
        ensure!(ended, "confirm", "the time to confirm {} is over, and it is {after:?}", prior.id);
    }
    Ok(())
}
