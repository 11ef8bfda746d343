//! Calls that go for good: one person's, or all before a day.
//!
//! The triggers of `calls` give every history that this changes its new version.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};

use crate::parties::PartyKey;
use crate::schema::calls;

/// What became of the calls that named a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Calls of its own history, which are deleted.
    pub own: usize,
    /// Calls of others, whose counterparty is unknown now.
    pub made_unknown: usize,
    /// Calls of others that were deleted, because an unknown caller's call of the same time and type is there.
    pub duplicates: usize,
    /// Parties that no call names any more, with the erased one.
    pub parties: usize,
}

/// Removes a party: its own history, and its name from everybody else's.
///
/// The calls of others stay true without it: their counterparty becomes `unknown`. Where that would be the same
/// call twice by the natural key, it is deleted instead. Everything is one transaction: nobody is half erased.
/// Meanwhile others can read, and writers wait, so that no call of the party comes in behind its back.
pub fn erase(connection: &mut PgConnection, party: PartyKey, unknown: PartyKey) -> QueryResult<Erased> {
    const DUPLICATES: &str = "
        DELETE FROM calls AS named USING calls AS known
        WHERE named.counterparty = $1 AND known.counterparty = $2
          AND known.number = named.number AND known.created_at = named.created_at AND known.type = named.type";
    connection.transaction(|connection| {
        lock(connection)?;
        let own = diesel::delete(calls::table.filter(calls::number.eq(party))).execute(connection)?;
        let duplicates = diesel::sql_query(DUPLICATES)
            .bind::<BigInt, _>(party)
            .bind::<BigInt, _>(unknown)
            .execute(connection)?;
        let made_unknown = diesel::update(calls::table.filter(calls::counterparty.eq(party)))
            .set(calls::counterparty.eq(unknown))
            .execute(connection)?;
        forget_spellings(connection)?;
        let parties = remove_unnamed(connection)?;
        Ok(Erased { own, made_unknown, duplicates, parties })
    })
}

/// Forgets the answers that hold a text which a sender was refused, for it may name anybody in any spelling. A sender
/// that repeats such a request is answered anew, and nothing is stored twice: calls have their natural key. The other
/// answers name nobody, and stay.
pub fn forget_spellings(connection: &mut PgConnection) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM idempotency_keys WHERE answer LIKE '%\"found\":%'").execute(connection)
}

/// How many calls began before an instant, and how many parties only those name.
pub fn count_before(connection: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<(i64, i64)> {
    let old = calls::table.filter(calls::created_at.lt(before)).count().get_result(connection)?;
    let parties =
        diesel::sql_query(format!("SELECT count(*) AS count FROM phone_numbers AS party WHERE {UNNAMED}"))
            .bind::<Timestamptz, _>(before)
            .get_result::<Count>(connection)?;
    Ok((old, parties.count))
}

/// Deletes calls that began before an instant, some thousand each time it is called, and moves `after` on to the
/// last id that was looked at. `None` when there are no more.
///
/// Batches walk the primary key, so each row is looked at once however many go. Each is a transaction of its
/// own: no history is locked for long, and a run that was broken off is finished by the next.
pub fn purge_batch(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    after: &mut i64,
) -> QueryResult<Option<usize>> {
    /// Long enough that its start does not count, short enough that nobody waits.
    const BATCH: i64 = 20_000;
    const LAST: &str =
        "SELECT max(id) AS id FROM (SELECT id FROM calls WHERE id > $1 ORDER BY id LIMIT $2) AS batch";
    let last = diesel::sql_query(LAST)
        .bind::<BigInt, _>(*after)
        .bind::<BigInt, _>(BATCH)
        .get_result::<LastId>(connection)?;
    let Some(last) = last.id else { return Ok(None) };
    let batch = calls::id.gt(*after).and(calls::id.le(last));
    let deleted = diesel::delete(calls::table.filter(batch).filter(calls::created_at.lt(before)))
        .execute(connection)?;
    *after = last;
    Ok(Some(deleted))
}

/// Removes the parties that no call names, and says how many those were.
pub fn remove_unnamed_parties(connection: &mut PgConnection) -> QueryResult<usize> {
    connection.transaction(|connection| {
        lock(connection)?;
        remove_unnamed(connection)
    })
}

/// No call that began at `$1` or later names the party; without `$1`, none at all. The rows of withheld and
/// unknown callers stay: they are nobody.
const UNNAMED: &str = "party.kind NOT IN ('withheld', 'unknown')
    AND NOT EXISTS (SELECT FROM calls WHERE calls.number = party.number
                    AND calls.created_at >= coalesce($1, '-infinity'))
    AND NOT EXISTS (SELECT FROM calls WHERE calls.counterparty = party.number
                    AND calls.created_at >= coalesce($1, '-infinity'))";

fn remove_unnamed(connection: &mut PgConnection) -> QueryResult<usize> {
    diesel::sql_query(format!("DELETE FROM phone_numbers AS party WHERE {UNNAMED}"))
        .bind::<Nullable<Timestamptz>, _>(None::<DateTime<Utc>>)
        .execute(connection)
}

/// Lets readers in and keeps writers out until the transaction ends. A writer that had seen a party before it is
/// removed would else leave a call without its party.
fn lock(connection: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("LOCK TABLE calls IN SHARE ROW EXCLUSIVE MODE").execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct LastId {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
}
