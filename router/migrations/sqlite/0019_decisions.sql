-- The ledger of decisions. Lines are added and never changed: what was given is taken back by another line. decision is a hash
-- of the tenant and of the key under which it was asked for; line counts from 1 within it. body is the line as JSON text; the
-- columns beside it are only those that are asked for. approval is the task that asks for it, while one does.
CREATE TABLE decisions (
    decision      BLOB    NOT NULL,
    line          INTEGER NOT NULL,
    shard         INTEGER NOT NULL,
    tenant        INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    minor         INTEGER NOT NULL,
    asker         INTEGER NOT NULL,
    holder        INTEGER,
    second_holder INTEGER,
    contact       BLOB,
    approval      INTEGER,
    body          TEXT    NOT NULL,
    PRIMARY KEY (decision, line)
) WITHOUT ROWID;
CREATE INDEX decisions_of_tenant ON decisions (tenant, at, decision, line);
CREATE INDEX decisions_of_holder ON decisions (holder, at) WHERE holder IS NOT NULL;
CREATE INDEX decisions_of_second ON decisions (second_holder, at) WHERE second_holder IS NOT NULL;
CREATE INDEX decisions_of_contact ON decisions (contact, at) WHERE contact IS NOT NULL;
CREATE INDEX decisions_of_approval ON decisions (approval) WHERE approval IS NOT NULL;
