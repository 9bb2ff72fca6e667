//! What a rule set may say, for editors: keys, fields, functions, and the names that are there.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_rules::fields::{Domain, Field, Type};
use blendline_rules::help;
use blendline_wire::TenantId;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::problem::Failure;
use crate::rules::world;

/// What a rule set may say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleSchema)]
pub struct SchemaInfo {
    /// The sections, and the parts of them, with their keys.
    sections: Vec<SectionInfo>,
    /// What conditions may ask.
    fields: Vec<FieldInfo>,
    /// Functions of conditions.
    functions: Vec<FunctionInfo>,
    /// What is there by name.
    names: NamesInfo,
}

/// A section of a rule set, or a part of one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleSection)]
pub struct SectionInfo {
    /// `set` for the file itself; `queue`, `rule`, … for one of them.
    name: &'static str,
    /// Its keys.
    keys: Vec<KeyInfo>,
}

/// A key of a section.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleKey)]
pub struct KeyInfo {
    /// The key.
    name: &'static str,
    /// What it says, in a sentence.
    doc: &'static str,
}

/// A field that conditions may ask.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleField)]
pub struct FieldInfo {
    /// As `msg.text`.
    name: String,
    /// What it holds: `a text`, `a number`, `true or false`, `a list of texts`.
    #[serde(rename = "type")]
    holds: &'static str,
    /// What it means, in a sentence.
    doc: &'static str,
    /// The words that it may be, where these are known; else empty.
    words: Vec<String>,
}

/// A function of conditions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleFunction)]
pub struct FunctionInfo {
    /// Its name.
    name: &'static str,
    /// How it is called.
    example: &'static str,
    /// What it says, in a sentence.
    doc: &'static str,
}

/// What is there by name, in the live rules and in the configuration.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = RuleNames)]
pub struct NamesInfo {
    /// Channels of this program.
    channels: Vec<String>,
    /// Accounts of the tenant.
    accounts: Vec<String>,
    /// Languages that are told apart.
    languages: Vec<String>,
    /// Queues.
    queues: Vec<String>,
    /// Skills.
    skills: Vec<String>,
    /// Workers.
    workers: Vec<String>,
    /// Groups of the live rules.
    groups: Vec<String>,
    /// Calendars of the live rules.
    calendars: Vec<String>,
    /// Keyword lists of the live rules.
    keywords: Vec<String>,
}

/// What a rule set may say: for completion and help in editors.
pub async fn schema(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<SchemaInfo>, Failure> {
    let world = world(None);
    let key = |(name, doc): &(&'static str, &'static str)| KeyInfo { name, doc };
    let sections = help::SECTIONS.iter().map(|(name, keys)| SectionInfo { name, keys: keys.iter().map(key).collect() });
    let field = |field: &Field| {
        let (group, name) = field.name();
        let words = match field.holds() {
            Type::Word(domain) => domain.words(&world).into_iter().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        FieldInfo { name: format!("{group}.{name}"), holds: field.holds().name(), doc: field.meaning(), words }
    };
    let function =
        |(name, example, doc): &(&'static str, &'static str, &'static str)| FunctionInfo { name, example, doc };
    let live = super::rules::live(&app, &caller).await?;
    let live = live.and_then(|row| blendline_rules::check("live", &row.text, &world).set);
    Ok(Json(SchemaInfo {
        sections: sections.collect(),
        fields: Field::ALL.iter().map(field).collect(),
        functions: help::FUNCTIONS.iter().map(function).collect(),
        names: NamesInfo {
            channels: Domain::Channel.words(&world).into_iter().map(str::to_owned).collect(),
            languages: blendline_rules::normal::LANGUAGES.iter().map(|word| (*word).to_owned()).collect(),
            groups: live.iter().flat_map(|set| &set.groups).map(|group| group.name.value.clone()).collect(),
            calendars: live.iter().flat_map(|set| set.calendars.keys()).cloned().collect(),
            keywords: live.iter().flat_map(|set| &set.keywords).map(|(name, _)| name.value.clone()).collect(),
            ..configured(&app, caller.tenant)
        },
    }))
}

/// What the directory has: what the configuration names, and the live rules with it.
fn configured(app: &Shared, tenant: TenantId) -> NamesInfo {
    let directory = app.directory();
    let mut names = NamesInfo {
        accounts: directory
            .accounts
            .values()
            .filter(|entry| entry.tenant == tenant)
            .map(|entry| entry.account.name.clone())
            .collect(),
        queues: of(tenant, directory.queues.values()),
        skills: of(tenant, directory.skills.values()),
        workers: of(tenant, directory.workers.values()),
        ..NamesInfo::default()
    };
    names.accounts.sort_unstable();
    names.accounts.dedup();
    names
}

fn of<'a>(tenant: TenantId, all: impl Iterator<Item = &'a (TenantId, String)>) -> Vec<String> {
    let mut names: Vec<String> = all.filter(|(owner, _)| *owner == tenant).map(|(_, name)| name.clone()).collect();
    names.sort_unstable();
    names
}
