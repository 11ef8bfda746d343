//! The answers to requests that carried an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
//!
//! Calls have a natural key, so to store them twice adds nothing, with or without this header. What the header
//! adds is the answer: the sender that lost it gets the same one again, `added` and all.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::schema::idempotency_keys;

/// The answer to a request that is sent with this key: the stored one if there is one, else what `work` gives,
/// which is stored in the same transaction. `None` if the key came with another body, by its digest.
///
/// Two requests with one key take turns. A key is forgotten after 24 hours.
pub fn once(
    connection: &mut PgConnection,
    key: &str,
    digest: &[u8],
    work: impl FnOnce(&mut PgConnection) -> QueryResult<String>,
) -> QueryResult<Option<String>> {
    const FORGET: &str = "DELETE FROM idempotency_keys WHERE key IN
        (SELECT key FROM idempotency_keys WHERE created_at < now() - interval '24 h' FOR UPDATE SKIP LOCKED)";
    connection.transaction(|connection| {
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(key)
            .execute(connection)?;
        diesel::sql_query(FORGET).execute(connection)?;
        let known: Option<(Vec<u8>, String)> = idempotency_keys::table
            .find(key)
            .select((idempotency_keys::digest, idempotency_keys::answer))
            .first(connection)
            .optional()?;
        if let Some((known, answer)) = known {
            return Ok((known == digest).then_some(answer));
        }
        let answer = work(connection)?;
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::key.eq(key),
                idempotency_keys::digest.eq(digest),
                idempotency_keys::answer.eq(&answer),
            ))
            .execute(connection)?;
        Ok(Some(answer))
    })
}
