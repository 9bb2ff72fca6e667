//! What a simulated worker does about a task: a function of the seed, the worker and what he sees.

use blendline_wire::task::{Side, TaskKind};

use super::dice::Dice;
use super::texts::{self, fill, phrases, talk_of, tongue_of};
use super::{ORDERS, REFUNDS, SALES, SERVICE};

/// What a throw is about.
const THINK: u64 = 21;
const DEED: u64 = 22;
const DECLINE: u64 = 23;
/// From this lease on a task has been around enough and is finished.
const LEASES_MAX: u32 = 5;

/// A simulated worker; his skills and capacity are configured as everybody's.
#[derive(Debug)]
pub(super) struct Profile {
    /// His configured name.
    pub(super) name: &'static str,
    /// How long he takes, in per cent of the usual.
    pub(super) slowness: u64,
    /// How many offers he lets go, in per cent.
    pub(super) declines: u64,
}

/// Those who work in the store.
pub(super) const PROFILES: [Profile; 6] = [
    Profile { name: "noa", slowness: 70, declines: 0 },
    Profile { name: "avi", slowness: 130, declines: 4 },
    Profile { name: "yael", slowness: 90, declines: 2 },
    Profile { name: "sam", slowness: 110, declines: 6 },
    Profile { name: "lena", slowness: 150, declines: 3 },
    Profile { name: "robo", slowness: 40, declines: 0 },
];

/// What a worker sees of a task.
#[derive(Clone, Debug)]
pub(super) struct Sight<'a> {
    pub(super) task: u64,
    pub(super) lease: u32,
    pub(super) kind: TaskKind,
    pub(super) side: Side,
    pub(super) queue: &'a str,
    /// Everything that customers said, in order.
    pub(super) said: Vec<&'a str>,
    /// Whether the last word is the customer's: he waits.
    pub(super) is_asked: bool,
    /// What a colleague noted after it.
    pub(super) note: Option<&'a str>,
}

/// What becomes of the task.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Deed {
    /// It is solved, with a last word where there is one.
    Solve { reply: Option<String>, disposition: &'static str },
    /// He asks, and solves it with `then` when the customer has answered.
    Ask { question: String, then: String },
    /// He needs the back office first.
    Inquire { reply: String, queue: &'static str, note: String },
    /// It is for others.
    PassOn { queue: &'static str, note: String },
    /// Not now: in so many milliseconds.
    Park { for_ms: u64 },
    /// He answers the colleague who asked.
    Answer { note: String },
}

impl Profile {
    /// How long he looks at a task before he does something, in milliseconds.
    pub(super) fn thinks_ms(&self, seed: u64, sight: &Sight<'_>) -> u64 {
        let mut dice = self.dice(seed, THINK, sight);
        let usual = if sight.side == Side::Front { dice.between(2_000, 4_000) } else { dice.between(4_000, 9_000) };
        usual * self.slowness / 100
    }

    /// Whether he lets an offer go.
    pub(super) fn declines(&self, seed: u64, task: u64, lease: u32) -> bool {
        let about = [DECLINE, self.number(), task, u64::from(lease)];
        lease < LEASES_MAX && Dice::of(seed, &about).chance(self.declines)
    }

    /// What he does.
    pub(super) fn deed(&self, seed: u64, sight: &Sight<'_>) -> Deed {
        let mut dice = self.dice(seed, DEED, sight);
        match sight.kind {
            TaskKind::Conversation => talk(&mut dice, sight),
            TaskKind::Request => Deed::Answer { note: finding(sight) },
            TaskKind::Item | TaskKind::Log => work_off(&mut dice, sight),
        }
    }

    fn dice(&self, seed: u64, question: u64, sight: &Sight<'_>) -> Dice {
        Dice::of(seed, &[question, self.number(), sight.task, u64::from(sight.lease)])
    }

    /// Who he is, as a number.
    fn number(&self) -> u64 {
        self.name.bytes().fold(0, |number, byte| number << 8 | u64::from(byte))
    }
}

/// With a customer.
fn talk(dice: &mut Dice, sight: &Sight<'_>) -> Deed {
    let last = sight.said.last().copied().unwrap_or_default();
    let tongue = tongue_of(sight.said.first().copied().unwrap_or_default());
    let words = phrases(tongue);
    // The customer has his answer and did not come back to it.
    if !sight.is_asked && sight.note.is_none() {
        return Deed::Solve { reply: None, disposition: "no_answer" };
    }
    if last.contains(words.thanks_clue) {
        return Deed::Solve { reply: Some(words.welcome.to_owned()), disposition: "thanks" };
    }
    let Some(topic) = sight.said.iter().rev().find_map(|said| talk_of(said)) else {
        return Deed::Solve { reply: Some(words.anything.to_owned()), disposition: "other" };
    };
    let about = |sentence: &str| fill_from(sentence, &sight.said);
    let solve = Deed::Solve { reply: Some(about(topic.solution)), disposition: "answered" };
    if sight.note.is_some() || LEASES_MAX <= sight.lease {
        return solve;
    }
    match dice.below(100) {
        0..56 => solve,
        56..70 => Deed::Ask { question: topic.question.to_owned(), then: about(topic.solution) },
        70..82 => {
            let queue = if dice.chance(60) { ORDERS } else { REFUNDS };
            Deed::Inquire { reply: words.one_moment.to_owned(), queue, note: about(topic.inquiry) }
        }
        82..92 => {
            let queue = if sight.queue == SERVICE { SALES } else { SERVICE };
            Deed::PassOn { queue, note: words.handover.to_owned() }
        }
        _ => Deed::Park { for_ms: dice.between(4_000, 12_000) },
    }
}

/// Work that another system pushed in.
fn work_off(dice: &mut Dice, sight: &Sight<'_>) -> Deed {
    let done = Deed::Solve { reply: None, disposition: "done" };
    if LEASES_MAX <= sight.lease {
        return done;
    }
    match dice.below(100) {
        0..80 => done,
        80..90 => Deed::Park { for_ms: dice.between(8_000, 25_000) },
        _ => {
            let queue = if sight.queue == ORDERS { REFUNDS } else { ORDERS };
            // What came with an item is a note.
            let words = phrases(tongue_of(sight.note.unwrap_or_default()));
            Deed::PassOn { queue, note: words.yours.to_owned() }
        }
    }
}

/// What the back office finds out about what it is asked.
fn finding(sight: &Sight<'_>) -> String {
    let asked = sight.note.unwrap_or_default();
    let words = phrases(tongue_of(asked));
    let known = words.talks.iter().find(|talk| {
        let about = |sentence: &str| fill_from(sentence, &[asked]);
        asked == about(talk.inquiry)
    });
    known.map_or_else(|| words.talks[0].finding.to_owned(), |talk| fill_from(talk.finding, &[asked]))
}

/// A sentence about the order and the product that were named.
fn fill_from(sentence: &str, said: &[&str]) -> String {
    let order = said.iter().rev().find_map(|said| texts::order_in(said)).unwrap_or_default();
    let product = said.iter().rev().find_map(|said| texts::product_in(said)).unwrap_or_default();
    fill(sentence, order, product)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::traffic::plan::Tongue;

    fn conversation<'a>(task: u64, lease: u32, said: &[&'a str]) -> Sight<'a> {
        Sight {
            task,
            lease,
            kind: TaskKind::Conversation,
            side: Side::Front,
            queue: SERVICE,
            said: said.to_vec(),
            is_asked: true,
            note: None,
        }
    }

    fn name(deed: &Deed) -> &'static str {
        match deed {
            Deed::Solve { .. } => "solve",
            Deed::Ask { .. } => "ask",
            Deed::Inquire { .. } => "inquire",
            Deed::PassOn { .. } => "pass on",
            Deed::Park { .. } => "park",
            Deed::Answer { .. } => "answer",
        }
    }

    #[test]
    fn everything_that_can_be_done_with_a_conversation_is_done() {
        let said = ["שלום, איפה ההזמנה שלי 410077?"];
        let deeds: Vec<Deed> = (0..300).map(|task| PROFILES[0].deed(7, &conversation(task, 1, &said))).collect();
        let names: BTreeSet<&str> = deeds.iter().map(name).collect();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["ask", "inquire", "park", "pass on", "solve"]);
        for deed in deeds {
            if let Deed::Solve { reply, .. } = deed {
                let reply = reply.unwrap();
                assert!(reply.contains("410077") && tongue_of(&reply) == Tongue::Hebrew, "{reply}");
            }
        }
    }

    #[test]
    fn a_task_comes_to_an_end() {
        let said = ["where is my order 410077?"];
        for task in 0..300 {
            for profile in &PROFILES {
                assert_eq!(name(&profile.deed(7, &conversation(task, LEASES_MAX, &said))), "solve");
                assert!(!profile.declines(7, task, LEASES_MAX));
                let item = Sight { kind: TaskKind::Item, side: Side::Back, ..conversation(task, LEASES_MAX, &[]) };
                assert_eq!(name(&profile.deed(7, &item)), "solve");
            }
        }
    }

    #[test]
    fn the_answer_of_the_back_office_fits_and_leads_to_the_customers() {
        let said = ["My AirFry XL stopped working after 3 months"];
        let asked = (0..300).find_map(|task| match PROFILES[1].deed(7, &conversation(task, 1, &said)) {
            Deed::Inquire { note, .. } => Some(note),
            _ => None,
        });
        let asked = asked.unwrap();
        let request =
            Sight { kind: TaskKind::Request, side: Side::Back, note: Some(&asked), ..conversation(1, 1, &[]) };
        let Deed::Answer { note } = PROFILES[4].deed(7, &request) else { panic!("a request was not answered") };
        assert_eq!(note, "Yes, until 2027: replace it.");
        let back = Sight { note: Some(&note), ..conversation(1, 2, &said) };
        let Deed::Solve { reply, .. } = PROFILES[1].deed(7, &back) else { panic!("the answer was not passed on") };
        assert!(reply.unwrap().contains("a new AirFry XL"));
    }

    #[test]
    fn thanks_and_strange_words_are_answered() {
        for (said, answer) in [("תודה רבה!", "בשמחה, יום נעים!"), ("🙂", phrases(Tongue::English).anything)]
        {
            let Deed::Solve { reply, .. } = PROFILES[0].deed(7, &conversation(1, 1, &[said])) else { panic!() };
            assert_eq!(reply.as_deref(), Some(answer));
        }
        let silent = Sight { is_asked: false, ..conversation(1, 1, &["where is my order 410077?"]) };
        assert_eq!(PROFILES[0].deed(7, &silent), Deed::Solve { reply: None, disposition: "no_answer" });
    }

    #[test]
    fn some_offers_are_let_go() {
        let gone = (0..1_000).filter(|task| PROFILES[3].declines(7, *task, 1)).count();
        assert!((40..80).contains(&gone), "{gone} of 1,000 at 6 %");
        assert!(!(0..1_000).any(|task| PROFILES[0].declines(7, task, 1)));
    }
}
