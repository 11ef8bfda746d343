//! The directory ordered by name: parties with a name, by an index of all names, followed by the others by
//! number.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{Found, Listed, OTHERS, Place};
use crate::keys::PartyKey;

/// Tables of the directory: the key column, whether rows are owners, and a condition.
const TABLES: [(&str, &str, bool, &str); 2] =
    [("histories", "number", true, "true"), ("occurrences", "party", false, OTHERS)];

/// Sort key of a name, cut to fit into an index.
const BEGINNING: &str = "left(names.folded, 60)";

/// At most `limit` entries after a position.
pub(super) fn list(
    connection: &mut PgConnection,
    found: &Found,
    after: Option<Place>,
    limit: i64,
) -> QueryResult<Vec<Listed>> {
    let after = after.map(|place| place.number);
    let name = after.map(|number| name_of(connection, number)).transpose()?;
    let (mut listed, unnamed_after) = match (after, name) {
        (Some(number), Some(Some(name))) => (named(connection, found, Some((number, name)), limit)?, None),
        (Some(number), _) => (Vec::new(), Some(number)),
        (None, _) => (named(connection, found, None, limit)?, None),
    };
    let left = limit - listed.len() as i64;
    if left > 0 {
        listed.extend(unnamed(connection, found, unnamed_after, left)?);
    }
    Ok(listed)
}

/// Sort key of a party's name. `None` for one without a name.
fn name_of(connection: &mut PgConnection, party: PartyKey) -> QueryResult<Option<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let query =
        format!("SELECT {BEGINNING} AS name FROM names WHERE party = $1 ORDER BY book = '', book LIMIT 1");
    let row: Option<Row> =
        diesel::sql_query(query).bind::<BigInt, _>(party).get_result(connection).optional()?;
    Ok(row.map(|row| row.name))
}

/// Parties with a name. The index of names is read as far as a page usually needs; if that gives too few, all
/// matches are sorted, for example for a few owners among a million names.
fn named(
    connection: &mut PgConnection,
    found: &Found,
    after: Option<(PartyKey, String)>,
    limit: i64,
) -> QueryResult<Vec<Listed>> {
    let behind = match after {
        Some(_) => format!("({BEGINNING}, names.party) > ($3, $2)"),
        // Gives each unused parameter a type.
        None => "$2::bigint IS NOT NULL AND $3::text IS NOT NULL".to_owned(),
    };
    let (number, name) = after.unwrap_or((PartyKey(0), String::new()));
    let page = |connection: &mut PgConnection, query: String| -> QueryResult<Vec<Listed>> {
        let query = diesel::sql_query(query)
            .into_boxed()
            .bind::<BigInt, _>(limit)
            .bind::<BigInt, _>(number)
            .bind::<Text, _>(name.clone());
        found.bind(query).load(connection)
    };
    let walked = format!(
        "(SELECT * FROM names WHERE {behind} ORDER BY {BEGINNING}, names.party LIMIT {WALKED}) AS names"
    );
    let first = page(connection, with_names(found, &walked, "true"))?;
    if first.len() as i64 == limit {
        return Ok(first);
    }
    page(connection, with_names(found, "names", &behind))
}

/// Number of names that are read before all matches are sorted.
const WALKED: u32 = 1_000;

/// The statement for a page of this table's parties with names after a position.
fn with_names(found: &Found, names: &str, behind: &str) -> String {
    let part = |(table, key, is_owner, only): (&str, &str, bool, &str)| {
        format!(
            "(SELECT names.party AS number, {table}.calls, {table}.last_call, {is_owner} AS is_owner,
                     {BEGINNING} AS beginning
              FROM {names} JOIN {table} ON {table}.{key} = names.party
              WHERE NOT EXISTS (
                  SELECT FROM names AS better WHERE better.party = names.party
                  AND (better.book = '', better.book) < (names.book = '', names.book)
              ) AND {behind} AND {only} AND {})",
            found.condition(&format!("{table}.{key}"), 4)
        )
    };
    // Otherwise PostgreSQL would scan the index in the hope of an early end.
    format!(
        "WITH listed AS MATERIALIZED ({}) SELECT * FROM listed ORDER BY beginning, number LIMIT $1",
        tables(found).map(part).collect::<Vec<_>>().join(" UNION ALL ")
    )
}

fn unnamed(
    connection: &mut PgConnection,
    found: &Found,
    after: Option<PartyKey>,
    limit: i64,
) -> QueryResult<Vec<Listed>> {
    let part = |(table, key, is_owner, only): (&str, &str, bool, &str)| {
        format!(
            "(SELECT {key} AS number, calls, last_call, {is_owner} AS is_owner FROM {table}
              WHERE NOT EXISTS (SELECT FROM names WHERE names.party = {table}.{key})
              AND {key} > $2 AND {only} AND {}
              ORDER BY {key} LIMIT $1)",
            found.condition(&format!("{table}.{key}"), 3)
        )
    };
    let query = format!(
        "SELECT * FROM ({}) AS listed ORDER BY number LIMIT $1",
        tables(found).map(part).collect::<Vec<_>>().join(" UNION ALL ")
    );
    let query = diesel::sql_query(query)
        .into_boxed()
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(after.unwrap_or(PartyKey(i64::MIN)));
    found.bind(query).load(connection)
}

/// Without a search, only owners are listed.
fn tables(found: &Found) -> impl Iterator<Item = (&'static str, &'static str, bool, &'static str)> {
    TABLES.into_iter().take(if found.is_everybody { 1 } else { 2 })
}
