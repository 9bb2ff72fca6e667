-- Whoever may see the lines of few tasks only is not made to wait for all lines that hold a common word: his lines are found
-- by their task, and each tells its words. The index is made of the record, so it is emptied and built anew with them.
DELETE FROM search_positions;
DELETE FROM search_lines;
INSERT INTO search_words (search_words) VALUES ('delete-all');

ALTER TABLE search_lines ADD COLUMN words TEXT NOT NULL DEFAULT '';
CREATE INDEX search_lines_of_task ON search_lines (coalesce(task, transcript), id);
