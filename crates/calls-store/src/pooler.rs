//! Detects transaction poolers between this program and PostgreSQL.
//!
//! A pooler such as pgbouncer with `pool_mode = transaction` assigns connections per transaction. Clients
//! then share settings, prepared statements and LISTEN.

use anyhow::{Context, bail};
use diesel::connection::{CacheSize, SimpleConnection as _};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

/// Number of attempts: a busy pooler may return the same connection by chance, but hardly this often.
const ROUNDS: usize = 5;

/// Opens two connections, and sets on one a setting that the other must not see.
///
/// # Errors
/// The connections do not keep their sessions, or cannot be established.
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

/// Whether a setting exists on the connection that set it, and not on the other.
fn keeps_setting(one: &mut PgConnection, other: &mut PgConnection, value: &str) -> QueryResult<bool> {
    one.batch_execute(&format!("SET calls.session = '{value}'"))?;
    other.transaction(|other| {
        if setting(other)?.as_deref() == Some(value) {
            return Ok(false);
        }
        // The open transaction of the other keeps its server connection, so this one may be assigned another.
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
