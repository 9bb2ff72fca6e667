//! Lists come in pages, and their query is read as strictly as a body.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::problem::Failure;

/// The most things one answer holds.
pub const LIMIT_MAX: usize = 200;
const LIMIT_DEFAULT: usize = 50;

/// The query of a URL, read whole.
pub struct Params<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(read)| Self(read))
            .map_err(|error| Failure::bad("query", error.body_text()))
    }
}

/// How many things an answer is to hold: 1 to [`LIMIT_MAX`].
#[derive(Clone, Copy, Debug)]
pub struct Limit(pub usize);

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(LIMIT_MAX)).into()
    }
}

impl ToSchema for Limit {}

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = parsed::<D, usize>(deserializer, "a number from 1 to 200")?;
        if (1..=LIMIT_MAX).contains(&number) {
            return Ok(Self(number));
        }
        Err(serde::de::Error::custom("limit is from 1 to 200"))
    }
}

/// An id in a query, which is text there whatever it holds.
pub fn parsed<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D, expected: &str) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("expected {expected}")))
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// What to give as `after` for the next page; `null` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of what was found when `limit` were asked for; `id` is what the next page comes after.
    pub fn of<R>(found: Vec<R>, limit: Limit, id: impl Fn(&R) -> String, view: impl Fn(R) -> T) -> Self {
        let next = found.last().filter(|_| found.len() == limit.0).map(id);
        Self { items: found.into_iter().map(view).collect(), next }
    }
}

/// The id in a path; what is no id names nothing.
pub fn id<T: FromStr>(what: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::not_found(what, format!("no {what} has this id")))
}
