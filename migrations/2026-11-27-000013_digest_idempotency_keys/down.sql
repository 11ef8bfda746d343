-- A key cannot be had back from its digest, and no older version would find one.
DELETE FROM idempotency_keys;
