//! Erasing a person: the person's history is deleted, and in the histories of others the counterparty becomes
//! unknown.

use chrono::Utc;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use crate::keys::PartyKey;
use crate::schema::{calls, histories, other_parties};
use crate::{callbacks, contacts, counts, idempotency, lines, names, notes, occurrences};

/// Result of erasing a party.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Deleted calls of its own history.
    pub own: usize,
    /// Calls of others whose counterparty became unknown.
    pub made_unknown: usize,
    /// Calls of others that were deleted, because an unknown caller's call of the same time and type exists.
    pub duplicates: usize,
}

/// Erases a party: its own history, and its name from the histories of others.
///
/// Calls of others stay, with the counterparty `unknown`. A call that would then violate the natural key is
/// deleted. Call it in a transaction, so that a party is erased completely or not at all. Readers are not
/// blocked meanwhile; writers wait, so that no new call of the party is missed.
pub fn erase(connection: &mut PgConnection, party: PartyKey) -> QueryResult<Erased> {
    diesel::sql_query("LOCK TABLE histories, calls IN SHARE ROW EXCLUSIVE MODE").execute(connection)?;
    let mut erased = Erased::default();
    let affected: Vec<PartyKey> = calls::table
        .filter(calls::counterparty.eq(party).or(calls::via.eq(party)))
        .filter(calls::number.ne(party))
        .select(calls::number)
        .distinct()
        .load(connection)?;
    for owner in affected {
        let (made_unknown, duplicates) = make_unknown(connection, owner, party)?;
        erased.made_unknown += made_unknown;
        erased.duplicates += duplicates;
    }
    let others = others_of(connection, party)?;
    erased.own = diesel::delete(calls::table.filter(calls::number.eq(party))).execute(connection)?;
    diesel::delete(histories::table.find(party)).execute(connection)?;
    counts::reset(connection, party)?;
    occurrences::forget(connection)?;
    notes::remove_all(connection, party)?;
    callbacks::remove_person(connection, party)?;
    lines::remove_number(connection, party)?;
    idempotency::forget_quotes(connection)?;
    names::remove(connection, party)?;
    remove_unnamed(connection, others.into_iter().chain([party]).collect())?;
    Ok(erased)
}

/// The parties without a number in the calls of a history.
fn others_of(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Vec<PartyKey>> {
    let own = calls::table.filter(calls::number.eq(owner));
    let mut others: Vec<PartyKey> = own
        .filter(calls::counterparty.lt(PartyKey::UNKNOWN))
        .select(calls::counterparty)
        .distinct()
        .load(connection)?;
    let vias: Vec<Option<PartyKey>> =
        own.filter(calls::via.lt(PartyKey::UNKNOWN)).select(calls::via).distinct().load(connection)?;
    others.extend(vias.into_iter().flatten());
    Ok(others)
}

/// Makes a counterparty of a history unknown, and removes it as the other line. Returns the number of changed
/// and of deleted calls.
fn make_unknown(
    connection: &mut PgConnection,
    owner: PartyKey,
    party: PartyKey,
) -> QueryResult<(usize, usize)> {
    const DUPLICATES: &str = "
        DELETE FROM calls AS named USING calls AS known
        WHERE named.number = $1 AND named.counterparty = $2 AND known.number = $1 AND known.counterparty = $3
          AND known.created_at = named.created_at AND known.type = named.type";
    let duplicates = diesel::sql_query(DUPLICATES)
        .bind::<BigInt, _>(owner)
        .bind::<BigInt, _>(party)
        .bind::<BigInt, _>(PartyKey::UNKNOWN)
        .execute(connection)?;
    notes::remove_with(connection, owner, party)?;
    let named = calls::table.filter(calls::number.eq(owner)).filter(calls::counterparty.eq(party));
    let made_unknown =
        diesel::update(named).set(calls::counterparty.eq(PartyKey::UNKNOWN)).execute(connection)?;
    let by_line = calls::table.filter(calls::number.eq(owner)).filter(calls::via.eq(party));
    diesel::update(by_line).set(calls::via.eq(None::<PartyKey>)).execute(connection)?;
    shrink(connection, owner, duplicates)?;
    Ok((made_unknown, duplicates))
}

/// Gives a history that lost calls a new version, and resets its counts. An empty history is deleted.
pub(crate) fn shrink(connection: &mut PgConnection, owner: PartyKey, fewer: usize) -> QueryResult<()> {
    let last = calls::table
        .filter(calls::number.eq(owner))
        .order((calls::created_at.desc(), calls::id.desc()))
        .select(calls::created_at)
        .first::<chrono::DateTime<Utc>>(connection)
        .optional()?;
    let history = histories::table.find(owner);
    match last {
        None => diesel::delete(history).execute(connection)?,
        Some(last) => diesel::update(history)
            .set((
                histories::version.eq(histories::version + 1),
                histories::calls.eq(histories::calls - fewer as i64),
                histories::epoch.eq(histories::epoch + 1),
                histories::last_call.eq(last),
            ))
            .execute(connection)?,
    };
    notes::remove_orphans(connection, owner)?;
    callbacks::remove_orphans(connection, owner)?;
    // After the lock of the history is taken, which counting also takes at its end.
    counts::reset(connection, owner)
}

/// Removes parties that occur in no call and own no history.
fn remove_unnamed(connection: &mut PgConnection, parties: Vec<PartyKey>) -> QueryResult<()> {
    let mut keys = parties;
    keys.retain(|key| key.0 < PartyKey::UNKNOWN.0);
    if keys.is_empty() {
        return Ok(());
    }
    let named: Vec<PartyKey> = calls::table
        .filter(calls::counterparty.eq_any(&keys))
        .select(calls::counterparty)
        .distinct()
        .load(connection)?;
    let vias: Vec<Option<PartyKey>> =
        calls::table.filter(calls::via.eq_any(&keys)).select(calls::via).distinct().load(connection)?;
    let owners: Vec<PartyKey> = histories::table
        .filter(histories::number.eq_any(&keys))
        .select(histories::number)
        .load(connection)?;
    let listed = lines::among(connection, &keys)?;
    let in_books = contacts::are_named(connection, &keys)?;
    keys.retain(|key| !named.contains(key) && !vias.contains(&Some(*key)) && !owners.contains(key));
    keys.retain(|key| !listed.contains(key) && !in_books.contains(key));
    diesel::delete(other_parties::table.filter(other_parties::number.eq_any(keys)))
        .execute(connection)
        .map(|_| ())
}

/// Removes all extensions, SIP addresses and texts that occur in no call and own no history, with their names
/// from logs.
pub fn remove_all_unnamed(connection: &mut PgConnection) -> QueryResult<usize> {
    // Keys are collected first: Citus does not delete by a join of a reference table and a distributed one,
    // and joins them only for a given owner.
    const UNNAMED: &str = "
        SELECT number FROM other_parties WHERE number < -2
        EXCEPT SELECT DISTINCT counterparty FROM calls WHERE counterparty < -2
        EXCEPT SELECT DISTINCT via FROM calls WHERE via < -2
        EXCEPT SELECT number FROM histories WHERE number < -2
        EXCEPT SELECT number FROM lines WHERE number < -2
        EXCEPT SELECT party FROM names WHERE party < -2 AND book <> ''";
    #[derive(QueryableByName)]
    struct Unnamed {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    diesel::sql_query("LOCK TABLE histories, calls IN SHARE ROW EXCLUSIVE MODE").execute(connection)?;
    let unnamed: Vec<Unnamed> = diesel::sql_query(UNNAMED).load(connection)?;
    let keys: Vec<i64> = unnamed.into_iter().map(|row| row.number).collect();
    let removed = diesel::sql_query("DELETE FROM other_parties WHERE number = ANY ($1)")
        .bind::<Array<BigInt>, _>(keys)
        .execute(connection)?;
    names::remove_unnamed(connection)?;
    Ok(removed)
}
