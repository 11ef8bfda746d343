-- The groups of three letters that a folded name has, for an index that finds any three or more of them in
-- a row. The extension pg_trgm would do the same, and is not on every server.
CREATE FUNCTION name_groups(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT substr(folded, start, 3) FROM generate_series(1, length(folded) - 2) AS start)
$$;
CREATE INDEX names_groups ON names USING gin (name_groups(folded));
