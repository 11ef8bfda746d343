-- The call logs that a watched folder had and that were read to their end, by content: a file that comes
-- again, under any name, is not read again. A row is written when the calls of the file are stored, so that
-- an import which was killed is done again; calls have a natural key, so none is there twice. Names of files
-- are not kept: they may name people.
CREATE TABLE imported_files (
    -- SHA-256.
    digest      bytea       PRIMARY KEY,
    records     bigint      NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now()
);
