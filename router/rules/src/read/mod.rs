//! From the tree of YAML to typed sections: unknown keys, wrong forms, numbers out of range.

mod authority;
mod blending;
mod calendars;
mod cases;
mod customers;
mod groups;
mod improvements;
mod matter;
mod notices;
mod quality;
mod queues;
mod rules;
mod systems;
mod value;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use self::value::Reader;
use crate::cel::Names;
use crate::fault::{Faults, Placed};
use crate::fields::World;
use crate::help;
use crate::limits::{NAMES_MAX, WORD_CHARS_MAX, WORDS_MAX};
use crate::model::RuleSet;
use crate::normal::Words;
use crate::yaml::{Node, Value};

/// Reads the whole set. What could be read is returned even where there were faults, to find further ones in it.
pub(crate) fn rule_set(root: &Node, world: &World, faults: &mut Faults) -> Option<RuleSet> {
    let mut reader = Reader { faults };
    let section = reader.section(root, "a rule set", &help::keys("set"))?;
    if let Some(node) = section.get("version") {
        reader.int(node, "version", 1, 1);
    }
    let two_people = section.get("two_people").and_then(|node| reader.flag(node)).unwrap_or_default();
    let zone = match section.get("zone") {
        Some(node) => reader.zone(node).unwrap_or(TimeZone::UTC),
        None => TimeZone::UTC,
    };
    let skills = section.get("skills").map(|node| reader.names(node, "skill")).unwrap_or_default();
    let calendars = section.get("calendars").map(|node| calendars::read(&mut reader, node, &zone)).unwrap_or_default();
    let queues = match section.get("queues") {
        Some(node) => queues::read(&mut reader, node),
        None => {
            reader.faults.error("missing_key", &first_key(root), "the set has no `queues`", "name at least one queue");
            Vec::new()
        }
    };
    let blending = section.get("blending").map(|node| blending::read(&mut reader, node)).unwrap_or_default();
    let channels: Vec<&str> = world.channels.iter().map(String::as_str).collect();
    let groups = section.get("groups").map(|node| groups::read(&mut reader, node, &channels)).unwrap_or_default();
    let keywords = section.get("keywords").map(|node| keywords(&mut reader, node)).unwrap_or_default();
    let list_names: Vec<&str> = keywords.iter().map(|(name, _)| name.value.as_str()).collect();
    let calendar_names: Vec<&str> = calendars.keys().map(String::as_str).collect();
    let customers = section.get("customers").map(|node| customers::read(&mut reader, node)).unwrap_or_default();
    let names = Names { world, keywords: &list_names, calendars: &calendar_names, customers: &customers };
    let rules = section.get("rules").map(|node| rules::read(&mut reader, node, &names)).unwrap_or_default();
    let notices = section.get("notices").map(|node| notices::read(&mut reader, node, &names)).unwrap_or_default();
    let mut cases = section.get("cases").map(|node| cases::read(&mut reader, node)).unwrap_or_default();
    let systems = section.get("systems").map(|node| systems::read(&mut reader, node)).unwrap_or_default();
    let authority = section.get("authority").map(|node| authority::read(&mut reader, node, &zone)).unwrap_or_default();
    let quality = section.get("quality").map(|node| quality::read(&mut reader, node));
    let solved = section.get("solved").and_then(|node| matter::solved(&mut reader, node));
    let same_matter = section.get("same_matter").and_then(|node| matter::same_matter(&mut reader, node));
    let improvements = section.get("improvements").and_then(|node| improvements::read(&mut reader, node, &channels));
    cases::by_hand(&mut cases, &authority.authority);
    Some(RuleSet {
        two_people,
        zone,
        skills,
        calendars,
        blending,
        queues,
        groups,
        keywords,
        rules,
        notices,
        cases,
        systems,
        customers,
        authority,
        quality,
        solved,
        same_matter,
        improvements,
    })
}

fn first_key(root: &Node) -> std::ops::Range<usize> {
    match &root.value {
        Value::Map(entries) => entries.first().map_or(root.span.clone(), |(key, _)| key.span.clone()),
        _ => root.span.clone(),
    }
}

/// Lists of words by name: `refunds: [refund, "money back"]`, or by language, which is for the reader only.
fn keywords(reader: &mut Reader<'_>, node: &Node) -> Vec<(Placed<String>, Words)> {
    let mut lists = BTreeMap::new();
    let mut count = 0;
    for (key, node) in reader.named(node, "keyword list", NAMES_MAX) {
        let parts: Vec<&Node> = match &node.value {
            Value::Map(by_language) => by_language.iter().map(|(_, words)| words).collect(),
            _ => vec![node],
        };
        let mut words = Vec::new();
        for part in parts {
            for word in reader.entries(part) {
                let Some(text) = reader.text(word, "a word", WORD_CHARS_MAX) else { continue };
                if crate::normal::normal(&text).is_empty() {
                    let hint = "keywords are letters and digits; look for other signs with `msg.text.contains`";
                    reader.faults.error("bad_word", &word.span, "nothing of this can be looked for", hint);
                }
                words.push(text);
            }
        }
        count += words.len();
        if WORDS_MAX < count {
            let message = format!("the lists hold more than {WORDS_MAX} words");
            reader.faults.error("too_many", &node.span, message, "fewer words that mean more find more");
            break;
        }
        if words.is_empty() {
            reader.faults.error(
                "empty",
                &key.span,
                "this list has no words",
                "give at least one, or take the list out",
            );
        }
        lists.insert(key.value.clone(), (key, Words::new(words.iter().map(String::as_str))));
    }
    lists.into_values().collect()
}
