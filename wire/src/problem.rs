//! Errors as other systems read them: RFC 9457 problem documents that name the place and the cure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A problem document (RFC 9457), media type `application/problem+json`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI reference that names the kind of problem, here always `/problems/{code}`.
    pub r#type: String,
    /// One short sentence, the same for every problem of this kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, and what to do about it.
    pub detail: String,
    /// A stable word for programs: `fenced`, `unknown_task`, `window_closed`, …
    pub code: String,
    /// The place in what was sent (a JSON pointer or a header's name), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A stable word for why, where the code alone does not say: pages have a sentence for it in their reader's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What fills the places of such a sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl Problem {
    /// A problem of the kind `code`, titled `title`.
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            r#type: format!("/problems/{code}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            ..Self::default()
        }
    }

    /// The same, naming the place.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, with the word for why and what fills the places of its sentence.
    #[must_use]
    pub fn why(mut self, reason: &str, values: &[(&str, String)]) -> Self {
        self.reason = Some(reason.to_owned());
        self.values = values.iter().map(|(place, value)| ((*place).to_owned(), value.clone())).collect();
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}
