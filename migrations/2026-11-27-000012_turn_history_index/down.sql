DROP INDEX calls_history;
CREATE INDEX calls_history ON calls (number, created_at DESC, id DESC)
    INCLUDE (counterparty, duration_ms, type, disposition);
