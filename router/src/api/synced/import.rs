//! Customers and orders of a file: all of it in one commit, or nothing where a line is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::{Extension, Json};
use blendline_cases::systems::TEXT_CHARS_MAX;
use blendline_rules::fields::Type;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::columns::Columns;
use super::{SystemRecord, csv, one_line, own_types, records, sync};
use crate::api::auth::Caller;
use crate::api::body::read_body;
use crate::api::page::{Params, parsed};
use crate::api::problem::Failure;
use crate::api::{Shared, json};
use crate::handle::{Records, SyncRow};

/// How many records one import holds: they are one commit.
const ROWS_MAX: usize = 1_000;
/// How many broken lines are told of.
const FAULTS_MAX: usize = 100;

/// How a file is imported.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportWanted {
    /// True: it is only looked at.
    #[serde(default, deserialize_with = "flag")]
    dry_run: bool,
    /// Of a CSV file, what its headings mean where they are no fields: `Kundennummer=reference,Notiz=-`; `-` passes a column over.
    #[serde(default)]
    columns: String,
    /// Of a CSV file, the version of lines that say none, such as the day as a number: 20261127.
    #[serde(default, deserialize_with = "version")]
    #[param(value_type = Option<u64>)]
    version: Option<u64>,
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parsed(deserializer, "true or false")
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    parsed(deserializer, "a whole number from 0").map(Some)
}

/// A line of an import.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    reference: String,
    #[serde(flatten)]
    record: Map<String, Value>,
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

/// Imports records, one of JSON a line or a CSV file with a header: all of them in one commit, or none where a line is broken.
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
    let is_csv = is_csv(request.headers());
    let body = read_body(request, app.limits().body_bytes_max, app.limits().body_timeout).await?;
    let cure = "send the file as UTF-8: spreadsheets call it `CSV UTF-8`";
    let text = std::str::from_utf8(&body).map_err(|_| Failure::bad("/", cure))?;
    let directory = app.directory();
    let types = own_types(&directory, caller.tenant, of);
    let checks = Checks { of, types: &types, is_worker: &|name| directory.worker(caller.tenant, name).is_some() };
    let lines = if is_csv { of_csv(text, &wanted, of, &types) } else { of_json(text) };
    let (rows, faults) = checks.read(lines);
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

fn is_csv(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/csv")
}

fn fault(line: usize, field: impl Into<String>, cure: impl Into<String>) -> LineFault {
    LineFault { line, field: field.into(), cure: cure.into() }
}

/// The records of a file with one of JSON a line, as they are written; what is no JSON is a fault.
fn of_json(text: &str) -> Vec<(usize, Result<Line, LineFault>)> {
    let lines = (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty());
    let read =
        |(line, text): (usize, &str)| (line, json::parse::<Line>(text.as_bytes()).map_err(|why| refused(line, why)));
    lines.map(read).collect()
}

fn refused(line: usize, failure: Failure) -> LineFault {
    let problem = *failure.problem;
    fault(line, problem.field.unwrap_or_default(), problem.detail)
}

/// The records of a CSV file; where its header cannot be understood nothing but that is told.
fn of_csv(
    text: &str,
    wanted: &ImportWanted,
    of: Records,
    types: &BTreeMap<String, Type>,
) -> Vec<(usize, Result<Line, LineFault>)> {
    let rows = match csv::rows(text) {
        Ok(rows) => rows,
        Err(broken) => return vec![(broken.line, Err(fault(broken.line, "", broken.cure)))],
    };
    let Some((header, rows)) = rows.split_first() else { return Vec::new() };
    let columns = match Columns::of(header, of, &wanted.columns) {
        Ok(columns) => columns,
        Err(wrong) => {
            let told = |(field, cure)| (header.line, Err(fault(header.line, field, cure)));
            return wrong.into_iter().map(told).collect();
        }
    };
    let read = |row: &csv::Row| {
        let record = columns.record(row, wanted.version, |name| types.get(name) == Some(&Type::Int));
        let line = record.map_err(|(field, cure)| fault(row.line, field, cure)).and_then(|mut record| {
            match record.remove("reference") {
                Some(Value::String(reference)) => Ok(Line { reference, record }),
                _ => Err(fault(row.line, "/reference", "say what the system calls it")),
            }
        });
        (row.line, line)
    };
    rows.iter().map(read).collect()
}

/// What every line of a file must keep to.
struct Checks<'a> {
    of: Records,
    types: &'a BTreeMap<String, Type>,
    is_worker: &'a (dyn Fn(&str) -> bool + Sync),
}

impl Checks<'_> {
    /// The records of lines, and what is wrong with them.
    fn read(&self, lines: Vec<(usize, Result<Line, LineFault>)>) -> (Vec<SyncRow>, Vec<LineFault>) {
        let (mut rows, mut faults, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (at, line) in lines {
            match line.and_then(|line| self.row(at, line, &mut seen)) {
                Ok(row) => rows.push(row),
                Err(fault) => faults.push(fault),
            }
        }
        (rows, faults)
    }

    fn row(&self, at: usize, line: Line, seen: &mut BTreeSet<String>) -> Result<SyncRow, LineFault> {
        let Line { reference, record } = line;
        let text = Value::Object(record).to_string();
        let record: SystemRecord = json::parse(text.as_bytes()).map_err(|why| refused(at, why))?;
        if !one_line(&reference) {
            return Err(fault(at, "/reference", format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
        }
        if seen.contains(&reference) {
            return Err(fault(at, "/reference", "it stands in a line before: take one out"));
        }
        if let Some((field, cure)) = record.wrong(self.of, self.is_worker) {
            return Err(fault(at, field, cure));
        }
        if let Some((field, cure)) = record.mistyped(self.types) {
            return Err(fault(at, field, cure));
        }
        seen.insert(reference.clone());
        Ok(record.row(reference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static NO_TYPES: BTreeMap<String, Type> = BTreeMap::new();

    fn checks() -> Checks<'static> {
        Checks { of: Records::Customers, types: &NO_TYPES, is_worker: &|name| name == "noa" }
    }

    #[test]
    fn every_broken_line_is_told_with_its_place() {
        let text = "{\"reference\": \"1\", \"version\": 1, \"segment\": \"gold\", \"agent\": \"noa\"}\n\n\
            {\"reference\": \"2\"}\n{\"reference\": \"3\", \"version\": 1, \"total\": 5}\nnonsense\n\
            {\"reference\": \"1\", \"version\": 2}\n{\"reference\": \"4\", \"version\": 1, \"agent\": \"nobody\"}\n\
            {\"reference\": \"5\", \"version\": 1, \"segmnt\": \"x\"}";
        let (rows, faults) = checks().read(of_json(text));
        assert_eq!(rows.len(), 1);
        let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.field.as_str())).collect();
        assert_eq!(told[1..4], [(4, "/total"), (5, "/"), (6, "/reference")], "{faults:?}");
        assert_eq!((told.len(), told[0].0, told[4], told[5].0), (6, 3, (7, "/agent"), 8), "{faults:?}");
    }

    #[test]
    fn a_file_of_a_spreadsheet_is_read_by_its_header() {
        let wanted = |columns: &str, version| ImportWanted { columns: columns.to_owned(), version, dry_run: false };
        let text = "\u{feff}מספר,version,name,agent,phones\r\n7,1,\"לוי, נועה\",noa,+972501234567|+97231234567\r\n\
            7,2,x,,\r\n8,x,,,\r\n9,1,,nobody,\r\n10,1,,,0501234567\r\n11,1\r\n,1,,,\r\n12,1,,,050-x\r\n";
        let (rows, faults) =
            checks().read(of_csv(text, &wanted("מספר=reference", None), Records::Customers, &NO_TYPES));
        assert_eq!((rows.len(), rows[0].reference.as_str()), (2, "7"), "{faults:?}");
        assert_eq!(rows[0].body.expose()["name"], "לוי, נועה");
        assert_eq!(rows[0].body.expose()["phones"].as_array().map(Vec::len), Some(2));
        let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.field.as_str())).collect();
        let places = [(3, "/reference"), (4, "/version"), (5, "/agent"), (7, ""), (8, "/reference"), (9, "/phones")];
        assert_eq!(told, places, "{faults:?}");
        let (rows, faults) =
            checks().read(of_csv("reference;segment\n7;gold", &wanted("", Some(3)), Records::Customers, &NO_TYPES));
        assert_eq!((rows.len(), rows[0].version, faults.len()), (1, 3, 0), "{faults:?}");
        let header =
            checks().read(of_csv("refrence,version\n1,1\n2,1", &wanted("", None), Records::Customers, &NO_TYPES)).1;
        assert_eq!((header.len(), header[0].line), (1, 1), "{header:?}");
        assert!(header[0].cure.contains("reference"), "{header:?}");
        let open = checks().read(of_csv("reference,name\n1,\"x\n", &wanted("", None), Records::Customers, &NO_TYPES)).1;
        assert_eq!((open.len(), open[0].line), (1, 2), "{open:?}");
    }
}
