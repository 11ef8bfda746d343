ALTER TABLE calls
    DROP CONSTRAINT calls_natural_key,
    ADD CONSTRAINT calls_natural_key UNIQUE (number, counterparty, created_at, type);
CREATE INDEX calls_spoken ON calls (number, counterparty, created_at)
    WHERE type IN ('Completed Inbound', 'Completed Outbound');
