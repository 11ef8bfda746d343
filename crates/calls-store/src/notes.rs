//! Notes on calls. A change takes the next version of its history, by which event streams find it.

use std::collections::HashMap;

use calls_model::Note;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::insertion::CHANNEL;
use crate::keys::{CallId, PartyKey, Version};
use crate::list::find_call;
use crate::schema::{calls, histories, notes};

/// The notes on calls of a history, possibly with those on other calls between them.
pub fn of_calls(
    connection: &mut PgConnection,
    owner: PartyKey,
    ids: Vec<CallId>,
) -> QueryResult<HashMap<CallId, Note>> {
    /// Number of notes that are read even if they are not needed.
    const FEW: usize = 100;
    let of_owner = notes::table.filter(notes::number.eq(owner));
    let columns = (notes::call, notes::text, notes::tags);
    let mut rows: Option<Vec<(CallId, String, String)>> = None;
    // Few calls have notes: one lookup for the range of ids instead of one per call.
    if let (true, Some(first), Some(last)) = (ids.len() > FEW, ids.iter().min(), ids.iter().max()) {
        let between = of_owner.filter(notes::call.between(*first, *last)).select(columns);
        let found = between.limit(FEW as i64 + 1).load(connection)?;
        rows = Some(found).filter(|found: &Vec<_>| found.len() <= FEW);
    }
    let rows = match rows {
        Some(rows) => rows,
        None => of_owner.filter(notes::call.eq_any(ids)).select(columns).load(connection)?,
    };
    let notes = rows.into_iter().map(|(call, text, tags)| (call, read(text, &tags)));
    Ok(notes.filter(|(_, note)| !note.is_empty()).collect())
}

/// A note from the columns `text` and `tags`.
pub(crate) fn read(text: String, tags: &str) -> Note {
    Note { text, tags: tags.lines().map(str::to_owned).collect() }
}

/// Stores a note on a call, replacing the previous one; an empty one removes it. Returns false if the call
/// does not exist. Call it in a transaction.
pub fn put(connection: &mut PgConnection, owner: PartyKey, call: CallId, note: &Note) -> QueryResult<bool> {
    if find_call(connection, owner, call)?.is_none() {
        return Ok(false);
    }
    if note.is_empty() && of_calls(connection, owner, vec![call])?.is_empty() {
        return Ok(true);
    }
    let Some(version) = next_version(connection, owner)? else { return Ok(false) };
    if find_call(connection, owner, call)?.is_none() {
        // The call was removed while this transaction waited for the lock. Nothing has changed.
        return Err(diesel::result::Error::RollbackTransaction);
    }
    let (text, tags) = (note.text.as_str(), note.tags.join("\n"));
    let columns = (notes::version.eq(version), notes::text.eq(text), notes::tags.eq(&tags));
    diesel::insert_into(notes::table)
        .values((notes::number.eq(owner), notes::call.eq(call), columns))
        .on_conflict((notes::number, notes::call))
        .do_update()
        .set(columns)
        .execute(connection)?;
    tell(connection, owner)?;
    Ok(true)
}

/// Takes the next version of a history, and its lock until the end of the transaction. `None` for a number
/// without a history.
pub(crate) fn next_version(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Option<Version>> {
    diesel::update(histories::table.find(owner))
        .set(histories::version.eq(histories::version + 1))
        .returning(histories::version)
        .get_result(connection)
        .optional()
}

/// Notifies event streams that a history changed.
pub(crate) fn tell(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_notify($1, $2)")
        .bind::<Text, _>(CHANNEL)
        .bind::<Text, _>(owner.0.to_string())
        .execute(connection)
        .map(|_| ())
}

/// Removes notes on calls that no longer exist.
pub(crate) fn remove_orphans(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<()> {
    let call = calls::table.filter(calls::number.eq(owner)).filter(calls::id.eq(notes::call));
    let orphans =
        notes::table.filter(notes::number.eq(owner)).filter(diesel::dsl::not(diesel::dsl::exists(call)));
    diesel::delete(orphans).execute(connection).map(|_| ())
}

/// Removes the notes on a history's calls with one party, because they may name it.
pub(crate) fn remove_with(
    connection: &mut PgConnection,
    owner: PartyKey,
    party: PartyKey,
) -> QueryResult<()> {
    let with =
        calls::table.filter(calls::number.eq(owner)).filter(calls::counterparty.eq(party)).select(calls::id);
    diesel::delete(notes::table.filter(notes::number.eq(owner)).filter(notes::call.eq_any(with)))
        .execute(connection)
        .map(|_| ())
}

/// Removes all notes of a history.
pub(crate) fn remove_all(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<()> {
    diesel::delete(notes::table.filter(notes::number.eq(owner))).execute(connection).map(|_| ())
}
