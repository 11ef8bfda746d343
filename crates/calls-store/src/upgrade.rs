//! Moves the calls of version 0.1 into the tables of this one.
//!
//! A call keeps its id: those of version 0.1 grew with the commits of a history too, and are far below the
//! ids that a history takes from now on (the time in microseconds and above). So cursors and event ids of
//! version 0.1 still hold.

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// Rows in a statement: enough that its start does not count, few enough that the progress moves.
const BATCH: i64 = 100_000;

/// A call's type in version 0.1 was an enumeration.
const MOVE: &str = "
    INSERT INTO calls (number, id, counterparty, created_at, duration_ms, type)
    SELECT number, id, counterparty, created_at, duration_ms,
           CASE type WHEN 'Completed Inbound' THEN 1 WHEN 'Missed Inbound' THEN 2
                     WHEN 'Completed Outbound' THEN 3 ELSE 4 END
    FROM calls_v1 WHERE id > $1 AND id <= $2";

const HISTORIES: &str = "
    INSERT INTO histories (number, version, calls, epoch, last_call)
    SELECT number, now.micros, count(*), now.micros, max(created_at)
    FROM calls, (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros) AS now
    GROUP BY number, now.micros";

const DROP: &str = "
    DROP TABLE calls_v1;
    DROP TABLE phone_numbers_v1;
    DROP TYPE call_type;
    DROP TYPE party_kind;";

/// A step of a migration, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another process migrates this database: this one waits until it has ended.
    Waiting,
    /// Calls of version 0.1 that have been moved, and how many there are.
    Moving {
        /// So far.
        done: u64,
        /// In all.
        total: u64,
    },
    /// An index is built, of so many.
    Indexing {
        /// Index, from 1.
        number: usize,
        /// Their number.
        of: usize,
    },
    /// All calls have been moved.
    Moved,
}

/// Whether there is a table of this name.
pub(crate) fn has_table(connection: &mut PgConnection, name: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let query = diesel::sql_query("SELECT to_regclass($1) IS NOT NULL AS found").bind::<Text, _>(name);
    Ok(query.get_result::<Found>(connection)?.found)
}

/// Whether calls of version 0.1 wait to be moved.
pub(crate) fn is_pending(connection: &mut PgConnection) -> QueryResult<bool> {
    has_table(connection, "calls_v1")
}

/// Moves the calls of version 0.1, if there are any, and drops its tables. To be run in a transaction.
pub(crate) fn move_calls(connection: &mut PgConnection, on_step: &mut impl FnMut(Step)) -> QueryResult<()> {
    if !is_pending(connection)? {
        return Ok(());
    }
    let (total, last) = size(connection)?;
    if total > 0 {
        connection.batch_execute("SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '64MB'")?;
        // An index that is built at the end takes a third of the time, and a third less room.
        let indexes = drop_indexes(connection)?;
        move_rows(connection, total, last, on_step)?;
        for (number, definition) in (1..).zip(&indexes) {
            on_step(Step::Indexing { number, of: indexes.len() });
            connection.batch_execute(definition)?;
        }
        diesel::sql_query(HISTORIES).execute(connection)?;
        on_step(Step::Moved);
    }
    connection.batch_execute(DROP)
}

/// Number of calls, and the highest id.
fn size(connection: &mut PgConnection) -> QueryResult<(i64, i64)> {
    #[derive(QueryableByName)]
    struct Size {
        #[diesel(sql_type = BigInt)]
        total: i64,
        #[diesel(sql_type = Nullable<BigInt>)]
        last: Option<i64>,
    }
    let size: Size = diesel::sql_query("SELECT count(*) AS total, max(id) AS last FROM calls_v1")
        .get_result(connection)?;
    Ok((size.total, size.last.unwrap_or_default()))
}

fn move_rows(
    connection: &mut PgConnection,
    total: i64,
    last: i64,
    on_step: &mut impl FnMut(Step),
) -> QueryResult<()> {
    let total = total.unsigned_abs();
    let (mut moved, mut done) = (0, 0);
    while moved < last {
        on_step(Step::Moving { done, total });
        let until = moved.saturating_add(BATCH).min(last);
        let rows =
            diesel::sql_query(MOVE).bind::<BigInt, _>(moved).bind::<BigInt, _>(until).execute(connection)?;
        done += rows as u64;
        moved = until;
    }
    on_step(Step::Moving { done, total });
    Ok(())
}

/// Drops the indexes and constraints of `calls` that are indexes, and returns the statements that make them
/// again.
fn drop_indexes(connection: &mut PgConnection) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        remove: String,
        #[diesel(sql_type = Text)]
        make: String,
    }
    const INDEXES: &str = "
        SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX %s', indexrelid::regclass)
                    ELSE format('ALTER TABLE calls DROP CONSTRAINT %I', conname) END AS remove,
               CASE WHEN conname IS NULL THEN pg_get_indexdef(indexrelid)
                    ELSE format('ALTER TABLE calls ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(pg_constraint.oid)) END AS make
        FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u')
        WHERE indrelid = 'calls'::regclass ORDER BY indexrelid";
    let indexes: Vec<Index> = diesel::sql_query(INDEXES).load(connection)?;
    for index in &indexes {
        connection.batch_execute(&index.remove)?;
    }
    Ok(indexes.into_iter().map(|index| index.make).collect())
}

/// After many rows came in: lets queries be answered from the index alone, and planned right. Does nothing
/// that autovacuum would not do a minute later.
pub fn settle(connection: &mut PgConnection) -> QueryResult<()> {
    // One table a statement: VACUUM takes no transaction, and several statements at once are one.
    for table in ["calls", "histories", "other_parties"] {
        connection.batch_execute(&format!("VACUUM (ANALYZE) {table}"))?;
    }
    Ok(())
}
