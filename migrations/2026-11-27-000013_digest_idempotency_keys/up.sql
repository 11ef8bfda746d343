-- A key is of the sender's choice, and some choose one that holds a number: only its SHA-256 is kept, in
-- hexadecimal digits.
UPDATE idempotency_keys SET key = encode(sha256(convert_to(key, 'UTF8')), 'hex');
