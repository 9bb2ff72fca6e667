//! What one customer says in one visit: a function of the seed and of what he hears.

use serde_json::{Value, json};

use super::dice::Dice;
use super::plan::{Plan, Tongue, Visit};
use super::texts::{PRODUCTS, Phrases, Talk, fill, phrases};
use super::{ORDERS, REFUNDS};

/// What a throw is about.
const SCRIPT: u64 = 11;
const REACTION: u64 = 12;
const ITEM: u64 = 13;
/// How often a customer answers in a visit; whoever is asked more is tired of it.
const TURNS_MAX: u32 = 4;

/// What a customer has come for.
#[derive(Debug)]
pub(super) struct Script {
    seed: u64,
    visit: u64,
    talk: &'static Talk,
    phrases: &'static Phrases,
    order: String,
    product: &'static str,
    /// What he says first, each after so many milliseconds.
    pub(super) opening: Vec<(u64, String)>,
    /// How long he waits for a word before he asks, and then before he leaves, in milliseconds.
    pub(super) patience_ms: u64,
}

/// What a customer does when he has read an answer.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Reaction {
    /// He says something after so many milliseconds.
    Say(u64, String),
    /// He was told to wait, and does.
    Wait,
    /// He has nothing more to say.
    Listen,
}

impl Script {
    /// What this visit is about.
    pub(super) fn of(plan: Plan, visit: Visit) -> Self {
        let mut dice = Dice::of(plan.seed, &[SCRIPT, visit.number]);
        let phrases = phrases(visit.customer.tongue());
        let talk = dice.pick(phrases.talks.each_ref());
        let order = dice.between(400_000, 499_999).to_string();
        let product = dice.pick(PRODUCTS);
        let mut opening = vec![(0, fill(talk.opening, &order, product))];
        // Two messages within 200 ms make one task.
        if dice.chance(35) {
            opening.push((dice.between(40, 190), fill(talk.more, &order, product)));
        }
        let patience_ms = dice.between(40_000, 90_000);
        Self { seed: plan.seed, visit: visit.number, talk, phrases, order, product, opening, patience_ms }
    }

    /// What he says when nobody answers.
    pub(super) fn still_there(&self) -> &'static str {
        self.phrases.still_there
    }

    /// What he does about an answer; `turn` counts what he has said since the opening.
    pub(super) fn reaction(&self, turn: u32, heard: &str) -> Reaction {
        let mut dice = Dice::of(self.seed, &[REACTION, self.visit, u64::from(turn)]);
        let after_ms = dice.between(1_500, 5_000);
        if TURNS_MAX <= turn {
            return Reaction::Listen;
        }
        if heard.ends_with('?') {
            return Reaction::Say(after_ms, fill(self.talk.answer, &self.order, self.product));
        }
        if heard == self.phrases.one_moment {
            return Reaction::Wait;
        }
        // Thanks for "with pleasure" would never end.
        if heard != self.phrases.welcome && dice.chance(25) {
            return Reaction::Say(after_ms, dice.pick(self.phrases.thanks).to_owned());
        }
        Reaction::Listen
    }
}

/// A work item for the back office.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Item {
    pub(super) queue: &'static str,
    pub(super) title: String,
    pub(super) details: String,
    pub(super) order: String,
    /// Whether it takes somebody who reads Hebrew.
    pub(super) hebrew: bool,
}

impl Item {
    /// The item that comes in this slot.
    pub(super) fn of(plan: Plan, slot: u64) -> Self {
        let mut dice = Dice::of(plan.seed, &[ITEM, slot]);
        let hebrew = dice.chance(40);
        let words = phrases(if hebrew { Tongue::Hebrew } else { Tongue::English });
        let order = dice.between(400_000, 499_999).to_string();
        let product = dice.pick(PRODUCTS);
        let title = fill(dice.pick(words.items), &order, product);
        let details = fill(words.details, &order, product);
        let queue = if dice.chance(70) { ORDERS } else { REFUNDS };
        Self { queue, title, details, order, hebrew }
    }

    /// As `POST /v1/items` takes it; `run` and `slot` make its reference unlike any other's.
    pub(super) fn body(&self, run: u64, slot: u64) -> Value {
        let skills = if self.hebrew { json!({ "hebrew": 3 }) } else { json!({}) };
        json!({
            "queue": self.queue, "external_ref": format!("store-{run}-{slot}"), "title": self.title, "text": self.details,
            "fields": { "order_number": self.order }, "skills": skills,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::traffic::plan::Customer;

    fn script(number: u64) -> Script {
        Script::of(Plan { seed: 7 }, Visit { number, customer: Customer(number) })
    }

    #[test]
    fn a_visit_is_the_same_whenever_it_is_asked_about() {
        for number in 0..50 {
            assert_eq!(format!("{:?}", script(number)), format!("{:?}", script(number)));
            assert_eq!(script(number).reaction(1, "Which?"), script(number).reaction(1, "Which?"));
        }
        assert_eq!(Item::of(Plan { seed: 7 }, 3), Item::of(Plan { seed: 7 }, 3));
    }

    #[test]
    fn some_write_twice_within_200_ms_and_all_are_about_something() {
        let scripts: Vec<Script> = (0..200).map(script).collect();
        let twice = scripts.iter().filter(|it| it.opening.len() == 2).count();
        assert!((50..90).contains(&twice), "{twice} of 200");
        assert!(scripts.iter().all(|it| it.opening.iter().all(|(after_ms, said)| *after_ms < 200 && !said.is_empty())));
    }

    #[test]
    fn a_question_is_answered_and_a_talk_ends() {
        let it = script(1);
        let Reaction::Say(_, said) = it.reaction(0, it.talk.question) else { panic!("a question was not answered") };
        assert!(!said.is_empty());
        assert_eq!(it.reaction(TURNS_MAX, it.talk.question), Reaction::Listen);
        assert_eq!(it.reaction(0, it.phrases.welcome), Reaction::Listen, "thanks for thanks would never end");
        assert_eq!(it.reaction(0, it.phrases.one_moment), Reaction::Wait);
        let thanks = (0..200).filter(|n| script(*n).reaction(0, "It is solved.") != Reaction::Listen).count();
        assert!((30..70).contains(&thanks), "{thanks} of 200 said thanks");
    }
}
