//! The answers to requests that carried an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
//!
//! Calls have a natural key, so to store them twice adds nothing, with or without this header. What the header adds is
//! the answer: the sender that lost it gets the same one again, `added` and all.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::backup::archive;
use crate::schema::idempotency_keys;

/// An answer that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The body.
    pub body: String,
    /// Whether it quotes what was sent, which may name a person. Erasing anybody deletes such answers.
    pub quotes_sender: bool,
}

/// The answer to a request that is sent with this key: the stored one if there is one, else what `work` gives, which is
/// stored. `None` if the key came with another body, by its digest. To be run in a transaction.
///
/// Two requests with one key take turns: the key is inserted first, and the second insert waits for the first
/// transaction to end. A key is forgotten after 24 hours. The table has its SHA-256, for some senders' keys hold a number.
pub fn once(
    connection: &mut PgConnection,
    key: &str,
    digest: &[u8],
    work: impl FnOnce(&mut PgConnection) -> QueryResult<Answer>,
) -> QueryResult<Option<String>> {
    forget_old(connection)?;
    let key = &archive::hexadecimal(&Sha256::digest(key));
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

/// Deletes keys that are older than 24 hours.
pub fn forget_old(connection: &mut PgConnection) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM idempotency_keys WHERE key IN (SELECT key FROM idempotency_keys \
         WHERE created_at < now() - interval '24 h' FOR UPDATE SKIP LOCKED)",
    )
    .execute(connection)
}

/// Deletes the answers that quote a text which a sender was refused, for it may name anybody in any spelling. A sender
/// that repeats such a request is answered anew, and nothing is stored twice. The other answers name nobody, and stay.
pub fn forget_quotes(connection: &mut PgConnection) -> QueryResult<usize> {
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::quotes_sender)).execute(connection)
}
