-- A new version is a new row: with room for it in its page, no index changes.
ALTER TABLE phone_numbers SET (fillfactor = 50);

-- As before, but a statement whose ids are all above the versions that it finds, which is nearly each, is not
-- compared with them row by row.
CREATE OR REPLACE FUNCTION calls_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest    bigint;
    overtaken bigint[];
    owners    bigint[];
BEGIN
    -- Locked in order, so that two writers never wait for each other in a circle.
    SELECT max(history_version) INTO newest
    FROM (SELECT history_version FROM phone_numbers WHERE number IN (SELECT number FROM changed_calls)
          ORDER BY number FOR NO KEY UPDATE) AS locked;
    IF TG_OP = 'INSERT' AND newest >= (SELECT min(id) FROM changed_calls) THEN
        SELECT array_agg(id) INTO overtaken
        FROM changed_calls JOIN phone_numbers USING (number) WHERE id <= history_version;
        IF overtaken IS NOT NULL THEN
            UPDATE calls SET id = DEFAULT WHERE id = ANY (overtaken);
        END IF;
    END IF;
    UPDATE phone_numbers SET history_version = nextval('calls_id_seq')
    WHERE number IN (SELECT number FROM changed_calls);
    IF TG_OP = 'INSERT' THEN
        -- Delivered with the commit. Many at once are told as one, whose listeners look for themselves.
        SELECT array_agg(number) INTO owners
        FROM (SELECT DISTINCT number FROM changed_calls LIMIT 101) AS owner;
        IF cardinality(owners) <= 100 THEN
            PERFORM pg_notify('calls', owner::text) FROM unnest(owners) AS owner;
        ELSIF owners IS NOT NULL THEN
            PERFORM pg_notify('calls', '');
        END IF;
    END IF;
    RETURN NULL;
END
$$;
