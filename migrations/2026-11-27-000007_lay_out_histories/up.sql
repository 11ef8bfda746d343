-- The layout of version 0.2: a history stands beside its calls, each write names its owner, and nothing needs
-- a trigger. It runs on plain PostgreSQL and, distributed by `number`, on Citus.
--
-- The tables of version 0.1 stay under other names. `calls migrate` moves their rows and then drops them (see
-- crates/calls-store/src/upgrade.rs).
DROP TRIGGER calls_1_parties_insert ON calls;
DROP TRIGGER calls_1_parties_update ON calls;
DROP TRIGGER calls_2_version_insert ON calls;
DROP TRIGGER calls_2_version_update_old ON calls;
DROP TRIGGER calls_2_version_update_new ON calls;
DROP TRIGGER calls_2_version_delete ON calls;
DROP TRIGGER phone_numbers_in_use_delete ON phone_numbers;
DROP TRIGGER phone_numbers_keep_key ON phone_numbers;
DROP FUNCTION calls_parties(), calls_version(), phone_numbers_in_use(), phone_numbers_keep_key();
ALTER TABLE phone_numbers RENAME TO phone_numbers_v1;
ALTER TABLE calls RENAME TO calls_v1;
ALTER INDEX calls_pkey RENAME TO calls_v1_pkey;
ALTER INDEX calls_natural_key RENAME TO calls_v1_natural_key;
ALTER INDEX calls_history RENAME TO calls_v1_history;

-- Parties without an E.164 number. Their keys are below zero, so they never meet a number's digits:
--
--   -1                          callers who withheld their number
--   -2                          callers whom the log calls unknown
--   -3 down to -2^62            extensions, short codes, feature codes (local) and SIP addresses (sip)
--   -2^62 - 1 and below         texts of a log that are no number by any rule (text)
--
-- So a key alone tells whether its party is identified, and can own a history. A key is never used again.
CREATE TABLE other_parties (
    number bigint PRIMARY KEY DEFAULT nextval('other_party_number'),
    kind   text   NOT NULL,
    label  text   NOT NULL UNIQUE,
    CONSTRAINT other_parties_number_fits_kind
        CHECK (CASE kind WHEN 'withheld' THEN number = -1
                         WHEN 'unknown'  THEN number = -2
                         WHEN 'text'     THEN number < -4611686018427387904
                         ELSE number BETWEEN -4611686018427387904 AND -3 END),
    CONSTRAINT other_parties_label_fits_kind
        CHECK (CASE kind WHEN 'local'    THEN label ~ '^[0-9*#]{1,6}$'
                         WHEN 'sip'      THEN label ~ '^sips?:.' AND length(label) <= 255
                         WHEN 'text'     THEN length(label) BETWEEN 1 AND 64
                         WHEN 'withheld' THEN label = 'withheld'
                         WHEN 'unknown'  THEN label = 'unknown'
                         ELSE false END)
);
ALTER SEQUENCE other_party_number OWNED BY other_parties.number;
INSERT INTO other_parties (number, kind, label) SELECT number, kind::text, label FROM phone_numbers_v1 WHERE number < 0;

-- One row for each number that has calls of its own. A counterparty that has none is in `calls` alone.
CREATE TABLE histories (
    number    bigint      PRIMARY KEY,
    -- The id of the newest call, or above it: grows with every change, and never comes back. ETags are made
    -- of it. The first version of a history is the time in microseconds, so that a history that was deleted
    -- and came again has a version that nobody has seen.
    version   bigint      NOT NULL,
    calls     bigint      NOT NULL,
    -- Changes whenever calls are removed or altered: counts that were made before no longer hold.
    epoch     bigint      NOT NULL,
    -- When the latest call began.
    last_call timestamptz NOT NULL,
    CONSTRAINT histories_number_is_identified
        CHECK (number BETWEEN 1 AND 999999999999999999 OR number BETWEEN -4611686018427387904 AND -3)
) WITH (fillfactor = 50); -- A new version stays in its page, so no index changes.

-- One row is one call as its owner sees it. A call between two owners is two rows.
--
-- A write takes the lock of its history and the ids of its calls by one statement on `histories`:
--   INSERT ... ON CONFLICT (number) DO UPDATE SET version = histories.version + <new calls> RETURNING version
-- So within a history ids grow in the order of commits: "the calls after this id" leaves none out.
CREATE TABLE calls (
    number       bigint      NOT NULL,
    id           bigint      NOT NULL,
    counterparty bigint      NOT NULL,
    created_at   timestamptz NOT NULL,
    -- Talk time. Milliseconds in 31 bits reach 24.8 days. NULL for a completed call: not recorded.
    duration_ms  integer,
    -- 1 Completed Inbound, 2 Missed Inbound, 3 Completed Outbound, 4 Missed Outbound.
    type         smallint    NOT NULL,
    -- 0 not known, 1 answered, 2 no_answer, 3 busy, 4 rejected, 5 blocked, 6 voicemail, 7 answered_elsewhere,
    -- 8 cancelled, 9 failed.
    disposition  smallint    NOT NULL DEFAULT 0,
    -- From the first ring to the answer or the end.
    ring_ms      integer,
    PRIMARY KEY (number, id),
    CONSTRAINT calls_duration_is_not_negative CHECK (duration_ms >= 0),
    CONSTRAINT calls_ring_is_not_negative CHECK (ring_ms >= 0),
    CONSTRAINT calls_type_is_known CHECK (type BETWEEN 1 AND 4),
    CONSTRAINT calls_disposition_is_known CHECK (disposition BETWEEN 0 AND 9),
    CONSTRAINT calls_missed_has_no_duration CHECK (type IN (1, 3) OR duration_ms IS NULL),
    CONSTRAINT calls_disposition_fits_type CHECK (disposition = 0 OR (disposition = 1) = (type IN (1, 3))),
    -- Infinity and years that RFC 3339 cannot write are times of no call.
    CONSTRAINT calls_created_at_is_a_date
        CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'),
    CONSTRAINT calls_counterparty_is_a_key CHECK (counterparty <= 999999999999999999 AND counterparty <> 0),
    -- A call's natural key: what makes an import that runs twice add nothing. Leads with the two parties and
    -- the type, so that it also finds one counterparty's calls, and when the two last spoke.
    CONSTRAINT calls_natural_key UNIQUE (number, counterparty, type, created_at)
);

-- A page of a history, newest first, answered from the index alone.
CREATE INDEX calls_history ON calls (number, created_at DESC, id DESC)
    INCLUDE (counterparty, duration_ms, type, disposition);

-- Rows come in by the hundred thousand: keep the visibility map fresh, or index-only scans visit the table.
ALTER TABLE calls SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 10000,
                       autovacuum_analyze_scale_factor = 0.02);

-- Whether the answer quotes a text that was refused, which may name anybody: erasing a person deletes such
-- answers.
ALTER TABLE idempotency_keys ADD COLUMN quotes_sender boolean NOT NULL DEFAULT false;
UPDATE idempotency_keys SET quotes_sender = true WHERE answer LIKE '%"found":%';
