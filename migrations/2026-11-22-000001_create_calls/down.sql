DROP TABLE calls;
DROP TABLE phone_numbers;
DROP FUNCTION calls_parties(), calls_version(), phone_numbers_in_use(), phone_numbers_keep_key();
DROP TYPE party_kind, call_type;
