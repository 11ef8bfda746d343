DROP INDEX names_groups;
DROP FUNCTION name_groups(text);
