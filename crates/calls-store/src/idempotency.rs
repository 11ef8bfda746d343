//! The answers to requests that carried an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
//!
//! Calls have a natural key, so to store them twice adds nothing, with or without this header. What the
//! header adds is the answer: the sender that lost it gets the same one again, `added` and all.

use chrono::{TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use sha2::{Digest as _, Sha256};

use crate::backup::archive;
use crate::insertion::Layout;
use crate::schema::idempotency_keys;

/// An answer that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The body.
    pub body: String,
    /// Whether it quotes what was sent, which may name a person. Erasing anybody deletes such answers.
    pub quotes_sender: bool,
}

/// The answer to a request that is sent with this key: the stored one if there is one, else what `work`
/// gives, which is stored. `None` if the key came with another body, by its digest. To be run in a
/// transaction.
///
/// Two requests with one key take turns: the key is inserted first, and the second insert waits for the first
/// transaction to end. A key is forgotten after 24 hours. The table has its SHA-256, for some senders' keys
/// hold a number.
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

/// The form in which a key is stored.
fn stored(key: &str) -> String {
    archive::hexadecimal(&Sha256::digest(key))
}

/// Keeps others with the same key out, as long as the connection lives: false if another one has it. For work
/// that is more than one transaction.
pub fn lock(connection: &mut PgConnection, key: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Lock {
        #[diesel(sql_type = Bool)]
        taken: bool,
    }
    // Any number, so that keys share no locks with anything else.
    let lock = diesel::sql_query("SELECT pg_try_advisory_lock(hashtextextended($1, 7310309)) AS taken");
    lock.bind::<Text, _>(key).get_result(connection).map(|lock: Lock| lock.taken)
}

/// The answer that is kept for a key: `None` if there is none, `Some(None)` if it came with another body.
pub fn known(connection: &mut PgConnection, key: &str, digest: &[u8]) -> QueryResult<Option<Option<String>>> {
    forget_old(connection)?;
    let known: Option<(Vec<u8>, String)> = idempotency_keys::table
        .find(stored(key))
        .select((idempotency_keys::digest, idempotency_keys::answer))
        .first(connection)
        .optional()?;
    Ok(known.map(|(known, answer)| (known == digest).then_some(answer)))
}

/// Keeps the answer for a key.
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
    // There are none for nearly every request.
    let old: Vec<String> =
        idempotency_keys::table.filter(is_old()).select(idempotency_keys::key).load(connection)?;
    if old.is_empty() {
        return Ok(0);
    }
    let keys = idempotency_keys::table.filter(is_old()).select(idempotency_keys::key);
    let free: Vec<String> = match Layout::of(connection)? {
        // A locked key is deleted by the transaction that holds the lock.
        Layout::Plain => keys.for_update().skip_locked().load(connection)?,
        // Citus locks no rows of several shards.
        Layout::Distributed => old,
    };
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::key.eq_any(free))).execute(connection)
}

/// Deletes the answers that quote a text which a sender was refused, for it may name anybody in any spelling.
/// A sender that repeats such a request is answered anew, and nothing is stored twice. The other answers name
/// nobody, and stay.
pub fn forget_quotes(connection: &mut PgConnection) -> QueryResult<usize> {
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::quotes_sender)).execute(connection)
}
