//! Where the rules send a piece of work.

use blendline_wire::QueueId;
use blendline_wire::task::SkillNeed;
use serde::{Deserialize, Serialize};

/// What a task takes once it has waited for so long: optional skills are dropped, and levels lowered, step by step.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Relaxation {
    /// How long after it earned its place, in milliseconds.
    pub after_ms: u64,
    /// What it takes from then on.
    pub needs: Vec<SkillNeed>,
}

/// Where the rules send a piece of work.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Class {
    /// The queue.
    pub queue: QueueId,
    /// What it takes, sorted by skill.
    pub needs: Vec<SkillNeed>,
    /// What will do instead when nobody had it for a while, in order of time; at most [`crate::limits::RELAXATIONS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relax: Vec<Relaxation>,
    /// The target, where it is not the queue's, in milliseconds.
    pub target_ms: Option<u64>,
    /// How hard it is on whoever does it, 0 to 10: hostile people, sad matters.
    #[serde(default)]
    pub strain: u8,
    /// The version of the rule set that decided.
    pub rule_set: u32,
}
