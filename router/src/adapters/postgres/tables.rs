//! A batch, parted into tables and columns: each column is one parameter of its table's statement.

mod company;

use std::collections::{HashMap, HashSet};

use self::company::{Cases, Externals, Improvements, Judgements, Lines, References};
use super::parts::day;
use super::values::{Hash, Hidden};
use crate::adapters::columns::{Batch, ConversationColumns, MessageColumns, OutboundColumns, Row, TaskColumns, sql};

/// A batch, a column at a time.
pub(super) struct Tables<'a> {
    pub(super) shard: i32,
    pub(super) day: i32,
    pub(super) now: i64,
    pub(super) epoch: i64,
    pub(super) batch: i64,
    pub(super) journal: Hidden<'a>,
    pub(super) settings: Settings<'a>,
    pub(super) workers: Workers<'a>,
    pub(super) conversations: Conversations<'a>,
    pub(super) tasks: Tasks<'a>,
    pub(super) outbound: Outbound<'a>,
    pub(super) sent: (Vec<i64>, Vec<Hidden<'a>>),
    pub(super) messages: Messages<'a>,
    pub(super) events: Events<'a>,
    pub(super) keys: (Vec<Hash>, Vec<Hidden<'a>>),
    pub(super) addresses: Addresses<'a>,
    pub(super) entries: Entries<'a>,
    pub(super) cases: Cases<'a>,
    pub(super) lines: Lines<'a>,
    pub(super) references: References<'a>,
    pub(super) externals: Externals<'a>,
    pub(super) judgements: Judgements<'a>,
    pub(super) improvements: Improvements<'a>,
    pub(super) quarantine: Quarantine<'a>,
}

#[derive(Default)]
pub(super) struct Settings<'a> {
    pub(super) put: (Vec<&'static str>, Vec<i64>, Vec<Hidden<'a>>),
    pub(super) removed: (Vec<&'static str>, Vec<i64>),
}

#[derive(Default)]
pub(super) struct Workers<'a> {
    pub(super) put: (Vec<i64>, Vec<Hidden<'a>>),
    pub(super) removed: Vec<i64>,
}

#[derive(Default)]
pub(super) struct Conversations<'a> {
    pub(super) id: Vec<i64>,
    pub(super) tenant: Vec<i64>,
    pub(super) account: Vec<i64>,
    pub(super) contact: Vec<Hash>,
    pub(super) state: Vec<&'static str>,
    pub(super) open: Vec<bool>,
    pub(super) confirm_until: Vec<Option<i64>>,
    pub(super) body: Vec<Hidden<'a>>,
}

#[derive(Default)]
pub(super) struct Tasks<'a> {
    pub(super) id: Vec<i64>,
    pub(super) tenant: Vec<i64>,
    pub(super) queue: Vec<i64>,
    pub(super) matter: Vec<i64>,
    pub(super) worker: Vec<Option<i64>>,
    pub(super) open: Vec<bool>,
    pub(super) side: Vec<&'static str>,
    pub(super) state: Vec<&'static str>,
    pub(super) body: Vec<Hidden<'a>>,
}

#[derive(Default)]
pub(super) struct Outbound<'a> {
    pub(super) id: Vec<i64>,
    pub(super) tenant: Vec<i64>,
    pub(super) account: Vec<i64>,
    pub(super) contact: Vec<Hash>,
    pub(super) state: Vec<&'static str>,
    pub(super) open: Vec<bool>,
    pub(super) external_id: Vec<Option<Hidden<'a>>>,
    pub(super) content: Vec<Option<Hidden<'a>>>,
    pub(super) body: Vec<Hidden<'a>>,
}

#[derive(Default)]
pub(super) struct Messages<'a> {
    pub(super) transcript: Vec<i64>,
    pub(super) seq: Vec<i64>,
    pub(super) tenant: Vec<i64>,
    pub(super) task: Vec<Option<i64>>,
    pub(super) at: Vec<i64>,
    pub(super) author: Vec<&'static str>,
    pub(super) worker: Vec<Option<i64>>,
    pub(super) outbound: Vec<Option<i64>>,
    pub(super) body: Vec<Hidden<'a>>,
}

#[derive(Default)]
pub(super) struct Events<'a> {
    pub(super) tenant: Vec<i64>,
    pub(super) id: Vec<i64>,
    pub(super) at: Vec<i64>,
    pub(super) matter: Vec<Option<i64>>,
    pub(super) body: Vec<Hidden<'a>>,
}

#[derive(Default)]
pub(super) struct Addresses<'a> {
    pub(super) hash: Vec<Hash>,
    pub(super) contact: Vec<Hash>,
    pub(super) tenant: Vec<i64>,
    pub(super) account: Vec<i64>,
    pub(super) body: Vec<Hidden<'a>>,
}

#[derive(Default)]
pub(super) struct Entries<'a> {
    pub(super) key: Vec<Hash>,
    pub(super) kind: Vec<&'static str>,
    pub(super) tenant: Vec<i64>,
    pub(super) at: Vec<i64>,
    pub(super) body: Vec<Hidden<'a>>,
}

#[derive(Default)]
pub(super) struct Quarantine<'a> {
    pub(super) tenant: Vec<i64>,
    pub(super) account: Vec<Option<i64>>,
    pub(super) channel: Vec<&'a str>,
    pub(super) at: Vec<i64>,
    pub(super) cause: Vec<String>,
    pub(super) raw: Vec<Hidden<'a>>,
}

impl<'a> Tables<'a> {
    /// Parts a batch into columns.
    pub(super) fn new(batch: &'a Batch) -> Self {
        let mut tables = Self {
            shard: i32::from(batch.shard),
            day: day(batch.now),
            now: sql(batch.now.0),
            epoch: sql(batch.epoch),
            batch: sql(batch.batch),
            journal: Hidden(&batch.journal),
            settings: Settings::default(),
            workers: Workers::default(),
            conversations: Conversations::default(),
            tasks: Tasks::default(),
            outbound: Outbound::default(),
            sent: <(Vec<i64>, Vec<Hidden<'a>>)>::default(),
            messages: Messages::default(),
            events: Events::default(),
            keys: batch.keys.iter().map(|(key, value)| (Hash(*key), Hidden(value))).unzip(),
            addresses: Addresses::default(),
            entries: Entries::default(),
            cases: Cases::default(),
            lines: Lines::default(),
            references: References::default(),
            externals: Externals::default(),
            judgements: Judgements::default(),
            improvements: Improvements::default(),
            quarantine: Quarantine::default(),
        };
        // One statement may not touch a row twice: of several for one row the last wins.
        let mut seen = HashSet::with_capacity(batch.rows.len());
        let mut last: Vec<_> =
            batch.rows.iter().rev().filter(|row| key(row).is_none_or(|key| seen.insert(key))).collect();
        last.reverse();
        for row in last {
            tables.row(batch, row);
        }
        tables.sent(batch);
        tables.beside(batch);
        tables
    }

    fn row(&mut self, batch: &'a Batch, row: &'a Row) {
        let text = |body| Hidden(batch.text(body));
        match row {
            Row::Setting { kind, id, body } => {
                let (kinds, ids, bodies) = &mut self.settings.put;
                kinds.push(kind);
                ids.push(*id);
                bodies.push(text(body));
            }
            Row::SettingRemoved { kind, id } => {
                self.settings.removed.0.push(kind);
                self.settings.removed.1.push(*id);
            }
            Row::Worker { id, body } => {
                self.workers.put.0.push(*id);
                self.workers.put.1.push(text(body));
            }
            Row::WorkerRemoved { id } => self.workers.removed.push(*id),
            Row::Conversation(row) => self.conversations.push(row, text(&row.body)),
            Row::Task(row) => self.tasks.push(row, text(&row.body)),
            Row::Outbound(row) => self.outbound.push(row, row.content.as_ref().map(text), text(&row.body)),
            Row::Message(row) => self.messages.push(row, text(&row.body)),
            Row::Event { tenant, id, at, matter, body } => {
                self.events.tenant.push(*tenant);
                self.events.id.push(*id);
                self.events.at.push(*at);
                self.events.matter.push(*matter);
                self.events.body.push(text(body));
            }
        }
    }

    /// The platform's ids of messages that it took: with their rows where those are in the batch, so that a row is
    /// written once.
    fn sent(&mut self, batch: &'a Batch) {
        if batch.sent.is_empty() {
            return;
        }
        let places: HashMap<i64, usize> = self.outbound.id.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        for (id, external) in &batch.sent {
            let external = Hidden(external.as_bytes());
            match places.get(id).and_then(|place| self.outbound.external_id.get_mut(*place)) {
                Some(column) => *column = Some(external),
                None => {
                    self.sent.0.push(*id);
                    self.sent.1.push(external);
                }
            }
        }
    }

    /// What a batch brings beside the core's rows.
    fn beside(&mut self, batch: &'a Batch) {
        let mut seen = HashSet::new();
        for row in batch.addresses.iter().rev().filter(|row| seen.insert(row.hash)) {
            let columns = &mut self.addresses;
            columns.hash.push(Hash(row.hash));
            columns.contact.push(Hash(row.contact));
            columns.tenant.push(row.tenant);
            columns.account.push(row.account);
            columns.body.push(Hidden(batch.text(&row.body)));
        }
        let mut seen = HashSet::new();
        for row in batch.entries.iter().rev().filter(|row| seen.insert(row.key)) {
            let columns = &mut self.entries;
            columns.key.push(Hash(row.key));
            columns.kind.push(row.kind);
            columns.tenant.push(row.tenant);
            columns.at.push(row.at);
            columns.body.push(Hidden(batch.text(&row.body)));
        }
        batch.cases.iter().for_each(|row| self.cases.push(row, Hidden(batch.text(&row.body))));
        batch.lines.iter().for_each(|row| self.lines.push(row, Hidden(batch.text(&row.body))));
        batch.references.iter().for_each(|(tenant, text, case)| self.references.push(*tenant, text, *case));
        batch.externals.iter().for_each(|row| self.externals.push(row, Hidden(batch.text(&row.body))));
        batch.judgements.iter().for_each(|row| self.judgements.push(row, Hidden(batch.text(&row.body))));
        self.externals.removed.extend(batch.externals_removed.iter().map(|id| Hash(*id)));
        batch.improvements.iter().for_each(|row| self.improvements.push(row, Hidden(batch.text(&row.body))));
        for row in &batch.quarantine {
            let columns = &mut self.quarantine;
            columns.tenant.push(sql(row.tenant.0));
            columns.account.push(row.account.map(|account| sql(account.0)));
            columns.channel.push(&row.channel);
            columns.at.push(sql(row.at.0));
            // The one column that holds words of strangers as they are: text here takes no NUL.
            columns.cause.push(row.cause.replace('\0', "\u{fffd}"));
            columns.raw.push(Hidden(&row.raw));
        }
    }
}

impl<'a> Conversations<'a> {
    fn push(&mut self, row: &ConversationColumns, body: Hidden<'a>) {
        self.id.push(row.id);
        self.tenant.push(row.tenant);
        self.account.push(row.account);
        self.contact.push(Hash(row.contact));
        self.state.push(row.state);
        self.open.push(row.state == "open");
        self.confirm_until.push(row.confirm_until);
        self.body.push(body);
    }
}

impl<'a> Tasks<'a> {
    fn push(&mut self, row: &TaskColumns, body: Hidden<'a>) {
        self.id.push(row.id);
        self.tenant.push(row.tenant);
        self.queue.push(row.queue);
        self.matter.push(row.matter);
        self.worker.push(row.worker);
        self.open.push(row.state != "closed");
        self.side.push(row.side);
        self.state.push(row.state);
        self.body.push(body);
    }
}

impl<'a> Outbound<'a> {
    fn push(&mut self, row: &OutboundColumns, content: Option<Hidden<'a>>, body: Hidden<'a>) {
        self.id.push(row.id);
        self.tenant.push(row.tenant);
        self.account.push(row.account);
        self.contact.push(Hash(row.contact));
        self.state.push(row.state);
        self.open.push(row.open);
        self.external_id.push(None);
        self.content.push(content);
        self.body.push(body);
    }
}

impl<'a> Messages<'a> {
    fn push(&mut self, row: &MessageColumns, body: Hidden<'a>) {
        self.transcript.push(row.transcript);
        self.seq.push(row.seq);
        self.tenant.push(row.tenant);
        self.task.push(row.task);
        self.at.push(row.at);
        self.author.push(row.author);
        self.worker.push(row.worker);
        self.outbound.push(row.outbound);
        self.body.push(body);
    }
}

/// What names a row that is written at most once per batch; `None` for what is only ever added.
const fn key(row: &Row) -> Option<(&'static str, i64)> {
    match row {
        Row::Setting { kind, id, .. } | Row::SettingRemoved { kind, id } => Some((kind, *id)),
        Row::Worker { id, .. } | Row::WorkerRemoved { id } => Some(("worker", *id)),
        Row::Conversation(row) => Some(("conversation", row.id)),
        Row::Task(row) => Some(("task", row.id)),
        Row::Outbound(row) => Some(("outbound", row.id)),
        Row::Message(_) | Row::Event { .. } => None,
    }
}
