//! Migrates the calls of version 0.1.
//!
//! Calls keep their ids: those of version 0.1 also grew with the commits of a history, and are far below new
//! ids, which start at the time in microseconds. So cursors and event ids of version 0.1 stay valid.

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// Rows per statement: enough that its start costs little, and few enough for steady progress.
const BATCH: i64 = 100_000;

/// In version 0.1 the type of a call was an enumeration.
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

/// A step of a migration, for progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another process is migrating the database.
    Waiting,
    /// Calls of version 0.1 are moved.
    Moving {
        /// Number of calls so far.
        done: u64,
        /// Total number of calls.
        total: u64,
    },
    /// An index is built.
    Indexing {
        /// Number of the index, from 1.
        number: usize,
        /// Total number of indexes.
        of: usize,
    },
    /// All calls have been moved.
    Moved,
}

/// Whether a table exists.
pub(crate) fn has_table(connection: &mut PgConnection, name: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let query = diesel::sql_query("SELECT to_regclass($1) IS NOT NULL AS found").bind::<Text, _>(name);
    Ok(query.get_result::<Found>(connection)?.found)
}

/// Whether there are calls of version 0.1.
pub(crate) fn is_pending(connection: &mut PgConnection) -> QueryResult<bool> {
    has_table(connection, "calls_v1")
}

/// Moves the calls of version 0.1, if there are any, and drops its tables. Call it in a transaction.
pub(crate) fn move_calls(connection: &mut PgConnection, on_step: &mut impl FnMut(Step)) -> QueryResult<()> {
    if !is_pending(connection)? {
        return Ok(());
    }
    let (total, last) = size(connection)?;
    if total > 0 {
        connection.batch_execute("SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '64MB'")?;
        // Building the indexes at the end takes a third of the time, and a third less space.
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

/// Drops the indexes and index constraints of `calls`, and returns the statements that recreate them.
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

/// Vacuums and analyzes tables after many inserts, which enables index-only scans and good plans. Autovacuum
/// would do the same a minute later.
pub fn settle(connection: &mut PgConnection) -> QueryResult<()> {
    // One statement per table: VACUUM cannot run in a transaction, and several statements sent at once are
    // one.
    for table in ["calls", "histories", "other_parties"] {
        connection.batch_execute(&format!("VACUUM (ANALYZE) {table}"))?;
    }
    Ok(())
}
