//! Strict JSON: duplicate keys and unknown fields are refused with the place, so a typing error never acts.

use std::collections::HashSet;
use std::fmt;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::{Map, Number, Value};

use super::Shared;
use super::body::read_body;
use super::problem::Failure;

/// How deep a body may be nested.
const DEPTH_MAX: usize = 32;

/// A body that was understood whole.
pub struct Strict<T>(pub T);

impl<T: DeserializeOwned + Serialize> FromRequest<Shared> for Strict<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            let detail = "send the body as JSON with the header Content-Type: application/json";
            let title = "The media type is not taken";
            return Err(
                Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", title, detail).at("Content-Type")
            );
        }
        let limits = app.limits();
        let body = read_body(request, limits.body_bytes_max, limits.body_timeout).await?;
        parse(&body).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Reads `bytes` as a `T`, whole.
pub fn parse<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, Failure> {
    let mut path = String::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let given = Node { path: &mut path, depth: 0 }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| Failure::bad(if path.is_empty() { "/" } else { &path }, error.to_string()))?;
    let read: T = serde_path_to_error::deserialize(&given)
        .map_err(|error| Failure::bad(pointer(error.path()), error.inner().to_string()))?;
    // Fields that a tagged type passes over in silence are found by what they are missing from.
    let understood = serde_json::to_value(&read).unwrap_or(Value::Null);
    match passed_over(&given, &understood, &mut String::new()) {
        Some(place) => Err(Failure::bad(place, "unknown field: remove it or correct its name")),
        None => Ok(read),
    }
}

/// The first place of `given` that says something and that `understood` lacks.
fn passed_over(given: &Value, understood: &Value, path: &mut String) -> Option<String> {
    let length = path.len();
    match (given, understood) {
        (Value::Object(given), Value::Object(understood)) => {
            for (key, value) in given {
                push(path, key);
                let found = match understood.get(key) {
                    Some(other) => passed_over(value, other, path),
                    None => says_something(value).then(|| path.clone()),
                };
                if found.is_some() {
                    return found;
                }
                path.truncate(length);
            }
            None
        }
        (Value::Array(given), Value::Array(understood)) => {
            for (index, (value, other)) in given.iter().zip(understood).enumerate() {
                push(path, &index.to_string());
                let found = passed_over(value, other, path);
                if found.is_some() {
                    return found;
                }
                path.truncate(length);
            }
            None
        }
        _ => None,
    }
}

/// Absent, null and empty mean the same, so they need not be written back.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut text, &index.to_string()),
            Segment::Map { key } => push(&mut text, key),
            Segment::Enum { variant } => push(&mut text, variant),
            Segment::Unknown => {}
        }
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

/// One more step of a JSON pointer (RFC 6901).
fn push(path: &mut String, key: &str) {
    path.push('/');
    path.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

/// Reads a value and remembers where it is, so that an error can name the place.
struct Node<'a> {
    path: &'a mut String,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = deeper(self.depth)?;
        let length = self.path.len();
        let mut list = Vec::new();
        loop {
            push(self.path, &list.len().to_string());
            let Some(item) = items.next_element_seed(Node { path: self.path, depth })? else { break };
            list.push(item);
            self.path.truncate(length);
        }
        self.path.truncate(length);
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let depth = deeper(self.depth)?;
        let length = self.path.len();
        let mut seen = HashSet::new();
        let mut map = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            push(self.path, &key);
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom("duplicate key: give it once"));
            }
            let value = fields.next_value_seed(Node { path: self.path, depth })?;
            map.insert(key, value);
            self.path.truncate(length);
        }
        Ok(Value::Object(map))
    }
}

fn deeper<E: serde::de::Error>(depth: usize) -> Result<usize, E> {
    if depth < DEPTH_MAX { Ok(depth + 1) } else { Err(E::custom("nested more than 32 deep")) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use blendline_wire::worker::Reply;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        lease: u32,
        #[serde(default)]
        replies: Vec<Reply>,
        #[serde(default)]
        fields: BTreeMap<String, String>,
    }

    #[test]
    fn each_mistake_names_its_place() {
        let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        for (body, place, says) in [
            (r#"{"lease":1,"lease":2}"#, "/lease", "duplicate key"),
            (r#"{"lease":1,"fields":{"a/b":"1","a/b":"2"}}"#, "/fields/a~1b", "duplicate key"),
            (r#"{"lease":"x"}"#, "/lease", "invalid type"),
            (r#"{"lease":1,"leas":2}"#, "/leas", "unknown field"),
            (
                r#"{"lease":1,"replies":[{"key":"k","content":{"type":"text","text":"a","txet":"b"}}]}"#,
                "/replies/0/content/txet",
                "unknown field",
            ),
            (r#"{"lease":1,"replies":[{"key":"k","content":{"type":"text"}}]}"#, "/replies/0/content", "missing field"),
            (r#"{"lease":1} x"#, "/", "trailing"),
            (r#"{"lease":1e999}"#, "/lease", "out of range"),
            (&deep, &"/0".repeat(32), "nested"),
            ("", "/", "EOF"),
        ] {
            let problem = parse::<Body>(body.as_bytes()).map(|_| ()).unwrap_err().problem;
            assert_eq!(problem.field.as_deref(), Some(place), "{body}: {problem}");
            assert!(problem.detail.contains(says), "{body}: {problem}");
        }
        assert!(parse::<Body>(b"{\"lease\":1,\"replies\":[]}").is_ok());
        assert!(parse::<Body>(b"\xff").is_err());
    }
}
