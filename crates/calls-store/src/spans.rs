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

/// Counted calls of a quarter of an hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub quarter: Quarter,
    /// Number of wanted calls.
    pub wanted: u64,
    /// Number of all calls.
    pub calls: u64,
}

/// Number of calls that are read in the time of another index lookup.
pub(crate) const FEW_BETWEEN: u64 = 16;

/// Spans of the newest quarters that together contain `enough` wanted calls, and their number. `quarters` are
/// all quarters with calls, newest first. Two spans with few calls between them are merged.
pub(crate) fn newest(
    quarters: impl Iterator<Item = Counted>,
    enough: u64,
    most_between: u64,
) -> (Vec<Span>, u64) {
    let (mut spans, mut sum, mut between): (Vec<Span>, u64, u64) = (Vec::new(), 0, 0);
    for Counted { quarter, wanted, calls } in quarters {
        if sum >= enough {
            break;
        }
        if wanted == 0 {
            between += calls;
            continue;
        }
        sum += wanted;
        let span = day::span(quarter);
        match spans.last_mut().filter(|_| between <= most_between) {
            Some(after) => after.0 = span.0,
            None => spans.push(span),
        }
        between = 0;
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
    fn quarters_with_few_calls_between_them_become_one_span_and_reading_stops_at_enough() {
        let quarters = [(9, 2, 2), (8, 1, 2), (6, 0, 3), (5, 4, 4), (2, 1, 5)];
        let counted = |(at, wanted, calls)| Counted { quarter: Quarter(at), wanted, calls };
        let newest = |enough, between| newest(quarters.map(counted).into_iter(), enough, between);
        let span = |first, last| (day::span(Quarter(first)).0, day::span(Quarter(last)).1);
        assert_eq!(newest(3, 0), (vec![span(8, 9)], 3));
        assert_eq!(newest(4, 2), (vec![span(8, 9), span(5, 5)], 7));
        assert_eq!(newest(4, 3), (vec![span(5, 9)], 7));
        assert_eq!(newest(100, 0), (vec![span(8, 9), span(2, 5)], 8));
    }
}
