//! Counts of long histories, kept up to an id and updated by readers (see the migration `keep_counts`).
//!
//! In reading order: [`day`] has the counts of a day and their encoding, [`top`] the counterparties with the
//! most calls; `forward` counts new calls, and `scratch` a whole history.

pub mod day;
pub mod top;

mod forward;
mod scratch;

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::keys::{CallId, PartyKey};
use crate::schema::{counterparty_counts, day_counts, histories, history_counts};

pub use forward::bring_forward;
pub(crate) use scratch::count_all;

/// Histories with more calls than this are counted. Shorter ones are read whole, in some ten milliseconds.
pub const LONG: u64 = 10_000;

/// Progress of the counts of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Calls up to this id are counted.
    pub until: CallId,
    /// The counterparties with the most calls.
    pub top: top::Top,
}

/// Progress of the counts of a history; `None` if there are none.
pub fn progress(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Option<Progress>> {
    let row: Option<(CallId, Vec<u8>)> = history_counts::table
        .find(owner)
        .select((history_counts::counted_until, history_counts::top))
        .first(connection)
        .optional()?;
    Ok(row.map(|(until, top)| Progress { until, top: top::Top::unpack(&top) }))
}

/// Number of calls of a history.
pub fn size(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<u64> {
    let calls: Option<i64> =
        histories::table.find(owner).select(histories::calls).first(connection).optional()?;
    Ok(calls.unwrap_or_default().unsigned_abs())
}

/// Deletes the counts of a history, for example after calls were removed. The next reader counts it again.
pub(crate) fn reset(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<()> {
    // The first row is the one that counting locks.
    let there = diesel::delete(history_counts::table.find(owner)).execute(connection)?;
    if there > 0 {
        diesel::delete(day_counts::table.filter(day_counts::number.eq(owner))).execute(connection)?;
        diesel::delete(counterparty_counts::table.filter(counterparty_counts::number.eq(owner)))
            .execute(connection)?;
    }
    Ok(())
}
