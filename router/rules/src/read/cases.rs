//! `cases:` the types of cases, and those that are shipped.

mod contact;
mod watch;

use std::collections::BTreeMap;

use blendline_authority::Authority;
use blendline_cases::check::Place;
use blendline_cases::limits::{
    CHOICES_MAX, FIELDS_MAX, MEASURES_MAX, MOVES_MAX, STAGES_MAX, TYPES_MAX, VALUE_CHARS_MAX,
};
use blendline_cases::types::{CaseType, Contact, Field, FieldKind, Measure, Move, Press, Stage, Tell, Words};
use blendline_wire::event::case::{CaseMover, CaseOutcome};
use blendline_wire::task::ClockRule;

use super::value::{Reader, Section};
use crate::fault::{Faults, Placed, Span};
use crate::help;
use crate::model::CaseRules;
use crate::normal::LANGUAGES;
use crate::shipped::{self, SHIPPED};
use crate::spell::did_you_mean;
use crate::yaml::{self, Node, Value};

/// How long a case may be opened again where its type does not say.
const REOPEN_MS: u64 = 14 * 86_400_000;
/// A list in one word would be none.
const FIELD_KINDS: &[&str] = &["text", "number", "money", "date", "choice", "reference"];
const CLOCKS: &[(&str, ClockRule)] = &[("runs", ClockRule::Runs), ("stops", ClockRule::Stops)];

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Vec<CaseRules> {
    let named = reader.named(node, "case type", TYPES_MAX);
    named.into_iter().filter_map(|(name, node)| case(reader, name, node)).collect()
}

fn case(reader: &mut Reader<'_>, name: Placed<String>, node: &Node) -> Option<CaseRules> {
    let section = reader.section(node, "a case type", &help::keys("case"))?;
    match section.get("like") {
        Some(like) => shipped_type(reader, name, like, &section),
        None => own(reader, name, &section),
    }
}

/// A shipped type, with the company's queues, units and hours in it. Its faults would be ours, and are told where it is named.
fn shipped_type(
    reader: &mut Reader<'_>,
    name: Placed<String>,
    like: &Node,
    section: &Section<'_>,
) -> Option<CaseRules> {
    let wanted = reader.name(like, "shipped case type")?;
    let Some(text) = shipped::text(&wanted.value) else {
        let hint = did_you_mean(&wanted.value, SHIPPED.iter().map(|(name, _)| *name));
        let message = format!("no case type `{}` is shipped", wanted.value);
        reader.faults.error("unknown_name", &like.span, message, hint);
        return None;
    };
    for key in ["first", "reopen", "fields", "stages", "moves", "measures", "about", "one_voice", "holds_while"] {
        if let Some(node) = section.get(key) {
            let hint = "to change more of it, write the whole type without `like`";
            let message = format!("a shipped type is taken as it is, and this has `{key}`");
            reader.faults.error("not_here", &node.span, message, hint);
        }
    }
    let mut faults = Faults::new(&wanted.value, text);
    let root = yaml::read(text, &mut faults)?;
    let mut theirs = Reader { faults: &mut faults };
    let inner = theirs.section(&root, "a case type", &help::keys("case"))?;
    let mut case = own(&mut theirs, name, &inner)?;
    case.places = BTreeMap::new();
    case.span = like.span.clone();
    case.shipped = true;
    let queues = section.get("queues").map(|node| renamed(reader, node, "queue")).unwrap_or_default();
    let units = section.get("units").map(|node| renamed(reader, node, "unit")).unwrap_or_default();
    let calendar = section.get("calendar").and_then(|node| reader.name(node, "calendar"));
    if let Some(node) = section.get("words") {
        case.kind.words = words(reader, node);
    }
    if let (Some(contact), Some(calendar)) = (&mut case.kind.contact, &calendar) {
        contact.calendar = Some(calendar.value.clone());
    }
    if let Some(node) = section.get("contact") {
        case.kind.contact = contact::read(reader, node, case.kind.contact.take().unwrap_or_default());
    }
    for stage in &mut case.kind.stages {
        let own = |names: &BTreeMap<String, String>, named: &str| names.get(named).cloned();
        stage.queue = stage.queue.take().map(|queue| own(&queues, &queue).unwrap_or(queue));
        stage.unit = units.get(&stage.name).cloned().or_else(|| stage.unit.take());
        if stage.closes.is_none() && stage.calendar.is_none() {
            stage.calendar = calendar.as_ref().map(|name| name.value.clone());
        }
    }
    Some(case)
}

/// What a shipped type leaves to decisions is written by hand where the company lets nobody decide it.
pub(super) fn by_hand(cases: &mut [CaseRules], authority: &Authority) {
    for case in cases.iter_mut().filter(|case| case.shipped) {
        for field in case.kind.fields.values_mut() {
            if let FieldKind::Money { currency, by } = &mut field.kind
                && by.as_ref().is_some_and(|action| authority.of(action, currency).next().is_none())
            {
                *by = None;
            }
        }
    }
}

/// `{service: front}`: what the type calls it, and what the company does.
fn renamed(reader: &mut Reader<'_>, node: &Node, what: &str) -> BTreeMap<String, String> {
    let named = reader.named(node, what, STAGES_MAX);
    named.into_iter().filter_map(|(name, node)| Some((name.value, reader.name(node, what)?.value))).collect()
}

fn own(reader: &mut Reader<'_>, name: Placed<String>, section: &Section<'_>) -> Option<CaseRules> {
    for key in ["queues", "units", "calendar"] {
        if let Some(node) = section.get(key) {
            let message = format!("`{key}` is for a shipped type");
            reader.faults.error("not_here", &node.span, message, "name it in each stage");
        }
    }
    let Some(stages_node) = section.get("stages") else {
        let message = format!("the case type `{}` has no stages", name.value);
        reader.faults.error("missing_key", &name.span, message, "`stages:`, or `like:` a type that is shipped");
        return None;
    };
    let mut places = BTreeMap::new();
    let fields = section.get("fields").map(|node| fields(reader, node, &mut places)).unwrap_or_default();
    let stages: Vec<Stage> = reader
        .named(stages_node, "stage", STAGES_MAX)
        .into_iter()
        .filter_map(|(name, node)| stage(reader, name, node, &mut places))
        .collect();
    let moves = section.get("moves").map(|node| moves(reader, node, &mut places)).unwrap_or_default();
    let measures = section.get("measures").map(|node| measures(reader, node, &mut places)).unwrap_or_default();
    let first = section.get("first").and_then(|node| reader.name(node, "stage"));
    if let Some(first) = &first {
        places.insert(Place::First, first.span.clone());
    }
    let first = first.map(|first| first.value).or_else(|| stages.first().map(|stage| stage.name.clone()))?;
    let about = section.get("about").and_then(|node| reader.name(node, "field")).map(|name| name.value);
    let contact = section.get("contact").and_then(|node| contact::read(reader, node, Contact::default()));
    let one_voice = section.get("one_voice").and_then(|node| reader.flag(node)).unwrap_or_default();
    let holds_while = section.get("holds_while").map(|node| reader.names(node, "case type")).unwrap_or_default();
    let reopen = section.get("reopen").and_then(|node| reader.duration(node, "reopen", true));
    let kind = CaseType {
        words: section.get("words").map(|node| words(reader, node)).unwrap_or_default(),
        fields,
        first,
        reopen_ms: reopen.map_or(REOPEN_MS, |reopen| reopen.value),
        stages,
        moves,
        measures,
        name: name.value,
        about,
        contact,
        one_voice,
        holds_while: holds_while.into_iter().map(|name| name.value).collect(),
    };
    Some(CaseRules { kind, span: name.span, places, shipped: false })
}

fn fields(reader: &mut Reader<'_>, node: &Node, places: &mut BTreeMap<Place, Span>) -> BTreeMap<String, Field> {
    let mut fields = BTreeMap::new();
    for (name, node) in reader.named(node, "field", FIELDS_MAX) {
        places.insert(Place::Field(name.value.clone()), name.span.clone());
        let Some(section) = reader.section(node, "a field", &help::keys("case_field")) else { continue };
        let Some(kind) = section.get("type") else {
            let hint = FIELD_KINDS.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
            let message = format!("the field `{}` has no type", name.value);
            reader.faults.error("missing_key", &name.span, message, hint);
            continue;
        };
        let given = FIELD_KINDS.iter().map(|kind| (*kind, *kind)).collect::<Vec<_>>();
        let kind = match reader.word(kind, "type", &given) {
            Some("text") => FieldKind::Text,
            Some("number") => FieldKind::Number,
            Some("date") => FieldKind::Date,
            Some("reference") => FieldKind::Reference,
            Some("money") => {
                let currency = section.get("currency").and_then(|node| reader.text(node, "a currency", 3));
                let by = section.get("by").and_then(|node| reader.name(node, "action")).map(|name| name.value);
                FieldKind::Money { currency: currency.unwrap_or_default(), by }
            }
            Some(_) => section.get("of").map(|node| choice(reader, node)).unwrap_or_else(|| choice_of(Vec::new())),
            None => continue,
        };
        let words = section.get("words").map(|node| words(reader, node)).unwrap_or_default();
        fields.insert(name.value, Field { kind, words });
    }
    fields
}

/// `[late, lost]`, or each with what people call it: `{late: {en: …, he: …}}`.
fn choice(reader: &mut Reader<'_>, node: &Node) -> FieldKind {
    if !matches!(node.value, Value::Map(_)) {
        return choice_of(
            reader.names(node, "choice").into_iter().map(|word| (word.value, Words::default())).collect(),
        );
    }
    let named = reader.named(node, "choice", CHOICES_MAX);
    choice_of(named.into_iter().map(|(name, node)| (name.value, words(reader, node))).collect())
}

fn choice_of(words: Vec<(String, Words)>) -> FieldKind {
    let of = words.iter().map(|(word, _)| word.clone()).collect();
    FieldKind::Choice { of, called: words.into_iter().filter(|(_, called)| !called.is_empty()).collect() }
}

fn stage(
    reader: &mut Reader<'_>,
    name: Placed<String>,
    node: &Node,
    places: &mut BTreeMap<Place, Span>,
) -> Option<Stage> {
    let section = reader.section(node, "a stage", &help::keys("case_stage"))?;
    places.insert(Place::Stage(name.value.clone(), ""), name.span.clone());
    let mut at = |key: &'static str, shown: &'static str| {
        let node = section.get(key)?;
        places.insert(Place::Stage(name.value.clone(), shown), node.span.clone());
        Some(node)
    };
    let (target, warn) = (at("target", "target"), at("warn", "warn"));
    let (queue, unit, calendar) = (at("queue", "queue"), at("unit", "unit"), at("calendar", "calendar"));
    let (procedure, resurface) = (at("procedure", "procedure"), at("resurface", "resurface"));
    let (tell_node, agent_node, promise) = (at("tell", "tell"), at("agent", "tell_agent"), at("promise", "promise"));
    let target_ms = target.and_then(|node| reader.duration(node, "target", false)).map(|target| target.value);
    // One that could not be read is a fault already.
    let target_ms = target_ms.or_else(|| target.map(|_| REOPEN_MS));
    Some(Stage {
        words: section.get("words").map(|node| words(reader, node)).unwrap_or_default(),
        closes: section.get("closes").and_then(|node| reader.word(node, "closes", CaseOutcome::ALL)),
        target_ms,
        calendar: calendar.and_then(|node| reader.name(node, "calendar")).map(|name| name.value),
        queue: queue.and_then(|node| reader.name(node, "queue")).map(|name| name.value),
        unit: unit.and_then(|node| reader.name(node, "unit")).map(|name| name.value),
        tell: tell_node.and_then(|node| tell(reader, node)),
        tell_agent: agent_node.and_then(|node| tell(reader, node)),
        warn: warn.and_then(|node| watch::warn(reader, node)).unwrap_or_default(),
        promise: promise.and_then(|node| watch::promise(reader, node)),
        resurface: resurface.and_then(|node| watch::resurface(reader, node)),
        clock: section.get("clock").and_then(|node| reader.word(node, "clock", CLOCKS)).unwrap_or_default(),
        procedure: procedure.map(|node| words(reader, node)).unwrap_or_default(),
        name: name.value,
    })
}

fn tell(reader: &mut Reader<'_>, node: &Node) -> Option<Tell> {
    let section = reader.section(node, "what is told", &help::keys("case_tell"))?;
    let channels = section.get("channel").map(|node| reader.names(node, "channel")).unwrap_or_default();
    let mut buttons = Vec::new();
    if let Some(node) = section.get("buttons") {
        for (name, node) in reader.named(node, "button", STAGES_MAX) {
            buttons.push((Press::named(&name.value), words(reader, node)));
        }
    }
    Some(Tell {
        text: section.get("text").map(|node| words(reader, node)).unwrap_or_default(),
        channels: channels.into_iter().map(|channel| channel.value).collect(),
        buttons,
    })
}

fn moves(reader: &mut Reader<'_>, node: &Node, places: &mut BTreeMap<Place, Span>) -> Vec<Move> {
    let entries = reader.entries(node);
    if MOVES_MAX < entries.len() {
        let message = format!("there are {} moves, and at most {MOVES_MAX} are read", entries.len());
        reader.faults.error("too_many", &entries[MOVES_MAX].span, message, "part it into several case types");
        return Vec::new();
    }
    let mut moves: Vec<Move> = Vec::new();
    for node in entries {
        let Some(section) = reader.section(node, "a move", &help::keys("case_move")) else { continue };
        let at = moves.len();
        places.insert(Place::Move(at, ""), node.span.start..node.span.start + 1);
        for key in ["from", "to", "by", "needs", "on"] {
            places.extend(section.get(key).map(|node| (Place::Move(at, key), node.span.clone())));
        }
        let mut end = |key| {
            if section.get(key).is_none() {
                let message = format!("this move has no `{key}`");
                reader.faults.error("missing_key", &node.span, message, "`- {from: stage, to: stage}`");
            }
            section.get(key).and_then(|node| reader.name(node, "stage")).map(|name| name.value)
        };
        let (Some(from), Some(to)) = (end("from"), end("to")) else { continue };
        let by: Vec<CaseMover> = match section.get("by") {
            Some(node) => {
                let entries = reader.entries(node);
                entries.iter().filter_map(|entry| reader.word(entry, "by", CaseMover::ALL)).collect()
            }
            None => vec![CaseMover::Worker, CaseMover::System],
        };
        let needs = section.get("needs").map(|node| reader.names(node, "field")).unwrap_or_default();
        let on = section.get("on").and_then(|node| reader.name(node, "disposition")).map(|name| name.value);
        let needs = needs.into_iter().map(|name| name.value).collect();
        moves.push(Move { from, to, by, needs, on });
    }
    moves
}

fn measures(reader: &mut Reader<'_>, node: &Node, places: &mut BTreeMap<Place, Span>) -> Vec<Measure> {
    let mut measures = Vec::new();
    for (name, node) in reader.named(node, "measure", MEASURES_MAX) {
        let Some(section) = reader.section(node, "a measure", &help::keys("case_measure")) else { continue };
        places.insert(Place::Measure(name.value.clone(), ""), name.span.clone());
        let mut end = |key| {
            let Some(node) = section.get(key) else {
                let message = format!("the measure `{}` has no `{key}`", name.value);
                reader.faults.error("missing_key", &name.span, message, "`{from: stage, until: stage}`");
                return None;
            };
            places.insert(Place::Measure(name.value.clone(), key), node.span.clone());
            reader.name(node, "stage").map(|name| name.value)
        };
        if let (Some(from), Some(until)) = (end("from"), end("until")) {
            measures.push(Measure { name: name.value, from, until });
        }
    }
    measures
}

/// `{he: …, en: …}`; a text alone is for everybody.
pub(super) fn words(reader: &mut Reader<'_>, node: &Node) -> Words {
    let Value::Map(by_language) = &node.value else {
        let text = reader.text(node, "what is said", VALUE_CHARS_MAX);
        return Words(text.map(|text| (String::new(), text)).into_iter().collect());
    };
    let mut words = BTreeMap::new();
    for (key, node) in by_language {
        let language = key.text().unwrap_or_default();
        if !LANGUAGES.contains(&language) {
            let hint = did_you_mean(language, LANGUAGES.iter().copied());
            reader.faults.error("unknown_word", &key.span, format!("there is no language `{language}`"), hint);
        }
        words.extend(reader.text(node, "what is said", VALUE_CHARS_MAX).map(|text| (language.to_owned(), text)));
    }
    Words(words)
}
