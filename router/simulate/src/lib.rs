//! `blendline simulate`: whole days of work in seconds, decided by the blending scheduler itself.
//!
//! A scenario (JSON) says who works, what comes in and what is promised; the result says what became of it. The shipped
//! policy is not imitated here: it is `blendline_core::Scheduler`, stepped as in production. Only the baselines it is
//! compared with live in this crate.
//!
//! Suggested reading order: [`scenario`], [`read`], [`plan`], `engine`, `dispatch`, [`report`].

pub mod command;
pub mod draws;
pub mod plan;
pub mod problem;
pub mod read;
pub mod report;
pub mod scenario;

mod crew;
mod dispatch;
mod engine;
mod load;
mod plot;
mod tally;
mod trace;

use engine::{Engine, Watch};
pub use plan::Plan;
pub use problem::Problem;
pub use read::{Ready, read};
pub use report::{QueueReport, Report};
use tally::Tally;

/// Runs a plan with a seed.
pub fn run(plan: &Plan, seed: u64) -> Report {
    watched(plan, seed, None)
}

fn watched(plan: &Plan, seed: u64, mut watch: Option<&mut dyn Watch>) -> Report {
    let clock = CpuClock::start();
    let mut tally = Tally::new(plan);
    let explain = watch.as_ref().is_some_and(|watch| watch.explains());
    for replication in 0..plan.replications {
        let (_, own) = blendline_core::policy::draw(seed ^ replication.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut dispatcher = dispatch::dispatcher(plan, &engine::roster(plan), own, explain);
        let watch: Option<&mut dyn Watch> = match &mut watch {
            Some(watch) => Some(&mut **watch),
            None => None,
        };
        Engine::new(plan, own, &mut tally, watch).run(&mut *dispatcher);
    }
    Report::new(plan, seed, &tally, clock.seconds())
}

/// Processor time of this thread, where the system tells; the time on the wall where it does not.
struct CpuClock {
    began: std::time::Instant,
    ran: Option<u64>,
}

impl CpuClock {
    fn start() -> Self {
        Self { began: std::time::Instant::now(), ran: Self::read() }
    }

    /// Nanoseconds on a processor, as Linux counts them.
    fn read() -> Option<u64> {
        std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
    }

    fn seconds(&self) -> f64 {
        match (self.ran, Self::read()) {
            (Some(before), Some(after)) => (after - before) as f64 / 1e9,
            _ => self.began.elapsed().as_secs_f64(),
        }
    }
}
