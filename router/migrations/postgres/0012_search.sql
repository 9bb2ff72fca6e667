-- What is searched: the lines of transcripts by their words. It follows the log of events and is made of the record alone:
-- emptied, with its positions, it is built anew. Words are in their normal form. Before each stand the part of the index,
-- some 262,000 lines to each, and the number of its tenant: a search sees no other tenant's, and for the newest lines of a
-- common word it goes through the parts from the newest on and stops, where one list of all its lines would be read whole.
CREATE TABLE search_positions (
    tenant bigint PRIMARY KEY,
    event  bigint NOT NULL
) WITH (fillfactor = 50);

CREATE SEQUENCE search_line_ids;
CREATE TABLE search_lines (
    id         bigint   PRIMARY KEY,
    transcript bigint   NOT NULL,
    seq        bigint   NOT NULL,
    at         bigint   NOT NULL,
    task       bigint,
    words      tsvector NOT NULL
);
CREATE UNIQUE INDEX search_lines_of_transcript ON search_lines (transcript, seq);
-- What waits for its place in the index is read by every search: little.
CREATE INDEX search_lines_words ON search_lines USING gin (words) WITH (gin_pending_list_limit = 1024);
