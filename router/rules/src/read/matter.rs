//! `solved:` and `same_matter:`: what is asked after a task, and what comes again.

use blendline_cases::limits::{BUTTON_CHARS_MAX, TOLD_CHARS_MAX};
use blendline_cases::types::Words;
use regex::{Regex, RegexBuilder};

use super::cases::words;
use super::value::Reader;
use crate::help;
use crate::matter::{SameMatter, Solved};
use crate::yaml::Node;

/// Patterns of references.
const PATTERNS_MAX: usize = 10;
/// The longest pattern, in characters, and what one may take when compiled, in bytes.
const PATTERN_CHARS_MAX: usize = 200;
const PATTERN_BYTES_MAX: usize = 1 << 18;

pub(super) fn solved(reader: &mut Reader<'_>, node: &Node) -> Option<Solved> {
    let section = reader.section(node, "`solved`", &help::keys("solved"))?;
    let after = section.get("after").map(|node| reader.names(node, "disposition")).unwrap_or_default();
    let text = section.get("text").map(|node| said(reader, node, TOLD_CHARS_MAX)).unwrap_or_default();
    let mut button = |key| section.get(key).map(|node| said(reader, node, BUTTON_CHARS_MAX)).unwrap_or_default();
    let (yes, no) = (button("yes"), button("no"));
    Some(Solved {
        after: after.into_iter().map(|name| name.value).collect(),
        queues: section.get("queues").map(|node| reader.names(node, "queue")).unwrap_or_default(),
        text,
        yes,
        no,
        sample_milli: section.get("sample").and_then(|node| reader.percent(node, "sample", 0, 100)).unwrap_or(0) * 10,
    })
}

/// Words, each of which is short enough.
fn said(reader: &mut Reader<'_>, node: &Node, chars_max: usize) -> Words {
    let words = words(reader, node);
    if words.0.values().any(|text| text.trim().is_empty() || chars_max < text.chars().count()) {
        let message = format!("this says 1 to {chars_max} characters");
        reader.faults.error("too_long", &node.span, message, "shorten it");
    }
    words
}

pub(super) fn same_matter(reader: &mut Reader<'_>, node: &Node) -> Option<SameMatter> {
    let section = reader.section(node, "`same_matter`", &help::keys("same_matter"))?;
    let Some(within) = section.get("within") else {
        let message = "it is not said for how long a matter is the same one";
        reader.faults.error("missing_key", &node.span, message, "`within: 14d`");
        return None;
    };
    let within_ms = reader.duration(within, "within", false)?.value;
    let entries = section.get("references").map(|node| reader.entries(node)).unwrap_or_default();
    if PATTERNS_MAX < entries.len() {
        let message = format!("there are {} patterns, and at most {PATTERNS_MAX} are looked for", entries.len());
        reader.faults.error("too_many", &entries[PATTERNS_MAX].span, message, "join some by `|`");
    }
    let references = entries.iter().take(PATTERNS_MAX).filter_map(|node| pattern(reader, node)).collect();
    let topics = section.get("topics").and_then(|node| reader.flag(node)).unwrap_or(true);
    Some(SameMatter { within_ms, references, topics })
}

/// What references of one sort look like, wherever they stand, in small letters or large.
fn pattern(reader: &mut Reader<'_>, node: &Node) -> Option<Regex> {
    let text = reader.text(node, "what references look like", PATTERN_CHARS_MAX)?;
    let built = RegexBuilder::new(&format!(r"\b(?:{text})\b"))
        .case_insensitive(true)
        .size_limit(PATTERN_BYTES_MAX)
        .dfa_size_limit(PATTERN_BYTES_MAX)
        .build();
    match built {
        Ok(pattern) if pattern.is_match("") => {
            reader.faults.error("pattern", &node.span, "this pattern fits every text", r"such as `SO-\d{4,8}`");
            None
        }
        Ok(pattern) => Some(pattern),
        Err(_) => {
            reader.faults.error("pattern", &node.span, "this is no pattern", r"such as `SO-\d{4,8}`");
            None
        }
    }
}
