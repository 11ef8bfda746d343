//! Names of parties, by source: address books and call logs.
//!
//! The name from logs is that of the party's latest call with a name; at equal times, the greater text. So
//! the order of imports does not matter. It is stored under the book `''`.

use std::collections::HashMap;
use std::mem;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text, Timestamptz};

use crate::keys::PartyKey;
use crate::schema::{name_changes, names};

/// The book of names from logs.
pub const LOGS: &str = "";

/// A party's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// 1 to 200 characters.
    pub name: String,
    /// Kind of number according to an address book, such as mobile or work.
    pub label: Option<String>,
}

/// The names of some parties. Address books take precedence over logs, and among address books the
/// alphabetically first one.
pub fn find(connection: &mut PgConnection, parties: Vec<PartyKey>) -> QueryResult<HashMap<PartyKey, Name>> {
    let mut parties = parties;
    parties.retain(|party| party.is_identified());
    parties.sort_unstable();
    parties.dedup();
    if parties.is_empty() {
        return Ok(HashMap::new());
    }
    let mut rows: Vec<(PartyKey, String, String, Option<String>)> = names::table
        .filter(names::party.eq_any(parties))
        .select((names::party, names::book, names::name, names::label))
        .load(connection)?;
    // The last entry of a party stays: that of the first book, and logs only without one.
    rows.sort_unstable_by(|(_, one, ..), (_, other, ..)| (other == LOGS, other).cmp(&(one == LOGS, one)));
    Ok(rows.into_iter().map(|(party, _, name, label)| (party, Name { name, label })).collect())
}

/// Cache of the names of parties.
#[derive(Debug, Default)]
pub struct KnownNames(HashMap<PartyKey, Option<String>>);

impl KnownNames {
    /// Maximum number of names in the cache, some 5 MB.
    const MOST: usize = 50_000;

    /// Looks up the names of parties that are not in the cache.
    pub fn load(
        &mut self,
        connection: &mut PgConnection,
        parties: impl Iterator<Item = PartyKey>,
    ) -> QueryResult<()> {
        if self.0.len() > Self::MOST {
            self.0.clear();
        }
        let mut new: Vec<PartyKey> = parties.filter(|party| !self.0.contains_key(party)).collect();
        new.sort_unstable();
        new.dedup();
        if new.is_empty() {
            return Ok(());
        }
        let mut found = find(connection, new.clone())?;
        self.0.extend(new.into_iter().map(|party| (party, found.remove(&party).map(|found| found.name))));
        Ok(())
    }

    /// The name of a party in the cache, if it has one.
    pub fn get(&self, party: PartyKey) -> Option<&str> {
        self.0.get(&party)?.as_deref()
    }
}

/// The version of all names, which grows with every change of a name.
pub fn version(connection: &mut PgConnection) -> QueryResult<i64> {
    let changes: Vec<i64> = name_changes::table.select(name_changes::changes).load(connection)?;
    Ok(changes.into_iter().sum())
}

/// Gives the names a new version. It should be the last statement of a transaction that changed names,
/// because other writers wait for it.
pub fn note_change(connection: &mut PgConnection) -> QueryResult<()> {
    /// Number of rows over which writers are spread.
    const SLOTS: u32 = 16;
    let slot = (Utc::now().timestamp_subsec_micros() % SLOTS) as i16;
    diesel::sql_query(
        "INSERT INTO name_changes (slot, changes) VALUES ($1, 1)
         ON CONFLICT (slot) DO UPDATE SET changes = name_changes.changes + 1",
    )
    .bind::<SmallInt, _>(slot)
    .execute(connection)
    .map(|_| ())
}

/// A name in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    said_at: DateTime<Utc>,
    name: String,
    /// Whether it is stored.
    is_stored: bool,
}

/// Stores the names in the calls of a log or request.
///
/// A name is stored with the first call that has it, and its latest time at the end, so that a long log
/// writes each name once or twice.
#[derive(Debug, Default)]
pub struct Keeper {
    said: HashMap<PartyKey, Said>,
}

impl Keeper {
    /// Maximum number of names in memory, some 15 MB.
    const MOST: usize = 100_000;

    /// Stores new names. Call it in the transaction that stores the calls, after them.
    pub fn keep<'a>(
        &mut self,
        connection: &mut PgConnection,
        names: impl IntoIterator<Item = (PartyKey, DateTime<Utc>, &'a str)>,
    ) -> QueryResult<()> {
        let mut changed = Vec::new();
        for (party, said_at, name) in names {
            match self.said.get_mut(&party) {
                Some(said) if (said_at, name) <= (said.said_at, said.name.as_str()) => continue,
                Some(said) if said.name == name => {
                    said.said_at = said_at;
                    said.is_stored = false;
                    continue;
                }
                _ => {}
            }
            self.said.insert(party, Said { said_at, name: name.to_owned(), is_stored: false });
            changed.push(party);
        }
        if self.said.len() > Self::MOST {
            self.finish(connection)?;
            self.said.clear();
            return Ok(());
        }
        changed.sort_unstable();
        changed.dedup();
        self.store(connection, changed)
    }

    /// Stores the remaining names. Call it once, at the end.
    pub fn finish(&mut self, connection: &mut PgConnection) -> QueryResult<()> {
        let left = self.said.iter().filter(|(_, said)| !said.is_stored).map(|(party, _)| *party);
        let mut left: Vec<PartyKey> = left.collect();
        left.sort_unstable();
        self.store(connection, left)
    }

    /// Stores the names of sorted parties, so that two writers cannot deadlock.
    fn store(&mut self, connection: &mut PgConnection, mut parties: Vec<PartyKey>) -> QueryResult<()> {
        const UPSERT: &str = "
            INSERT INTO names (party, book, name, said_at)
            SELECT party, '', name, said_at FROM unnest($1, $2, $3) AS new (party, name, said_at)
            ON CONFLICT (party, book) DO UPDATE SET name = excluded.name, said_at = excluded.said_at
            WHERE (names.said_at, names.name COLLATE \"C\") < (excluded.said_at, excluded.name COLLATE \"C\")";
        let known = if parties.is_empty() { HashMap::new() } else { said(connection, &parties)? };
        let (mut texts, mut times, mut is_changed) = (Vec::new(), Vec::new(), false);
        parties.retain(|party| {
            let Some(said) = self.said.get_mut(party) else { return false };
            let is_known = mem::replace(&mut said.is_stored, true);
            let known = known.get(party);
            let is_newer = known.is_none_or(|(at, name)| (*at, name) < (said.said_at, &said.name));
            if is_known || !is_newer {
                return false;
            }
            is_changed |= known.is_none_or(|(_, name)| *name != said.name);
            texts.push(said.name.clone());
            times.push(said.said_at);
            true
        });
        if parties.is_empty() {
            return Ok(());
        }
        diesel::sql_query(UPSERT)
            .bind::<Array<BigInt>, _>(parties)
            .bind::<Array<Text>, _>(texts)
            .bind::<Array<Timestamptz>, _>(times)
            .execute(connection)?;
        if is_changed { note_change(connection) } else { Ok(()) }
    }
}

/// The names from logs of some parties, and their times.
fn said(
    connection: &mut PgConnection,
    parties: &[PartyKey],
) -> QueryResult<HashMap<PartyKey, (DateTime<Utc>, String)>> {
    let rows: Vec<(PartyKey, DateTime<Utc>, String)> = names::table
        .filter(names::party.eq_any(parties))
        .filter(names::book.eq(LOGS))
        .select((names::party, names::said_at, names::name))
        .load(connection)?;
    Ok(rows.into_iter().map(|(party, said_at, name)| (party, (said_at, name))).collect())
}

/// Removes the names of a party from all sources. Returns their number.
pub(crate) fn remove(connection: &mut PgConnection, party: PartyKey) -> QueryResult<usize> {
    let removed = diesel::delete(names::table.filter(names::party.eq(party))).execute(connection)?;
    if removed > 0 {
        note_change(connection)?;
    }
    Ok(removed)
}

/// Removes the names from logs of parties that occur in no call. Names in address books stay.
pub(crate) fn remove_unnamed(connection: &mut PgConnection) -> QueryResult<usize> {
    // Keys are collected first (see `erasure::remove_all_unnamed`).
    const UNNAMED: &str = "
        SELECT party FROM names WHERE book = ''
        EXCEPT SELECT DISTINCT counterparty FROM calls
        EXCEPT SELECT number FROM histories";
    #[derive(QueryableByName)]
    struct Unnamed {
        #[diesel(sql_type = BigInt)]
        party: PartyKey,
    }
    let unnamed: Vec<Unnamed> = diesel::sql_query(UNNAMED).load(connection)?;
    let parties: Vec<PartyKey> = unnamed.into_iter().map(|row| row.party).collect();
    if parties.is_empty() {
        return Ok(0);
    }
    let of_logs = names::table.filter(names::party.eq_any(parties)).filter(names::book.eq(LOGS));
    let removed = diesel::delete(of_logs).execute(connection)?;
    note_change(connection)?;
    Ok(removed)
}
