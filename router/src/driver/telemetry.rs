//! What the driver tells about itself: one function per happening, log line and counter together, no personal data.

use std::time::Duration;

use blendline_rules::cel::EvalError;
use blendline_wire::{OutboundId, SessionId, TaskId};

use crate::driver::batch::Tally;
use crate::ports::broker::BrokerError;
use crate::ports::store::StoreError;

/// A batch is durable.
pub(crate) fn committed(rows: usize, took: Duration) {
    metrics::counter!("blendline_batches_total").increment(1);
    metrics::histogram!("blendline_batch_rows").record(rows as f64);
    metrics::histogram!("blendline_commit_seconds").record(took);
}

/// A batch was decided.
pub(crate) fn decided(tally: &Tally) {
    let mut all = 0;
    for (kind, count) in &tally.inputs {
        metrics::counter!("blendline_inputs_total", "kind" => *kind).increment(*count);
        all += count;
    }
    for (fate, count) in &tally.fates {
        metrics::counter!("blendline_events_total", "fate" => *fate).increment(*count);
    }
    metrics::histogram!("blendline_batch_inputs").record(all as f64);
}

/// A rule decided where a message goes; none where the account's own settings did.
pub(crate) fn routed(tenant: &str, rule: Option<&str>) {
    let rule = rule.unwrap_or("-").to_owned();
    metrics::counter!("blendline_rule_decisions_total", "tenant" => tenant.to_owned(), "rule" => rule).increment(1);
}

/// A rule could not be evaluated: the next one had its turn.
pub(crate) fn rule_failed(tenant: &str, rule: &str, version: u32, error: &EvalError) {
    let labels = [("tenant", tenant.to_owned()), ("rule", rule.to_owned())];
    metrics::counter!("blendline_rule_errors_total", &labels).increment(1);
    tracing::warn!(tenant, rule, version, %error, "A rule could not be evaluated; the next one decides.");
}

/// Rules on trial decided beside the live ones.
pub(crate) fn tried(tenant: &str, same: bool) {
    let outcome = if same { "same" } else { "other" };
    let labels = [("tenant", tenant.to_owned()), ("outcome", outcome.to_owned())];
    metrics::counter!("blendline_rule_trial_decisions_total", &labels).increment(1);
}

/// A customer was told something by itself.
pub(crate) fn notified(tenant: &str, moment: &'static str) {
    metrics::counter!("blendline_notices_total", "tenant" => tenant.to_owned(), "moment" => moment).increment(1);
}

/// A case came to a stage whose queue takes no more, or is not there: nobody works on it until somebody moves it.
pub(crate) fn case_without_work(case_type: &str, stage: &str) {
    metrics::counter!("blendline_cases_without_work_total").increment(1);
    tracing::error!(case_type, stage, "A case has nobody who works on it: its stage's task could not be opened.");
}

/// An event of another system could not be applied: a person has to look at it.
pub(crate) fn external_parked(system: &str, reason: &str) {
    metrics::counter!("blendline_external_events_parked_total").increment(1);
    tracing::warn!(system, reason, "An event of another system was put aside.");
}

/// Nobody is asked for an approval: its task could not be opened.
pub(crate) fn approval_without_task() {
    metrics::counter!("blendline_approvals_without_task_total").increment(1);
    tracing::error!("Nobody is asked for an approval: its task could not be opened.");
}

/// What waits on one side, and how late the latest of it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) count: usize,
    pub(crate) late_ms: u64,
}

/// What a shard has now.
pub(crate) fn waiting(shard: u16, sides: [(&'static str, Waiting); 2], open: usize, connected: usize) {
    let shard = shard.to_string();
    for (side, Waiting { count, late_ms }) in sides {
        metrics::gauge!("blendline_tasks_waiting", "shard" => shard.clone(), "side" => side).set(count as f64);
        let late = late_ms as f64 / 1000.0;
        metrics::gauge!("blendline_tasks_late_seconds", "shard" => shard.clone(), "side" => side).set(late);
    }
    metrics::gauge!("blendline_tasks_open", "shard" => shard.clone()).set(open as f64);
    metrics::gauge!("blendline_workers_connected", "shard" => shard).set(connected as f64);
}

/// We do not own the shard any more: what it has is told by its new owner.
pub(crate) fn ended(shard: u16) {
    metrics::gauge!("blendline_shard_serving", "shard" => shard.to_string()).set(0.0);
    let nothing = Waiting::default();
    waiting(shard, [("front", nothing), ("back", nothing)], 0, 0);
}

/// We own the shard.
pub(crate) fn serving(shard: u16, epoch: u64, open: usize) {
    metrics::gauge!("blendline_shard_epoch", "shard" => shard.to_string()).set(epoch as f64);
    metrics::gauge!("blendline_shard_serving", "shard" => shard.to_string()).set(1.0);
    metrics::counter!("blendline_takeovers_total").increment(1);
    tracing::info!(shard, epoch, open, "The shard is served.");
}

/// Somebody else owns the shard.
pub(crate) fn held(shard: u16, owner: &str, left_ms: u64) {
    tracing::info!(shard, owner, left_ms, "The shard is held by another owner; standing by.");
}

/// The shard was given up for the router that should serve it.
pub(crate) fn stepped_down(shard: u16, epoch: u64) {
    tracing::info!(shard, epoch, "The shard is given up for another router.");
}

/// The shard has a newer owner.
pub(crate) fn fenced(shard: u16, epoch: u64) {
    metrics::counter!("blendline_fenced_total").increment(1);
    tracing::warn!(shard, epoch, "The shard has a newer owner; everything of it stops here.");
}

/// The record does not answer; what is asked of it is repeated.
pub(crate) fn store_unavailable(what: &'static str, error: &StoreError) {
    metrics::counter!("blendline_store_failures_total", "call" => what).increment(1);
    tracing::warn!(what, %error, "The store does not answer; trying again.");
}

/// The record did not answer for too long.
pub(crate) fn given_up(shard: u16, error: &StoreError) {
    tracing::error!(shard, %error, "The store did not answer in time; the shard is loaded again when it does.");
}

/// The record or the live rows cannot be used.
pub(crate) fn unusable(shard: u16, error: &str) {
    tracing::error!(shard, error, "The shard cannot be served.");
}

/// The queue service does not answer.
pub(crate) fn broker_unavailable(what: &'static str, error: &BrokerError) {
    metrics::counter!("blendline_broker_failures_total", "call" => what).increment(1);
    tracing::warn!(what, %error, "The broker does not answer; trying again.");
}

/// Intake stopped or goes on (P15).
pub(crate) fn intake(open: bool) {
    metrics::gauge!("blendline_intake_open").set(if open { 1.0 } else { 0.0 });
    tracing::warn!(open, "Intake changed.");
}

/// A worker's connection did not take what was sent.
pub(crate) fn slow_reader(session: SessionId) {
    metrics::counter!("blendline_slow_readers_total").increment(1);
    tracing::warn!(%session, "A worker's connection does not keep up and is ended.");
}

/// What was said before in tasks could not be read, so they are not shown yet.
pub(crate) fn transcripts_missing(error: &StoreError) {
    metrics::counter!("blendline_store_failures_total", "call" => "transcripts").increment(1);
    tracing::warn!(%error, "Tasks cannot be shown with what was said before; their workers connect again.");
}

/// What became of our messages in them could not be read.
pub(crate) fn statuses_missing(error: &StoreError) {
    metrics::counter!("blendline_store_failures_total", "call" => "letters").increment(1);
    tracing::warn!(%error, "Tasks are shown without what became of our messages in them.");
}

/// A message of ours has no text or address in the record.
pub(crate) fn letter_missing(outbound: OutboundId) {
    metrics::counter!("blendline_letters_missing_total").increment(1);
    tracing::error!(%outbound, "A message of ours is not in the record and cannot be sent.");
}

/// A supervisor should look at a task.
pub(crate) fn supervisor(task: TaskId) {
    metrics::counter!("blendline_supervisor_told_total").increment(1);
    tracing::warn!(%task, "A task needs a supervisor.");
}
