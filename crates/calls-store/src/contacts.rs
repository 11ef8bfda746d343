//! Address books: names of numbers.

use std::collections::{HashMap, HashSet};

use calls_model::Party;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::keys::PartyKey;
use crate::labels::Labels;
use crate::names::note_change;
use crate::parties::{fixed_key, insert_parties};
use crate::schema::{address_books, names};

/// A number in an address book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number, extension or SIP address.
    pub party: Party,
    /// 1 to 200 characters.
    pub name: String,
    /// At most 50 characters.
    pub label: Option<String>,
}

/// An address book, without its names.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset, Selectable)]
#[diesel(table_name = address_books, treat_none_as_null = true)]
pub struct Book {
    /// Name of the address book.
    pub book: String,
    /// Number of entries with a name when the book was last read.
    pub people: i32,
    /// Time when it was last read.
    pub read_at: DateTime<Utc>,
    /// URL of the CardDAV collection, if it is one.
    pub url: Option<String>,
    /// State of the collection when it was read: a sync token or a ctag.
    pub state: Option<String>,
    /// Region of numbers without a country code.
    pub region: Option<String>,
}

/// Number of names of an address book that were added, changed and removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Numbers that have a name after the import.
    pub numbers: usize,
    /// Numbers that had no name in this book before.
    pub added: usize,
    /// Numbers whose name or label has changed.
    pub changed: usize,
    /// Numbers that are no longer in the book.
    pub removed: usize,
}

/// Replaces the names of an address book in one transaction: readers see either the old or the new names.
///
/// A number of several people gets the names of the first three.
pub fn replace(connection: &mut PgConnection, book: &Book, entries: Vec<Entry>) -> QueryResult<Replaced> {
    connection.transaction(|connection| {
        diesel::insert_into(address_books::table)
            .values(book)
            .on_conflict(address_books::book)
            .do_update()
            .set(book)
            .execute(connection)?;
        let named = by_party(connection, entries)?;
        let old = old_names(connection, &book.book)?;
        let is_same = |(key, name): &(&PartyKey, &Named)| old.get(*key) == Some(name);
        let changed: Vec<PartyKey> =
            named.iter().filter(|entry| !is_same(entry)).map(|(key, _)| *key).collect();
        let removed: Vec<PartyKey> = old.keys().filter(|key| !named.contains_key(key)).copied().collect();
        upsert(connection, book, &changed, &named)?;
        delete(connection, &book.book, &removed)?;
        let added = changed.iter().filter(|key| !old.contains_key(key)).count();
        if !changed.is_empty() || !removed.is_empty() {
            note_change(connection)?;
        }
        let (numbers, removed) = (named.len(), removed.len());
        Ok(Replaced { numbers, added, changed: changed.len() - added, removed })
    })
}

/// Removes an address book and its names. Returns their number, or `None` if there is no such book.
pub fn remove(connection: &mut PgConnection, book: &str) -> QueryResult<Option<usize>> {
    connection.transaction(|connection| {
        let known = diesel::delete(address_books::table.find(book)).execute(connection)?;
        let parties: Vec<PartyKey> =
            names::table.filter(names::book.eq(book)).select(names::party).load(connection)?;
        delete(connection, book, &parties)?;
        if !parties.is_empty() {
            note_change(connection)?;
        }
        Ok((known > 0).then_some(parties.len()))
    })
}

/// Records that a book was read and has not changed.
pub fn mark_read(connection: &mut PgConnection, book: &str, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(address_books::table.find(book))
        .set(address_books::read_at.eq(at))
        .execute(connection)
        .map(|_| ())
}

/// Finds an address book.
pub fn find(connection: &mut PgConnection, book: &str) -> QueryResult<Option<Book>> {
    address_books::table.find(book).select(Book::as_select()).first(connection).optional()
}

/// All address books by name, each with its number of names.
pub fn list(connection: &mut PgConnection) -> QueryResult<Vec<(Book, i64)>> {
    let books: Vec<Book> =
        address_books::table.order(address_books::book).select(Book::as_select()).load(connection)?;
    let counts: Vec<(String, i64)> = names::table
        .filter(names::book.ne(""))
        .group_by(names::book)
        .select((names::book, diesel::dsl::count_star()))
        .load(connection)?;
    let counts: HashMap<String, i64> = counts.into_iter().collect();
    Ok(books
        .into_iter()
        .map(|book| {
            let numbers = counts.get(&book.book).copied().unwrap_or_default();
            (book, numbers)
        })
        .collect())
}

/// The names of an address book, by name.
pub fn entries(connection: &mut PgConnection, book: &str) -> QueryResult<Vec<Entry>> {
    let rows: Vec<(PartyKey, String, Option<String>)> = names::table
        .filter(names::book.eq(book))
        .order((names::name, names::party))
        .select((names::party, names::name, names::label))
        .load(connection)?;
    let labels = Labels::default();
    // In batches, so that all labels fit into the cache.
    let mut entries = Vec::with_capacity(rows.len());
    for rows in rows.chunks(10_000) {
        labels.load(connection, rows.iter().map(|(key, ..)| *key))?;
        entries.extend(rows.iter().map(|(key, name, label)| Entry {
            party: labels.get(*key),
            name: name.clone(),
            label: label.clone(),
        }));
    }
    Ok(entries)
}

/// A name and its label.
type Named = (String, Option<String>);

/// The name of each number.
fn by_party(connection: &mut PgConnection, entries: Vec<Entry>) -> QueryResult<HashMap<PartyKey, Named>> {
    let keys = insert_parties(connection, entries.iter().map(|entry| &entry.party))?;
    let mut named: HashMap<PartyKey, Named> = HashMap::with_capacity(entries.len());
    for Entry { party, name, label } in entries {
        let key = fixed_key(&party).or_else(|| keys.get(&party).copied());
        let Some(key) = key.filter(|key| key.is_identified()) else { continue };
        match named.entry(key) {
            std::collections::hash_map::Entry::Vacant(vacant) => _ = vacant.insert((name, label)),
            std::collections::hash_map::Entry::Occupied(mut known) => share(&mut known.get_mut().0, &name),
        }
    }
    Ok(named)
}

/// Adds a name to a number of several people.
fn share(names: &mut String, name: &str) {
    const MOST: usize = 3;
    const LONGEST: usize = 200;
    let is_there = names.split(" / ").any(|known| known == name);
    let has_room = names.chars().count() + name.chars().count() + 3 <= LONGEST;
    if !is_there && has_room && names.split(" / ").count() < MOST {
        names.push_str(" / ");
        names.push_str(name);
    }
}

fn old_names(connection: &mut PgConnection, book: &str) -> QueryResult<HashMap<PartyKey, Named>> {
    let rows: Vec<(PartyKey, Named)> = names::table
        .filter(names::book.eq(book))
        .select((names::party, (names::name, names::label)))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

fn upsert(
    connection: &mut PgConnection,
    book: &Book,
    keys: &[PartyKey],
    named: &HashMap<PartyKey, Named>,
) -> QueryResult<()> {
    const UPSERT: &str = "
        INSERT INTO names (party, book, name, label, said_at)
        SELECT party, $1, name, label, $5 FROM unnest($2, $3, $4) AS new (party, name, label)
        ON CONFLICT (party, book) DO UPDATE SET name = excluded.name, label = excluded.label, said_at = excluded.said_at";
    let rows: Vec<(&PartyKey, &Named)> = keys.iter().filter_map(|key| Some((key, named.get(key)?))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    diesel::sql_query(UPSERT)
        .bind::<Text, _>(&book.book)
        .bind::<Array<BigInt>, _>(rows.iter().map(|(key, _)| **key).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|(_, (name, _))| name.as_str()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(
            rows.iter().map(|(_, (_, label))| label.as_deref()).collect::<Vec<_>>(),
        )
        .bind::<Timestamptz, _>(book.read_at)
        .execute(connection)
        .map(|_| ())
}

fn delete(connection: &mut PgConnection, book: &str, parties: &[PartyKey]) -> QueryResult<()> {
    const DELETE: &str = "
        DELETE FROM names USING unnest($2) AS gone (party) WHERE names.book = $1 AND names.party = gone.party";
    if parties.is_empty() {
        return Ok(());
    }
    diesel::sql_query(DELETE)
        .bind::<Text, _>(book)
        .bind::<Array<BigInt>, _>(parties)
        .execute(connection)
        .map(|_| ())
}

/// The parties among these that have a name in an address book.
pub(crate) fn are_named(
    connection: &mut PgConnection,
    parties: &[PartyKey],
) -> QueryResult<HashSet<PartyKey>> {
    let named: Vec<PartyKey> = names::table
        .filter(names::party.eq_any(parties))
        .filter(names::book.ne(""))
        .select(names::party)
        .distinct()
        .load(connection)?;
    Ok(named.into_iter().collect())
}
