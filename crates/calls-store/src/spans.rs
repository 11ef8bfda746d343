//! Calls within spans of time. Each span is an index lookup.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Timestamptz};

use crate::columns::{DispositionColumn, TypeColumn};
use crate::counts::day::{self, Quarter};
use crate::keys::{CallId, PartyKey};
use crate::rows::CallColumns;

/// Start and end; the end is not included.
pub(crate) type Span = (DateTime<Utc>, DateTime<Utc>);

/// Minimum time of a call.
pub(crate) fn year_one() -> DateTime<Utc> {
    DateTime::from_timestamp(-62_135_596_800, 0).unwrap_or_default()
}

/// Time that all calls are before.
pub(crate) fn year_ten_thousand() -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_300_800, 0).unwrap_or_default()
}

/// Spans of the newest quarters that together have `enough`, and how much they have. `quarters` come newest
/// first, each with its amount; those without any are skipped, and adjacent ones become one span.
pub(crate) fn newest(quarters: impl Iterator<Item = (Quarter, u64)>, enough: u64) -> (Vec<Span>, u64) {
    let (mut spans, mut sum): (Vec<Span>, u64) = (Vec::new(), 0);
    for (quarter, amount) in quarters.filter(|(_, amount)| *amount > 0) {
        if sum >= enough {
            break;
        }
        sum += amount;
        let span = day::span(quarter);
        match spans.last_mut().filter(|after| after.0 == span.1) {
            Some(after) => after.0 = span.0,
            None => spans.push(span),
        }
    }
    (spans, sum)
}

/// Calls of a history to read.
pub(crate) struct Wanted<'a> {
    pub owner: PartyKey,
    pub spans: &'a [Span],
    pub types: Vec<TypeColumn>,
    /// Any disposition, if empty.
    pub dispositions: Vec<DispositionColumn>,
    /// Highest id.
    pub until: CallId,
}

impl Wanted<'_> {
    /// The calls in any order, without durations.
    pub(crate) fn load(self, connection: &mut PgConnection) -> QueryResult<Vec<CallColumns>> {
        // OFFSET 0 makes PostgreSQL look up each span in the index, instead of comparing each call of the
        // history with all spans.
        const CALLS: &str = "
            SELECT calls.id, calls.created_at, calls.counterparty, calls.type, calls.disposition
            FROM unnest($2, $3) AS span (first, last)
            CROSS JOIN LATERAL (
                SELECT id, created_at, counterparty, type, disposition FROM calls
                WHERE number = $1 AND created_at >= span.first AND created_at < span.last
                  AND type = ANY ($4) AND (cardinality($5) = 0 OR disposition = ANY ($5)) AND id <= $6
                OFFSET 0
            ) AS calls";
        let Self { owner, spans, types, dispositions, until } = self;
        if spans.is_empty() {
            return Ok(Vec::new());
        }
        let (first, last): (Vec<_>, Vec<_>) = spans.iter().copied().unzip();
        let rows: Vec<Row> = diesel::sql_query(CALLS)
            .bind::<BigInt, _>(owner)
            .bind::<Array<Timestamptz>, _>(first)
            .bind::<Array<Timestamptz>, _>(last)
            .bind::<Array<SmallInt>, _>(types)
            .bind::<Array<SmallInt>, _>(dispositions)
            .bind::<BigInt, _>(until)
            .load(connection)?;
        Ok(rows.into_iter().map(CallColumns::from).collect())
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: CallId,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    counterparty: PartyKey,
    #[diesel(sql_type = SmallInt, column_name = "type")]
    call_type: TypeColumn,
    #[diesel(sql_type = SmallInt)]
    disposition: DispositionColumn,
}

impl From<Row> for CallColumns {
    fn from(row: Row) -> Self {
        let Row { id, created_at, counterparty, call_type, disposition } = row;
        Self { id, created_at, counterparty, duration_ms: None, call_type, disposition }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacent_quarters_become_one_span_and_reading_stops_at_enough() {
        let quarters = [(9, 2), (8, 1), (7, 0), (5, 4), (4, 1)].map(|(at, amount)| (Quarter(at), amount));
        let span = |first, last| (day::span(Quarter(first)).0, day::span(Quarter(last)).1);
        assert_eq!(newest(quarters.into_iter(), 3), (vec![span(8, 9)], 3));
        assert_eq!(newest(quarters.into_iter(), 4), (vec![span(8, 9), span(5, 5)], 7));
        assert_eq!(newest(quarters.into_iter(), 100), (vec![span(8, 9), span(4, 5)], 8));
    }
}
