-- What should change. id is a hash of the tenant and of the key under which it was written down; of_group is the one that says the
-- same, to which it belongs; at look_at its owner looks whether an answer is late. The evidence, the answer and what was measured
-- are in its body.
CREATE TABLE improvements (
    id       BLOB PRIMARY KEY,
    of_group BLOB,
    shard    INTEGER NOT NULL,
    tenant   INTEGER NOT NULL,
    owner    INTEGER,
    author   INTEGER,
    look_at  INTEGER,
    status   TEXT NOT NULL,
    source   TEXT NOT NULL,
    body     TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX improvements_of_tenant ON improvements (tenant, id);
CREATE INDEX improvements_of_group ON improvements (of_group) WHERE of_group IS NOT NULL;
CREATE INDEX improvements_by_author ON improvements (tenant, author, id) WHERE author IS NOT NULL;
CREATE INDEX improvements_to_look_at ON improvements (shard, look_at) WHERE look_at IS NOT NULL;
