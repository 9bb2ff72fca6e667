//! Single values: names, numbers, durations, per cent; and groups of keys.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::fault::{Faults, Placed, Span};
use crate::limits::{NAME_CHARS_MAX, NAMES_MAX};
use crate::model::Level;
use crate::spell::did_you_mean;
use crate::yaml::{Node, Value};

/// Longest duration: a year.
const DURATION_MS_MAX: u64 = 366 * 86_400_000;

/// Reads values and keeps what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) faults: &'a mut Faults,
}

/// A group of keys whose names were checked.
pub(super) struct Section<'n> {
    entries: &'n [(Node, Node)],
}

impl<'n> Section<'n> {
    /// What stands behind a key.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, node)| node)
    }
}

impl Reader<'_> {
    /// A group of keys; every key that is not `known` is a fault.
    pub(super) fn section<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Section<'n>> {
        let Value::Map(entries) = &node.value else {
            let message = format!("{what} is written as `key: value`, and this is {}", node.what());
            let hint =
                format!("its keys: {}", known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "));
            self.faults.error("wrong_form", &node.span, message, hint);
            return None;
        };
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            if !known.contains(&name) {
                let hint = did_you_mean(name, known.iter().copied());
                self.faults.error("unknown_key", &key.span, format!("{what} has no key `{name}`"), hint);
            }
        }
        Some(Section { entries })
    }

    /// Things by names that the set gives itself.
    pub(super) fn named<'n>(&mut self, node: &'n Node, what: &str, most: usize) -> Vec<(Placed<String>, &'n Node)> {
        let Value::Map(entries) = &node.value else {
            let message = format!("each {what} is written as `name: …`, and this is {}", node.what());
            self.faults.error("wrong_form", &node.span, message, "begin each with its name and a colon");
            return Vec::new();
        };
        if most < entries.len() {
            let message = format!("there are {} of them, and at most {most} are read", entries.len());
            self.faults.error("too_many", &entries[most].0.span, message, "");
            return Vec::new();
        }
        entries.iter().filter_map(|(key, node)| Some((self.name(key, what)?, node))).collect()
    }

    /// A name: short, without blanks and signs that conditions or commands would trip over.
    pub(super) fn name(&mut self, node: &Node, what: &str) -> Option<Placed<String>> {
        let name = self.text(node, &format!("the name of a {what}"), NAME_CHARS_MAX)?;
        let good = |letter: char| {
            letter.is_alphanumeric() || crate::normal::is_mark(letter) || matches!(letter, '-' | '_' | '.')
        };
        if name.is_empty() || !name.chars().all(good) {
            let hint = "letters, digits, `-`, `_` and `.`; of any language";
            self.faults.error("bad_name", &node.span, format!("this is no name for a {what}"), hint);
            return None;
        }
        Some(Placed::new(name, node.span.clone()))
    }

    /// A list of names, none twice; one name may stand alone.
    pub(super) fn names(&mut self, node: &Node, what: &str) -> Vec<Placed<String>> {
        let mut seen = BTreeSet::new();
        let mut names = Vec::new();
        for entry in self.entries(node) {
            let Some(name) = self.name(entry, what) else { continue };
            if !seen.insert(name.value.clone()) {
                self.faults.error(
                    "twice",
                    &name.span,
                    format!("the {what} `{}` stands twice", name.value),
                    "take one out",
                );
                continue;
            }
            names.push(name);
        }
        if NAMES_MAX < names.len() {
            let message = format!("there are {} of them, and at most {NAMES_MAX} are read", names.len());
            self.faults.error("too_many", &node.span, message, "");
        }
        names
    }

    /// The entries of a list; a single value is a list of one.
    pub(super) fn entries<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::List(entries) => entries,
            Value::Scalar { .. } if node.what() != "nothing" => std::slice::from_ref(node),
            _ => {
                let message = format!("a list is needed here, and this is {}", node.what());
                self.faults.error(
                    "wrong_form",
                    &node.span,
                    message,
                    "write `[one, two]`, or a line with `- ` for each",
                );
                &[]
            }
        }
    }

    /// A text.
    pub(super) fn text(&mut self, node: &Node, what: &str, chars_max: usize) -> Option<String> {
        let Some(text) = node.text() else {
            let message = format!("{what} is a single value, and this is {}", node.what());
            self.faults.error("wrong_form", &node.span, message, "write it behind the colon");
            return None;
        };
        if chars_max < text.chars().count() {
            self.faults.error(
                "too_long",
                &node.span,
                format!("{what} has at most {chars_max} characters"),
                "shorten it",
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, node: &Node) -> Option<bool> {
        match node.text() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.faults.error("wrong_type", &node.span, "`true` or `false` is needed here", "without quotes");
                None
            }
        }
    }

    /// A whole number in a range.
    pub(super) fn int(&mut self, node: &Node, what: &str, least: u32, most: u32) -> Option<u32> {
        let plain = matches!(&node.value, Value::Scalar { plain: true, .. });
        let number = node.text().filter(|_| plain).and_then(|text| text.replace('_', "").parse::<u64>().ok());
        let Some(number) = number else {
            let hint = if plain { "digits only" } else { "digits only, without quotes" };
            self.faults.error("wrong_type", &node.span, format!("`{what}` is a whole number"), hint);
            return None;
        };
        self.within(&node.span, what, number, least, most)
    }

    fn within(&mut self, span: &Span, what: &str, number: u64, least: u32, most: u32) -> Option<u32> {
        let fits = u32::try_from(number).ok().filter(|number| (least..=most).contains(number));
        if fits.is_none() {
            let hint = if least == most { format!("it is {least}") } else { format!("give {least} to {most}") };
            self.faults.error("out_of_range", span, format!("`{what}` cannot be {number}"), hint);
        }
        fits
    }

    /// `80%`, or `80`.
    pub(super) fn percent(&mut self, node: &Node, what: &str, least: u32, most: u32) -> Option<u32> {
        match node.text().map(|text| text.trim_end_matches('%').trim().parse::<u64>()) {
            Some(Ok(number)) => self.within(&node.span, what, number, least, most),
            _ => {
                self.faults.error("wrong_type", &node.span, format!("`{what}` is a part in per cent"), "write `80%`");
                None
            }
        }
    }

    /// `1.5` in parts of a thousand; 0 is one as well.
    pub(super) fn milli_or_none(&mut self, node: &Node, what: &str) -> Option<u32> {
        if node.text() == Some("0") { Some(0) } else { self.milli(node, what) }
    }

    /// `1.5` in parts of a thousand.
    pub(super) fn milli(&mut self, node: &Node, what: &str) -> Option<u32> {
        let parsed = node.text().and_then(|text| {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if whole.is_empty() || 3 < part.len() || !digits(whole) || !digits(part) {
                return None;
            }
            format!("{whole}{part:0<3}").parse::<u64>().ok()
        });
        match parsed {
            Some(milli) if (1..=1_000_000).contains(&milli) => u32::try_from(milli).ok(),
            _ => {
                let hint = "1 is ordinary, 2 counts twice; at most three digits behind the point, at most 1000";
                self.faults.error("wrong_type", &node.span, format!("`{what}` is a number such as 1.5"), hint);
                None
            }
        }
    }

    /// `90s`, `2m`, `1h30m`, `2d`; `never` where `or_never`, as 0.
    pub(super) fn duration(&mut self, node: &Node, what: &str, or_never: bool) -> Option<Placed<u64>> {
        let text = node.text().unwrap_or_default();
        if or_never && text == "never" {
            return Some(Placed::new(0, node.span.clone()));
        }
        match read_duration(text) {
            Some(ms) if 0 < ms && ms <= DURATION_MS_MAX => Some(Placed::new(ms, node.span.clone())),
            Some(0) => {
                let hint = if or_never { "write `never`" } else { "give at least `1s`" };
                self.faults.error("out_of_range", &node.span, format!("`{what}` cannot be nothing"), hint);
                None
            }
            Some(_) => {
                self.faults.error(
                    "out_of_range",
                    &node.span,
                    format!("`{what}` is longer than a year"),
                    "look at the unit",
                );
                None
            }
            None => {
                let hint = if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
                    format!("with its unit: `{text}s`, `{text}m` or `{text}h`")
                } else {
                    "write `90s`, `2m`, `1h30m` or `2d`".to_owned()
                };
                self.faults.error("wrong_type", &node.span, format!("`{what}` is a length of time"), hint);
                None
            }
        }
    }

    /// An IANA time zone.
    pub(super) fn zone(&mut self, node: &Node) -> Option<TimeZone> {
        let name = node.text().unwrap_or_default();
        let zone = TimeZone::get(name).ok();
        if zone.is_none() {
            let hint = "give an IANA name such as `Asia/Jerusalem`";
            self.faults.error("unknown_zone", &node.span, format!("there is no time zone `{name}`"), hint);
        }
        zone
    }

    /// Skills with levels: `{hebrew: 3}`; a bare list means level 1.
    pub(super) fn levels(&mut self, node: &Node) -> Vec<Level> {
        match &node.value {
            Value::Map(entries) => {
                let mut levels = Vec::new();
                for (key, level) in entries {
                    let name = self.name(key, "skill");
                    let level = self.int(level, "level", 1, 10);
                    levels.extend(name.zip(level).and_then(|(name, level)| Some((name, u8::try_from(level).ok()?))));
                }
                levels
            }
            _ => self.names(node, "skill").into_iter().map(|name| (name, 1)).collect(),
        }
    }

    /// One of a closed list of words.
    pub(super) fn word<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = node.text().unwrap_or_default();
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let hint = did_you_mean(text, words.iter().map(|(word, _)| *word));
            self.faults.error("unknown_word", &node.span, format!("`{what}` cannot be `{text}`"), hint);
        }
        found
    }
}

fn read_duration(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut rest = text;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        let (unit, unit_len) = match behind.as_bytes() {
            [b'm', b's', ..] => (1, 2),
            [b's', ..] => (1_000, 1),
            [b'm', ..] => (60_000, 1),
            [b'h', ..] => (3_600_000, 1),
            [b'd', ..] => (86_400_000, 1),
            _ => return None,
        };
        // Each unit once, from the largest down: `1h30m`.
        if last_unit <= unit {
            return None;
        }
        last_unit = unit;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &behind[unit_len..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::read_duration;

    #[test]
    fn durations_have_units_from_the_largest_down() {
        assert_eq!(read_duration("90s"), Some(90_000));
        assert_eq!(read_duration("1h30m"), Some(5_400_000));
        assert_eq!(read_duration("2d"), Some(172_800_000));
        assert_eq!(read_duration("250ms"), Some(250));
        for text in ["", "90", "m", "30m1h", "1h1h", "1.5h", "-1s", "1 h", "99999999999999999999d"] {
            assert_eq!(read_duration(text), None, "{text}");
        }
    }
}
