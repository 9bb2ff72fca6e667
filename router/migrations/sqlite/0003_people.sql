-- People: users, their sessions, and the log of what was done to both. name is the form in which names are compared;
-- body is the row as JSON text.
CREATE TABLE users (
    tenant INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

-- hash is the SHA-256 of the session's secret, which is kept nowhere.
CREATE TABLE user_sessions (
    hash      BLOB    NOT NULL,
    tenant    INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    opened_at INTEGER NOT NULL,
    seen_at   INTEGER NOT NULL,
    PRIMARY KEY (hash)
) WITHOUT ROWID;
CREATE INDEX user_sessions_of_user ON user_sessions (tenant, name, opened_at);
CREATE INDEX user_sessions_by_age ON user_sessions (opened_at);

-- What was done, by whom; each entry holds the hash of the one before it. Append-only: nothing updates or deletes.
CREATE TABLE audit (
    tenant INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (tenant, seq)
) WITHOUT ROWID;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- The last entry of each tenant's log: what a log that lost its tail disagrees with.
CREATE TABLE audit_heads (
    tenant INTEGER PRIMARY KEY,
    seq    INTEGER NOT NULL,
    hash   TEXT    NOT NULL
);
