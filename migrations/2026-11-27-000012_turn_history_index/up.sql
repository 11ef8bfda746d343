-- Calls come in the order of their time. In an index with the newest first each of them goes before all
-- others of its history, so every page is split in the middle and its older half stays half empty: a call
-- took 104 bytes there after an import. With the newest last PostgreSQL sees that calls are appended and
-- leaves full pages behind: 70 bytes, and a fifth less CPU for an import. Pages of a history read the index
-- backwards.
SET LOCAL maintenance_work_mem = '256MB';
DROP INDEX calls_history;
CREATE INDEX calls_history ON calls (number, created_at, id) INCLUDE (counterparty, duration_ms, type, disposition);
