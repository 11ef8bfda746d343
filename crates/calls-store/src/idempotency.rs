//! Stored responses of requests with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
//!
//! Calls have a natural key, so storing them twice adds nothing even without this header. With it, a sender
//! that lost a response gets the same one again, including `added`.

use chrono::{TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use sha2::{Digest as _, Sha256};

use crate::backup::archive;
use crate::insertion::Layout;
use crate::schema::idempotency_keys;

/// A response to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The body.
    pub body: String,
    /// Whether it quotes text of the sender, which may name a person. Erasing anybody deletes such responses.
    pub quotes_sender: bool,
}

/// Returns the stored response of a key, or the result of `work`, which is stored. `None` if the key was used
/// with another body, by its digest. Call it in a transaction.
///
/// Requests with the same key are serialized: the key is inserted first, and a second insert waits for the
/// first transaction. Keys expire after 24 hours. They are stored as SHA-256, since some senders' keys
/// contain a phone number.
pub fn once(
    connection: &mut PgConnection,
    key: &str,
    digest: &[u8],
    work: impl FnOnce(&mut PgConnection) -> QueryResult<Answer>,
) -> QueryResult<Option<String>> {
    forget_old(connection)?;
    let key = &stored(key);
    let inserted = diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::key.eq(key),
            idempotency_keys::digest.eq(digest),
            idempotency_keys::answer.eq(""),
        ))
        .on_conflict_do_nothing()
        .execute(connection)?;
    if inserted == 0 {
        let known: Option<(Vec<u8>, String)> = idempotency_keys::table
            .find(key)
            .select((idempotency_keys::digest, idempotency_keys::answer))
            .first(connection)
            .optional()?;
        return Ok(known.filter(|(known, _)| known == digest).map(|(_, answer)| answer));
    }
    let Answer { body, quotes_sender } = work(connection)?;
    diesel::update(idempotency_keys::table.find(key))
        .set((idempotency_keys::answer.eq(&body), idempotency_keys::quotes_sender.eq(quotes_sender)))
        .execute(connection)?;
    Ok(Some(body))
}

/// The stored form of a key.
fn stored(key: &str) -> String {
    archive::hexadecimal(&Sha256::digest(key))
}

/// Locks a key as long as the connection lives; false if another connection has it. For work of several
/// transactions.
pub fn lock(connection: &mut PgConnection, key: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Lock {
        #[diesel(sql_type = Bool)]
        taken: bool,
    }
    // An arbitrary seed, so that keys share no locks with other uses.
    let lock = diesel::sql_query("SELECT pg_try_advisory_lock(hashtextextended($1, 7310309)) AS taken");
    lock.bind::<Text, _>(key).get_result(connection).map(|lock: Lock| lock.taken)
}

/// The stored response of a key: `None` if there is none, `Some(None)` if the key was used with another body.
pub fn known(connection: &mut PgConnection, key: &str, digest: &[u8]) -> QueryResult<Option<Option<String>>> {
    forget_old(connection)?;
    let known: Option<(Vec<u8>, String)> = idempotency_keys::table
        .find(stored(key))
        .select((idempotency_keys::digest, idempotency_keys::answer))
        .first(connection)
        .optional()?;
    Ok(known.map(|(known, answer)| (known == digest).then_some(answer)))
}

/// Stores the response of a key.
pub fn keep(connection: &mut PgConnection, key: &str, digest: &[u8], answer: &Answer) -> QueryResult<()> {
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::key.eq(stored(key)),
            idempotency_keys::digest.eq(digest),
            idempotency_keys::answer.eq(&answer.body),
            idempotency_keys::quotes_sender.eq(answer.quotes_sender),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .map(|_| ())
}

/// Deletes keys that are older than 24 hours.
pub fn forget_old(connection: &mut PgConnection) -> QueryResult<usize> {
    let long_ago = Utc::now() - TimeDelta::hours(24);
    let is_old = || idempotency_keys::created_at.lt(long_ago);
    // For nearly every request there are none.
    let old: Vec<String> =
        idempotency_keys::table.filter(is_old()).select(idempotency_keys::key).load(connection)?;
    if old.is_empty() {
        return Ok(0);
    }
    let keys = idempotency_keys::table.filter(is_old()).select(idempotency_keys::key);
    let free: Vec<String> = match Layout::of(connection)? {
        // A locked key is deleted by the transaction that locks it.
        Layout::Plain => keys.for_update().skip_locked().load(connection)?,
        // Citus does not lock rows of several shards.
        Layout::Distributed => old,
    };
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::key.eq_any(free))).execute(connection)
}

/// Deletes responses that quote a refused text, which may name anybody in any spelling. A sender that repeats
/// such a request gets a new response, and nothing is stored twice. Other responses name nobody and stay.
pub fn forget_quotes(connection: &mut PgConnection) -> QueryResult<usize> {
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::quotes_sender)).execute(connection)
}
