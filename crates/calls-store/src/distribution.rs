//! Distribution of the tables by Citus.
//!
//! The rows of an owner are on one shard, chosen by the owner's number, which every statement of a request
//! names. Small tables that all histories need are on every node.

use anyhow::{Context, bail};
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::insertion::Layout;

/// Placement of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// On the shard of the number in this column, with the calls of the same number.
    OfOwner(&'static str),
    /// On the shard of the value in this column, not colocated with another table.
    Of(&'static str),
    /// On every node, for small tables that rarely change.
    Everywhere,
}

/// All tables. `calls` is first, because the other tables of owners are colocated with it.
pub const TABLES: [(&str, Placement); 18] = [
    ("calls", Placement::OfOwner("number")),
    ("histories", Placement::OfOwner("number")),
    ("history_counts", Placement::OfOwner("number")),
    ("day_counts", Placement::OfOwner("number")),
    ("counterparty_counts", Placement::OfOwner("number")),
    ("callbacks", Placement::OfOwner("number")),
    ("notes", Placement::OfOwner("number")),
    ("lines", Placement::Everywhere),
    ("other_parties", Placement::Everywhere),
    ("names", Placement::Everywhere),
    ("address_books", Placement::Everywhere),
    ("occurrences", Placement::Everywhere),
    ("listed_histories", Placement::OfOwner("number")),
    ("name_changes", Placement::Everywhere),
    ("imported_files", Placement::Of("digest")),
    ("last_imports", Placement::Everywhere),
    ("idempotency_keys", Placement::Of("key")),
    ("__diesel_schema_migrations", Placement::Everywhere),
];

/// The tables that are not distributed yet. Empty if the extension is not installed.
pub(crate) fn pending(connection: &mut PgConnection) -> QueryResult<Vec<(&'static str, Placement)>> {
    #[derive(QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = Text)]
        name: String,
    }
    const WAITING: &str = "
        SELECT relname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'public' AND relkind IN ('r', 'p')
          AND pg_class.oid NOT IN (SELECT logicalrelid FROM pg_dist_partition)";
    if Layout::of(connection)? == Layout::Plain {
        return Ok(Vec::new());
    }
    let waiting: Vec<Waiting> = diesel::sql_query(WAITING).load(connection)?;
    let is_waiting = |table: &str| waiting.iter().any(|waiting| waiting.name == table);
    Ok(TABLES.into_iter().filter(|(table, _)| is_waiting(table)).collect())
}

/// Distributes the remaining tables, and returns a message for each. Call it in a transaction, on the
/// coordinator.
pub(crate) fn distribute(connection: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let pending = pending(connection).context("cannot read which tables are distributed")?;
    let mut done = Vec::with_capacity(pending.len());
    for (table, placement) in pending {
        require_coordinator(connection)?;
        distribute_table(connection, table, placement)
            .with_context(|| format!("cannot distribute {table}"))?;
        done.push(format!("distribution of {table}"));
    }
    Ok(done)
}

/// Prepares a transaction for changes of distributed tables.
pub(crate) fn prepare(connection: &mut PgConnection) -> QueryResult<()> {
    match Layout::of(connection)? {
        Layout::Plain => Ok(()),
        // A change of a reference table must not follow one that used several connections.
        Layout::Distributed => {
            connection.batch_execute("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
        }
    }
}

fn require_coordinator(connection: &mut PgConnection) -> anyhow::Result<()> {
    #[derive(QueryableByName)]
    struct Asked {
        #[diesel(sql_type = Bool)]
        is_coordinator: bool,
    }
    let asked: Asked =
        diesel::sql_query("SELECT citus_is_coordinator() AS is_coordinator").get_result(connection)?;
    if !asked.is_coordinator {
        bail!(
            "expected the coordinator of Citus, but found a worker: run `calls migrate` on the coordinator"
        );
    }
    Ok(())
}

fn distribute_table(connection: &mut PgConnection, table: &str, placement: Placement) -> QueryResult<()> {
    let statement = match placement {
        Placement::Everywhere => format!("SELECT create_reference_table('{table}')"),
        Placement::OfOwner(column) | Placement::Of(column) => {
            let first = TABLES[0].0;
            let is_beside = matches!(placement, Placement::OfOwner(_)) && table != first;
            let beside = if is_beside { first } else { "none" };
            format!("SELECT create_distributed_table('{table}', '{column}', colocate_with => '{beside}')")
        }
    };
    connection.batch_execute(&statement)?;
    // The rows have been copied to the shards; the local ones are no longer used.
    connection.batch_execute(&format!("SELECT truncate_local_data_after_distributing_table('{table}')"))
}
