//! Named sets of numbers, which are read as one list.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::keys::PartyKey;
use crate::schema::lines;

/// A set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// Its numbers, in the given order.
    pub numbers: Vec<PartyKey>,
}

/// All sets, by name.
pub fn sets(connection: &mut PgConnection) -> QueryResult<Vec<Set>> {
    let rows: Vec<(String, PartyKey)> = lines::table
        .order((lines::name, lines::place))
        .select((lines::name, lines::number))
        .load(connection)?;
    let mut sets: Vec<Set> = Vec::new();
    for (name, number) in rows {
        match sets.last_mut().filter(|last| last.name == name) {
            Some(last) => last.numbers.push(number),
            None => sets.push(Set { name, numbers: vec![number] }),
        }
    }
    Ok(sets)
}

/// The numbers of a set. Empty if there is no such set.
pub fn numbers(connection: &mut PgConnection, name: &str) -> QueryResult<Vec<PartyKey>> {
    lines::table.filter(lines::name.eq(name)).order(lines::place).select(lines::number).load(connection)
}

/// Stores a set, replacing one of the same name. Call it in a transaction.
pub fn set(connection: &mut PgConnection, name: &str, numbers: &[PartyKey]) -> QueryResult<()> {
    remove(connection, name)?;
    let row = |(place, number): (i32, &PartyKey)| {
        (lines::name.eq(name.to_owned()), lines::place.eq(place), lines::number.eq(*number))
    };
    let rows: Vec<_> = (0..).zip(numbers).map(row).collect();
    diesel::insert_into(lines::table).values(rows).execute(connection).map(|_| ())
}

/// Removes a set. Returns whether it existed.
pub fn remove(connection: &mut PgConnection, name: &str) -> QueryResult<bool> {
    let removed = diesel::delete(lines::table.filter(lines::name.eq(name))).execute(connection)?;
    Ok(removed > 0)
}

/// Removes a number from all sets.
pub(crate) fn remove_number(connection: &mut PgConnection, number: PartyKey) -> QueryResult<()> {
    diesel::delete(lines::table.filter(lines::number.eq(number))).execute(connection).map(|_| ())
}

/// The parties that are in a set.
pub(crate) fn among(connection: &mut PgConnection, parties: &[PartyKey]) -> QueryResult<Vec<PartyKey>> {
    lines::table.filter(lines::number.eq_any(parties)).select(lines::number).distinct().load(connection)
}
