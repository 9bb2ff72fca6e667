//! The index of words in the record's file: FTS5, and each line with its words. Every change is written by the one writer.

use async_trait::async_trait;
use blendline_wire::{Millis, TaskId, TenantId};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params_from_iter};

use super::store::archive::message;
use super::store::readers::{collect, first};
use super::store::{SqliteStore, fault};
use crate::adapters::columns::{rows, sql, unsql};
use crate::ports::search::{Doc, Hit, Line, Search, Term, Wanted};
use crate::ports::store::StoreError;

/// What the writer is asked.
pub(super) enum SearchOrder {
    Add(TenantId, Vec<Doc>),
    Moved(TenantId, u64),
}

const LINE: &str = "SELECT seq, at, author, worker, outbound, body, transcript, task FROM messages";

#[async_trait]
impl Search for SqliteStore {
    async fn indexed(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let query = "SELECT event FROM search_positions WHERE tenant = ?1";
        let read = |row: &Row<'_>| row.get(0).map(unsql).map_err(|error| fault(&error));
        let found = self.readers().read(move |connection| first(connection, query, [sql(tenant.0)], read)).await?;
        Ok(found.unwrap_or(0))
    }

    async fn unindexed(&self, transcript: u64, limit: usize) -> Result<Vec<Line>, StoreError> {
        let query = format!(
            "{LINE} WHERE transcript = ?1 AND seq >
                 (SELECT coalesce(max(seq), 0) FROM search_lines WHERE transcript = ?1) ORDER BY seq LIMIT ?2"
        );
        let params = (sql(transcript), rows(limit));
        self.readers().read(move |connection| collect(connection, &query, params, line)).await
    }

    async fn add_lines(&self, tenant: TenantId, lines: &[Doc]) -> Result<(), StoreError> {
        self.search(SearchOrder::Add(tenant, lines.to_vec())).await
    }

    async fn moved(&self, tenant: TenantId, event: u64) -> Result<(), StoreError> {
        self.search(SearchOrder::Moved(tenant, event)).await
    }

    async fn find(&self, wanted: &Wanted) -> Result<Vec<Hit>, StoreError> {
        let wanted = wanted.clone();
        self.readers()
            .read(move |connection| {
                let worker = wanted.worker.map(|worker| sql(worker.0));
                if let Some(worker) = worker
                    && has_few_tasks(connection, worker, wanted.few_tasks)?
                {
                    return find_in(connection, worker, &wanted);
                }
                let (query, params) = asked(&wanted);
                collect(connection, &query, params_from_iter(params), hit)
            })
            .await
    }

    async fn lines(&self, of: &[(u64, u64)]) -> Result<Vec<Line>, StoreError> {
        let (of, query) = (of.to_vec(), format!("{LINE} WHERE transcript = ?1 AND seq = ?2"));
        self.readers()
            .read(move |connection| {
                let one = |(transcript, seq): &(u64, u64)| {
                    first(connection, &query, (sql(*transcript), sql(*seq)), line).transpose()
                };
                of.iter().filter_map(one).collect()
            })
            .await
    }
}

fn line(row: &Row<'_>) -> Result<Line, StoreError> {
    let task: Option<i64> = row.get(7).map_err(|error| fault(&error))?;
    let transcript = row.get(6).map(unsql).map_err(|error| fault(&error))?;
    Ok(Line { transcript, task: task.map(|task| TaskId(unsql(task))), message: message(row)? })
}

fn hit(row: &Row<'_>) -> Result<Hit, StoreError> {
    let number = |column| row.get(column).map(unsql).map_err(|error| fault(&error));
    let task: Option<i64> = row.get(4).map_err(|error| fault(&error))?;
    let task = task.map(|task| TaskId(unsql(task)));
    Ok(Hit { id: number(0)?, transcript: number(1)?, seq: number(2)?, at: Millis(number(3)?), task })
}

/// Whether a worker has, or had last, no more tasks than `most`.
fn has_few_tasks(connection: &Connection, worker: i64, most: usize) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM tasks WHERE worker = ?1 LIMIT 1 OFFSET ?2";
    first(connection, query, (worker, rows(most)), |_| Ok(())).map(|beyond| beyond.is_none())
}

/// The lines of whoever had few tasks, and of those the ones that hold the words.
fn find_in(connection: &Connection, worker: i64, wanted: &Wanted) -> Result<Vec<Hit>, StoreError> {
    let query = "SELECT id, transcript, seq, at, task, words FROM search_lines
        WHERE coalesce(task, transcript) IN (SELECT id FROM tasks WHERE worker = ?1) AND id < ?2 ORDER BY id DESC";
    let before = wanted.before.map_or(i64::MAX, sql);
    let read = |row: &Row<'_>| {
        let words = row.get_ref(5).and_then(|words| Ok(words.as_str()?)).map_err(|error| fault(&error))?;
        if holds(words, &wanted.all_of) { hit(row).map(Some) } else { Ok(None) }
    };
    let found = collect(connection, query, (worker, before), read)?;
    Ok(found.into_iter().flatten().take(wanted.limit).collect())
}

/// Whether one of each list is among the words of a line.
fn holds(words: &str, all_of: &[Vec<Term>]) -> bool {
    let is_there = |Term { word, begins }: &Term| {
        words.split(' ').any(|one| if *begins { one.starts_with(word) } else { one == word })
    };
    all_of.iter().all(|one_of| one_of.iter().any(is_there))
}

/// The query, from the newest line on: FTS5 reads its lists backwards and stops at the limit.
fn asked(wanted: &Wanted) -> (String, Vec<Value>) {
    let mut query = "SELECT id, transcript, seq, at, task FROM search_words CROSS JOIN search_lines
        ON search_lines.id = search_words.rowid WHERE search_words MATCH ?1"
        .to_owned();
    let mut params = vec![Value::Text(matched(wanted))];
    let mut more = |part: &str, value: i64| {
        params.push(Value::Integer(value));
        query.push_str(&part.replace('#', &format!("?{}", params.len())));
    };
    if let Some(before) = wanted.before {
        more(" AND search_words.rowid < #", sql(before));
    }
    if let Some(worker) = wanted.worker {
        let own = " AND EXISTS (SELECT 1 FROM tasks WHERE tasks.id = coalesce(task, transcript) AND tasks.worker = #)";
        more(own, sql(worker.0));
    }
    more(" ORDER BY search_words.rowid DESC LIMIT #", rows(wanted.limit));
    (query, params)
}

/// What FTS5 is asked. Words hold letters and digits only, so none of them is read as anything else.
fn matched(wanted: &Wanted) -> String {
    let term = |Term { word, begins }: &Term| {
        let end = if *begins { "*" } else { "" };
        format!("\"{}x{word}\"{end}", wanted.tenant.0)
    };
    let one_of = |terms: &Vec<Term>| format!("({})", terms.iter().map(term).collect::<Vec<_>>().join(" OR "));
    wanted.all_of.iter().map(one_of).collect::<Vec<_>>().join(" AND ")
}

/// Carries out one order.
pub(super) fn carry_out(transaction: &Transaction<'_>, order: &SearchOrder) -> rusqlite::Result<()> {
    match order {
        SearchOrder::Add(tenant, lines) => lines.iter().try_for_each(|doc| add(transaction, *tenant, doc)),
        SearchOrder::Moved(tenant, event) => transaction
            .prepare_cached(
                "INSERT INTO search_positions (tenant, event) VALUES (?1, ?2)
                 ON CONFLICT (tenant) DO UPDATE SET event = max(event, excluded.event)",
            )?
            .execute((sql(tenant.0), sql(*event)))
            .map(drop),
    }
}

fn add(transaction: &Transaction<'_>, tenant: TenantId, doc: &Doc) -> rusqlite::Result<()> {
    let id: Option<i64> = transaction
        .prepare_cached(
            "INSERT INTO search_lines (transcript, seq, at, task, words) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (transcript, seq) DO NOTHING RETURNING id",
        )?
        .query_row(
            (sql(doc.transcript), sql(doc.seq), sql(doc.at.0), doc.task.map(|task| sql(task.0)), doc.words.join(" ")),
            |row| row.get(0),
        )
        .optional()?;
    let Some(id) = id else { return Ok(()) };
    let words: Vec<String> = doc.words.iter().map(|word| format!("{}x{word}", tenant.0)).collect();
    transaction
        .prepare_cached("INSERT INTO search_words (rowid, words) VALUES (?1, ?2)")?
        .execute((id, words.join(" ")))
        .map(drop)
}
