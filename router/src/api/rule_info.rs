//! What is asked and answered about rule sets.

use blendline_wire::Pii;
use blendline_wire::time::Instant;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{Limit, parsed};
use crate::ports::rules::{RuleDraft, RuleSetRow, Stage};
use crate::rules::publish;

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The number of a version; left out, the live one.
    #[serde(default, deserialize_with = "number")]
    pub(super) version: Option<u32>,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    parsed(deserializer, "the number of a version").map(Some)
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Versions before this one.
    #[serde(default, deserialize_with = "number")]
    pub(super) after: Option<u32>,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    pub(super) limit: Limit,
}

/// What a tenant has of rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rules)]
pub struct RulesInfo {
    /// The version that was asked for; null where nothing is live.
    #[schema(required)]
    pub(super) set: Option<SetInfo>,
    /// The draft; null where there is none.
    #[schema(required)]
    pub(super) draft: Option<DraftInfo>,
}

/// A version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleSet)]
pub struct SetInfo {
    #[serde(flatten)]
    pub(super) about: VersionInfo,
    /// The text.
    pub(super) text: String,
}

/// A version without its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleSetVersion)]
pub struct VersionInfo {
    /// Its number: what decisions bear.
    pub(super) version: u32,
    /// Who wrote it.
    pub(super) author: String,
    /// Who made it live.
    pub(super) publisher: String,
    /// Why.
    pub(super) reason: String,
    /// Since when it is or was live.
    pub(super) at: Instant,
    /// For whom it decides, or decided, on trial; left out where it is for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<Stage>,
}

impl VersionInfo {
    pub(super) fn of(row: &RuleSetRow) -> Self {
        let RuleSetRow { version, author, publisher, reason, at, stage, .. } = row.clone();
        Self { version, author, publisher, reason, at: Instant(at), stage }
    }
}

/// A draft.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleDraft)]
pub struct DraftInfo {
    /// Who wrote it.
    pub(super) author: String,
    /// When.
    pub(super) at: Instant,
    /// The text.
    pub(super) text: String,
    /// What `publish` names it by.
    pub(super) sha256: String,
}

impl DraftInfo {
    pub(super) fn of(draft: RuleDraft) -> Self {
        let sha256 = publish::sha256(&draft.text);
        Self { author: draft.author, at: Instant(draft.at), text: draft.text, sha256 }
    }
}

/// A text that is or may become a rule set.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleText)]
pub struct Text {
    /// The text, as a file would hold it.
    pub(super) text: String,
}

/// What is wrong with a text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleCheck)]
pub struct CheckInfo {
    /// What `publish` names this text by.
    pub(super) sha256: String,
    /// True when it may be published.
    pub(super) good: bool,
    /// Errors and warnings, in the order of the text.
    pub(super) faults: Vec<FaultInfo>,
    /// The lines in which it differs from the live version: `+` and `-`, and a few around them.
    pub(super) diff: String,
}

/// One fault.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleFault)]
pub struct FaultInfo {
    /// `error` or `warning`.
    pub(super) severity: &'static str,
    /// A stable word.
    pub(super) code: &'static str,
    /// The line, from 1.
    pub(super) line: usize,
    /// The column, in characters from 1.
    pub(super) column: usize,
    /// The column after the last character that is meant.
    pub(super) column_end: usize,
    /// What is wrong.
    pub(super) message: String,
    /// What to do about it; may be empty.
    pub(super) hint: String,
    /// What is wrong, by its code, in Hebrew.
    pub(super) message_he: String,
    /// What to do about it, in Hebrew.
    pub(super) hint_he: &'static str,
}

/// A publication.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RulePublication)]
pub struct Publication {
    /// The draft that was looked at: no other is published.
    pub(super) sha256: String,
    /// Why.
    pub(super) reason: String,
}

/// A way back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleRollback)]
pub struct Rollback {
    /// The version whose text is to be live again.
    pub(super) version: u32,
    /// Why.
    pub(super) reason: String,
}

/// A message to be explained.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleMessage)]
pub struct Message {
    /// The channel that it came by.
    pub(super) channel: String,
    /// The account that it came by.
    pub(super) account: String,
    /// What it says.
    pub(super) text: Pii<String>,
    /// A text to explain it by; left out, the live rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<String>,
}
