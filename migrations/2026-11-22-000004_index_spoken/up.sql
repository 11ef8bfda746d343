-- When an owner and a counterparty spoke: tells with one look into the index whether, and when, a missed call
-- was returned. Without it, that one caller's missed calls stand between would have to be read, which can be
-- all there are.
CREATE INDEX calls_spoken ON calls (number, counterparty, created_at)
    WHERE type IN ('Completed Inbound', 'Completed Outbound');
