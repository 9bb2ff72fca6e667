//! Where a message goes: the first rule that applies decides.

use std::collections::HashMap;

use crate::calendar::Calendar;
use crate::cel::{EvalError, Scene};
use crate::facts::Facts;
use crate::fault::Placed;
use crate::model::{Rule, RuleSet};
use crate::normal::Words;

/// A rule set, compiled.
///
/// Most rules begin with the channel, the account or the language. Which rules can apply for a combination of those is found
/// once and remembered, so the others are not even looked at.
#[derive(Debug)]
pub struct Classifier {
    rules: Vec<Rule>,
    keywords: Vec<Words>,
    calendars: Vec<Calendar>,
    channels: Index,
    accounts: Index,
    languages: Index,
}

/// For each word of a filter the rules that let it pass, as bits; and those that let every other pass.
#[derive(Debug, Default)]
struct Index {
    words: HashMap<String, Vec<u64>>,
    others: Vec<u64>,
}

/// What decided.
#[derive(Clone, Debug, Default)]
pub struct Decision<'a> {
    /// The rule; `None`: no rule applies, and the account's own settings hold.
    pub rule: Option<&'a Rule>,
    /// Rules that could not be evaluated on the way: they did not apply.
    pub errors: Vec<(&'a str, EvalError)>,
}

/// A rule that was tried, for the explanation.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What came of it.
    pub outcome: Outcome<'a>,
}

/// What came of trying a rule.
#[derive(Clone, Debug)]
pub enum Outcome<'a> {
    /// It is for another channel, account or language: which, and what it is for.
    Filtered(&'static str, Vec<&'a str>),
    /// A part of its condition is false: the part, and the values in it.
    False(&'a str, Vec<(String, String)>),
    /// A part of its condition could not be evaluated.
    Failed(&'a str, EvalError),
    /// It applies; the values that its condition asked.
    Applies(Vec<(String, String)>),
}

impl Classifier {
    /// Compiles a set.
    pub fn new(set: &RuleSet) -> Self {
        let rules = set.rules.clone();
        let index = |words: fn(&Rule) -> &[Placed<String>]| Index::new(&rules, words);
        Self {
            channels: index(|rule| &rule.channels),
            accounts: index(|rule| &rule.accounts),
            languages: index(|rule| &rule.languages),
            keywords: set.keywords.iter().map(|(_, words)| words.clone()).collect(),
            calendars: set.calendars.values().map(|calendar| calendar.value.clone()).collect(),
            rules,
        }
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Where a message goes.
    pub fn decide(&self, facts: &Facts) -> Decision<'_> {
        let scene = Scene::new(facts, &self.keywords, &self.calendars);
        let sets =
            [self.channels.of(&facts.channel), self.accounts.of(&facts.account), self.languages.of(facts.language)];
        let mut errors = Vec::new();
        for word in 0..self.rules.len().div_ceil(64) {
            let mut bits = sets.iter().fold(u64::MAX, |bits, set| bits & set[word]);
            while bits != 0 {
                let at = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let Some(rule) = self.rules.get(at) else { break };
                match rule.when.as_ref().map_or(Ok(true), |condition| condition.holds(&scene)) {
                    Ok(true) => return Decision { rule: Some(rule), errors },
                    Ok(false) => {}
                    // A rule must never stop a message: the next one has its turn, and the fault is counted.
                    Err(error) => errors.push((rule.name.value.as_str(), error)),
                }
            }
        }
        Decision { rule: None, errors }
    }

    /// Every rule up to the one that decides, with what came of each.
    pub fn explain(&self, facts: &Facts) -> Vec<Step<'_>> {
        let scene = Scene::new(facts, &self.keywords, &self.calendars);
        let mut steps = Vec::new();
        for rule in &self.rules {
            let outcome = filtered(rule, facts).unwrap_or_else(|| tried(rule, &scene));
            let applies = matches!(outcome, Outcome::Applies(_));
            steps.push(Step { rule, outcome });
            if applies {
                break;
            }
        }
        steps
    }
}

fn filtered<'a>(rule: &'a Rule, facts: &Facts) -> Option<Outcome<'a>> {
    let filters = [
        ("channel", &rule.channels, facts.channel.as_str()),
        ("account", &rule.accounts, facts.account.as_str()),
        ("language", &rule.languages, facts.language),
    ];
    let (name, words, _) = filters
        .into_iter()
        .find(|(_, words, has)| !words.is_empty() && !words.iter().any(|word| word.value == *has))?;
    Some(Outcome::Filtered(name, words.iter().map(|word| word.value.as_str()).collect()))
}

fn tried<'a>(rule: &'a Rule, scene: &Scene<'_>) -> Outcome<'a> {
    let Some(condition) = &rule.when else { return Outcome::Applies(Vec::new()) };
    match condition.holds(scene) {
        Ok(true) => Outcome::Applies(condition.values(scene)),
        Ok(false) => {
            let (part, values) = condition.decisive(scene).unwrap_or((&condition.text, Vec::new()));
            Outcome::False(part, values)
        }
        Err(error) => {
            Outcome::Failed(condition.decisive(scene).map_or(condition.text.as_str(), |(part, _)| part), error)
        }
    }
}

impl Index {
    fn new(rules: &[Rule], words: fn(&Rule) -> &[Placed<String>]) -> Self {
        let mut index = Self { words: HashMap::new(), others: vec![0; rules.len().div_ceil(64)] };
        let set = |bits: &mut Vec<u64>, at: usize| bits[at / 64] |= 1 << (at % 64);
        for word in rules.iter().flat_map(words) {
            index.words.entry(word.value.clone()).or_insert_with(|| vec![0; rules.len().div_ceil(64)]);
        }
        for (at, rule) in rules.iter().enumerate() {
            let own = words(rule);
            if own.is_empty() {
                set(&mut index.others, at);
            }
            for (word, bits) in &mut index.words {
                if own.is_empty() || own.iter().any(|one| one.value == *word) {
                    set(bits, at);
                }
            }
        }
        index
    }

    fn of(&self, word: &str) -> &[u64] {
        self.words.get(word).unwrap_or(&self.others)
    }
}
