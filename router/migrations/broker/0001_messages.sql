-- The embedded broker. Only SQLite has this file: with several machines the broker is another service.

CREATE TABLE queues (
    id    INTEGER PRIMARY KEY,
    name  TEXT    NOT NULL UNIQUE,
    -- The number of the last message ever put on the queue.
    last  INTEGER NOT NULL DEFAULT 0,
    -- How many messages of the queue are stored: counting them would read the whole file.
    depth INTEGER NOT NULL DEFAULT 0
);

-- id is the queue's id times 2^40 plus the message's number in the queue: one tree, in order, without an index beside it.
CREATE TABLE messages (
    id   INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);
