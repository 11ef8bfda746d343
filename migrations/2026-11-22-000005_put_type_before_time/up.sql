-- When an owner and a counterparty last or next spoke is now one look into the natural key for each type of
-- call, since the type comes before the time. The index that was kept for it cost a new call as much as any
-- other.
ALTER TABLE calls
    DROP CONSTRAINT calls_natural_key,
    ADD CONSTRAINT calls_natural_key UNIQUE (number, counterparty, type, created_at);
DROP INDEX calls_spoken;
