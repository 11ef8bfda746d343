-- Counts of long histories, so that a summary costs the same whether there are ten thousand calls or ten
-- million.
--
-- Within a history ids grow in the order of commits, so counts hold up to an id. Whoever reads brings them
-- forward over the newer calls; writers pay nothing. They can be deleted at any time, and are where calls
-- were: then they are made anew.
CREATE TABLE history_counts (
    number        bigint PRIMARY KEY,
    -- Calls with this id and below are counted.
    counted_until bigint NOT NULL,
    -- The counterparties with the most calls, for each set of types (see
    -- crates/calls-store/src/counts/top.rs).
    top           bytea  NOT NULL
) WITH (fillfactor = 50);

-- The calls of a day (UTC) by quarter of an hour, type and disposition (see
-- crates/calls-store/src/counts/day.rs). Zones differ by whole quarters, so days and hours of any zone can be
-- put together from them.
CREATE TABLE day_counts (
    number bigint  NOT NULL,
    -- Days since 1970-01-01.
    day    integer NOT NULL,
    cells  bytea   NOT NULL,
    PRIMARY KEY (number, day)
);

CREATE TABLE counterparty_counts (
    number             bigint  NOT NULL,
    counterparty       bigint  NOT NULL,
    completed_inbound  bigint  NOT NULL,
    missed_inbound     bigint  NOT NULL,
    completed_outbound bigint  NOT NULL,
    missed_outbound    bigint  NOT NULL,
    inbound_ms         bigint  NOT NULL,
    outbound_ms        bigint  NOT NULL,
    -- When the latest completed call began, in either direction.
    last_spoken        timestamptz,
    PRIMARY KEY (number, counterparty)
) WITH (fillfactor = 80);
