//! How many messages a second one core classifies by 200 rules: `cargo run --release -p blendline-rules --example decisions`.
//!
//! Twice: rules that begin with account and language, so that few are looked at; and rules of which all must be evaluated
//! before the last one applies. Facts are made anew for each message, as the router does.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on has failed")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use blendline_rules::facts::History;
use blendline_rules::{Classifier, Facts, RuleSet, World, check};
use blendline_wire::Millis;
use blendline_wire::inbound::InboundEvent;

const RULES: usize = 200;
const RUN_FOR: Duration = Duration::from_secs(3);
const NOW: Millis = Millis(1_795_680_000_000);
const TEXTS: &[&str] = &[
    "שלום, ההזמנה שלי עוד לא הגיעה ואני מחכה כבר שבוע. אפשר לבדוק מה קורה איתה?",
    "Good morning, I would like to know whether the blue one is in stock in size 42, thank you very much",
    "أريد أن أعرف متى سيصل الطلب الذي قمت به يوم الأحد",
    "מה שעות הפתיחה?",
];

/// 200 rules: each asks for words, the length and the sender; `filtered` ones are for one of 40 accounts and a language.
fn rule_set(filtered: bool) -> RuleSet {
    let mut text = String::from("zone: Asia/Jerusalem\nqueues:\n  service: {side: front}\nkeywords:\n");
    for list in 0..40 {
        writeln!(text, "  words{list}: [alpha{list}, beta{list}, מילה{list}, \"two words{list}\"]").unwrap();
    }
    text += "rules:\n";
    for at in 0..RULES {
        writeln!(text, "  - name: r{at}\n    queue: service").unwrap();
        let last = at + 1 == RULES;
        if filtered && !last {
            let language = ["he", "en", "ar", "ru", "und"][at % 5];
            writeln!(text, "    account: a{}\n    language: {language}", at / 5).unwrap();
        }
        let when = match at % 4 {
            _ if last => "msg.length >= 0".to_owned(),
            0 => format!("mentions('words{}') && msg.length > {at}", at % 40),
            1 => format!("msg.text.contains('word number {at}') || msg.rating in [1, 2] && time.hour == 3"),
            2 => format!("time.hour >= 7 && time.weekday != 'sat' && contact.known && history.days < {at}"),
            _ => format!("msg.text.startsWith('{at}') || msg.files.exists(f, f == 'voice') && msg.length < 20"),
        };
        writeln!(text, "    when: \"{when}\"").unwrap();
    }
    let world = World { channels: vec!["whatsapp_cloud".into()], accounts: None };
    let checked = check("bench", &text, &world);
    checked.set.unwrap_or_else(|| panic!("{:.2000}", checked.faults.to_string()))
}

fn measure(what: &str, filtered: bool) {
    let set = rule_set(filtered);
    let classifier = Classifier::new(&set);
    let events: Vec<InboundEvent> =
        TEXTS.iter().map(|text| InboundEvent { text: Some((*text).into()), ..InboundEvent::default() }).collect();
    let (mut messages, mut decided) = (0_u64, 0_u64);
    let begun = Instant::now();
    while begun.elapsed() < RUN_FOR {
        for (at, event) in events.iter().enumerate() {
            let account = ["a0", "a13", "a27", "a39"][at];
            let facts = Facts::of(event, ("whatsapp_cloud", account), History::default(), NOW, &set.zone);
            let decision = black_box(classifier.decide(black_box(&facts)));
            decided += u64::from(decision.rule.is_some());
            messages += 1;
        }
    }
    let per_second = messages as f64 / begun.elapsed().as_secs_f64();
    println!("{what}: {per_second:.0} messages/s with {RULES} rules, {decided} of {messages} decided by one");
}

fn main() {
    measure("filtered by account and language", true);
    measure("all evaluated", false);
}
