//! Who used the processors: process trees by kind, the load tool and the fake platform left out.

use std::time::Duration;

use blendline_tests::machine;
use serde_json::{Map, Value};

use crate::bench::round;

/// Processes under measurement, each with all that descend from it.
#[derive(Clone, Default)]
pub(crate) struct Processes(Vec<(&'static str, u32)>);

/// What they had used at one moment.
pub(crate) struct Reading(Vec<Duration>);

impl Processes {
    pub(crate) fn add(&mut self, kinds: impl IntoIterator<Item = (&'static str, u32)>) {
        self.0.extend(kinds);
    }

    pub(crate) fn read(&self) -> Reading {
        Reading(self.0.iter().map(|(_, pid)| machine::cpu_of_tree(*pid)).collect())
    }

    /// The resident memory of each one's first process, in megabytes.
    pub(crate) fn resident_mb(&self) -> Value {
        let kinds = self.0.iter().map(|(kind, pid)| ((*kind).to_owned(), (machine::resident(*pid) / 1_000_000).into()));
        kinds.collect::<Map<_, _>>().into()
    }

    /// Microseconds for each of `count` since `before`: of all, and by kind.
    pub(crate) fn us_per(&self, count: u64, before: &Reading) -> Value {
        let per = |cpu: Duration| round(cpu.as_micros() as f64 / count.max(1) as f64);
        let used: Vec<Duration> =
            self.read().0.iter().zip(&before.0).map(|(now, then)| now.saturating_sub(*then)).collect();
        let mut shares = Map::new();
        shares.insert("all".to_owned(), per(used.iter().sum()).into());
        for ((kind, _), used) in self.0.iter().zip(used) {
            shares.insert((*kind).to_owned(), per(used).into());
        }
        shares.into()
    }
}
