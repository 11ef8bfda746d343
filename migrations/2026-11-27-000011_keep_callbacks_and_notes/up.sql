-- Texts that people write: notes on calls, and whom they called back by other means. Both belong to a history
-- and are distributed by `number` like its calls. A change takes the next version of the history, so that its
-- ETag changes, and so that followers read "the changes after this version" as they read "the calls after
-- this id". What was taken back stays as a row without text, for followers to hear of it; it goes with its
-- call.
CREATE TABLE notes (
    number  bigint NOT NULL,
    -- The id of a call of this history.
    call    bigint NOT NULL,
    version bigint NOT NULL,
    text    text   NOT NULL,
    -- One a line.
    tags    text   NOT NULL,
    PRIMARY KEY (number, call),
    CONSTRAINT notes_text_is_short CHECK (length(text) <= 2000),
    CONSTRAINT notes_tags_are_few CHECK (length(tags) <= 1019)
);
CREATE INDEX notes_by_version ON notes (number, version);

CREATE TABLE callbacks (
    number       bigint NOT NULL,
    counterparty bigint NOT NULL,
    version      bigint NOT NULL,
    -- Missed calls up to this time are done; NULL: none are.
    done_until   timestamptz,
    done_at      timestamptz,
    note         text   NOT NULL,
    PRIMARY KEY (number, counterparty),
    CONSTRAINT callbacks_note_is_short CHECK (length(note) <= 2000),
    CONSTRAINT callbacks_done_has_both_times CHECK ((done_until IS NULL) = (done_at IS NULL))
);
CREATE INDEX callbacks_by_version ON callbacks (number, version);

-- Sets of numbers that are read as one list.
CREATE TABLE lines (
    name   text    NOT NULL,
    -- The order in which they were given, from 0.
    place  integer NOT NULL,
    number bigint  NOT NULL,
    PRIMARY KEY (name, place),
    CONSTRAINT lines_name_is_short CHECK (length(name) BETWEEN 1 AND 50)
);
