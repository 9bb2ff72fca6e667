//! What the company wrote of quality.

use std::collections::BTreeMap;

use blendline_cases::types::Words;

/// A day, in milliseconds.
pub const DAY_MS: u64 = 86_400_000;
/// Forms, criteria of one, and causes.
pub const FORMS_MAX: usize = 50;
/// Criteria of one form.
pub const CRITERIA_MAX: usize = 20;
/// Causes of the company's own.
pub const CAUSES_MAX: usize = 30;
/// The most points of a criterion.
pub const POINTS_MAX: u32 = 10;
/// The most that a criterion may weigh.
pub const WEIGHT_MAX: u32 = 100;
/// How many times a risk may raise a share.
pub const TIMES_MAX: u32 = 20;
/// Reviews of one worker in a week.
pub const WEEK_MAX: u32 = 100;

/// Why work is sent back, besides what the rules name.
pub const CAUSES: [&str; 4] = ["incomplete", "wrong", "misrouted", "other"];
/// Where nobody said why.
pub const UNSTATED: &str = "unstated";
/// Where the customer said that it was not solved.
pub const DENIED: &str = "denied";

/// Quality, as text says it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quality {
    /// The queue of those who review, and how long a review may take, in milliseconds.
    pub reviews: Option<(String, Option<u64>)>,
    /// So many pieces of a worker are drawn in a week at least, if he did as many.
    pub least: u32,
    /// And no more than so many.
    pub most: u32,
    /// So many of a thousand drawn pieces are reviewed by two.
    pub twice_milli: u32,
    /// For how long a worker may answer a review, in milliseconds.
    pub dispute_ms: u64,
    /// From which score on, surely reached, a higher limit is proposed.
    pub up: u16,
    /// Below which score a worker is looked at more often, and a lower limit is proposed.
    pub down: u16,
    /// How work is reviewed, in the order of the text.
    pub forms: Vec<Form>,
    /// Why work is sent back, besides [`CAUSES`].
    pub causes: BTreeMap<String, Words>,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            reviews: None,
            least: 0,
            most: 10,
            twice_milli: 0,
            dispute_ms: 7 * DAY_MS,
            up: 900,
            down: 700,
            forms: Vec::new(),
            causes: BTreeMap::new(),
        }
    }
}

/// How work of one sort is reviewed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Form {
    /// Its name.
    pub name: String,
    /// Of which decisions.
    pub action: Option<String>,
    /// Of the tasks of which queue; of decisions, of those that were made in its tasks.
    pub queue: Option<String>,
    /// So many of a thousand pieces are drawn.
    pub share_milli: u32,
    /// Amounts from there on are a risk, in minor units.
    pub large: Option<i64>,
    /// How many times a risk raises the share.
    pub risks: BTreeMap<Risk, u32>,
    /// By what it is judged, in the order of the text.
    pub criteria: Vec<Criterion>,
}

/// What makes it likelier that a piece is drawn.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Risk {
    /// The amount is large.
    Amount,
    /// The decision is near what its worker may decide alone.
    Near,
    /// Little of the worker's work was reviewed before.
    New,
    /// What was reviewed of his of late scored low.
    Low,
    /// The customer complains in the same matter.
    Complaint,
}

impl Risk {
    /// Every one, by its word.
    pub const ALL: &[(&str, Self)] = &[
        ("amount", Self::Amount),
        ("near", Self::Near),
        ("new", Self::New),
        ("low", Self::Low),
        ("complaint", Self::Complaint),
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, risk)| *risk == self).map_or("", |(word, _)| word)
    }
}

/// By what a piece of work is judged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Criterion {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub words: Words,
    /// The most points it gives.
    pub points: u8,
    /// How much it counts.
    pub weight: u8,
    /// No points in it make the whole nothing.
    pub fatal: bool,
}

impl Quality {
    /// The form for a decision of this action, made in a task of this queue.
    pub fn for_decision(&self, action: &str, queue: Option<&str>) -> Option<&Form> {
        let is_it = |form: &&Form| {
            form.action.as_deref() == Some(action) && form.queue.as_deref().is_none_or(|wanted| queue == Some(wanted))
        };
        self.forms.iter().find(is_it)
    }

    /// The form for a task of this queue.
    pub fn for_task(&self, queue: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.action.is_none() && form.queue.as_deref() == Some(queue))
    }

    /// The form of this name.
    pub fn form(&self, name: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.name == name)
    }

    /// Whether this is a cause for sending work back.
    pub fn is_cause(&self, cause: &str) -> bool {
        CAUSES.contains(&cause) || self.causes.contains_key(cause)
    }
}
