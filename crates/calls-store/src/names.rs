//! The names of parties: that of an address book before that of a log.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::keys::PartyKey;
use crate::schema::names;

/// The name of a party.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Name {
    /// Who it is.
    pub name: String,
    /// The kind of number in an address book, such as `mobile`.
    pub label: Option<String>,
}

/// The best name of each of some parties: from the alphabetically first address book that has one, else from a log.
pub fn best_names(
    connection: &mut PgConnection,
    parties: &[PartyKey],
) -> QueryResult<HashMap<PartyKey, Name>> {
    if parties.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(PartyKey, Name)> = names::table
        .filter(names::party.eq_any(parties))
        .distinct_on(names::party)
        .order((names::party, names::book.eq(""), names::book))
        .select((names::party, (names::name, names::label)))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}
