//! Details of calls that the index `calls_history` lacks: ring times, other lines, names and notes.

use std::collections::HashMap;

use calls_model::{CallDuration, Party};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::keys::{CallId, PartyKey};
use crate::labels::Labels;
use crate::names;
use crate::notes;
use crate::rows::CallRow;
use crate::schema::calls;

/// Adds details to calls of a history, by at most four queries.
pub fn read(
    connection: &mut PgConnection,
    labels: &Labels,
    owner: PartyKey,
    rows: &mut [CallRow],
) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let names = names::find(connection, rows.iter().map(|row| row.columns.counterparty).collect())?;
    let others = beside_index(connection, owner, rows.iter().map(|row| row.columns.id).collect())?;
    let mut notes = notes::of_calls(connection, owner, rows.iter().map(|row| row.columns.id).collect())?;
    labels.load(connection, others.values().filter_map(|(_, via)| *via))?;
    for row in rows {
        if let Some(name) = names.get(&row.columns.counterparty) {
            row.details.name = Some(name.name.clone());
        }
        row.details.note = notes.remove(&row.columns.id);
        if let Some((ring_ms, via)) = others.get(&row.columns.id) {
            row.details.ring_time = ring_ms.and_then(|ms| CallDuration::from_ms(ms.into()));
            row.details.via = via.map(|via| labels.get(via)).filter(|via| *via != Party::Unknown);
        }
    }
    Ok(())
}

/// Ring time in milliseconds, and the other line.
type BesideIndex = (Option<i32>, Option<PartyKey>);

/// The non-empty columns of calls that no index contains.
fn beside_index(
    connection: &mut PgConnection,
    owner: PartyKey,
    ids: Vec<CallId>,
) -> QueryResult<HashMap<CallId, BesideIndex>> {
    let (Some(first), Some(last)) = (ids.iter().min().copied(), ids.iter().max().copied()) else {
        return Ok(HashMap::new());
    };
    let some = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::ring_ms.is_not_null().or(calls::via.is_not_null()))
        .select((calls::id, (calls::ring_ms, calls::via)));
    // Calls that were stored in the order of their times have consecutive ids: one range instead of many
    // lookups.
    let is_row = last.0.abs_diff(first.0) < 2 * ids.len() as u64;
    let found: Vec<(CallId, BesideIndex)> = match is_row {
        true => some.filter(calls::id.between(first, last)).load(connection)?,
        false => some.filter(calls::id.eq_any(ids)).load(connection)?,
    };
    Ok(found.into_iter().collect())
}
