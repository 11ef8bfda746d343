DROP INDEX names_folded;
DROP INDEX histories_digits;
