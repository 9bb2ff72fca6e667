//! The types of cases as pages show them: their words, fields, stages and procedures.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_cases::types::{CaseType, Field, FieldKind, Stage, Words};
use blendline_wire::event::case::CaseOutcome;
use blendline_wire::money::minor_digits;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::page::Page;
use super::problem::Failure;

/// A type of cases.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseType)]
pub struct TypeInfo {
    /// Its name.
    name: String,
    /// What people call it, by language.
    words: BTreeMap<String, String>,
    /// What is recorded of such a case.
    fields: Vec<FieldInfo>,
    /// Where such a case can stand.
    stages: Vec<StageTypeInfo>,
}

/// A field of a type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseField)]
pub struct FieldInfo {
    /// Its name.
    name: String,
    /// What people call it, by language.
    words: BTreeMap<String, String>,
    /// `text`, `number`, `money`, `date`, `choice` or `reference`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Of money: its currency, as `ILS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// Of money: how many digits the currency has behind the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    digits: Option<u32>,
    /// Of a choice: what there is to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    of: Vec<ChoiceInfo>,
}

/// One of a choice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseChoice)]
pub struct ChoiceInfo {
    /// The word that is recorded.
    name: String,
    /// What people call it, by language; empty where it is called as it is.
    words: BTreeMap<String, String>,
}

/// A stage of a type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseTypeStage)]
pub struct StageTypeInfo {
    /// Its name.
    name: String,
    /// What the customer is shown while a case stands there, by language.
    words: BTreeMap<String, String>,
    /// How a case ends there, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<CaseOutcome>,
    /// The queue that does its work.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// The unit that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// What whoever does its work goes by, by language: plain text.
    procedure: BTreeMap<String, String>,
    /// What the customer may press below what he is told there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buttons: Vec<ButtonInfo>,
}

/// A button.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseButton)]
pub struct ButtonInfo {
    /// `confirm`, `deny`, or the stage that it leads to.
    name: String,
    /// What it says, by language.
    words: BTreeMap<String, String>,
}

impl TypeInfo {
    fn of(kind: &CaseType) -> Self {
        Self {
            name: kind.name.clone(),
            words: words(&kind.words),
            fields: kind.fields.iter().map(|(name, field)| FieldInfo::of(name, field)).collect(),
            stages: kind.stages.iter().map(StageTypeInfo::of).collect(),
        }
    }
}

impl FieldInfo {
    fn of(name: &str, field: &Field) -> Self {
        let plain = |kind| Self {
            name: name.to_owned(),
            words: words(&field.words),
            kind,
            currency: None,
            digits: None,
            of: Vec::new(),
        };
        match &field.kind {
            FieldKind::Text => plain("text"),
            FieldKind::Number => plain("number"),
            FieldKind::Date => plain("date"),
            FieldKind::Reference => plain("reference"),
            FieldKind::Money { currency, .. } => {
                Self { currency: Some(currency.clone()), digits: Some(minor_digits(currency)), ..plain("money") }
            }
            FieldKind::Choice { of, called } => {
                let one = |name: &String| ChoiceInfo {
                    name: name.clone(),
                    words: called.get(name).map(words).unwrap_or_default(),
                };
                Self { of: of.iter().map(one).collect(), ..plain("choice") }
            }
        }
    }
}

impl StageTypeInfo {
    fn of(stage: &Stage) -> Self {
        let buttons = stage.tell.iter().flat_map(|tell| &tell.buttons);
        Self {
            name: stage.name.clone(),
            words: words(&stage.words),
            closes: stage.closes,
            queue: stage.queue.clone(),
            unit: stage.unit.clone(),
            procedure: words(&stage.procedure),
            buttons: buttons
                .map(|(press, says)| ButtonInfo { name: press.name().to_owned(), words: words(says) })
                .collect(),
        }
    }
}

fn words(words: &Words) -> BTreeMap<String, String> {
    words.0.iter().map(|(language, text)| (language.clone(), text.trim_end().to_owned())).collect()
}

/// The types of the live rules.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<TypeInfo>>, Failure> {
    let directory = app.directory();
    let types = directory.rules.get(&caller.tenant).map(|routing| &routing.cases);
    Ok(Json(Page { items: types.into_iter().flat_map(|types| types.all()).map(TypeInfo::of).collect(), next: None }))
}
