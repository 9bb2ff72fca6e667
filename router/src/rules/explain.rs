//! The way of a message through the rules, in words and as JSON: the same for the command line, the API and the console.

use std::collections::BTreeMap;
use std::fmt;

use blendline_rules::{Classifier, Facts, Outcome};
use serde::Serialize;
use utoipa::ToSchema;

/// How a message came to its queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explained {
    /// The channel that it came by.
    pub channel: String,
    /// The account that it came by.
    pub account: String,
    /// Its language, by script.
    pub language: String,
    /// The rules that were tried, in order, the one that decided last.
    pub tried: Vec<Tried>,
    /// The rule that decided; null where none applied and the account's own settings hold.
    pub rule: Option<String>,
    /// Where it goes; null likewise.
    pub queue: Option<String>,
    /// What it takes, with the lowest levels that will do.
    pub needs: Vec<Need>,
    /// How long it may wait, in milliseconds; null where the queue's target holds.
    pub target_ms: Option<u64>,
    /// Words for reports.
    pub tags: Vec<String>,
    /// The type of case it is; null where the rule says none.
    pub case_type: Option<String>,
}

/// A skill and the lowest level of it that will do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Need {
    /// The skill.
    pub skill: String,
    /// The level.
    pub level: u8,
}

/// A rule that was tried.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tried {
    /// The rule.
    pub rule: String,
    /// Whether it applied.
    pub applied: bool,
    /// Why, or why not, in words.
    pub because: String,
    /// A stable word for it: `filtered`, `false`, `failed`, `nothing_asked`, `holds`. Pages have a sentence for each.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// What fills the places of that sentence.
    #[schema(value_type = BTreeMap<String, String>)]
    pub about: BTreeMap<&'static str, String>,
    /// The values of the fields that decided.
    pub values: Vec<FieldAs>,
}

/// A field and what it was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldAs {
    /// The field, as `msg.rating`.
    pub field: String,
    /// Its value, as a condition would write it.
    pub value: String,
}

impl Explained {
    /// Tries the rules one after the other.
    pub fn of(classifier: &Classifier, facts: &Facts) -> Self {
        let steps = classifier.explain(facts);
        let decided = steps.last().filter(|step| matches!(step.outcome, Outcome::Applies(_))).map(|step| step.rule);
        let needs = decided.map(|rule| rule.needs.as_slice()).unwrap_or_default();
        Self {
            channel: facts.channel.clone(),
            account: facts.account.clone(),
            language: facts.language.to_owned(),
            tried: steps.iter().map(|step| Tried::of(&step.rule.name.value, &step.outcome)).collect(),
            rule: decided.map(|rule| rule.name.value.clone()),
            queue: decided.map(|rule| rule.queue.value.clone()),
            needs: needs.iter().map(|(skill, level)| Need { skill: skill.value.clone(), level: *level }).collect(),
            target_ms: decided.and_then(|rule| rule.target_ms.as_ref()).map(|target| target.value),
            case_type: decided.and_then(|rule| rule.case.as_ref()).map(|case| case.value.clone()),
            tags: decided.map(|rule| rule.tags.iter().map(|tag| tag.value.clone()).collect()).unwrap_or_default(),
        }
    }
}

impl Tried {
    fn of(rule: &str, outcome: &Outcome<'_>) -> Self {
        let named = |values: &[(String, String)]| {
            values.iter().map(|(field, value)| FieldAs { field: field.clone(), value: value.clone() }).collect()
        };
        let about = |places: &[(&'static str, String)]| places.iter().cloned().collect::<BTreeMap<_, _>>();
        let (applied, code, because, values) = match outcome {
            Outcome::Filtered(filter, words) => {
                (false, "filtered", format!("it is for {filter} {}", words.join(", ")), Vec::new())
            }
            Outcome::False(part, values) => (false, "false", format!("false: {part}"), named(values)),
            Outcome::Failed(part, error) => (false, "failed", format!("in error ({error}): {part}"), Vec::new()),
            Outcome::Applies(values) if values.is_empty() => {
                (true, "nothing_asked", "nothing more is asked".to_owned(), Vec::new())
            }
            Outcome::Applies(values) => (true, "holds", "all that it asks holds".to_owned(), named(values)),
        };
        let about = match outcome {
            Outcome::Filtered(filter, words) => about(&[("filter", (*filter).to_owned()), ("words", words.join(", "))]),
            Outcome::False(part, _) => about(&[("part", part.to_string())]),
            Outcome::Failed(part, error) => about(&[("part", part.to_string()), ("error", error.to_string())]),
            Outcome::Applies(_) => BTreeMap::new(),
        };
        Self { rule: rule.to_owned(), applied, because, code, about, values }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "channel {}, account {}, language {}", self.channel, shown(&self.account), self.language)?;
        for tried in &self.tried {
            writeln!(f, "{} {}: {}", if tried.applied { "→" } else { " " }, tried.rule, tried.because)?;
            for value in &tried.values {
                writeln!(f, "      {} = {}", value.field, value.value)?;
            }
        }
        let Some(queue) = &self.queue else {
            return writeln!(f, "no rule applies: the account's own settings hold");
        };
        write!(f, "queue {queue}")?;
        for need in &self.needs {
            write!(f, ", needs {} at {}", need.skill, need.level)?;
        }
        if let Some(target_ms) = self.target_ms {
            write!(f, ", within {} s", target_ms / 1_000)?;
        }
        for tag in &self.tags {
            write!(f, ", #{tag}")?;
        }
        writeln!(f)
    }
}

fn shown(account: &str) -> &str {
    if account.is_empty() { "(not said)" } else { account }
}
