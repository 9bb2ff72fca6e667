-- What other systems tell. case_references finds the cases that ever bore a reference of another system; whether one still
-- does is in its body. external_events holds those that were not applied yet: parked ones wait for a person, the others until
-- due_at for those before them. id is a hash of the tenant, the system, its own id of the event and what it says; place is one
-- of the tenant, the system and what the event is about.
CREATE TABLE case_references (
    tenant    bigint NOT NULL,
    case_id   uuid   NOT NULL,
    reference text   COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, reference, case_id)
);
CREATE TABLE external_events (
    id     uuid    PRIMARY KEY,
    place  uuid    NOT NULL,
    tenant bigint  NOT NULL,
    due_at bigint,
    shard  integer NOT NULL,
    system text    COLLATE "C" NOT NULL,
    body   text    NOT NULL
);
CREATE INDEX external_events_of_tenant ON external_events (tenant, id);
CREATE INDEX external_events_at_place ON external_events (place) WHERE due_at IS NOT NULL;
CREATE INDEX external_events_due ON external_events (shard, due_at) WHERE due_at IS NOT NULL;
