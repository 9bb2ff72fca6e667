//! How an account stands with its platform beyond being known there: permissions, subscriptions, states.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::Value;

use crate::json;

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_MAX: usize = 256 * 1024;

/// How one thing stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stands {
    /// As it must be: what it is.
    Well(String),
    /// To be mended: what is wrong, and the cure.
    Badly(String),
    /// Nobody can know from here: why.
    Unknown(String),
}

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// What it is: `permission`, `number`, `webhook`, `subscription`.
    pub what: &'static str,
    /// How it stands.
    pub stands: Stands,
}

impl Standing {
    pub(crate) fn well(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, stands: Stands::Well(says.into()) }
    }

    pub(crate) fn badly(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, stands: Stands::Badly(says.into()) }
    }

    pub(crate) fn unknown(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, stands: Stands::Unknown(says.into()) }
    }
}

/// The platform's answer to a question that changes nothing; none where it gives none that can be read.
pub(crate) async fn ask(call: RequestBuilder) -> Option<Value> {
    let mut answer = call.timeout(TIMEOUT).send().await.ok()?.error_for_status().ok()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        bytes.extend_from_slice(&chunk);
        if ANSWER_MAX < bytes.len() {
            return None;
        }
    }
    json::parse(&bytes).ok()
}
