-- People: users, their sessions, and the log of what was done to both. name is the form in which names are compared;
-- body is the row as JSON text.
CREATE TABLE users (
    tenant bigint NOT NULL,
    name   text   COLLATE "C" NOT NULL,
    body   text   NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- hash is the SHA-256 of the session's secret, which is kept nowhere.
CREATE TABLE user_sessions (
    hash      bytea  PRIMARY KEY,
    tenant    bigint NOT NULL,
    opened_at bigint NOT NULL,
    seen_at   bigint NOT NULL,
    name      text   COLLATE "C" NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX user_sessions_of_user ON user_sessions (tenant, name, opened_at);
CREATE INDEX user_sessions_by_age ON user_sessions (opened_at);

-- What was done, by whom; each entry holds the hash of the one before it. Append-only: nothing updates or deletes.
CREATE TABLE audit (
    tenant bigint NOT NULL,
    seq    bigint NOT NULL,
    body   text   NOT NULL,
    PRIMARY KEY (tenant, seq)
);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- The last entry of each tenant's log: what a log that lost its tail disagrees with. Whoever adds an entry holds its
-- row until the end of his transaction: one writer at a time for each tenant.
CREATE TABLE audit_heads (
    tenant bigint PRIMARY KEY,
    seq    bigint NOT NULL,
    hash   text   NOT NULL
) WITH (fillfactor = 50);
