//! The fields of a gateway's body, whatever it calls them and however it packs them.

use blendline_wire::time::Instant;
use serde_json::{Map, Value};

use super::xml;
use crate::form::Form;
use crate::reading::{self, no_webhook};
use crate::{Malformed, json};

/// Keys under which a body holds a list of messages.
const LISTS: &[&str] = &[
    "results",
    "messages",
    "inboundSMSMessageList",
    "items",
    "records",
    "data",
    "events",
    "sms",
    "mentions",
    "alerts",
    "documents",
];
/// Keys under which a message wraps its fields; looked into after the message itself.
const WRAPPERS: &[&str] = &[
    "data",
    "payload",
    "attributes",
    "message",
    "sms",
    "event",
    "record",
    "result",
    "inboundSMSMessage",
    "body",
    "incomingMessage",
    "content",
];
/// How deep wrappers are followed.
const DEPTH_MAX: usize = 4;

/// One message or report as a flat list of fields, keys without case and signs.
pub(crate) struct Fields {
    all: Vec<(String, Value)>,
    /// What the fields were read from.
    pub(crate) whole: Value,
}

/// What a body holds.
pub(crate) struct Body {
    /// Its messages and reports.
    pub(crate) all: Vec<Fields>,
    /// True when it wraps or lists them in a known way: then what cannot be read in it is one event and not the whole.
    pub(crate) wrapped: bool,
}

/// Reads every message in a body: JSON, XML, or a form, of which a field may hold XML in turn.
pub(crate) fn read(body: &[u8]) -> Result<Body, Malformed> {
    let start = body.trim_ascii_start();
    match start.first() {
        Some(b'{' | b'[') => of_json(&json::parse(body)?),
        Some(b'<') => Ok(Body::bare(of_pairs(xml::fields(&String::from_utf8_lossy(body))))),
        Some(_) => Ok(Body::bare(of_form(&Form::read(body)))),
        None => Err(no_webhook("the whole body", "a form, JSON or XML")),
    }
}

fn of_form(form: &Form) -> Fields {
    let mut pairs: Vec<(String, String)> = Vec::new();
    // Of a repeated name the last value counts; `all` is searched from the front.
    for (name, value) in form.pairs().iter().rev() {
        if value.trim_start().starts_with('<') {
            pairs.extend(xml::fields(value));
        } else {
            pairs.push((name.clone(), value.clone()));
        }
    }
    of_pairs(pairs)
}

fn of_pairs(pairs: Vec<(String, String)>) -> Fields {
    let mut whole = Map::new();
    for (name, value) in pairs.iter().rev() {
        whole.insert(name.clone(), Value::from(value.as_str()));
    }
    let all = pairs.into_iter().map(|(name, value)| (plain(&name), Value::from(value))).collect();
    Fields { all, whole: Value::Object(whole) }
}

fn of_json(root: &Value) -> Result<Body, Malformed> {
    let list = root.as_array().or_else(|| LISTS.iter().find_map(|key| root[*key].as_array()));
    reading::bounded(list.map_or(1, Vec::len))?;
    Ok(match list {
        Some(items) => Body { all: items.iter().map(of_item).collect(), wrapped: true },
        None => Body { all: vec![of_item(root)], wrapped: WRAPPERS.iter().any(|key| root[*key].is_object()) },
    })
}

fn of_item(item: &Value) -> Fields {
    let mut all = Vec::new();
    collect(item, DEPTH_MAX, &mut all);
    Fields { all, whole: item.clone() }
}

fn collect(item: &Value, depth: usize, all: &mut Vec<(String, Value)>) {
    let Value::Object(fields) = item else { return };
    all.extend(fields.iter().map(|(key, value)| (plain(key), value.clone())));
    if depth > 0 {
        WRAPPERS.iter().for_each(|key| collect(&item[*key], depth - 1, all));
    }
}

/// A key without case and signs: `message-id`, `MessageId` and `message_id` are one.
fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).take(64).collect::<String>().to_ascii_lowercase()
}

impl Body {
    fn bare(fields: Fields) -> Self {
        Self { all: vec![fields], wrapped: false }
    }
}

impl Fields {
    /// The value of the first of `keys` that holds a text or a number.
    pub(crate) fn text(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.values(key).find_map(json::text))
    }

    /// Every value under `key`.
    pub(crate) fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Value> {
        self.all.iter().filter(move |(name, _)| name == key).map(|(_, value)| value)
    }

    /// A number or an address under the first of `keys`, also where it lies in an object or is the first of a list.
    pub(crate) fn address(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.values(key).find_map(address))
    }

    /// An instant under the first of `keys` that holds one.
    pub(crate) fn time(&self, keys: &[&str]) -> Option<Instant> {
        keys.iter().find_map(|key| self.values(key).find_map(json::time))
    }
}

fn address(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => items.first().and_then(address),
        Value::Object(_) => ["number", "phone_number", "phoneNumber", "msisdn", "address", "endpoint", "id"]
            .iter()
            .find_map(|key| json::text(&value[*key])),
        other => json::text(other).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
    }
}
