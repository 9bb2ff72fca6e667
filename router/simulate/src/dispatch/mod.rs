//! Who decides: the shipped core, or a reference policy small enough to check by hand.

pub(crate) mod core;
pub(crate) mod reference;

use crate::plan::Plan;
use crate::scenario::PolicyName;

/// One decision.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    /// A worker begins a task, or goes on with it.
    Start { job: usize, worker: usize, why: Option<serde_json::Value> },
    /// A worker sets a task aside.
    Interrupt { job: usize, worker: usize },
}

/// A policy as the simulation sees it. Times are in milliseconds.
pub(crate) trait Dispatcher {
    /// A task came.
    fn arrive(&mut self, now: f64, job: usize, queue: usize, moves: &mut Vec<Move>);
    /// A worker is done with a task.
    fn finish(&mut self, now: f64, job: usize, worker: usize, moves: &mut Vec<Move>);
    /// A waiting task left.
    fn leave(&mut self, now: f64, job: usize, queue: usize, moves: &mut Vec<Move>);
    /// A worker came or goes home when he is done.
    fn staff(&mut self, now: f64, worker: usize, present: bool, moves: &mut Vec<Move>);
    /// Time passed.
    fn tick(&mut self, now: f64, moves: &mut Vec<Move>);
    /// When time must pass at the latest.
    fn deadline(&self) -> Option<f64>;
    /// How many front slots are kept free among those whom a group's workers help, now.
    fn reserve(&self, group: usize) -> f64;
}

/// The policy of a plan; `workers` are (group, present).
pub(crate) fn dispatcher<'a>(
    plan: &'a Plan,
    workers: &[(usize, bool)],
    seed: u64,
    explain: bool,
) -> Box<dyn Dispatcher + 'a> {
    match plan.policy {
        PolicyName::Blendline => Box::new(core::Core::new(plan, workers, seed, explain)),
        _ => Box::new(reference::Reference::new(plan, workers, seed)),
    }
}
