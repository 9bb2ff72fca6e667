//! Customers and orders as other systems have them: put one by one, or many at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_cases::systems::{FIELDS_MAX, TEXT_CHARS_MAX};
use blendline_wire::Pii;
use blendline_wire::event::case::CaseValue;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::body::read_body;
use super::json::{self, Strict};
use super::page::{Params, parsed};
use super::problem::{Failure, of_call};
use crate::config::did_you_mean;
use crate::driver::synced::{record_key, version_of};
use crate::handle::{Call, Records, SyncCall, SyncRow};

/// How many records one import holds: they are one commit.
const ROWS_MAX: usize = 1_000;
/// How many broken lines are told of.
const FAULTS_MAX: usize = 100;

/// A record of another system.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemRecord {
    /// Its version in the system, which only grows: what is older than what is known changes nothing.
    version: u64,
    /// A customer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    name: Option<Pii<String>>,
    /// The segment that a customer belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segment: Option<String>,
    /// The worker who is a customer's agent of record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// The customer of an order, as the system calls him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// Where an order stands, in the system's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// What an order comes to: `{"minor": 12990, "currency": "ILS"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    total: Option<CaseValue>,
    /// What else is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    fields: BTreeMap<String, CaseValue>,
}

impl SystemRecord {
    /// What is wrong with it: where, and what to do.
    fn wrong(&self, records: Records, knows: impl Fn(&str) -> bool) -> Option<(&'static str, String)> {
        let of_customers =
            [("/name", self.name.is_some()), ("/segment", self.segment.is_some()), ("/agent", self.agent.is_some())];
        let of_orders = [
            ("/customer", self.customer.is_some()),
            ("/state", self.state.is_some()),
            ("/total", self.total.is_some()),
        ];
        let foreign = match records {
            Records::Customers => of_orders,
            Records::Orders => of_customers,
        };
        if let Some((place, _)) = foreign.into_iter().find(|(_, is_there)| *is_there) {
            return Some((place, format!("{} have no such field", records.as_str())));
        }
        let name = self.name.as_ref().map(Pii::expose);
        let texts = [
            ("/name", name),
            ("/segment", self.segment.as_ref()),
            ("/customer", self.customer.as_ref()),
            ("/state", self.state.as_ref()),
        ];
        if let Some((place, _)) = texts.into_iter().find(|(_, text)| text.is_some_and(|text| !one_line(text))) {
            return Some((place, format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
        }
        if self.agent.as_ref().is_some_and(|agent| !knows(agent)) {
            return Some(("/agent", "no worker is called so".to_owned()));
        }
        if self.total.as_ref().is_some_and(|total| !matches!(total, CaseValue::Money { .. })) {
            return Some((
                "/total",
                "give whole minor units and the currency: {\"minor\": 12990, \"currency\": \"ILS\"}".into(),
            ));
        }
        (self.fields.len() > FIELDS_MAX).then(|| ("/fields", format!("give at most {FIELDS_MAX}")))
    }

    fn row(self, reference: String) -> SyncRow {
        let version = self.version;
        // Writing this type to memory cannot fail: its maps have texts as keys.
        SyncRow { reference, version, body: Pii::new(serde_json::to_value(self).unwrap_or_default()) }
    }
}

/// True for a name of something: a line with something in it, and not too long.
pub(super) fn one_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX && !text.contains(char::is_control)
}

fn records(name: &str) -> Result<Records, Failure> {
    let unknown = || {
        Failure::not_found(
            "record",
            format!("systems have: {}", did_you_mean(name, ["customers", "orders"].into_iter())),
        )
    };
    Records::named(name).ok_or_else(unknown)
}

/// A record as it is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptRecord)]
pub struct RecordInfo {
    /// The system.
    system: String,
    /// What the system calls it.
    reference: String,
    /// The version that is kept: the newest that was told.
    version: u64,
    /// What it says.
    #[schema(value_type = SystemRecord)]
    record: Pii<serde_json::Value>,
}

async fn kept(
    app: &Shared,
    caller: &Caller,
    system: &str,
    of: Records,
    reference: &str,
) -> Result<RecordInfo, Failure> {
    let key = record_key(caller.tenant, system, of, reference);
    let entry = app.archive().entries(&[key]).await?.pop();
    let entry = entry.ok_or_else(|| Failure::not_found("record", "the system has told no such record"))?;
    let (version, record) = (version_of(&entry).unwrap_or_default(), entry.body.expose()["record"].clone());
    Ok(RecordInfo { system: system.to_owned(), reference: reference.to_owned(), version, record: Pii::new(record) })
}

/// A record of another system, as it is kept.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((system, of, reference)): Path<(String, String, String)>,
) -> Result<Json<RecordInfo>, Failure> {
    Ok(Json(kept(&app, &caller, &system, records(&of)?, &reference).await?))
}

/// Keeps a record, unless a newer version of it is known; answers with what is kept.
pub async fn put(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((system, of, reference)): Path<(String, String, String)>,
    Strict(record): Strict<SystemRecord>,
) -> Result<Json<RecordInfo>, Failure> {
    let of = records(&of)?;
    if !one_line(&reference) || !one_line(&system) {
        return Err(Failure::bad("path", format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
    }
    let directory = app.directory();
    if let Some((place, cure)) = record.wrong(of, |name| directory.worker(caller.tenant, name).is_some()) {
        return Err(Failure::bad(place, cure));
    }
    sync(&app, &caller, &system, of, vec![record.row(reference.clone())]).await?;
    Ok(Json(kept(&app, &caller, &system, of, &reference).await?))
}

async fn sync(app: &Shared, caller: &Caller, system: &str, of: Records, rows: Vec<SyncRow>) -> Result<(), Failure> {
    let asked = SyncCall { tenant: caller.tenant, system: system.to_owned(), records: of, rows };
    let answer = app.door(caller.tenant).call(caller.actor(), Call::Sync(Box::new(asked))).await;
    answer.map(drop).map_err(|error| of_call(error, caller.tenant, &app.directory()))
}

/// How a file is imported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportWanted {
    /// True: it is only looked at.
    #[serde(default, deserialize_with = "flag")]
    dry_run: bool,
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parsed(deserializer, "true or false")
}

/// A line of an import.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    reference: String,
    #[serde(flatten)]
    record: serde_json::Map<String, serde_json::Value>,
}

/// What came of an import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportReport)]
pub struct ImportReport {
    /// How many lines have a record.
    lines: usize,
    /// How many records were taken: all of them, or none where a line is broken or nothing was to be done.
    taken: usize,
    /// What is wrong, line by line; at most 100.
    faults: Vec<LineFault>,
}

/// What is wrong with a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportFault)]
pub struct LineFault {
    /// The line, from 1.
    line: usize,
    /// The field, where it is one.
    field: String,
    /// What to do.
    cure: String,
}

/// Imports records, one of JSON a line: all of them in one commit, or none where a line is broken.
pub async fn import(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((system, of)): Path<(String, String)>,
    Params(wanted): Params<ImportWanted>,
    request: Request,
) -> Result<(StatusCode, Json<ImportReport>), Failure> {
    let of = records(&of)?;
    if !one_line(&system) {
        return Err(Failure::bad("path", format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
    }
    let body = read_body(request, app.limits().body_bytes_max, app.limits().body_timeout).await?;
    let text = std::str::from_utf8(&body).map_err(|_| Failure::bad("/", "send the file as UTF-8"))?;
    let directory = app.directory();
    let (rows, faults) = read(text, of, |name| directory.worker(caller.tenant, name).is_some());
    let lines = rows.len() + faults.len();
    if lines == 0 || lines > ROWS_MAX {
        return Err(Failure::bad("/", format!("give 1 to {ROWS_MAX} records, each in a line")));
    }
    if !faults.is_empty() {
        let faults = faults.into_iter().take(FAULTS_MAX).collect();
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(ImportReport { lines, taken: 0, faults })));
    }
    let taken = if wanted.dry_run { 0 } else { rows.len() };
    if !wanted.dry_run {
        sync(&app, &caller, &system, of, rows).await?;
    }
    Ok((StatusCode::OK, Json(ImportReport { lines, taken, faults })))
}

/// The records of a file, and what is wrong with its lines.
fn read(text: &str, of: Records, knows: impl Fn(&str) -> bool) -> (Vec<SyncRow>, Vec<LineFault>) {
    let (mut rows, mut faults, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let fault = |field: String, cure: String| LineFault { line, field, cure };
        let read = json::parse::<Line>(text.as_bytes()).and_then(|Line { reference, record }| {
            let record = serde_json::Value::Object(record).to_string();
            Ok((reference, json::parse::<SystemRecord>(record.as_bytes())?))
        });
        match read {
            Err(failure) => {
                let problem = *failure.problem;
                faults.push(fault(problem.field.unwrap_or_default(), problem.detail));
            }
            Ok((reference, _)) if !one_line(&reference) => {
                faults
                    .push(fault("/reference".to_owned(), format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
            }
            Ok((reference, _)) if seen.contains(&reference) => {
                faults.push(fault("/reference".to_owned(), "it stands in a line before: take one out".to_owned()));
            }
            Ok((reference, record)) => match record.wrong(of, &knows) {
                Some((field, cure)) => faults.push(fault(field.to_owned(), cure)),
                None => {
                    seen.insert(reference.clone());
                    rows.push(record.row(reference));
                }
            },
        }
    }
    (rows, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broken_line_is_told_with_its_place() {
        let text = "{\"reference\": \"1\", \"version\": 1, \"segment\": \"gold\", \"agent\": \"noa\"}\n\n\
            {\"reference\": \"2\"}\n{\"reference\": \"3\", \"version\": 1, \"total\": 5}\nnonsense\n\
            {\"reference\": \"1\", \"version\": 2}\n{\"reference\": \"4\", \"version\": 1, \"agent\": \"nobody\"}\n\
            {\"reference\": \"5\", \"version\": 1, \"segmnt\": \"x\"}";
        let (rows, faults) = read(text, Records::Customers, |name| name == "noa");
        assert_eq!(rows.len(), 1);
        let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.field.as_str())).collect();
        assert_eq!(told[1..4], [(4, "/total"), (5, "/"), (6, "/reference")], "{faults:?}");
        assert_eq!((told.len(), told[0].0, told[4], told[5].0), (6, 3, (7, "/agent"), 8), "{faults:?}");
    }
}
