//! Whether a value is one of its field's, and how it is written for people.

use blendline_wire::event::case::CaseValue;
use blendline_wire::{CaseId, Millis, money};
use jiff::tz::TimeZone;

use crate::case::Case;
use crate::limits::VALUE_CHARS_MAX;
use crate::types::{CaseType, FieldKind, Press, Tell, Words};

/// True when a field of this kind can hold the value.
pub(crate) fn fits(kind: &FieldKind, value: &CaseValue) -> bool {
    match (kind, value) {
        (FieldKind::Number, CaseValue::Number(_)) => true,
        (FieldKind::Money { currency, .. }, CaseValue::Money { currency: given, .. }) => currency == given,
        (_, CaseValue::Text(text)) => {
            let text = text.expose();
            let is_short = !text.trim().is_empty() && text.chars().count() <= VALUE_CHARS_MAX;
            is_short
                && match kind {
                    FieldKind::Text => true,
                    FieldKind::Reference => !text.contains(['\n', '\r', '\0']),
                    FieldKind::Date => text.len() == 10 && Millis::from_rfc3339(&format!("{text}T00:00:00Z")).is_some(),
                    FieldKind::Choice { of, .. } => of.iter().any(|word| word == text),
                    FieldKind::Number | FieldKind::Money { .. } => false,
                }
        }
        _ => false,
    }
}

/// When the day ends that a field of this value holds; `None` where it holds no day.
pub(crate) fn day_ends(value: &CaseValue, zone: &TimeZone) -> Option<Millis> {
    let CaseValue::Text(text) = value else { return None };
    let next = text.expose().parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
    let begins = next.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
    u64::try_from(begins).ok().map(|ms| Millis(ms.saturating_sub(1)))
}

/// An instant as the customer reads it, where he is.
pub fn local(at: Millis, zone: &TimeZone) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
    Some(at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
}

/// True when events may hold the values of such a field.
pub(crate) fn is_open(kind: &FieldKind) -> bool {
    *kind != FieldKind::Text
}

/// A value as people read it.
fn shown(value: &CaseValue) -> String {
    match value {
        CaseValue::Number(number) => number.to_string(),
        CaseValue::Money { minor, currency } => money::shown(*minor, currency),
        CaseValue::Text(text) => text.expose().clone(),
    }
}

/// What the payload of a button of a case begins with. With the case and its name it has at most the 64 bytes that
/// Telegram takes (core.telegram.org/bots/api#inlinekeyboardbutton).
const PAYLOAD: &str = "blendline:case:";

/// Of which case a button is, and what it does, by its payload.
pub fn pressed(payload: &str) -> Option<(CaseId, Press)> {
    let (case, name) = payload.strip_prefix(PAYLOAD)?.split_once(':')?;
    Some((format!("cas_{case}").parse().ok()?, Press::named(name)))
}

/// The names in braces of a text, in order.
pub(crate) fn placeholders(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}

/// What a stage's promise is called in a text.
pub(crate) const PROMISE: &str = "promise";

/// A text with the fields of a case filled in, and until when something is promised; what has no value is a dash.
pub(crate) fn filled(kind: &CaseType, words: &Words, case: &Case, promised: Option<&str>) -> Option<String> {
    let text = words.text(&case.language)?;
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    // Filled in once, from left to right: a value with braces in it is not looked into.
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else { break };
        said.push_str(before);
        let promised = promised.filter(|_| name == PROMISE).map(str::to_owned);
        let held = called(kind, case, name).or_else(|| case.fields.get(name).map(shown));
        said.push_str(&held.or(promised).unwrap_or_else(|| "–".to_owned()));
        rest = after;
    }
    said.push_str(rest);
    Some(said)
}

/// What people call the word that a field of choices holds.
fn called(kind: &CaseType, case: &Case, field: &str) -> Option<String> {
    let FieldKind::Choice { called, .. } = &kind.fields.get(field)?.kind else { return None };
    let CaseValue::Text(word) = case.fields.get(field)? else { return None };
    called.get(word.expose())?.text(&case.language).map(str::to_owned)
}

/// What a field holds, as people read it.
pub(crate) fn filled_field(case: &Case, field: &str) -> Option<String> {
    case.fields.get(field).map(shown)
}

/// The buttons below what is told: the payload of each, and what it says.
pub(crate) fn buttons(tell: &Tell, case: &Case) -> Vec<(String, String)> {
    let button = |(press, words): &(Press, Words)| {
        let label = words.text(&case.language)?.to_owned();
        Some((format!("{PAYLOAD}{:032x}:{}", case.id.0, press.name()), label))
    };
    tell.buttons.iter().filter_map(button).collect()
}
