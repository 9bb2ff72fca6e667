//! The record as rows that any store can give and take: what moves an installation from one database to another.

use async_trait::async_trait;

use crate::ports::store::StoreError;

/// The version of the tables and columns below; it moves with the schemas of both stores.
pub const RECORD_VERSION: u32 = 17;

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Int,
    /// A whole number of 64 bits, or nothing.
    MaybeInt,
    /// A whole number that PostgreSQL keeps in 32 bits.
    Int32,
    /// Yes or no.
    Bool,
    /// Text.
    Text,
    /// Text, or nothing.
    MaybeText,
    /// A hash of 16 bytes.
    Hash,
    /// Bytes.
    Bytes,
    /// Bytes, or nothing.
    MaybeBytes,
}

impl Kind {
    /// True when the column may be empty.
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::MaybeInt | Self::MaybeText | Self::MaybeBytes)
    }
}

/// One value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(String),
    /// Bytes, or a hash.
    Bytes(Vec<u8>),
}

/// A table: its name, its columns, and by which of them its rows are sorted, which makes two exports of one record equal.
#[derive(Debug)]
pub struct Table {
    /// Its name, in both stores.
    pub name: &'static str,
    /// Its columns. Those of a lease are left out: a moved installation has no owner.
    pub columns: &'static [(&'static str, Kind)],
    /// The columns of its key.
    pub key: &'static str,
}

use Kind::{Bool, Bytes, Hash, Int, Int32, MaybeBytes, MaybeInt, MaybeText, Text};

/// All tables of the record.
pub const TABLES: &[Table] = &[
    Table { name: "shards", columns: &[("id", Int32), ("epoch", Int), ("batch", Int), ("now", Int)], key: "id" },
    Table {
        name: "settings",
        columns: &[("shard", Int32), ("kind", Text), ("id", Int), ("body", Text)],
        key: "shard, kind, id",
    },
    Table { name: "workers", columns: &[("shard", Int32), ("id", Int), ("body", Text)], key: "shard, id" },
    Table {
        name: "conversations",
        columns: &[
            ("id", Int),
            ("shard", Int32),
            ("tenant", Int),
            ("account", Int),
            ("contact", Hash),
            ("state", Text),
            ("open", Bool),
            ("confirm_until", MaybeInt),
            ("body", Text),
        ],
        key: "id",
    },
    Table {
        name: "tasks",
        columns: &[
            ("id", Int),
            ("shard", Int32),
            ("tenant", Int),
            ("queue", Int),
            ("side", Text),
            ("worker", MaybeInt),
            ("matter", Int),
            ("state", Text),
            ("open", Bool),
            ("body", Text),
        ],
        key: "id",
    },
    Table {
        name: "outbound",
        columns: &[
            ("id", Int),
            ("shard", Int32),
            ("tenant", Int),
            ("account", Int),
            ("contact", Hash),
            ("state", Text),
            ("open", Bool),
            ("external_id", MaybeBytes),
            ("content", MaybeText),
            ("body", Text),
        ],
        key: "id",
    },
    Table {
        name: "claims",
        columns: &[("outbound", Int), ("attempt", Int32), ("sender", Text), ("at", Int)],
        key: "outbound, attempt",
    },
    Table {
        name: "messages",
        columns: &[
            ("transcript", Int),
            ("seq", Int),
            ("tenant", Int),
            ("task", MaybeInt),
            ("at", Int),
            ("author", Text),
            ("worker", MaybeInt),
            ("outbound", MaybeInt),
            ("body", Text),
        ],
        key: "transcript, seq",
    },
    Table {
        name: "events",
        columns: &[("tenant", Int), ("id", Int), ("shard", Int32), ("at", Int), ("matter", MaybeInt), ("body", Text)],
        key: "tenant, id",
    },
    Table { name: "dedup_keys", columns: &[("day", Int32), ("key", Hash), ("value", Bytes)], key: "day, key" },
    Table {
        name: "addresses",
        columns: &[
            ("hash", Hash),
            ("contact", Hash),
            ("tenant", Int),
            ("account", Int),
            ("seen_at", Int),
            ("body", Text),
        ],
        key: "hash",
    },
    Table {
        name: "register",
        columns: &[("key", Hash), ("kind", Text), ("tenant", Int), ("at", Int), ("body", Text)],
        key: "key",
    },
    Table {
        name: "quarantine",
        columns: &[
            ("id", Int),
            ("tenant", Int),
            ("account", MaybeInt),
            ("channel", Text),
            ("at", Int),
            ("cause", Text),
            ("raw", Bytes),
        ],
        key: "id",
    },
    Table {
        name: "journal",
        columns: &[("day", Int32), ("shard", Int32), ("epoch", Int), ("batch", Int), ("now", Int), ("inputs", Bytes)],
        key: "day, shard, epoch, batch",
    },
    Table { name: "names", columns: &[("kind", Text), ("name", Text), ("handle", Int)], key: "kind, name" },
    Table { name: "tenant_shards", columns: &[("tenant", Int), ("shard", Int32)], key: "tenant" },
    Table { name: "users", columns: &[("tenant", Int), ("name", Text), ("body", Text)], key: "tenant, name" },
    Table {
        name: "user_sessions",
        columns: &[("hash", Bytes), ("tenant", Int), ("name", Text), ("opened_at", Int), ("seen_at", Int)],
        key: "hash",
    },
    Table { name: "rule_sets", columns: &[("tenant", Int), ("version", Int), ("body", Text)], key: "tenant, version" },
    Table { name: "rule_drafts", columns: &[("tenant", Int), ("body", Text)], key: "tenant" },
    Table {
        name: "outlet_positions",
        columns: &[("tenant", Int), ("sink", Text), ("event", Int)],
        key: "tenant, sink",
    },
    Table {
        name: "outlet_endpoints",
        columns: &[("tenant", Int), ("name", Text), ("version", Int), ("body", Text)],
        key: "tenant, name",
    },
    Table {
        name: "outlet_deliveries",
        columns: &[
            ("tenant", Int),
            ("endpoint", Text),
            ("event", Int),
            ("at", Int),
            ("lane", Text),
            ("state", Text),
            ("attempts", Int32),
            ("next_at", Int),
            ("cause", Text),
        ],
        key: "tenant, endpoint, event",
    },
    Table {
        name: "drafts",
        columns: &[("tenant", Int), ("worker", Int), ("task", Int), ("at", Int), ("body", Text)],
        key: "tenant, worker, task",
    },
    Table {
        name: "canned_answers",
        columns: &[("tenant", Int), ("name", Text), ("version", Int), ("body", Text)],
        key: "tenant, name",
    },
    Table {
        name: "work_views",
        columns: &[("tenant", Int), ("owner", Text), ("name", Text), ("body", Text)],
        key: "tenant, owner, name",
    },
    Table {
        name: "held_macros",
        columns: &[("tenant", Int), ("worker", Int), ("number", Text), ("due", MaybeInt), ("body", Text)],
        key: "tenant, worker",
    },
    Table {
        name: "cases",
        columns: &[
            ("id", Hash),
            ("shard", Int32),
            ("tenant", Int),
            ("case_type", Text),
            ("stage", Text),
            ("contact", MaybeBytes),
            ("matter", MaybeInt),
            ("task", MaybeInt),
            ("owner", MaybeInt),
            ("open", Bool),
            ("opened_at", Int),
            ("due_at", MaybeInt),
            ("look_at", MaybeInt),
            ("promise_due", MaybeInt),
            ("body", Text),
        ],
        key: "id",
    },
    Table {
        name: "push_keys",
        columns: &[("id", Int32), ("public_key", Bytes), ("private_key", Bytes), ("made_at", Int)],
        key: "id",
    },
    Table {
        name: "push_devices",
        columns: &[
            ("id", Hash),
            ("tenant", Int),
            ("worker", Int),
            ("created_at", Int),
            ("taken_at", MaybeInt),
            ("failures", Int32),
            ("name", Text),
            ("body", Text),
        ],
        key: "id",
    },
    Table {
        name: "decisions",
        columns: &[
            ("decision", Hash),
            ("line", Int32),
            ("shard", Int32),
            ("tenant", Int),
            ("at", Int),
            ("kind", Text),
            ("action", Text),
            ("currency", Text),
            ("minor", Int),
            ("asker", Int),
            ("holder", MaybeInt),
            ("second_holder", MaybeInt),
            ("contact", MaybeBytes),
            ("approval", MaybeInt),
            ("body", Text),
        ],
        key: "decision, line",
    },
    Table {
        name: "case_references",
        columns: &[("tenant", Int), ("reference", Text), ("case_id", Hash)],
        key: "tenant, reference, case_id",
    },
    Table {
        name: "external_events",
        columns: &[
            ("id", Hash),
            ("place", Hash),
            ("shard", Int32),
            ("tenant", Int),
            ("due_at", MaybeInt),
            ("system", Text),
            ("body", Text),
        ],
        key: "id",
    },
    Table {
        name: "judgements",
        columns: &[
            ("id", Hash),
            ("shard", Int32),
            ("tenant", Int),
            ("at", Int),
            ("kind", Text),
            ("worker", MaybeInt),
            ("judge", MaybeInt),
            ("task", MaybeInt),
            ("open", Bool),
            ("body", Text),
        ],
        key: "id",
    },
    Table {
        name: "improvements",
        columns: &[
            ("id", Hash),
            ("of_group", MaybeBytes),
            ("shard", Int32),
            ("tenant", Int),
            ("owner", MaybeInt),
            ("author", MaybeInt),
            ("look_at", MaybeInt),
            ("status", Text),
            ("source", Text),
            ("body", Text),
        ],
        key: "id",
    },
    Table {
        name: "system_keys",
        columns: &[("tenant", Int), ("system", Text), ("version", Int), ("body", Text)],
        key: "tenant, system",
    },
    Table { name: "audit", columns: &[("tenant", Int), ("seq", Int), ("body", Text)], key: "tenant, seq" },
    Table { name: "audit_heads", columns: &[("tenant", Int), ("seq", Int), ("hash", Text)], key: "tenant" },
];

/// What exports before record 13 lack of an event: their journeys begin with what happens next.
const OF_MATTER: &[(&str, Cell)] = &[("matter", Cell::Null)];

/// What exports before record 11 lack of a case.
const WATCHED: &[(&str, Cell)] = &[("look_at", Cell::Int(0)), ("promise_due", Cell::Null)];

impl Table {
    /// The version of the record that has it first: an older export is whole without it.
    pub fn since(&self) -> u32 {
        match self.name {
            "register" => 2,
            "rule_sets" | "rule_drafts" => 3,
            "outlet_positions" | "outlet_endpoints" | "outlet_deliveries" => 4,
            "drafts" | "canned_answers" => 5,
            "work_views" => 6,
            "held_macros" => 7,
            "cases" => 8,
            "push_keys" | "push_devices" => 9,
            "decisions" => 10,
            "case_references" | "external_events" => 12,
            "judgements" => 14,
            "improvements" => 15,
            "system_keys" => 16,
            _ => 1,
        }
    }

    /// The columns that exports of an older record lack, with what its rows are given: every such case is looked at once.
    pub fn added_after(&self, record: u32) -> &'static [(&'static str, Cell)] {
        match self.name {
            "cases" if record < 11 => WATCHED,
            "events" if record < 13 => OF_MATTER,
            _ => &[],
        }
    }

    /// The names of the columns, as a statement has them.
    pub fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }
}

/// Takes rows one after the other; an error ends the reading.
pub type Sink<'a> = &'a mut (dyn FnMut(Vec<Cell>) -> Result<(), StoreError> + Send);

/// A record that gives its rows, over one consistent view, while nobody owns a shard of it.
#[async_trait]
pub trait Source: Send {
    /// How many rows each table of [`TABLES`] has.
    async fn counts(&mut self) -> Result<Vec<u64>, StoreError>;

    /// All rows of a table, sorted by its key.
    async fn rows(&mut self, table: &'static Table, sink: Sink<'_>) -> Result<(), StoreError>;
}

/// An empty record that takes rows: all of them or none.
#[async_trait]
pub trait Target: Send {
    /// Adds rows to a table.
    async fn add(&mut self, table: &'static Table, rows: Vec<Vec<Cell>>) -> Result<(), StoreError>;

    /// Makes everything durable. A target that is dropped without it stays empty.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
}
