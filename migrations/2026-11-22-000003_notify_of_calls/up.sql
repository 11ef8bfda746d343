-- Notifies followers of a history of its new calls. They can continue after the last one that they saw.
--
-- For that, within one history ids must grow in the order of commits: then "the calls after this id" leaves
-- nothing out. By itself they do not: an id is taken when a row is made, and of two transactions the one with
-- the lower ids can commit later. But calls_version() locks each history until the end of its transaction, so
-- a history's changes come one after another. So its version is taken from the sequence of the ids, under
-- that lock: it is above each id that the history has. A new call whose id is below it was overtaken, and
-- gets another id, which nobody has seen yet.
SELECT setval('calls_id_seq', greatest(ids.last_value, versions.last_value))
FROM calls_id_seq AS ids, history_version AS versions WHERE versions.is_called;

CREATE OR REPLACE FUNCTION calls_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    overtaken bigint[];
    owners    bigint[];
BEGIN
    -- Locked in order, so that two writers never wait for each other in a circle.
    PERFORM FROM phone_numbers WHERE number IN (SELECT number FROM changed_calls) ORDER BY number FOR NO KEY UPDATE;
    IF TG_OP = 'INSERT' THEN
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

DROP SEQUENCE history_version;
