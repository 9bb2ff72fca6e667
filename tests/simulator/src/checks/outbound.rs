//! Messages of ours: P13, I14, I34.

use std::collections::{BTreeMap, BTreeSet};

use blendline_core::effect::Release;
use blendline_core::input::{Command, DeliveryStatus};
use blendline_core::limits::{ATTEMPTS_MAX, HANDED_PER_ACCOUNT_MAX, OUTBOUND_PER_CONVERSATION_MAX};
use blendline_core::rows::{OutboundRow, OutboundState};
use blendline_wire::outbound::SendOutcome;
use blendline_wire::{AccountId, ConversationId};

use super::{Memory, Step};
use crate::verdict::{Check, ensure};

pub(super) fn check(memory: &mut Memory, step: &Step<'_>) -> Check {
    if let Command::SendResult { outbound, outcome: SendOutcome::AccountDown { .. }, .. } = &step.input.command {
        memory.met_down.insert(*outbound);
    }
    for (old, new) in step.changes.outbound.values() {
        match old {
            Some(old) => {
                change(step, old, new)?;
                let bounded = new.attempt <= ATTEMPTS_MAX || memory.met_down.contains(&new.id);
                ensure!(bounded, "outbound attempts bounded", "{}: {}", new.id, new.attempt);
            }
            None => born(step, new)?,
        }
    }
    sends(step)?;
    lines(step)?;
    result(step)
}

/// A message of ours begins with somebody's words; where the commit is the send it is sent with them, else it is in
/// line or with the sender.
fn born(step: &Step<'_>, new: &OutboundRow) -> Check {
    let said = matches!(
        step.input.command,
        Command::Reply { .. } | Command::Settle { .. } | Command::Start { .. } | Command::Tell { .. }
    );
    ensure!(said, "outbound", "{} came out of nothing", new.id);
    let at_once = step.rows.accounts.get(&new.account).is_some_and(|account| account.commit_is_send);
    ensure!(new.state.is_final() == at_once, "outbound", "{} was born {:?}", new.id, new.state);
    Ok(())
}

fn change(step: &Step<'_>, old: &OutboundRow, new: &OutboundRow) -> Check {
    use OutboundState as S;
    let fixed = |row: &OutboundRow| (row.tenant, row.account, row.conversation, row.contact, row.seq, row.payload);
    ensure!(fixed(old) == fixed(new), "outbound identity", "from {old:?} to {new:?}");
    ensure!(new.attempt >= old.attempt, "outbound attempts rise", "{}: {} after {}", new.id, new.attempt, old.attempt);
    if old.state.is_final() {
        ensure!(new.state.is_final(), "outbound final", "{}: from {:?} to {:?}", new.id, old.state, new.state);
        ensure!(new.attempt == old.attempt, "outbound final", "{}: tried again", new.id);
    }
    if let (S::Delayed { until }, S::Handed { .. }) = (&old.state, &new.state) {
        ensure!(*until <= step.now, "outbound retry time", "{}: not before {}", new.id, until.0);
    }
    let (before, after) = (known(&old.state), known(&new.state));
    ensure!(after >= before, "outbound status monotone", "{}: from {:?} to {:?}", new.id, old.state, new.state);
    Ok(())
}

/// How much is known of a message, in the order in which it can only go forward: nothing, unknown, then the platform's
/// word, in which a failure overrules acceptance and arrival overrules a failure.
fn known(state: &OutboundState) -> (u8, Option<DeliveryStatus>) {
    match state {
        OutboundState::Queued | OutboundState::Handed { .. } | OutboundState::Delayed { .. } => (0, None),
        OutboundState::Unknown { .. } => (1, None),
        OutboundState::Failed { .. } => (2, Some(DeliveryStatus::Failed)),
        OutboundState::Sent { status } => (2, Some(*status)),
    }
}

/// Each hand-over is one release, under a new number; no release is without its row.
fn sends(step: &Step<'_>) -> Check {
    let mut sent = BTreeSet::new();
    for release in step.releases() {
        let Release::Send { outbound, attempt, account, conversation, contact, payload, .. } = release else {
            continue;
        };
        ensure!(sent.insert(*outbound), "I14", "{outbound} was handed over twice in one step");
        let Some((old, new)) = step.changes.outbound.get(outbound) else {
            ensure!(false, "I14", "{outbound} was handed over and no row says so");
            continue;
        };
        ensure!(matches!(new.state, OutboundState::Handed { .. }), "I14", "{outbound} is {:?}", new.state);
        let same = (new.attempt, new.account, new.conversation, new.contact, new.payload);
        ensure!(same == (*attempt, *account, *conversation, *contact, *payload), "I14", "{release:?} is not {new:?}");
        let before = old.as_ref().map_or(0, |row| row.attempt);
        ensure!(*attempt == before + 1, "outbound attempts rise", "{outbound}: {attempt} after {before}");
    }
    for (id, (old, new)) in &step.changes.outbound {
        let handed = matches!(new.state, OutboundState::Handed { .. });
        let was = old.as_ref().is_some_and(|old| old.attempt == new.attempt && old.state == new.state);
        ensure!(!handed || was || sent.contains(id), "I14", "{id} was handed over without a release");
    }
    Ok(())
}

/// One with the sender per conversation, in order, and a bounded number per account; and nobody waits for nothing.
fn lines(step: &Step<'_>) -> Check {
    let mut by_conversation: BTreeMap<ConversationId, Vec<&OutboundRow>> = BTreeMap::new();
    let mut by_account: BTreeMap<AccountId, usize> = BTreeMap::new();
    for row in step.rows.outbound.values() {
        by_conversation.entry(row.conversation).or_default().push(row);
        *by_account.entry(row.account).or_default() += usize::from(matches!(row.state, OutboundState::Handed { .. }));
    }
    for (account, handed) in &by_account {
        ensure!(*handed <= HANDED_PER_ACCOUNT_MAX, "outbound per account", "{account} has {handed} with the sender");
    }
    for (conversation, mut rows) in by_conversation {
        rows.sort_by_key(|row| row.seq);
        ensure!(rows.len() <= OUTBOUND_PER_CONVERSATION_MAX, "bounds", "{conversation} has {} waiting", rows.len());
        let handed: Vec<usize> =
            (0..rows.len()).filter(|at| matches!(rows[*at].state, OutboundState::Handed { .. })).collect();
        ensure!(handed.len() <= 1, "outbound one handed", "{conversation} has {} with the sender", handed.len());
        ensure!(handed.iter().all(|at| *at == 0), "outbound order", "{conversation}: {rows:?}");
        if let Some(first) = rows.first()
            && first.state == OutboundState::Queued
        {
            let full = by_account.get(&first.account).is_some_and(|handed| *handed >= HANDED_PER_ACCOUNT_MAX);
            ensure!(full, "outbound no lost wake-up", "{} is first in its line and is not handed over", first.id);
        }
    }
    Ok(())
}

/// What a result of the latest attempt must lead to.
fn result(step: &Step<'_>) -> Check {
    let Command::SendResult { outbound, attempt, outcome, .. } = &step.input.command else { return Ok(()) };
    let Some((Some(old), new)) = step.changes.outbound.get(outbound) else { return Ok(()) };
    if old.attempt != *attempt || !matches!(old.state, OutboundState::Handed { .. }) {
        // News of an attempt that is over says nothing of the next one, unless the platform has the message after all.
        let idle = step.was_due || old.state.is_final() || matches!(outcome, SendOutcome::Sent { .. }) || old == new;
        ensure!(idle, "I14", "{outbound} was {old:?}, a result of attempt {attempt} made it {new:?}");
        return Ok(());
    }
    match outcome {
        SendOutcome::Sent { .. } => {
            ensure!(matches!(new.state, OutboundState::Sent { .. }), "I14", "{outbound}: {:?}", new.state);
        }
        SendOutcome::Retry { after_ms, .. } => {
            if let OutboundState::Delayed { until } = new.state {
                ensure!(until >= step.now.plus(*after_ms), "outbound retry time", "{outbound}: at {}", until.0);
            }
        }
        SendOutcome::Failed { .. } => {
            ensure!(matches!(new.state, OutboundState::Failed { .. }), "I14", "{outbound}: {:?}", new.state);
        }
        SendOutcome::Unknown { .. } => {
            let twice = step.rows.accounts.get(&old.account).is_some_and(|account| account.idempotent_send);
            let known = matches!(new.state, OutboundState::Unknown { .. });
            ensure!(twice || known, "I14", "{outbound} may have been sent, and is {:?}", new.state);
        }
        SendOutcome::AccountDown { .. } => {}
    }
    Ok(())
}
