-- The names of parties, by source. A party may have one name from each address book, and one from the logs:
-- the latest.
CREATE TABLE names (
    -- A key as in calls.counterparty. Withheld and unknown callers and texts have no names.
    party   bigint      NOT NULL,
    -- The address book, or '' for the logs.
    book    text        NOT NULL,
    name    text        NOT NULL,
    -- The kind of number in an address book: mobile, work.
    label   text,
    -- From a log: when the call with this name began. From an address book: when it was read.
    said_at timestamptz NOT NULL,
    PRIMARY KEY (party, book),
    CONSTRAINT names_name_is_short CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT names_label_is_short CHECK (length(label) BETWEEN 1 AND 50)
);

-- The other number that took part, as a key: for who answered, the number that was dialled; for the caller,
-- the extension that answered.
ALTER TABLE calls ADD COLUMN via bigint;
