//! `notices:` what customers are told by themselves.

use super::value::Reader;
use crate::cel::Names;
use crate::fault::Placed;
use crate::fields::Domain;
use crate::help;
use crate::limits::{NOTICE_CHARS_MAX, NOTICES_MAX};
use crate::normal::LANGUAGES;
use crate::notice::{Notice, When, unknown_placeholder};
use crate::spell::did_you_mean;
use crate::yaml::{Node, Value};

/// The shortest period of a notice: more often is no courtesy, and two programs could talk to each other.
const EVERY_MS_MIN: u64 = 5 * 60_000;
/// Where a notice says nothing.
const EVERY_MS: u64 = 12 * 3_600_000;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node, names: &Names<'_>) -> Vec<Notice> {
    let named = reader.named(node, "notice", NOTICES_MAX);
    named.into_iter().filter_map(|(name, node)| notice(reader, name, node, names)).collect()
}

fn notice(reader: &mut Reader<'_>, name: Placed<String>, node: &Node, names: &Names<'_>) -> Option<Notice> {
    let section = reader.section(node, "a notice", &help::keys("notice"))?;
    let Some(when) = section.get("when") else {
        let hint = "`when: received`, `closed`, `waiting`, `callback` or `window`";
        reader.faults.error("missing_key", &name.span, format!("the notice `{}` has no `when`", name.value), hint);
        return None;
    };
    let when = reader.word(when, "when", When::ALL)?;
    let channels = section.get("channel").map(|node| reader.names(node, "channel")).unwrap_or_default();
    for channel in &channels {
        let known = Domain::Channel.words(names.world);
        if !known.contains(&channel.value.as_str()) {
            let hint = did_you_mean(&channel.value, known.into_iter());
            let message = format!("there is no channel `{}`", channel.value);
            reader.faults.error("unknown_word", &channel.span, message, hint);
        }
    }
    let above_ms = section.get("above").and_then(|node| reader.duration(node, "above", false));
    if above_ms.is_none()
        && matches!(when, When::Waiting | When::Callback | When::Window)
        && section.get("above").is_none()
    {
        let hint = "`above: 5m`: the expected wait above which it is sent; for `window`, how long before it closes";
        reader.faults.error("missing_key", &name.span, format!("the notice `{}` has no `above`", name.value), hint);
    }
    let every = section.get("every").and_then(|node| reader.duration(node, "every", false));
    if let Some(every) = every.as_ref().filter(|every| every.value < EVERY_MS_MIN) {
        let hint = "a contact hears it at most once in five minutes; write `5m` or longer";
        reader.faults.error("out_of_range", &every.span, "`every` is too short", hint);
    }
    let texts = section.get("text").map(|node| words(reader, node, when)).unwrap_or_default();
    let template = section.get("template").and_then(|node| template(reader, node));
    if texts.is_empty() && template.is_none() && section.get("text").is_none() && section.get("template").is_none() {
        let hint = "`text: {he: …, en: …}`";
        reader.faults.error("missing_key", &name.span, format!("the notice `{}` says nothing", name.value), hint);
    }
    if let Some(node) = section.get("template").filter(|_| when != When::Window) {
        let hint = "outside the window there is only `when: window`; else write a `text`";
        reader.faults.error("not_here", &node.span, "a template is for `when: window` only", hint);
    }
    let buttons = section.get("button").map(|node| words(reader, node, when)).unwrap_or_default();
    if when == When::Callback && section.get("button").is_none() {
        let hint =
            "`button: {he: חזרו אליי, en: Call me back}`; pressing it is a message with `msg.payload == 'callback'`";
        reader.faults.error("missing_key", &name.span, format!("the notice `{}` has no `button`", name.value), hint);
    }
    Some(Notice {
        when,
        channels,
        queues: section.get("queue").map(|node| reader.names(node, "queue")).unwrap_or_default(),
        calendar: section.get("calendar").and_then(|node| reader.name(node, "calendar")),
        above_ms: above_ms.map_or(0, |above| above.value),
        every_ms: every.map_or(EVERY_MS, |every| every.value),
        texts,
        buttons,
        template,
        name,
    })
}

/// `{he: …, en: …}`; a text alone is for everybody.
fn words(reader: &mut Reader<'_>, node: &Node, when: When) -> Vec<(String, String)> {
    let alone = [(None, node)];
    let by_language: Vec<(Option<&Node>, &Node)> = match &node.value {
        Value::Map(entries) => entries.iter().map(|(key, node)| (Some(key), node)).collect(),
        _ => alone.to_vec(),
    };
    let mut words = Vec::new();
    for (key, node) in by_language {
        let language = key.and_then(Node::text).unwrap_or_default();
        if let Some(key) = key.filter(|_| !LANGUAGES.contains(&language)) {
            let hint = did_you_mean(language, LANGUAGES.iter().copied());
            reader.faults.error("unknown_word", &key.span, format!("there is no language `{language}`"), hint);
        }
        let Some(text) = reader.text(node, "what is said", NOTICE_CHARS_MAX) else { continue };
        if let Some(word) = unknown_placeholder(&text, when) {
            let message = format!("nothing is filled in for `{word}` in a notice for `{}`", when.name());
            let hint = "`{wait}` (minutes) for `waiting` and `callback`, `{opens}` for `closed`";
            reader.faults.error("placeholder", &node.span, message, hint);
        }
        words.push((language.to_owned(), text));
    }
    words
}

fn template(reader: &mut Reader<'_>, node: &Node) -> Option<(String, String)> {
    let section = reader.section(node, "`template`", &["name", "language"])?;
    let name = section.get("name").and_then(|node| reader.text(node, "the name of a template", NOTICE_CHARS_MAX));
    let language = section.get("language").and_then(|node| reader.text(node, "its language", 20));
    if section.get("name").is_none() || section.get("language").is_none() {
        let hint = "as the platform has it: `template: {name: still_here, language: he}`";
        reader.faults.error("missing_key", &node.span, "a template has a name and a language", hint);
    }
    Some((name?, language?))
}
