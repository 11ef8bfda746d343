-- The directory finds owners by any four digits as it finds those who occur (see the migration
-- `keep_address_books`), and lists names in their order. Names are ordered by their beginnings: an entry
-- of an index has less room than a name.
CREATE INDEX histories_digits ON histories USING gin (digit_groups(number));
CREATE INDEX names_folded ON names (left(folded, 60), party);
