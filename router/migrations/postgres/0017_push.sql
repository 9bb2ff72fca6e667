-- Notices to people's devices. push_keys has one row: what push services know this installation by.
CREATE TABLE push_keys (
    id          integer PRIMARY KEY CHECK (id = 1),
    public_key  bytea   NOT NULL,
    private_key bytea   NOT NULL,
    made_at     bigint  NOT NULL
);

-- id is a hash of the endpoint. taken_at is when the push service last took something, failures how often on end it did not.
-- body is the row as JSON text.
CREATE TABLE push_devices (
    id         uuid    PRIMARY KEY,
    tenant     bigint  NOT NULL,
    worker     bigint  NOT NULL,
    created_at bigint  NOT NULL,
    taken_at   bigint,
    failures   integer NOT NULL DEFAULT 0,
    name       text    COLLATE "C" NOT NULL,
    body       text    NOT NULL
);
CREATE INDEX push_devices_of_worker ON push_devices (tenant, worker);
CREATE INDEX push_devices_of_user ON push_devices (tenant, name);
