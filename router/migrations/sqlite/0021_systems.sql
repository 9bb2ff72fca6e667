-- What other systems tell. case_references finds the cases that ever bore a reference of another system; whether one still
-- does is in its body. external_events holds those that were not applied yet: parked ones wait for a person, the others until
-- due_at for those before them. id is a hash of the tenant, the system, its own id of the event and what it says; place is one
-- of the tenant, the system and what the event is about.
CREATE TABLE case_references (
    tenant    INTEGER NOT NULL,
    reference TEXT NOT NULL,
    case_id   BLOB NOT NULL,
    PRIMARY KEY (tenant, reference, case_id)
) WITHOUT ROWID;
CREATE TABLE external_events (
    id     BLOB PRIMARY KEY,
    place  BLOB NOT NULL,
    shard  INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    due_at INTEGER,
    system TEXT NOT NULL,
    body   TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX external_events_of_tenant ON external_events (tenant, id);
CREATE INDEX external_events_at_place ON external_events (place) WHERE due_at IS NOT NULL;
CREATE INDEX external_events_due ON external_events (shard, due_at) WHERE due_at IS NOT NULL;
