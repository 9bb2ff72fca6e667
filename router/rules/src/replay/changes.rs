//! Drafts of staff: fewer or more people, or people who learn something.

use crate::fault::Placed;
use crate::model::{RuleSet, Worker};

/// The level of a skill that is learnt for a draft.
const LEARNT: u8 = 5;

/// A change of who is there, or of what they can do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// So many per cent more or fewer workers in every group.
    Staff(i32),
    /// So many per cent more or fewer workers in one group, but at least one where it is not nothing.
    StaffOf {
        /// The group.
        group: String,
        /// How many per cent.
        percent: i32,
    },
    /// The workers of a group serve a queue more, or learn a skill.
    CrossTrain {
        /// The group.
        group: String,
        /// The queue or skill.
        what: String,
    },
}

/// A change that does not fit the set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unchangeable(pub String);

impl std::fmt::Display for Unchangeable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unchangeable {}

impl Change {
    /// The set with this change made.
    pub fn apply(&self, set: &mut RuleSet) -> Result<(), Unchangeable> {
        match self {
            Self::Staff(percent) => {
                set.groups.iter_mut().for_each(|group| resize(&mut group.workers, &group.name.value, *percent));
                Ok(())
            }
            Self::StaffOf { group, percent } => {
                let Some(group) = set.groups.iter_mut().find(|known| known.name.value == *group) else {
                    return Err(Unchangeable(format!("there is no group `{group}`")));
                };
                let count = i64::try_from(group.workers.len()).unwrap_or(i64::MAX);
                let tenth = (count * i64::from(*percent) + 50 * i64::from(percent.signum())) / 100;
                // A part of a person is a person: else nothing would be tried in a small group.
                let step = if tenth == 0 { i64::from(percent.signum()) } else { tenth };
                to_count(&mut group.workers, &group.name.value, count + step);
                Ok(())
            }
            Self::CrossTrain { group, what } => {
                let is_queue = set.queues.iter().any(|queue| queue.name.value == *what);
                let is_skill = set.skills.iter().any(|skill| skill.value == *what);
                let Some(group) = set.groups.iter_mut().find(|known| known.name.value == *group) else {
                    return Err(Unchangeable(format!("there is no group `{group}`")));
                };
                let learnt = Placed::new(what.clone(), 0..0);
                match (is_queue, is_skill) {
                    (true, _) => group.queues.push(learnt),
                    (_, true) => {
                        for worker in group.workers.iter_mut().filter(|worker| worker.level(what) < LEARNT) {
                            worker.skills.push((learnt.clone(), LEARNT));
                        }
                    }
                    (false, false) => return Err(Unchangeable(format!("there is no queue or skill `{what}`"))),
                }
                Ok(())
            }
        }
    }
}

/// Fewer: the last ones go. More: the first ones have doubles, who are there all day.
fn resize(workers: &mut Vec<Worker>, group: &str, percent: i32) {
    let count = i64::try_from(workers.len()).unwrap_or(i64::MAX);
    // Rounded to the nearest, and never nobody.
    to_count(workers, group, (count * i64::from(100 + percent) + 50) / 100);
}

/// So many, and never nobody.
fn to_count(workers: &mut Vec<Worker>, group: &str, wanted: i64) {
    if workers.is_empty() {
        return;
    }
    let wanted = usize::try_from(wanted.max(1)).unwrap_or(workers.len());
    let mut double = 0;
    while workers.len() < wanted {
        let mut worker = workers[double % workers.len()].clone();
        double += 1;
        worker.name.value = format!("{group}+{double}");
        workers.push(worker);
    }
    workers.truncate(wanted);
}

impl std::fmt::Display for Change {
    /// As the command line takes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Staff(percent) => write!(f, "--staff={percent:+}%"),
            Self::StaffOf { group, percent } => write!(f, "--staff={group}:{percent:+}%"),
            Self::CrossTrain { group, what } => write!(f, "--cross-train {group}:{what}"),
        }
    }
}
