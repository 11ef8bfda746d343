//! Counts a whole history.

use chrono::{DateTime, Utc};
use diesel::pg::{PgConnection, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt, Timestamptz};

use super::day::{self, Code, Count, PackedDays, Quarter};
use super::top::{Entry, Top};
use crate::columns::{DispositionColumn, TypeColumn};
use crate::keys::{CallId, PartyKey, Version};
use crate::returned::{IS_OPEN, IS_UNIDENTIFIED};
use crate::schema::{counterparty_counts, histories, history_counts};

const COUNTERPARTIES: &str = "
    INSERT INTO counterparty_counts
    SELECT $1, counterparty,
           count(*) FILTER (WHERE type = 1), count(*) FILTER (WHERE type = 2),
           count(*) FILTER (WHERE type = 3), count(*) FILTER (WHERE type = 4),
           coalesce(sum(duration_ms) FILTER (WHERE type = 1), 0),
           coalesce(sum(duration_ms) FILTER (WHERE type = 3), 0),
           max(created_at) FILTER (WHERE type IN (1, 3))
    FROM calls WHERE number = $1 AND id <= $2 GROUP BY counterparty";

/// Counts all calls of a history, in a transaction that may take minutes. Returns true, because all calls are
/// counted then.
pub(crate) fn count_all(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<bool> {
    let history = histories::table.find(owner).select((histories::version, histories::epoch));
    let before: Option<(Version, i64)> = history.first(connection).optional()?;
    let Some((Version(until), epoch)) = before else { return Ok(true) };
    // The first process inserts the row; others wait or leave.
    let claimed = diesel::insert_into(history_counts::table)
        .values((
            history_counts::number.eq(owner),
            history_counts::counted_until.eq(CallId(until)),
            history_counts::top.eq(Vec::new()),
        ))
        .on_conflict_do_nothing()
        .execute(connection)?;
    if claimed == 0 {
        return Ok(false);
    }
    for setting in ["statement_timeout = 0", "work_mem = '64MB'", "max_parallel_workers_per_gather = 0"] {
        diesel::sql_query(format!("SET LOCAL {setting}")).execute(connection)?;
    }
    diesel::sql_query(COUNTERPARTIES)
        .bind::<BigInt, _>(owner)
        .bind::<BigInt, _>(until)
        .execute(connection)?;
    let days = days(connection, owner, until)?;
    // A history without counts has no day counts either.
    day::insert(connection, owner, days)?;
    let top = top(connection, owner)?;
    diesel::update(history_counts::table.find(owner))
        .set(history_counts::top.eq(top.pack()))
        .execute(connection)?;
    // Calls removed meanwhile may or may not be counted, and the process that removes them does not see these
    // counts yet.
    let after: Option<(Version, i64)> = history.for_no_key_update().first(connection).optional()?;
    match after {
        Some((_, now)) if now == epoch => Ok(true),
        _ => Err(diesel::result::Error::RollbackTransaction),
    }
}

/// Counts the calls up to an id by quarter, type and disposition. A long history has some hundred thousand of
/// these counts, so they are encoded as they arrive.
fn days(connection: &mut PgConnection, owner: PartyKey, until: i64) -> QueryResult<PackedDays> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Timestamptz)]
        quarter: DateTime<Utc>,
        #[diesel(sql_type = SmallInt, column_name = "type")]
        call_type: TypeColumn,
        #[diesel(sql_type = SmallInt)]
        disposition: DispositionColumn,
        #[diesel(sql_type = BigInt)]
        calls: i64,
        #[diesel(sql_type = BigInt)]
        ms: i64,
        #[diesel(sql_type = BigInt)]
        open: i64,
        #[diesel(sql_type = BigInt)]
        unidentified: i64,
    }
    // No call is before the origin, since some versions of PostgreSQL put such times into the wrong bin.
    let query = format!(
        "SELECT date_bin('15 minutes', calls.created_at, '0001-01-01 00:00:00+00') AS quarter, calls.type,
                calls.disposition, count(*) AS calls, coalesce(sum(calls.duration_ms), 0)::bigint AS ms,
                count(*) FILTER (WHERE {IS_OPEN} AND NOT coalesce(last_spoken > calls.created_at, false)) AS open,
                count(*) FILTER (WHERE {IS_UNIDENTIFIED}) AS unidentified
         FROM calls JOIN counterparty_counts AS spoken
           ON spoken.number = $1 AND spoken.counterparty = calls.counterparty
         WHERE calls.number = $1 AND calls.id <= $2
         GROUP BY 1, 2, 3 ORDER BY 1"
    );
    let rows = diesel::sql_query(query)
        .bind::<BigInt, _>(owner)
        .bind::<BigInt, _>(until)
        .load_iter::<Row, PgRowByRowLoadingMode>(connection)?;
    let mut days = PackedDays::new();
    for row in rows {
        let row = row?;
        let count = Count {
            calls: row.calls.unsigned_abs(),
            ms: row.ms.unsigned_abs(),
            open: row.open.unsigned_abs(),
            unidentified: row.unidentified.unsigned_abs(),
        };
        let code = Code::new(row.call_type.0, row.disposition.0);
        day::pack_cell(&mut days, Quarter::of(row.quarter), code, count);
    }
    Ok(days)
}

/// The counterparties with the most calls, from the counts of all counterparties.
fn top(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Top> {
    /// Number of counterparties compared at once.
    const SOME: usize = 2_000;
    type Row = (PartyKey, i64, i64, i64, i64, i64, i64);
    let rows = counterparty_counts::table
        .filter(counterparty_counts::number.eq(owner))
        .select((
            counterparty_counts::counterparty,
            counterparty_counts::completed_inbound,
            counterparty_counts::missed_inbound,
            counterparty_counts::completed_outbound,
            counterparty_counts::missed_outbound,
            counterparty_counts::inbound_ms,
            counterparty_counts::outbound_ms,
        ))
        .load_iter::<Row, PgRowByRowLoadingMode>(connection)?;
    let (mut top, mut some) = (Top::default(), Vec::with_capacity(SOME));
    for row in rows {
        let (counterparty, first, second, third, fourth, inbound, outbound) = row?;
        some.push(Entry { counterparty, calls: [first, second, third, fourth], ms: [inbound, outbound] });
        if some.len() == SOME {
            top.take_in(some.drain(..));
        }
    }
    top.take_in(some);
    Ok(top)
}
