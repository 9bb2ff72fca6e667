//! The index of words: lexemes in a GIN index. Its statements run on the connections for reading.

use async_trait::async_trait;
use blendline_wire::{Millis, TaskId, TenantId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::archive::message;
use super::connections::told;
use crate::adapters::columns::{rows, sql, unsql};
use crate::ports::search::{Doc, Hit, Line, Search, Term, Wanted};
use crate::ports::store::StoreError;

/// How many bits of a line's number count within its part of the index; in the migration's words some 262,000 lines.
const PART_BITS: i32 = 18;

const LINE: &str = "SELECT seq, at, author, worker, outbound, body, transcript, task FROM messages";
const UNINDEXED: &str = "WHERE transcript = $1 AND seq >
    (SELECT coalesce(max(seq), 0) FROM search_lines WHERE transcript = $1) ORDER BY seq LIMIT $2";
const ADD: &str = "INSERT INTO search_lines (id, transcript, seq, at, task, words)
    SELECT id, transcript, seq, at, task, array_to_tsvector(ARRAY(
        SELECT (id >> $7) || 'x' || $1 || 'x' || word FROM unnest(string_to_array(words, ' ')) AS word))
    FROM (SELECT nextval('search_line_ids') AS id, *
        FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
            AS lines (transcript, seq, at, task, words)) AS numbered
    ON CONFLICT (transcript, seq) DO NOTHING";
const MOVED: &str = "INSERT INTO search_positions AS kept (tenant, event) VALUES ($1, $2)
    ON CONFLICT (tenant) DO UPDATE SET event = greatest(kept.event, excluded.event)";
/// Part by part, the newest first: the outer limit ends it. The sum keeps the planner from walking the numbers backwards
/// and looking into each line, which for a rare word is all of them.
const FIND: &str = "SELECT found.* FROM
    generate_series((least($2, (SELECT last_value FROM search_line_ids) + 1) - 1) >> $4, 0, -1) AS part
    CROSS JOIN LATERAL (SELECT id, transcript, seq, at, task FROM search_lines
        WHERE words @@ replace($1, '#', part::text)::tsquery AND id + 0 < $2
            AND ($5::bigint IS NULL OR EXISTS (SELECT 1 FROM tasks
                WHERE tasks.id = coalesce(search_lines.task, transcript) AND tasks.worker = $5))
        ORDER BY id + 0 DESC LIMIT $3) AS found
    LIMIT $3";

/// The tasks that a worker has, or had last.
const OWN_TASKS: &str = "SELECT id FROM tasks WHERE worker = $1 ORDER BY id LIMIT $2";
/// The same for whoever had few tasks: their lines, and of those the ones that hold the words.
const FIND_IN: &str = "SELECT id, transcript, seq, at, task FROM search_lines
    WHERE coalesce(task, transcript) = ANY($5::bigint[]) AND id < $2
        AND words @@ replace($1, '#', (id >> $4)::text)::tsquery
    ORDER BY id + 0 DESC LIMIT $3";

#[async_trait]
impl Search for PostgresStore {
    async fn indexed(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let found = self.ask("SELECT event FROM search_positions WHERE tenant = $1", &[&sql(tenant.0)]).await?;
        found.first().map_or(Ok(0), |row| told(row.try_get(0)).map(unsql))
    }

    async fn unindexed(&self, transcript: u64, limit: usize) -> Result<Vec<Line>, StoreError> {
        let query = format!("{LINE} {UNINDEXED}");
        self.ask(&query, &[&sql(transcript), &rows(limit)]).await?.iter().map(line).collect()
    }

    async fn add_lines(&self, tenant: TenantId, lines: &[Doc]) -> Result<(), StoreError> {
        let numbers = |of: fn(&Doc) -> u64| lines.iter().map(|doc| sql(of(doc))).collect::<Vec<i64>>();
        let (transcripts, seqs, times) =
            (numbers(|doc| doc.transcript), numbers(|doc| doc.seq), numbers(|doc| doc.at.0));
        let tasks: Vec<Option<i64>> = lines.iter().map(|doc| doc.task.map(|task| sql(task.0))).collect();
        let words: Vec<String> = lines.iter().map(|doc| doc.words.join(" ")).collect();
        let tenant = tenant.0.to_string();
        let params: [&(dyn ToSql + Sync); 7] = [&tenant, &transcripts, &seqs, &times, &tasks, &words, &PART_BITS];
        self.ask(ADD, &params).await.map(drop)
    }

    async fn moved(&self, tenant: TenantId, event: u64) -> Result<(), StoreError> {
        self.ask(MOVED, &[&sql(tenant.0), &sql(event)]).await.map(drop)
    }

    async fn find(&self, wanted: &Wanted) -> Result<Vec<Hit>, StoreError> {
        let before = wanted.before.map_or(i64::MAX, sql);
        let worker = wanted.worker.map(|worker| sql(worker.0));
        let few = match worker {
            Some(worker) => self.few_tasks(worker, wanted.few_tasks).await?,
            None => None,
        };
        let (query, last): (_, &(dyn ToSql + Sync)) = match &few {
            Some(tasks) => (FIND_IN, tasks),
            None => (FIND, &worker),
        };
        let params: [&(dyn ToSql + Sync); 5] = [&matched(wanted), &before, &rows(wanted.limit), &PART_BITS, last];
        let mut found = self.ask(query, &params).await?.iter().map(hit).collect::<Result<Vec<Hit>, _>>()?;
        found.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.id));
        Ok(found)
    }

    async fn lines(&self, of: &[(u64, u64)]) -> Result<Vec<Line>, StoreError> {
        let transcripts: Vec<i64> = of.iter().map(|(transcript, _)| sql(*transcript)).collect();
        let seqs: Vec<i64> = of.iter().map(|(_, seq)| sql(*seq)).collect();
        let query = format!(
            "{LINE} JOIN unnest($1::bigint[], $2::bigint[]) AS wanted (transcript, seq) USING (transcript, seq)"
        );
        self.ask(&query, &[&transcripts, &seqs]).await?.iter().map(line).collect()
    }
}

impl PostgresStore {
    /// The tasks of a worker, unless there are more than `most`.
    async fn few_tasks(&self, worker: i64, most: usize) -> Result<Option<Vec<i64>>, StoreError> {
        let found = self.ask(OWN_TASKS, &[&worker, &rows(most.saturating_add(1))]).await?;
        if most < found.len() {
            return Ok(None);
        }
        found.iter().map(|row| told(row.try_get(0))).collect::<Result<Vec<i64>, _>>().map(Some)
    }
}

fn line(row: &Row) -> Result<Line, StoreError> {
    let task: Option<i64> = told(row.try_get(7))?;
    let transcript = told(row.try_get(6)).map(unsql)?;
    Ok(Line { transcript, task: task.map(|task| TaskId(unsql(task))), message: message(row)? })
}

fn hit(row: &Row) -> Result<Hit, StoreError> {
    let number = |column: usize| told(row.try_get(column)).map(unsql);
    let task: Option<i64> = told(row.try_get(4))?;
    let task = task.map(|task| TaskId(unsql(task)));
    Ok(Hit { id: number(0)?, transcript: number(1)?, seq: number(2)?, at: Millis(number(3)?), task })
}

/// A tsquery with `#` for the part. Words hold letters and digits only, so none of them is read as anything else.
fn matched(wanted: &Wanted) -> String {
    let term = |Term { word, begins }: &Term| {
        let end = if *begins { ":*" } else { "" };
        format!("'#x{}x{word}'{end}", wanted.tenant.0)
    };
    let one_of = |terms: &Vec<Term>| format!("({})", terms.iter().map(term).collect::<Vec<_>>().join(" | "));
    wanted.all_of.iter().map(one_of).collect::<Vec<_>>().join(" & ")
}
