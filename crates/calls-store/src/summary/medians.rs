//! Medians of inbound calls: ring time, and time until a missed call was returned.
//!
//! Counts contain no medians, so they are computed from the newest calls, up to [`MOST`]. The summary says
//! which calls are covered, if not all.

use std::collections::HashSet;

use calls_model::{CallType, Coverage, Direction, Summary, TalkTime};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::keys::{CallId, PartyKey};
use crate::returned;
use crate::rows::CallColumns;
use crate::schema::calls;

/// Maximum number of inbound calls, which are read in some ten milliseconds.
pub(super) const MOST: usize = 5_000;

/// The inbound calls of a history.
#[derive(Default)]
pub(super) struct Newest {
    calls: Vec<CallColumns>,
}

impl Newest {
    /// Adds a matching call if it is inbound. Calls must come newest first.
    pub(super) fn see(&mut self, call: &CallColumns) {
        if self.calls.len() < MOST && call.call_type().direction() == Direction::Inbound {
            self.calls.push(*call);
        }
    }

    /// The newest of some matching calls, in any order.
    pub(super) fn of(mut calls: Vec<CallColumns>) -> Self {
        calls.sort_unstable_by_key(|call| std::cmp::Reverse((call.created_at, call.id)));
        let mut newest = Self::default();
        calls.iter().for_each(|call| newest.see(call));
        newest
    }

    /// Reads the times.
    pub(super) fn times(self, connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Times> {
        if self.calls.is_empty() {
            return Ok(Times::default());
        }
        let rings = rings(connection, owner, self.calls.iter().map(|call| call.id).collect())?;
        let looked_up = self.calls.len() as u64;
        let missed: Vec<CallColumns> =
            self.calls.into_iter().filter(|call| call.call_type() == CallType::MissedInbound).collect();
        let returned_at = returned::returned_at(connection, owner, &missed)?;
        let wait = |(call, at): (&CallColumns, Option<DateTime<Utc>>)| {
            Some((at? - call.created_at).num_milliseconds())
        };
        Ok(Times {
            looked_up,
            rings,
            returns: missed.iter().zip(returned_at).filter_map(wait).map(i64::unsigned_abs).collect(),
        })
    }
}

/// The ring times of calls that have one, in milliseconds.
fn rings(connection: &mut PgConnection, owner: PartyKey, ids: Vec<CallId>) -> QueryResult<Vec<u64>> {
    let wanted: HashSet<CallId> = ids.iter().copied().collect();
    let (Some(first), Some(last)) = (ids.iter().min().copied(), ids.iter().max().copied()) else {
        return Ok(Vec::new());
    };
    let known = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::ring_ms.is_not_null())
        .select((calls::id, calls::ring_ms));
    // Calls that were stored in the order of their times have consecutive ids: one range instead of many
    // lookups.
    let is_row = last.0.abs_diff(first.0) < 4 * ids.len() as u64;
    let rows: Vec<(CallId, Option<i32>)> = match is_row {
        true => known.filter(calls::id.between(first, last)).load(connection)?,
        false => known.filter(calls::id.eq_any(ids)).load(connection)?,
    };
    let ring = |(id, ms): (CallId, Option<i32>)| ms.filter(|_| wanted.contains(&id)).map(i32::unsigned_abs);
    Ok(rows.into_iter().filter_map(ring).map(u64::from).collect())
}

/// Times of inbound calls, in milliseconds.
#[derive(Default)]
pub(super) struct Times {
    looked_up: u64,
    rings: Vec<u64>,
    returns: Vec<u64>,
}

impl Times {
    /// Adds the times of another history.
    pub(super) fn add(&mut self, other: Self) {
        self.looked_up += other.looked_up;
        self.rings.extend(other.rings);
        self.returns.extend(other.returns);
    }

    /// Adds the medians to the summary of the same calls.
    pub(super) fn write(self, summary: &mut Summary) {
        let of = summary.inbound.answered + summary.inbound.missed;
        summary.inbound.median_ring = median(self.rings).map(TalkTime::from_ms);
        summary.inbound.median_return = median(self.returns).map(TalkTime::from_ms);
        summary.medians_cover = (self.looked_up < of).then_some(Coverage { calls: self.looked_up, of });
    }
}

/// The median; the mean of the middle two for an even number.
fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(lower + (upper - lower) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_half_way() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![7]), Some(7));
        assert_eq!(median(vec![9, 1]), Some(5));
        assert_eq!(median(vec![30, 10, 20]), Some(20));
        assert_eq!(median(vec![1, 100, 2, 3]), Some(2));
    }
}
