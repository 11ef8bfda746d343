-- When a call log was last read to its end, and how many calls it added, by the way that it came. An import
-- by the command is a process of its own, so a server can only tell of it what is here.
CREATE TABLE last_imports (
    -- command, watch or upload.
    source      text        PRIMARY KEY,
    added       bigint      NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now()
);
