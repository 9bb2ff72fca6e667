-- The record. Another store takes the same tables and columns: whole numbers are 64 bits, hashes are bytes, a body is
-- the row as JSON text, and the columns beside it are only those that queries need. Ids of conversations, tasks,
-- matters and messages of ours come from one counter, so a number names one thing only. A tenant is on one shard.

-- Ownership (P2). Times of leases are by the store's own clock.
CREATE TABLE shards (
    id          INTEGER PRIMARY KEY,
    epoch       INTEGER NOT NULL,
    batch       INTEGER NOT NULL,
    now         INTEGER NOT NULL,
    owner_url   TEXT    NOT NULL,
    lease_until INTEGER NOT NULL
);

-- What the core was told, and its counters: kind is meta, tenant, account, calendar or queue.
CREATE TABLE settings (
    shard INTEGER NOT NULL,
    kind  TEXT    NOT NULL,
    id    INTEGER NOT NULL,
    body  TEXT    NOT NULL,
    PRIMARY KEY (shard, kind, id)
) WITHOUT ROWID;

CREATE TABLE workers (
    shard INTEGER NOT NULL,
    id    INTEGER NOT NULL,
    body  TEXT    NOT NULL,
    PRIMARY KEY (shard, id)
) WITHOUT ROWID;

CREATE TABLE conversations (
    id            INTEGER PRIMARY KEY,
    shard         INTEGER NOT NULL,
    tenant        INTEGER NOT NULL,
    account       INTEGER NOT NULL,
    contact       BLOB    NOT NULL,
    state         TEXT    NOT NULL,
    open          INTEGER NOT NULL,
    -- Set while it is solved and the customer may still say whether it is.
    confirm_until INTEGER,
    body          TEXT    NOT NULL
);
CREATE INDEX conversations_open ON conversations (shard, id) WHERE open = 1;
CREATE INDEX conversations_to_confirm ON conversations (shard, confirm_until) WHERE confirm_until IS NOT NULL;
CREATE INDEX conversations_of_contact ON conversations (contact, id);
CREATE INDEX conversations_of_tenant ON conversations (tenant, id);

CREATE TABLE tasks (
    id     INTEGER PRIMARY KEY,
    shard  INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    queue  INTEGER NOT NULL,
    side   TEXT    NOT NULL,
    -- The owner or, once closed, the last owner.
    worker INTEGER,
    matter INTEGER NOT NULL,
    state  TEXT    NOT NULL,
    open   INTEGER NOT NULL,
    body   TEXT    NOT NULL
);
CREATE INDEX tasks_open ON tasks (shard, id) WHERE open = 1;
CREATE INDEX tasks_in_queue ON tasks (queue, id) WHERE open = 1;
CREATE INDEX tasks_of_tenant ON tasks (tenant, id);
CREATE INDEX tasks_of_worker ON tasks (worker, id) WHERE worker IS NOT NULL;
CREATE INDEX tasks_of_matter ON tasks (matter, id);

-- Messages of ours.
CREATE TABLE outbound (
    id          INTEGER PRIMARY KEY,
    shard       INTEGER NOT NULL,
    tenant      INTEGER NOT NULL,
    account     INTEGER NOT NULL,
    contact     BLOB    NOT NULL,
    state       TEXT    NOT NULL,
    open        INTEGER NOT NULL,
    -- The platform's id, as bytes: platforms promise nothing about what is in it.
    external_id BLOB,
    -- What to send, written once.
    content     TEXT,
    body        TEXT    NOT NULL
);
CREATE INDEX outbound_open ON outbound (shard, id) WHERE open = 1;
CREATE INDEX outbound_unknown ON outbound (tenant, id) WHERE state = 'unknown';
CREATE INDEX outbound_of_tenant ON outbound (tenant, id);
CREATE INDEX outbound_external ON outbound (account, external_id) WHERE external_id IS NOT NULL;

-- Each attempt to send is granted once (P13).
CREATE TABLE claims (
    outbound INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    sender   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (outbound, attempt)
) WITHOUT ROWID;

-- Transcripts. transcript is the conversation, or the task where there is no conversation.
CREATE TABLE messages (
    transcript INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    tenant     INTEGER NOT NULL,
    task       INTEGER,
    at         INTEGER NOT NULL,
    author     TEXT    NOT NULL,
    worker     INTEGER,
    outbound   INTEGER,
    body       TEXT    NOT NULL,
    PRIMARY KEY (transcript, seq)
) WITHOUT ROWID;

CREATE TABLE events (
    tenant INTEGER NOT NULL,
    id     INTEGER NOT NULL,
    shard  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT GENERATED ALWAYS AS (body ->> '$.event') VIRTUAL,
    body   TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) WITHOUT ROWID;

-- What was taken in already (P3). day is days since 1970: whole days are dropped.
CREATE TABLE dedup_keys (
    day   INTEGER NOT NULL,
    key   BLOB    NOT NULL,
    value BLOB    NOT NULL,
    PRIMARY KEY (day, key)
) WITHOUT ROWID;

-- Addresses of contacts. body holds the address, thread and name.
CREATE TABLE addresses (
    hash    BLOB    NOT NULL,
    contact BLOB    NOT NULL,
    tenant  INTEGER NOT NULL,
    account INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (hash)
) WITHOUT ROWID;
CREATE INDEX addresses_of_contact ON addresses (contact);

-- What could not be read, whole (P11).
CREATE TABLE quarantine (
    id      INTEGER PRIMARY KEY,
    tenant  INTEGER NOT NULL,
    account INTEGER,
    channel TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    cause   TEXT    NOT NULL,
    raw     BLOB    NOT NULL
);
CREATE INDEX quarantine_of_tenant ON quarantine (tenant, id);

-- The inputs of each batch, for replay (P6). Whole days are dropped.
CREATE TABLE journal (
    day    INTEGER NOT NULL,
    shard  INTEGER NOT NULL,
    epoch  INTEGER NOT NULL,
    batch  INTEGER NOT NULL,
    now    INTEGER NOT NULL,
    inputs BLOB    NOT NULL,
    PRIMARY KEY (day, shard, epoch, batch)
);

-- The handle of each name, given once and kept for good.
CREATE TABLE names (
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    handle INTEGER NOT NULL,
    PRIMARY KEY (kind, name),
    UNIQUE (kind, handle)
);
