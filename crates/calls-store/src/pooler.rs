//! Finds out whether a connection keeps its session.
//!
//! A pooler of transactions, such as pgbouncer with `pool_mode = transaction`, gives each transaction any
//! connection. Then settings, prepared statements and LISTEN of one client are another one's.

use anyhow::{Context, bail};
use diesel::connection::{CacheSize, SimpleConnection as _};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

/// A pooler that other clients use as well can give a connection back to who had it. Not so often.
const ROUNDS: usize = 5;

/// Makes two connections, and sets on one what the other must not see.
///
/// # Errors
/// The connections do not keep their sessions, or cannot be made.
pub(crate) fn check(connect: impl Fn() -> anyhow::Result<PgConnection>) -> anyhow::Result<()> {
    let mut one = connect()?;
    let mut other = connect()?;
    for connection in [&mut one, &mut other] {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    for round in 0..ROUNDS {
        let value = format!("{}-{round}", std::process::id());
        let keeps = keeps_setting(&mut one, &mut other, &value).context("cannot query PostgreSQL")?;
        if !keeps {
            bail!(
                "expected connections that keep their session, but found a pooler that shares them between \
                 transactions, as pgbouncer does with pool_mode = transaction: use pool_mode = session, or the \
                 address of the server itself (`calls migrate` alone can do without)"
            );
        }
    }
    Ok(())
}

/// Whether a setting is there on the connection that it was made on, and on no other.
fn keeps_setting(one: &mut PgConnection, other: &mut PgConnection, value: &str) -> QueryResult<bool> {
    one.batch_execute(&format!("SET calls.session = '{value}'"))?;
    other.transaction(|other| {
        if setting(other)?.as_deref() == Some(value) {
            return Ok(false);
        }
        // The other one's transaction keeps what it was given, so this one can be given something else.
        Ok(one.transaction(setting)?.as_deref() == Some(value))
    })
}

fn setting(connection: &mut PgConnection) -> QueryResult<Option<String>> {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Nullable<Text>)]
        value: Option<String>,
    }
    let query = diesel::sql_query("SELECT current_setting('calls.session', true) AS value");
    Ok(query.get_result::<Setting>(connection)?.value)
}
