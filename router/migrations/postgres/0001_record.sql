-- The record on PostgreSQL: the tables and columns of the embedded one (migrations/sqlite), shaped for this database.
--
-- Bodies are `text`, not `jsonb`: nothing looks into them, jsonb costs CPU at each write, and it refuses the \u0000
-- that a customer may send. Hashes of 16 bytes are `uuid`: fixed length, compared quickest. Times are milliseconds since
-- 1970. What is updated often leaves room in its pages (fillfactor) and keeps the columns that change out of the
-- indexes, so that an update stays on its page and touches no index (HOT).

-- The database's own clock (P2). Not now(): that stands still while a transaction waits for a lock.
CREATE FUNCTION clock_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';

-- Ownership (P2). One row to a page: each commit updates its shard's row, and shards must not wait for each other.
CREATE TABLE shards (
    id          integer PRIMARY KEY,
    epoch       bigint  NOT NULL,
    batch       bigint  NOT NULL,
    now         bigint  NOT NULL,
    owner_url   text    NOT NULL,
    lease_until bigint  NOT NULL
) WITH (fillfactor = 10);

-- The fence: the first statement of every commit (P2). It raises an error instead of returning a verdict, so that a
-- whole batch with its COMMIT can be sent at once: after the error nothing of it is carried out.
--   BL001  fenced: the epoch has moved on, or a batch is missing
--   BL002  this batch was committed before, by a try whose outcome was not known (P4)
--   BL003  commits are not made durable here
CREATE FUNCTION fence(shard integer, of_epoch bigint, of_batch bigint, at bigint, lease_ms bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('synchronous_commit') = 'off' THEN
        RAISE EXCEPTION 'synchronous_commit is off: a commit would be lost with the power'
            USING ERRCODE = 'BL003', HINT = 'ALTER SYSTEM SET synchronous_commit = on, for the role and the database too';
    END IF;
    UPDATE shards SET batch = of_batch, now = at, lease_until = clock_ms() + lease_ms
        WHERE id = shard AND epoch = of_epoch AND batch = of_batch - 1;
    IF FOUND THEN
        RETURN;
    END IF;
    -- A statement of its own, so it sees what a try before this one committed while we waited for it.
    PERFORM FROM shards WHERE id = shard AND epoch = of_epoch AND batch = of_batch;
    IF FOUND THEN
        RAISE EXCEPTION 'batch % of epoch % was committed before', of_batch, of_epoch USING ERRCODE = 'BL002';
    END IF;
    RAISE EXCEPTION 'fenced: shard % has moved on from batch % of epoch %', shard, of_batch, of_epoch
        USING ERRCODE = 'BL001';
END $$;

-- What the core was told, and its counters: kind is meta, tenant, account, calendar or queue.
CREATE TABLE settings (
    shard integer NOT NULL,
    kind  text    COLLATE "C" NOT NULL,
    id    bigint  NOT NULL,
    body  text    NOT NULL,
    PRIMARY KEY (shard, kind, id)
) WITH (fillfactor = 50);

CREATE TABLE workers (
    id    bigint  NOT NULL,
    shard integer NOT NULL,
    body  text    NOT NULL,
    PRIMARY KEY (shard, id)
) WITH (fillfactor = 50);

CREATE TABLE conversations (
    id            bigint  PRIMARY KEY,
    tenant        bigint  NOT NULL,
    account       bigint  NOT NULL,
    contact       uuid    NOT NULL,
    -- Set while it is solved and the customer may still say whether it is.
    confirm_until bigint,
    shard         integer NOT NULL,
    open          boolean NOT NULL,
    state         text    COLLATE "C" NOT NULL,
    body          text    NOT NULL
) WITH (fillfactor = 60);
CREATE INDEX conversations_open ON conversations (shard, id) WHERE open;
CREATE INDEX conversations_to_confirm ON conversations (shard, confirm_until) WHERE confirm_until IS NOT NULL;
CREATE INDEX conversations_of_contact ON conversations (contact, id);
CREATE INDEX conversations_of_tenant ON conversations (tenant, id);

CREATE TABLE tasks (
    id     bigint  PRIMARY KEY,
    tenant bigint  NOT NULL,
    queue  bigint  NOT NULL,
    matter bigint  NOT NULL,
    -- The owner or, once closed, the last owner.
    worker bigint,
    shard  integer NOT NULL,
    open   boolean NOT NULL,
    side   text    COLLATE "C" NOT NULL,
    state  text    COLLATE "C" NOT NULL,
    body   text    NOT NULL
) WITH (fillfactor = 60);
CREATE INDEX tasks_open ON tasks (shard, id) WHERE open;
CREATE INDEX tasks_in_queue ON tasks (queue, id) WHERE open;
CREATE INDEX tasks_of_tenant ON tasks (tenant, id);
CREATE INDEX tasks_of_worker ON tasks (worker, id) WHERE worker IS NOT NULL;
CREATE INDEX tasks_of_matter ON tasks (matter, id);

-- Messages of ours.
CREATE TABLE outbound (
    id          bigint  PRIMARY KEY,
    tenant      bigint  NOT NULL,
    account     bigint  NOT NULL,
    contact     uuid    NOT NULL,
    shard       integer NOT NULL,
    open        boolean NOT NULL,
    state       text    COLLATE "C" NOT NULL,
    -- The platform's id, as bytes: platforms promise nothing about what is in it.
    external_id bytea,
    -- What to send, written once.
    content     text,
    body        text    NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX outbound_open ON outbound (shard, id) WHERE open;
CREATE INDEX outbound_unknown ON outbound (tenant, id) WHERE state = 'unknown';
CREATE INDEX outbound_of_tenant ON outbound (tenant, id);
CREATE INDEX outbound_external ON outbound (account, external_id) WHERE external_id IS NOT NULL;

-- Each attempt to send is granted once (P13).
CREATE TABLE claims (
    outbound bigint  NOT NULL,
    at       bigint  NOT NULL,
    attempt  integer NOT NULL,
    sender   text    NOT NULL,
    PRIMARY KEY (outbound, attempt)
);

-- Transcripts. transcript is the conversation, or the task where there is no conversation. Partitioned by ranges of
-- its number, which rises with time: a transcript lies in one partition, its places stay unique, and an old partition
-- is an old time. Partitions are made by the program, ahead of their use.
CREATE TABLE messages (
    transcript bigint NOT NULL,
    seq        bigint NOT NULL,
    tenant     bigint NOT NULL,
    at         bigint NOT NULL,
    task       bigint,
    worker     bigint,
    outbound   bigint,
    author     text   COLLATE "C" NOT NULL,
    body       text   NOT NULL,
    PRIMARY KEY (transcript, seq)
) PARTITION BY RANGE (transcript);

-- Partitioned by ranges of its number, which rises with time within a shard: what is read, the next ones of a tenant
-- after a number, lies in the order of the partitions.
CREATE TABLE events (
    id     bigint  NOT NULL,
    tenant bigint  NOT NULL,
    at     bigint  NOT NULL,
    shard  integer NOT NULL,
    body   text    NOT NULL,
    PRIMARY KEY (tenant, id)
) PARTITION BY RANGE (id);

-- What was taken in already (P3). day is days since 1970. Partitioned by four days: each look-up asks every partition, so
-- days by themselves would cost three times as much; at most twelve days are kept where eight are needed.
CREATE TABLE dedup_keys (
    key   uuid    NOT NULL,
    day   integer NOT NULL,
    value bytea   NOT NULL,
    PRIMARY KEY (key, day)
) PARTITION BY RANGE (day);

-- Addresses of contacts. body holds the address, thread and name.
CREATE TABLE addresses (
    hash    uuid   PRIMARY KEY,
    contact uuid   NOT NULL,
    tenant  bigint NOT NULL,
    account bigint NOT NULL,
    seen_at bigint NOT NULL,
    body    text   NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX addresses_of_contact ON addresses (contact);

-- What could not be read, whole (P11).
CREATE TABLE quarantine (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant  bigint NOT NULL,
    at      bigint NOT NULL,
    account bigint,
    channel text   NOT NULL,
    cause   text   NOT NULL,
    raw     bytea  NOT NULL
);
CREATE INDEX quarantine_of_tenant ON quarantine (tenant, id);

-- The inputs of each batch, for replay (P6). Whole days are dropped.
CREATE TABLE journal (
    epoch  bigint  NOT NULL,
    batch  bigint  NOT NULL,
    now    bigint  NOT NULL,
    day    integer NOT NULL,
    shard  integer NOT NULL,
    inputs bytea   NOT NULL,
    PRIMARY KEY (day, shard, epoch, batch)
) PARTITION BY RANGE (day);

-- The handle of each name, given once and kept for good.
CREATE TABLE names (
    handle bigint NOT NULL,
    kind   text   COLLATE "C" NOT NULL,
    name   text   COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, name),
    UNIQUE (kind, handle)
);
