//! The work on one task, from the first line of the worker's method to the router's answer to its verdict.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use blendline_wire::{Lease, TaskId};
use futures_util::FutureExt;

use crate::error::{BoxError, CallError};
use crate::runtime::Worker;
use crate::task::Task;
use crate::verdict::Verdict;

/// How much of an error's text becomes the reason of a refusal.
const REASON_CHARS_MAX: usize = 500;

/// How the work on one task ended.
pub(crate) struct Ended {
    pub(crate) task: TaskId,
    pub(crate) lease: Lease,
    pub(crate) how: How,
}

/// What came of it.
pub(crate) enum How {
    /// The router took the verdict.
    Settled,
    /// The router has the task back, because the work failed or its verdict was refused.
    GivenBack,
    /// Nothing: the task was somebody else's by then.
    Dropped,
}

/// Runs the worker on one task and settles it.
pub(crate) async fn work(worker: Arc<dyn Worker>, task: Task, grace: Duration) -> Ended {
    let how = tokio::select! {
        biased;
        verdict = AssertUnwindSafe(worker.work(&task)).catch_unwind() => match verdict {
            Ok(Ok(verdict)) => settle(&task, verdict, How::Settled).await,
            Ok(Err(error)) => settle(&task, Verdict::refuse(reason(&error)), How::GivenBack).await,
            Err(_panic) => settle(&task, Verdict::refuse("the worker panicked"), How::GivenBack).await,
        },
        () = abandoned(&task, grace) => How::Dropped,
    };
    Ended { task: task.id(), lease: task.lease(), how }
}

/// Resolves when the grace time after a cancellation is over.
async fn abandoned(task: &Task, grace: Duration) {
    let why = task.cancelled().await;
    tokio::time::sleep(grace).await;
    tracing::warn!(task = %task.id(), %why, "The work on a cancelled task did not end by itself and was dropped.");
}

/// Says the verdict. One that the router refuses gives the task back, so that it does not wait for nobody.
async fn settle(task: &Task, verdict: Verdict, how: How) -> How {
    if let Some(why) = task.is_cancelled() {
        tracing::info!(task = %task.id(), %why, "The verdict on a cancelled task was dropped.");
        return How::Dropped;
    }
    match task.settle(verdict).await {
        Ok(()) => how,
        Err(CallError::Refused(problem)) => {
            tracing::warn!(task = %task.id(), %problem, "The router refused a verdict; the task goes back to its queue.");
            match task.settle(Verdict::refuse(format!("its verdict was refused: {problem}"))).await {
                Ok(()) => How::GivenBack,
                Err(error) => late(task, &error),
            }
        }
        Err(error) => late(task, &error),
    }
}

/// The text of a worker's error, short enough for a list that people read.
fn reason(error: &BoxError) -> String {
    error.to_string().chars().take(REASON_CHARS_MAX).collect()
}

fn late(task: &Task, error: &CallError) -> How {
    tracing::warn!(task = %task.id(), %error, "A verdict had no effect.");
    How::Dropped
}
