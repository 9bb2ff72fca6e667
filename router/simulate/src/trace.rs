//! Every decision as a line of JSON.

use std::io::{self, Write};

use crate::engine::{Moved, Watch};
use crate::plan::Plan;
use crate::tally::Tally;

/// Writes a line for each decision. Times are in the scenario's unit.
pub(crate) struct Trace<'a, W: Write> {
    plan: &'a Plan,
    out: W,
    /// The first thing that went wrong.
    pub(crate) failed: Option<io::Error>,
}

#[derive(serde::Serialize)]
struct Line<'a> {
    t: f64,
    decision: &'static str,
    queue: &'a str,
    task: u64,
    group: &'a str,
    worker: usize,
    waited: f64,
    reserve: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a serde_json::Value>,
}

impl<'a, W: Write> Trace<'a, W> {
    pub(crate) fn new(plan: &'a Plan, out: W) -> Self {
        Self { plan, out, failed: None }
    }

    /// The lines are all written, or the error that kept them from it.
    pub(crate) fn end(mut self) -> io::Result<()> {
        self.failed.map_or_else(|| self.out.flush(), Err)
    }
}

impl<W: Write> Watch for Trace<'_, W> {
    fn moved(&mut self, moved: &Moved<'_>) {
        if self.failed.is_some() {
            return;
        }
        let decision = match (moved.interrupted, moved.first) {
            (true, _) => "interrupt",
            (false, true) => "start",
            (false, false) => "resume",
        };
        let line = Line {
            t: moved.now / self.plan.unit_ms,
            decision,
            queue: &self.plan.queues[moved.queue].name,
            task: moved.job,
            group: &self.plan.groups[moved.group].name,
            worker: moved.worker + 1,
            waited: moved.waited / self.plan.unit_ms,
            reserve: moved.reserve,
            why: moved.why,
        };
        let written = serde_json::to_writer(&mut self.out, &line).map_err(io::Error::from);
        self.failed = written.and_then(|()| self.out.write_all(b"\n")).err();
    }

    fn stood(&mut self, _: f64, _: f64, _: &Tally, _: &dyn Fn(usize) -> f64) {}

    fn explains(&self) -> bool {
        true
    }
}
