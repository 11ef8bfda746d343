//! Counts a history from its beginning.

use diesel::pg::{PgConnection, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt};

use super::day::{self, Cells, Code, Count, Quarter};
use super::top::{Entry, Top, TypeSet};
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

/// Counts all calls of a history, in a transaction that may take minutes. Says true: nothing is left to count.
pub(crate) fn count_all(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<bool> {
    let history = histories::table.find(owner).select((histories::version, histories::epoch));
    let before: Option<(Version, i64)> = history.first(connection).optional()?;
    let Some((Version(until), epoch)) = before else { return Ok(true) };
    // The first process has the row, and others wait or leave.
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
    let cells = cells(connection, owner, until)?;
    let days = day::days(cells.keys().map(|(quarter, _)| *quarter));
    day::write(connection, owner, &days, &cells)?;
    let mut top = Top::default();
    for types in TypeSet::all() {
        top.take_in(first_ten(connection, owner, types)?);
    }
    diesel::update(history_counts::table.find(owner))
        .set(history_counts::top.eq(top.pack()))
        .execute(connection)?;
    // Calls that are removed meanwhile were counted or not, and whoever removes them does not see these counts yet.
    let after: Option<(Version, i64)> = history.for_no_key_update().first(connection).optional()?;
    match after {
        Some((_, now)) if now == epoch => Ok(true),
        _ => Err(diesel::result::Error::RollbackTransaction),
    }
}

/// The calls up to an id by quarter, type and disposition.
fn cells(connection: &mut PgConnection, owner: PartyKey, until: i64) -> QueryResult<Cells> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        quarter: i64,
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
    let query = format!(
        "SELECT floor(extract(epoch FROM calls.created_at) / 900)::bigint AS quarter, calls.type, calls.disposition,
                count(*) AS calls, coalesce(sum(calls.duration_ms), 0)::bigint AS ms,
                count(*) FILTER (WHERE {IS_OPEN} AND NOT coalesce(last_spoken > calls.created_at, false)) AS open,
                count(*) FILTER (WHERE {IS_UNIDENTIFIED}) AS unidentified
         FROM calls JOIN counterparty_counts AS spoken
           ON spoken.number = $1 AND spoken.counterparty = calls.counterparty
         WHERE calls.number = $1 AND calls.id <= $2
         GROUP BY 1, 2, 3"
    );
    let rows = diesel::sql_query(query)
        .bind::<BigInt, _>(owner)
        .bind::<BigInt, _>(until)
        .load_iter::<Row, PgRowByRowLoadingMode>(connection)?;
    let mut cells = Cells::new();
    for row in rows {
        let row = row?;
        let count = Count {
            calls: row.calls.unsigned_abs(),
            ms: row.ms.unsigned_abs(),
            open: row.open.unsigned_abs(),
            unidentified: row.unidentified.unsigned_abs(),
        };
        cells.insert((Quarter(row.quarter), Code::new(row.call_type.0, row.disposition.0)), count);
    }
    Ok(cells)
}

/// The counterparties with the most calls of some types.
fn first_ten(connection: &mut PgConnection, owner: PartyKey, types: TypeSet) -> QueryResult<Vec<Entry>> {
    #[derive(QueryableByName)]
    #[diesel(table_name = counterparty_counts)]
    struct Row {
        counterparty: PartyKey,
        completed_inbound: i64,
        missed_inbound: i64,
        completed_outbound: i64,
        missed_outbound: i64,
        inbound_ms: i64,
        outbound_ms: i64,
    }
    const COLUMNS: [&str; 4] =
        ["completed_inbound", "missed_inbound", "completed_outbound", "missed_outbound"];
    let wanted = COLUMNS.iter().enumerate().filter(|(position, _)| types.has(*position));
    let sum = wanted.map(|(_, column)| *column).collect::<Vec<_>>().join(" + ");
    let query = format!(
        "SELECT * FROM counterparty_counts WHERE number = $1 ORDER BY {sum} DESC, counterparty LIMIT 10"
    );
    let rows: Vec<Row> = diesel::sql_query(query).bind::<BigInt, _>(owner).load(connection)?;
    let entry = |row: Row| Entry {
        counterparty: row.counterparty,
        calls: [row.completed_inbound, row.missed_inbound, row.completed_outbound, row.missed_outbound],
        ms: [row.inbound_ms, row.outbound_ms],
    };
    Ok(rows.into_iter().map(entry).collect())
}
