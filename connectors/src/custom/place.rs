//! Reading JSON strictly: whoever wrote it is told where it is wrong and what was expected, and nothing of what it says.

use blendline_wire::time::Instant;
use serde_json::{Map, Value};

use crate::{Malformed, json};

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Place<'a> {
    value: &'a Value,
    /// A JSON pointer (RFC 6901); the keys in it are ours, so they need no escapes.
    pointer: String,
}

impl<'a> Place<'a> {
    /// The whole body.
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, pointer: String::new() }
    }

    /// What is wrong here. `expected` never quotes the body.
    pub(super) fn wrong(&self, expected: &str) -> Malformed {
        let place = if self.pointer.is_empty() { "the whole body" } else { &self.pointer };
        Malformed { place: place.to_owned(), detail: format!("expected {expected}") }
    }

    /// An object with no other keys than these.
    pub(super) fn object(self, keys: &[&str]) -> Result<Object<'a>, Malformed> {
        let Value::Object(fields) = self.value else { return Err(self.wrong("an object")) };
        if let Some(n) = fields.keys().position(|key| !keys.contains(&key.as_str())) {
            // The key itself could be anything, so it is told by its number.
            let detail =
                format!("no other keys than {}; in the order of the alphabet it is key {}", keys.join(", "), n + 1);
            return Err(self.wrong(&detail));
        }
        Ok(Object { fields, pointer: self.pointer })
    }

    /// A list of 1 to `max` items.
    pub(super) fn list(self, max: usize) -> Result<Vec<Self>, Malformed> {
        match self.value.as_array() {
            Some(items) if (1..=max).contains(&items.len()) => Ok(items
                .iter()
                .enumerate()
                .map(|(i, value)| Self { value, pointer: format!("{}/{i}", self.pointer) })
                .collect()),
            _ => Err(self.wrong(&format!("a list of 1 to {max} items"))),
        }
    }

    /// A text of 1 to `max` characters.
    pub(super) fn text(&self, max: usize) -> Result<String, Malformed> {
        match self.value.as_str() {
            Some(text) if !text.is_empty() && text.chars().count() <= max => Ok(text.to_owned()),
            _ => Err(self.wrong(&format!("a text of 1 to {max} characters"))),
        }
    }

    /// One of a few words, with what it stands for.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Malformed> {
        let found = self.value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(&format!("one of {}", words.join(", ")))
        })
    }

    /// A whole number of this range.
    pub(super) fn number(&self, range: std::ops::RangeInclusive<i64>) -> Result<i64, Malformed> {
        self.value
            .as_i64()
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.wrong(&format!("a whole number from {} to {}", range.start(), range.end())))
    }

    /// True or false.
    pub(super) fn flag(&self) -> Result<bool, Malformed> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// An instant.
    pub(super) fn time(&self) -> Result<Instant, Malformed> {
        let text = self.value.as_str().filter(|text| text.contains('T'));
        text.and_then(|_| json::time(self.value)).ok_or_else(|| self.wrong("a time such as 2026-11-26T08:30:00Z"))
    }

    /// An address of the web.
    pub(super) fn url(&self) -> Result<String, Malformed> {
        let text = self.value.as_str().filter(|text| text.len() <= 4096);
        let is_web = |text: &&str| {
            reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
        };
        text.filter(is_web).map(str::to_owned).ok_or_else(|| self.wrong("an absolute URL, http or https"))
    }
}

/// An object whose keys are known.
pub(super) struct Object<'a> {
    fields: &'a Map<String, Value>,
    pointer: String,
}

impl<'a> Object<'a> {
    /// What stands under `key`; null is as good as absent.
    pub(super) fn get(&self, key: &str) -> Option<Place<'a>> {
        let value = self.fields.get(key).filter(|value| !value.is_null())?;
        Some(Place { value, pointer: format!("{}/{key}", self.pointer) })
    }

    /// What must stand under `key`.
    pub(super) fn need(&self, key: &str) -> Result<Place<'a>, Malformed> {
        self.get(key).ok_or_else(|| Malformed {
            place: format!("{}/{key}", self.pointer),
            detail: "it is required and absent".to_owned(),
        })
    }

    /// The text under `key`, where there is one.
    pub(super) fn text(&self, key: &str, max: usize) -> Result<Option<String>, Malformed> {
        self.get(key).map(|place| place.text(max)).transpose()
    }

    /// Refuses keys that make no sense here.
    pub(super) fn none_of(&self, keys: &[&str], because: &str) -> Result<(), Malformed> {
        match keys.iter().find(|key| self.get(key).is_some()) {
            Some(key) => Err(Malformed { place: format!("{}/{key}", self.pointer), detail: because.to_owned() }),
            None => Ok(()),
        }
    }
}
