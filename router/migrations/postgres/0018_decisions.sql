-- The ledger of decisions. Lines are added and never changed: what was given is taken back by another line. decision is a hash
-- of the tenant and of the key under which it was asked for; line counts from 1 within it. body is the line as JSON text; the
-- columns beside it are only those that are asked for. approval is the task that asks for it, while one does.
CREATE TABLE decisions (
    decision      uuid    NOT NULL,
    tenant        bigint  NOT NULL,
    at            bigint  NOT NULL,
    minor         bigint  NOT NULL,
    asker         bigint  NOT NULL,
    holder        bigint,
    second_holder bigint,
    approval      bigint,
    line          integer NOT NULL,
    shard         integer NOT NULL,
    contact       bytea,
    kind          text    COLLATE "C" NOT NULL,
    action        text    COLLATE "C" NOT NULL,
    currency      text    COLLATE "C" NOT NULL,
    body          text    NOT NULL,
    PRIMARY KEY (decision, line)
);
CREATE INDEX decisions_of_tenant ON decisions (tenant, at, decision, line);
CREATE INDEX decisions_of_holder ON decisions (holder, at) WHERE holder IS NOT NULL;
CREATE INDEX decisions_of_second ON decisions (second_holder, at) WHERE second_holder IS NOT NULL;
CREATE INDEX decisions_of_contact ON decisions (contact, at) WHERE contact IS NOT NULL;
CREATE INDEX decisions_of_approval ON decisions (approval) WHERE approval IS NOT NULL;
