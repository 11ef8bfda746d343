-- Address books, whose names are in `names`.
CREATE TABLE address_books (
    book    text        PRIMARY KEY,
    -- Entries with a name, when it was read.
    people  integer     NOT NULL,
    read_at timestamptz NOT NULL,
    -- Of a CardDAV collection: its address, what it calls its present state, and the region that its numbers
    -- were understood by. The password is kept nowhere.
    url     text,
    state   text,
    region  text,
    CONSTRAINT address_books_book_is_short CHECK (length(book) BETWEEN 1 AND 100)
);

-- Searchable form of names: without accents, in lower case. crates/calls-store/src/search.rs has the same
-- expression.
ALTER TABLE names ADD COLUMN folded text GENERATED ALWAYS AS (
    replace(translate(lower(regexp_replace(normalize(name, NFKD), '[\u0300-\u036f]', '', 'g')), 'øłđħı', 'oldhi'), 'ß', 'ss')
) STORED;

-- The groups of four digits that a number has, for an index that finds any four or more of them. Parties
-- without a number have none.
CREATE FUNCTION digit_groups(number bigint) RETURNS integer[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN number > 0 THEN
        ARRAY(SELECT substr(number::text, start, 4)::integer FROM generate_series(1, length(number::text) - 3) AS start)
    ELSE '{}' END
$$;

-- Parties in the histories of others: kept by searches, and like counts made anew from the calls
-- at any time. Writers pay nothing. Withheld and unknown callers and texts are nobody.
CREATE TABLE occurrences (
    party     bigint      PRIMARY KEY,
    -- In all histories.
    calls     bigint      NOT NULL,
    last_call timestamptz NOT NULL,
    -- The owners that it has calls with: 50 at most, the latest call first.
    histories bigint[]    NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX occurrences_digits ON occurrences USING gin (digit_groups(party));
CREATE INDEX occurrences_last_call ON occurrences (last_call DESC, party);

-- Last call of each history that is in `occurrences`.
CREATE TABLE listed_histories (
    number bigint PRIMARY KEY,
    -- Calls with this id and below are.
    until  bigint NOT NULL,
    epoch  bigint NOT NULL
);
