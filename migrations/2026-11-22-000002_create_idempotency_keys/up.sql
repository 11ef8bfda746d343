-- Answers to requests that carried an Idempotency-Key, so that the same request sent again gets the same
-- answer.
CREATE TABLE idempotency_keys (
    key        text        PRIMARY KEY,
    -- SHA-256 of what was sent: the same key with something else is a mistake of the sender's.
    digest     bytea       NOT NULL,
    answer     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Keys are forgotten by age.
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
