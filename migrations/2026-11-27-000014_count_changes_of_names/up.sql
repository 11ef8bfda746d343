-- Counts the changes of names, so that an answer with names has an ETag that changes with them. A writer of
-- names adds one to a row, in its transaction; the sum of all rows is the version of the names. There are
-- several rows so that writers seldom wait for each other.
CREATE TABLE name_changes (
    slot    smallint PRIMARY KEY,
    changes bigint   NOT NULL
) WITH (fillfactor = 50);
