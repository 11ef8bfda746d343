//! Applies pending migrations.
//!
//! All migrations are applied in one transaction, so a process that is killed leaves the database unchanged.
//! The lock that excludes other processes belongs to that transaction, so it works behind a transaction
//! pooler too.

use std::time::Duration;

use anyhow::{Context, bail};
use diesel::connection::{CacheSize, SimpleConnection as _};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{distribution, upgrade};

pub use crate::upgrade::Step;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Applies pending migrations, and returns their names.
///
/// # Errors
/// The database was migrated by a newer version, is a standby without these migrations, or PostgreSQL
/// refused.
pub fn migrate(connection: &mut PgConnection, mut on_step: impl FnMut(Step)) -> anyhow::Result<Vec<String>> {
    // Behind a pooler, another client would find the prepared statements.
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    let known = known_versions()?;
    let (applied, is_moved, is_distributed, is_standby) = connection
        .transaction(|connection| {
            let applied = applied_versions(connection)?;
            let is_distributed = distribution::pending(connection)?.is_empty();
            let (is_moved, is_standby) = (!upgrade::is_pending(connection)?, is_standby(connection)?);
            QueryResult::Ok((applied, is_moved, is_distributed, is_standby))
        })
        .context("cannot read which migrations are applied")?;
    let newest = known.last().cloned().unwrap_or_default();
    if let Some(newer) = applied.iter().filter(|version| !known.contains(version)).max() {
        bail!(
            "expected a database of layout {newest} or older, but found layout {newer}: \
             a newer version of Calls has migrated it"
        );
    }
    if applied.len() == known.len() && is_moved && is_distributed {
        return Ok(Vec::new());
    }
    if is_standby {
        let oldest = applied.last().map_or("none", String::as_str);
        bail!(
            "expected a standby of layout {newest}, but found layout {oldest}: run `calls migrate` on the primary"
        );
    }
    let names = loop {
        let done = connection.transaction(|connection| apply(connection, &mut on_step))?;
        match done {
            Some(names) => break names,
            None => {
                on_step(Step::Waiting);
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    };
    if names.iter().any(|name| name.contains("lay_out_histories")) || !is_moved {
        upgrade::settle(connection).context("cannot analyze the calls")?;
    }
    Ok(names)
}

/// Names of the applied migrations. `None` if another process is migrating.
fn apply(
    connection: &mut PgConnection,
    on_step: &mut impl FnMut(Step),
) -> anyhow::Result<Option<Vec<String>>> {
    /// An arbitrary number, the same in every version.
    const LOCK: i64 = 0x63_61_6c_6c_73;
    #[derive(QueryableByName)]
    struct Lock {
        #[diesel(sql_type = Bool)]
        taken: bool,
    }
    let lock: Lock = diesel::sql_query(format!("SELECT pg_try_advisory_xact_lock({LOCK}) AS taken"))
        .get_result(connection)
        .context("cannot lock the database")?;
    if !lock.taken {
        return Ok(None);
    }
    // A lock held by a long-running reader results in an error instead of a silent wait.
    connection.batch_execute("SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = 0")?;
    distribution::prepare(connection)?;
    let applied = connection.run_pending_migrations(MIGRATIONS).map_err(|error| anyhow::anyhow!("{error}"));
    let mut applied: Vec<String> =
        applied.context("cannot apply the migrations")?.iter().map(ToString::to_string).collect();
    upgrade::move_calls(connection, on_step).context("cannot move the calls of version 0.1")?;
    applied.extend(distribution::distribute(connection)?);
    Ok(Some(applied))
}

/// The migrations of this program, in order.
fn known_versions() -> anyhow::Result<Vec<String>> {
    use diesel::migration::MigrationSource;
    let migrations = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut versions: Vec<String> =
        migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

/// The newest migration of this program.
///
/// # Errors
/// None that depends on anything outside this function.
pub fn newest_layout() -> anyhow::Result<String> {
    Ok(known_versions()?.pop().unwrap_or_default())
}

/// The newest applied migration, or `None`. Read-only.
pub fn layout(connection: &mut PgConnection) -> QueryResult<Option<String>> {
    Ok(applied_versions(connection)?.pop())
}

/// The applied migrations, in order. Read-only, so it works on a standby.
fn applied_versions(connection: &mut PgConnection) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    if !upgrade::has_table(connection, "__diesel_schema_migrations")? {
        return Ok(Vec::new());
    }
    let rows: Vec<Applied> =
        diesel::sql_query("SELECT version::text AS version FROM __diesel_schema_migrations ORDER BY version")
            .load(connection)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// Whether the server is a standby, which is read-only.
pub fn is_standby(connection: &mut PgConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Standby {
        #[diesel(sql_type = Bool)]
        standby: bool,
    }
    let row: Standby = diesel::sql_query("SELECT pg_is_in_recovery() AS standby").get_result(connection)?;
    Ok(row.standby)
}
