DROP TABLE listed_histories;
DROP TABLE occurrences;
DROP FUNCTION digit_groups(bigint);
ALTER TABLE names DROP COLUMN folded;
DELETE FROM names WHERE book <> '';
DROP TABLE address_books;
