-- What is searched: the lines of transcripts by their words. It follows the log of events and is made of the record alone:
-- emptied, with its positions, it is built anew. Words are in their normal form, each with the number of its tenant before
-- it, so that no search sees another tenant's and none has to look past them. Texts are not kept a second time.
CREATE TABLE search_positions (
    tenant INTEGER PRIMARY KEY,
    event  INTEGER NOT NULL
);

CREATE TABLE search_lines (
    id         INTEGER PRIMARY KEY,
    transcript INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    task       INTEGER
);
CREATE UNIQUE INDEX search_lines_of_transcript ON search_lines (transcript, seq);

CREATE VIRTUAL TABLE search_words USING fts5(
    words, content = '', contentless_delete = 1, detail = none,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co M*'"
);
