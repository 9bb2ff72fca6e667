//! The core's rows into their tables: the columns and statements of each.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use crate::adapters::columns::{Batch, Body, ConversationColumns, MessageColumns, OutboundColumns, Row, TaskColumns};

/// A body, bound as text without a copy or a check: JSON is UTF-8.
pub(in crate::adapters::sqlite) struct Text<'a>(pub(in crate::adapters::sqlite) &'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}

/// The statements of the core's rows, prepared once per batch.
pub(super) struct Tables<'a> {
    batch: &'a Batch,
    setting: CachedStatement<'a>,
    setting_removed: CachedStatement<'a>,
    worker: CachedStatement<'a>,
    worker_removed: CachedStatement<'a>,
    conversation: CachedStatement<'a>,
    task: CachedStatement<'a>,
    outbound: CachedStatement<'a>,
    message: CachedStatement<'a>,
    event: CachedStatement<'a>,
}

impl<'a> Tables<'a> {
    /// The statements for one batch.
    pub(super) fn prepare(connection: &'a Connection, batch: &'a Batch) -> rusqlite::Result<Self> {
        Ok(Self {
            batch,
            setting: connection.prepare_cached(
                "INSERT INTO settings (shard, kind, id, body) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (shard, kind, id) DO UPDATE SET body = excluded.body",
            )?,
            setting_removed: connection
                .prepare_cached("DELETE FROM settings WHERE shard = ?1 AND kind = ?2 AND id = ?3")?,
            worker: connection.prepare_cached(
                "INSERT INTO workers (shard, id, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT (shard, id) DO UPDATE SET body = excluded.body",
            )?,
            worker_removed: connection.prepare_cached("DELETE FROM workers WHERE shard = ?1 AND id = ?2")?,
            conversation: connection.prepare_cached(
                "INSERT INTO conversations (id, shard, tenant, account, contact, state, open, confirm_until, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (id) DO UPDATE SET state = excluded.state, open = excluded.open,
                     confirm_until = excluded.confirm_until, body = excluded.body",
            )?,
            task: connection.prepare_cached(
                "INSERT INTO tasks (id, shard, tenant, queue, side, worker, matter, state, open, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (id) DO UPDATE SET queue = excluded.queue, side = excluded.side,
                     worker = excluded.worker, matter = excluded.matter, state = excluded.state,
                     open = excluded.open, body = excluded.body",
            )?,
            // The content is written once, with the first row; later rows bring none.
            outbound: connection.prepare_cached(
                "INSERT INTO outbound (id, shard, tenant, account, contact, state, open, content, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (id) DO UPDATE SET state = excluded.state, open = excluded.open,
                     content = coalesce(outbound.content, excluded.content), body = excluded.body",
            )?,
            message: connection.prepare_cached(
                "INSERT INTO messages (transcript, seq, tenant, task, at, author, worker, outbound, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            event: connection.prepare_cached(
                "INSERT INTO events (tenant, id, shard, at, matter, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?,
        })
    }

    /// Writes one row.
    pub(super) fn write(&mut self, row: &Row) -> rusqlite::Result<()> {
        let (batch, shard) = (self.batch, self.batch.shard);
        let text = |body: &Body| Text(batch.text(body));
        match row {
            Row::Setting { kind, id, body } => self.setting.execute((shard, kind, id, text(body))),
            Row::SettingRemoved { kind, id } => self.setting_removed.execute((shard, kind, id)),
            Row::Worker { id, body } => self.worker.execute((shard, id, text(body))),
            Row::WorkerRemoved { id } => self.worker_removed.execute((shard, id)),
            Row::Conversation(row) => self.conversation(row, text(&row.body)),
            Row::Task(row) => self.task(row, text(&row.body)),
            Row::Outbound(row) => self.outbound(row, row.content.as_ref().map(text), text(&row.body)),
            Row::Message(row) => self.message(row, text(&row.body)),
            Row::Event { tenant, id, at, matter, body } => {
                self.event.execute((tenant, id, shard, at, matter, text(body)))
            }
        }
        .map(drop)
    }

    fn conversation(&mut self, row: &ConversationColumns, body: Text<'_>) -> rusqlite::Result<usize> {
        let (shard, open) = (self.batch.shard, row.state == "open");
        let ConversationColumns { id, tenant, account, contact, state, confirm_until, .. } = row;
        self.conversation.execute((id, shard, tenant, account, contact, state, open, confirm_until, body))
    }

    fn task(&mut self, row: &TaskColumns, body: Text<'_>) -> rusqlite::Result<usize> {
        let (shard, open) = (self.batch.shard, row.state != "closed");
        let TaskColumns { id, tenant, queue, side, worker, matter, state, .. } = row;
        self.task.execute((id, shard, tenant, queue, side, worker, matter, state, open, body))
    }

    fn outbound(
        &mut self,
        row: &OutboundColumns,
        content: Option<Text<'_>>,
        body: Text<'_>,
    ) -> rusqlite::Result<usize> {
        let shard = self.batch.shard;
        let OutboundColumns { id, tenant, account, contact, state, open, .. } = row;
        self.outbound.execute((id, shard, tenant, account, contact, state, open, content, body))
    }

    fn message(&mut self, row: &MessageColumns, body: Text<'_>) -> rusqlite::Result<usize> {
        let MessageColumns { transcript, seq, tenant, task, at, author, worker, outbound, .. } = row;
        self.message.execute((transcript, seq, tenant, task, at, author, worker, outbound, body))
    }
}
