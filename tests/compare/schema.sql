-- What both comparison programs write: one row per message, per assignment and per reply.
-- No foreign keys: they would cost these programs more, and their figures are to be the best that are fair.
CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL,
    platform_id text NOT NULL,
    contact text NOT NULL,
    body text NOT NULL,
    said_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account, platform_id)
);
CREATE TABLE assignments (
    message_id bigint PRIMARY KEY,
    worker text NOT NULL,
    assigned_at timestamptz NOT NULL,
    completed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE replies (
    message_id bigint PRIMARY KEY,
    body text NOT NULL,
    platform_id text,
    sent_at timestamptz
);
