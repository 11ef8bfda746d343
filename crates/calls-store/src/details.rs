//! Details of calls that the index `calls_history` lacks: ring times, other lines, names and notes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use calls_model::{CallDuration, Party};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::filter::Filter;
use crate::keys::{CallId, PartyKey};
use crate::labels::Labels;
use crate::list::{self, list_calls};
use crate::names::{self, KnownNames};
use crate::notes;
use crate::rows::{BesideIndex, CallColumns, CallRow, Position};
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
        if let Some(others) = others.get(&row.columns.id) {
            put_beside_index(row, labels, *others);
        }
    }
    Ok(())
}

/// Reads thousands of calls with details at a time. When reading page after page, each name is looked up
/// once.
#[derive(Debug, Default)]
pub struct Reader {
    labels: Labels,
    // A query may be repeated on another connection, so it cannot take ownership.
    names: RefCell<KnownNames>,
}

impl Reader {
    /// A reader without cached names.
    pub fn new(labels: Labels) -> Self {
        Self { labels, names: RefCell::default() }
    }

    /// A page as by [`list_calls`], with details, and the position to continue at.
    pub fn page(
        &self,
        connection: &mut PgConnection,
        owner: PartyKey,
        filter: &Filter,
        after: Option<Position>,
        (limit, patience): (u16, Duration),
    ) -> QueryResult<(Vec<CallRow>, Option<Position>)> {
        let (mut rows, beside, next) = match list::whole_rows(connection, owner, filter, after, limit)? {
            Some((read, next)) => {
                let (rows, beside): (Vec<CallColumns>, Vec<BesideIndex>) = read.into_iter().unzip();
                (CallRow::resolve(connection, &self.labels, rows)?, beside, next)
            }
            None => {
                let page = list_calls(connection, owner, filter, after, limit, patience)?;
                let ids = page.rows.iter().map(|row| row.id).collect();
                let others = beside_index(connection, owner, ids)?;
                let of_row = |row: &CallColumns| others.get(&row.id).copied().unwrap_or_default();
                let beside = page.rows.iter().map(of_row).collect();
                (CallRow::resolve(connection, &self.labels, page.rows)?, beside, page.next)
            }
        };
        self.labels.load(connection, beside.iter().filter_map(|(_, via)| *via))?;
        let mut names = self.names.borrow_mut();
        names.load(connection, rows.iter().map(|row| row.columns.counterparty))?;
        let mut notes = notes::of_calls(connection, owner, rows.iter().map(|row| row.columns.id).collect())?;
        for (row, beside) in rows.iter_mut().zip(beside) {
            row.details.name = names.get(row.columns.counterparty).map(str::to_owned);
            if !notes.is_empty() {
                row.details.note = notes.remove(&row.columns.id);
            }
            put_beside_index(row, &self.labels, beside);
        }
        Ok((rows, next))
    }
}

fn put_beside_index(row: &mut CallRow, labels: &Labels, (ring_ms, via): BesideIndex) {
    row.details.ring_time = ring_ms.and_then(|ms| CallDuration::from_ms(ms.into()));
    row.details.via = via.map(|via| labels.get(via)).filter(|via| *via != Party::Unknown);
}

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
