-- Rule sets: every version that was ever live, the latest of a tenant is live now; and the draft of each tenant. body is
-- the row as JSON text. A version is never changed: a decision that bears its number is explained from it for ever.
CREATE TABLE rule_sets (
    tenant  bigint NOT NULL,
    version bigint NOT NULL,
    body    text NOT NULL,
    PRIMARY KEY (tenant, version)
);

CREATE TABLE rule_drafts (
    tenant bigint PRIMARY KEY,
    body   text NOT NULL
);
