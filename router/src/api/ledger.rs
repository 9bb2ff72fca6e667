//! The ledger of decisions as a file, and what it says of the limits.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_authority::Line;
use blendline_authority::propose::proposals;
use blendline_wire::WorkerId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::decision_list::instant;
use super::decision_view::{self, LimitProposal};
use super::page::Params;
use super::problem::Failure;
use super::view::worker_name;
use crate::ports::ledger::{LedgerFilter, LinePlace};

/// The most lines of one file.
const LINES_MAX: usize = 50_000;
/// Lines that are read at once.
const READ: usize = 2_000;
const HEAD: &str = "decision,line,at,kind,action,currency,minor,asker,decider,holder,grant,second,second_holder,contact,case,\
                    task,version,reason\r\n";

/// Which part of the ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LedgerWanted {
    /// Lines from then on, as RFC 3339.
    #[serde(default)]
    since: Option<String>,
    /// Lines before then.
    #[serde(default)]
    until: Option<String>,
}

/// The ledger as CSV (RFC 4180): a line for each of its, in the order of time, and at the end what was given of each action in
/// each currency.
pub async fn export(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<LedgerWanted>,
) -> Result<Response, Failure> {
    let lines = read(&app, &caller, &wanted).await?;
    let directory = app.directory();
    let name = |worker: Option<WorkerId>| worker.map(|worker| worker_name(worker, &directory)).unwrap_or_default();
    let mut text = String::from(HEAD);
    let mut totals: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for line in &lines {
        let told = &line.told;
        if line.kind.counts() {
            *totals.entry((&told.action, &told.currency)).or_default() += told.minor;
        }
        let id = |id: Option<String>| id.unwrap_or_default();
        let cells = [
            told.decision.to_string(),
            told.line.to_string(),
            line.at.to_rfc3339(),
            line.kind.as_str().to_owned(),
            told.action.clone(),
            told.currency.clone(),
            told.minor.to_string(),
            name(Some(told.asker)),
            name(told.decider),
            name(told.holder),
            told.grant.clone().unwrap_or_default(),
            name(told.second),
            name(told.second_holder),
            id(told.contact.map(|contact| format!("{:032x}", contact.0))),
            id(told.of_case.map(|case| case.to_string())),
            id(told.of_task.map(|task| task.to_string())),
            told.version.to_string(),
            told.reason.clone(),
        ];
        row(&mut text, &cells);
    }
    for ((action, currency), minor) in totals {
        let mut cells = vec![String::new(); 18];
        (cells[3], cells[4]) = ("total".to_owned(), action.to_owned());
        (cells[5], cells[6]) = (currency.to_owned(), minor.to_string());
        row(&mut text, &cells);
    }
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
}

/// All lines of a part of the ledger, or that there are too many.
async fn read(app: &Shared, caller: &Caller, wanted: &LedgerWanted) -> Result<Vec<Line>, Failure> {
    let (since, until) = (instant(wanted.since.as_deref(), "since")?, instant(wanted.until.as_deref(), "until")?);
    let filter = LedgerFilter { since, until, ..LedgerFilter::default() };
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let after = lines.last().map(LinePlace::of);
        let more = app.archive().ledger(caller.tenant, &filter, after, READ).await?;
        let ended = more.len() < READ;
        lines.extend(more);
        if LINES_MAX < lines.len() {
            let detail = format!("these are more than {LINES_MAX} lines: narrow it with `since` and `until`");
            return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", "This cannot be done", detail));
        }
        if ended {
            return Ok(lines);
        }
    }
}

/// Adds a line.
pub(super) fn row(text: &mut String, cells: &[String]) {
    for (at, cell) in cells.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // A table program takes what begins so for a formula; amounts below zero are numbers.
        let formula =
            cell.starts_with(['=', '+', '@', '\t']) || (cell.starts_with('-') && cell.parse::<i64>().is_err());
        let mark = if formula { "'" } else { "" };
        let quoted = cell.contains([',', '"', '\r', '\n']);
        let _ = match quoted {
            true => write!(text, "{comma}\"{mark}{}\"", cell.replace('"', "\"\"")),
            false => write!(text, "{comma}{mark}{cell}"),
        };
    }
    text.push_str("\r\n");
}

/// Limits that the ledger speaks for.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitProposals {
    /// The most often asked first.
    items: Vec<LimitProposal>,
}

/// Higher limits, where approvals are nearly always granted.
pub async fn propose(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<LedgerWanted>,
) -> Result<Json<LimitProposals>, Failure> {
    let lines = read(&app, &caller, &wanted).await?;
    let directory = app.directory();
    let items = proposals(&lines).into_iter().map(|of| decision_view::proposal(of, &directory)).collect();
    Ok(Json(LimitProposals { items }))
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn what_a_cell_holds_stays_in_it() {
        let mut text = String::new();
        row(&mut text, &["=1+1".into(), "-1250".into(), "a,\"b\"".into(), String::new()]);
        assert_eq!(text, "'=1+1,-1250,\"a,\"\"b\"\"\",\r\n");
    }
}
