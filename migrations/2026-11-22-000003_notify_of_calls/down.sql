CREATE SEQUENCE history_version AS bigint OWNED BY phone_numbers.history_version;
SELECT setval('history_version', last_value) FROM calls_id_seq WHERE is_called;

CREATE OR REPLACE FUNCTION calls_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked in order, so that two writers never wait for each other in a circle.
    PERFORM FROM phone_numbers WHERE number IN (SELECT number FROM changed_calls) ORDER BY number FOR NO KEY UPDATE;
    UPDATE phone_numbers SET history_version = nextval('history_version')
    WHERE number IN (SELECT number FROM changed_calls);
    RETURN NULL;
END
$$;
