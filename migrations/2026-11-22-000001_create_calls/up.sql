-- The two tables of the original, PhoneNumber and CallHistory, under the names that the field uses.

-- The four types of call, with the same names as in the API.
CREATE TYPE call_type AS ENUM ('Completed Inbound', 'Missed Inbound', 'Completed Outbound', 'Missed Outbound');

-- e164: a telephone number with a country code. local: an extension, a short code or a feature code, which
-- digits alone do not tell apart. sip: a SIP address. withheld, unknown: callers without a number, which are
-- two different things (the caller asked not to be shown; the network could not tell).
CREATE TYPE party_kind AS ENUM ('e164', 'local', 'sip', 'withheld', 'unknown');

-- Keys of parties without an E.164 number, below zero so that they never meet a number's digits.
CREATE SEQUENCE other_party_number AS bigint INCREMENT -1 MINVALUE -9223372036854775807 MAXVALUE -1 START -1;

CREATE SEQUENCE history_version AS bigint;

-- Every party of every call: the number and what is known of it.
--
-- The key of a telephone number is its E.164 digits, so a page of calls shows its counterparties without a
-- join. The other parties have a negative key from a sequence, and a label that says who they are.
CREATE TABLE phone_numbers (
    number          bigint      PRIMARY KEY DEFAULT nextval('other_party_number'),
    kind            party_kind  NOT NULL,
    label           text        UNIQUE,
    first_seen      timestamptz NOT NULL DEFAULT now(),
    -- Changes with every change of the number's history, and never comes back: what an ETag is made of.
    history_version bigint      NOT NULL DEFAULT 0,
    -- A country code never begins with 0 and nothing has more than 18 digits.
    CONSTRAINT phone_numbers_number_is_e164_or_other
        CHECK (CASE WHEN kind = 'e164' THEN number BETWEEN 1 AND 999999999999999999 AND label IS NULL
                    ELSE number < 0 AND label IS NOT NULL END),
    CONSTRAINT phone_numbers_label_fits_kind
        CHECK (CASE kind WHEN 'local'    THEN label ~ '^[0-9*#]{1,6}$'
                         WHEN 'sip'      THEN label ~ '^sips?:.' AND length(label) <= 255
                         WHEN 'withheld' THEN label = 'withheld'
                         WHEN 'unknown'  THEN label = 'unknown'
                         ELSE true END)
);
ALTER SEQUENCE other_party_number OWNED BY phone_numbers.number;
ALTER SEQUENCE history_version OWNED BY phone_numbers.history_version;

INSERT INTO phone_numbers (kind, label) VALUES ('withheld', 'withheld'), ('unknown', 'unknown');

-- One row is one call as its owner sees it. A call between two owners is two rows.
CREATE TABLE calls (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number       bigint      NOT NULL,
    counterparty bigint      NOT NULL,
    created_at   timestamptz NOT NULL,
    type         call_type   NOT NULL,
    -- Talk time. Milliseconds in 31 bits reach 24.8 days. NULL for a completed call: not recorded.
    duration_ms  integer,
    CONSTRAINT calls_duration_is_not_negative CHECK (duration_ms >= 0),
    CONSTRAINT calls_missed_has_no_duration
        CHECK (type IN ('Completed Inbound', 'Completed Outbound') OR duration_ms IS NULL),
    -- Infinity and years that RFC 3339 cannot write are times of no call.
    CONSTRAINT calls_created_at_is_a_date
        CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'),
    -- A call's natural key: what makes an import that runs twice add nothing. Leads with the two parties, so
    -- that it also finds one counterparty's calls in a history.
    CONSTRAINT calls_natural_key UNIQUE (number, counterparty, created_at, type)
);

-- A page of a history, newest first, answered from the index alone.
CREATE INDEX calls_history ON calls (number, created_at DESC, id DESC) INCLUDE (counterparty, type, duration_ms);

-- Rows come in by the hundred thousand: keep the visibility map fresh, or index-only scans visit the table.
ALTER TABLE calls SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 10000,
                       autovacuum_analyze_scale_factor = 0.02);

-- Each party of a call has its row in phone_numbers. A statement-level trigger upholds it: foreign keys would
-- look up both parties of every row on their own, which would take longer than storing the row.
CREATE FUNCTION calls_parties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Ordered, so that two writers never wait for each other in a circle.
    INSERT INTO phone_numbers (number, kind)
    SELECT number, 'e164'
    FROM (SELECT number FROM new_calls UNION SELECT counterparty FROM new_calls) AS parties
    WHERE number > 0 AND NOT EXISTS (SELECT FROM phone_numbers known WHERE known.number = parties.number)
    ORDER BY number
    ON CONFLICT DO NOTHING;

    IF EXISTS (SELECT FROM (SELECT number FROM new_calls UNION SELECT counterparty FROM new_calls) AS parties
               WHERE number <= 0 AND NOT EXISTS (SELECT FROM phone_numbers known WHERE known.number = parties.number))
    THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a call names a party that is not in phone_numbers',
            CONSTRAINT = 'calls_parties';
    END IF;

    -- Withheld and unknown callers are many people, not one, and so own no history.
    IF EXISTS (SELECT FROM (SELECT DISTINCT number FROM new_calls WHERE number < 0) AS owners
               JOIN phone_numbers USING (number) WHERE kind IN ('withheld', 'unknown'))
    THEN
        RAISE check_violation USING
            MESSAGE = 'a withheld or unknown caller cannot own a history',
            CONSTRAINT = 'calls_parties';
    END IF;
    RETURN NULL;
END
$$;

-- Named so that it runs before the next one, which needs the owners' rows.
CREATE TRIGGER calls_1_parties_insert AFTER INSERT ON calls
    REFERENCING NEW TABLE AS new_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_parties();
CREATE TRIGGER calls_1_parties_update AFTER UPDATE ON calls
    REFERENCING NEW TABLE AS new_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_parties();

-- Gives each history that a statement changed a new version, in the transaction that changed it.
CREATE FUNCTION calls_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked in order, so that two writers never wait for each other in a circle.
    PERFORM FROM phone_numbers WHERE number IN (SELECT number FROM changed_calls) ORDER BY number FOR NO KEY UPDATE;
    UPDATE phone_numbers SET history_version = nextval('history_version')
    WHERE number IN (SELECT number FROM changed_calls);
    RETURN NULL;
END
$$;

CREATE TRIGGER calls_2_version_insert AFTER INSERT ON calls
    REFERENCING NEW TABLE AS changed_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_version();
CREATE TRIGGER calls_2_version_update_old AFTER UPDATE ON calls
    REFERENCING OLD TABLE AS changed_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_version();
CREATE TRIGGER calls_2_version_update_new AFTER UPDATE ON calls
    REFERENCING NEW TABLE AS changed_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_version();
CREATE TRIGGER calls_2_version_delete AFTER DELETE ON calls
    REFERENCING OLD TABLE AS changed_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_version();

-- The other direction: a party stays as long as a call names it.
CREATE FUNCTION phone_numbers_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM old_numbers JOIN calls USING (number))
       OR EXISTS (SELECT FROM old_numbers JOIN calls ON calls.counterparty = old_numbers.number)
    THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a call still names this party',
            CONSTRAINT = 'phone_numbers_in_use';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER phone_numbers_in_use_delete AFTER DELETE ON phone_numbers
    REFERENCING OLD TABLE AS old_numbers FOR EACH STATEMENT EXECUTE FUNCTION phone_numbers_in_use();
-- A key never changes: calls name parties by it.
CREATE FUNCTION phone_numbers_keep_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation USING MESSAGE = 'the key of a party never changes', CONSTRAINT = 'phone_numbers_keep_key';
END
$$;
CREATE TRIGGER phone_numbers_keep_key BEFORE UPDATE OF number ON phone_numbers
    FOR EACH ROW WHEN (old.number IS DISTINCT FROM new.number) EXECUTE FUNCTION phone_numbers_keep_key();
