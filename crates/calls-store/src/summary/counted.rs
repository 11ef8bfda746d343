//! The summary of a counted history.

use std::collections::HashMap;

use calls_model::{Coverage, Direction, MissedInbound, Summary};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Timestamptz};

use super::accumulator::Accumulator;
use super::medians::{MOST, Newest};
use super::{Question, counterparties};
use crate::columns::{DispositionColumn, TypeColumn};
use crate::counts::Progress;
use crate::counts::day::{self, Code, Count, QUARTER, Quarter};
use crate::counts::top::{Entry, TypeSet};
use crate::filter::{Filter, matches};
use crate::keys::{CallId, PartyKey};
use crate::labels::Labels;
use crate::returned::{self, Standing, standing};
use crate::rows::{CallColumns, HISTORY_COLUMNS, Position};
use crate::schema::calls;
use crate::spans::{self, Counted, FEW_BETWEEN, Span, Wanted, year_one, year_ten_thousand};
use crate::zones::Offsets;

/// Adds up the counts of a history, and the calls at the edges of the filter's period.
pub(super) fn summarize(
    connection: &mut PgConnection,
    labels: &Labels,
    question: Question<'_>,
    offsets: &Offsets,
    counts: &Progress,
) -> QueryResult<(Summary, Newest)> {
    let Question { owner, filter, zone, .. } = question;
    let parts = Parts::of(filter, offsets);
    let mut accumulator = Accumulator::new(filter, offsets, zone.name());
    let mut found = Found::new(filter);
    if let Some(quarters) = parts.counted {
        day::read(connection, owner, quarters, |quarter, code, count| {
            let fits = accumulator.add_count(quarter, code, count);
            found.add(quarter, code, count, fits);
        })?;
    }
    let mut single = Single::default();
    for span in &parts.single {
        single.read(connection, question, *span, counts.until, &mut accumulator)?;
    }
    for at in found.ends(connection, owner, filter)? {
        accumulator.see(at);
    }
    let mut summary = accumulator.finish();
    let single_open = std::mem::take(&mut single.open);
    let mut single_inbound = std::mem::take(&mut single.inbound);
    let types = TypeSet::of(&filter.types);
    let entries = match is_by_type_alone(filter) {
        true => counts.top.list(types),
        false => {
            let (spans, calls) = found.newest(|found| found.calls, MOST_RANKED);
            let (calls, of) = (calls + single.calls, summary.calls);
            summary.top_counterparties_cover = (calls < of).then_some(Coverage { calls, of });
            let also: Vec<PartyKey> = single.entries.keys().copied().collect();
            let counted = rank(connection, owner, filter, &spans, counts.until, &also)?;
            single.ranked_with(counted, types)
        }
    };
    summary.top_counterparties = counterparties(connection, labels, &entries, types)?;
    let mut open = newest_open(connection, owner, filter, &found, counts.until)?;
    open.extend(single_open);
    open.sort_unstable_by_key(|place| std::cmp::Reverse((place.created_at, place.id)));
    open.truncate(MissedInbound::MAX_IDS);
    summary.missed_inbound.not_returned_ids = open.iter().map(|place| place.id.0.to_string()).collect();
    let (spans, _) = found.newest(|found| found.inbound, MOST as u64);
    let mut inbound = inbound_in(connection, owner, filter, &spans, counts.until)?;
    inbound.append(&mut single_inbound);
    Ok((summary, Newest::of(inbound)))
}

/// Maximum number of calls that are grouped by counterparty, in less than a tenth of a second.
const MOST_RANKED: u64 = 80_000;

/// Whether the stored lists of counterparties answer the filter.
fn is_by_type_alone(filter: &Filter) -> bool {
    *filter == Filter { types: filter.types.clone(), ..Filter::default() }
}

/// The filter's period, as whole quarters of an hour that are counted and spans that are read call by call.
struct Parts {
    counted: Option<(Quarter, Quarter)>,
    single: Vec<Span>,
}

impl Parts {
    fn of(filter: &Filter, offsets: &Offsets) -> Self {
        let ends = (year_one(), year_ten_thousand());
        let from = filter.from.map_or(ends.0, |from| from.clamp(ends.0, ends.1));
        let until = filter.until.map_or(ends.1, |until| until.clamp(ends.0, ends.1));
        // Before this time, the offsets of the zone were not multiples of a quarter of an hour.
        let even = offsets.spans().from;
        let first = from.max(even);
        let first = Quarter(first.timestamp().div_euclid(QUARTER) + i64::from(!is_start(first)));
        let last = Quarter(Quarter::of(until).0 - 1);
        let start = |quarter: Quarter| DateTime::from_timestamp(quarter.start(), 0);
        let mut single = Vec::new();
        let counted = (first <= last).then_some((first, last));
        match counted {
            Some(_) => {
                let before = start(first).unwrap_or(ends.0);
                let after = start(Quarter(last.0 + 1)).unwrap_or(ends.1);
                single.extend([(from, before.min(until)), (after, until)]);
            }
            None => single.push((from, until)),
        }
        single.retain(|(from, until)| from < until);
        Self { counted, single }
    }
}

fn is_start(at: DateTime<Utc>) -> bool {
    at.timestamp().rem_euclid(QUARTER) == 0 && at.timestamp_subsec_nanos() == 0
}

/// The quarters with counted calls, ordered by time.
struct Found {
    quarters: Vec<FoundQuarter>,
    /// Number of calls that do not match but are read, between two quarters with matching ones.
    most_between: u64,
}

#[derive(Clone, Copy)]
struct FoundQuarter {
    quarter: Quarter,
    all: u64,
    /// Matching calls, with the inbound and the open ones among them.
    calls: u64,
    inbound: u64,
    open: u64,
}

impl Found {
    /// Statements that read calls do not filter by hours of the week.
    fn new(filter: &Filter) -> Self {
        let most_between = if filter.hours.is_some() { 0 } else { FEW_BETWEEN };
        Self { quarters: Vec::new(), most_between }
    }

    fn add(&mut self, quarter: Quarter, code: Code, Count { calls: all, open, .. }: Count, fits: bool) {
        let calls = if fits { all } else { 0 };
        let inbound = if code.call_type().direction() == Direction::Inbound { calls } else { 0 };
        let open = if fits { open } else { 0 };
        match self.quarters.last_mut().filter(|last| last.quarter == quarter) {
            Some(last) => {
                last.all += all;
                last.calls += calls;
                last.inbound += inbound;
                last.open += open;
            }
            None => self.quarters.push(FoundQuarter { quarter, all, calls, inbound, open }),
        }
    }

    /// Times of the first and the last counted call.
    fn ends(
        &self,
        connection: &mut PgConnection,
        owner: PartyKey,
        filter: &Filter,
    ) -> QueryResult<Vec<DateTime<Utc>>> {
        let mut ends = Vec::new();
        let mut fitting = self.quarters.iter().filter(|found| found.calls > 0);
        let first = fitting.next();
        for (found, is_first) in [(first, true), (fitting.next_back().or(first), false)] {
            let Some(found) = found else { continue };
            let fitting = in_span(owner, filter, day::span(found.quarter)).select(calls::created_at);
            let at: Option<DateTime<Utc>> = match is_first {
                true => fitting.order((calls::created_at.asc(), calls::id.asc())).first(connection),
                false => fitting.order((calls::created_at.desc(), calls::id.desc())).first(connection),
            }
            .optional()?;
            ends.extend(at);
        }
        Ok(ends)
    }

    /// Spans of the newest quarters that together contain `enough` of an amount, and their total.
    fn newest(&self, amount: fn(&FoundQuarter) -> u64, enough: u64) -> (Vec<Span>, u64) {
        let counted = |found: &FoundQuarter| Counted {
            quarter: found.quarter,
            wanted: amount(found),
            calls: found.all,
        };
        spans::newest(self.quarters.iter().rev().map(counted), enough, self.most_between)
    }
}

/// The matching calls of a span.
fn in_span<'a>(owner: PartyKey, filter: &Filter, span: Span) -> calls::BoxedQuery<'a, diesel::pg::Pg> {
    calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::created_at.ge(span.0).and(calls::created_at.lt(span.1)))
        .filter(matches(owner, filter))
        .into_boxed()
}

/// Calls that were read one by one.
#[derive(Default)]
struct Single {
    calls: u64,
    entries: HashMap<PartyKey, Entry>,
    open: Vec<Position>,
    inbound: Vec<CallColumns>,
}

impl Single {
    /// Adds the matching calls of a span.
    fn read(
        &mut self,
        connection: &mut PgConnection,
        question: Question<'_>,
        span: Span,
        until: CallId,
        accumulator: &mut Accumulator<'_>,
    ) -> QueryResult<()> {
        let Question { owner, filter, .. } = question;
        let rows: Vec<CallColumns> = in_span(owner, filter, span)
            .filter(calls::id.le(until))
            .order((calls::created_at.desc(), calls::id.desc()))
            .select(HISTORY_COLUMNS)
            .load(connection)?;
        let returned = returned::returned_at(connection, owner, &rows)?;
        for (call, returned_at) in rows.iter().zip(returned) {
            let is_open = standing(call) == Standing::Open && returned_at.is_none();
            accumulator.add_call(call, is_open, standing(call) == Standing::Unidentified);
            self.calls += 1;
            self.open.extend(is_open.then(|| call.position()));
            let is_inbound = call.call_type().direction() == Direction::Inbound;
            self.inbound.extend(is_inbound.then_some(*call));
            let none = || Entry { counterparty: call.counterparty, calls: [0; 4], ms: [0; 2] };
            self.entries.entry(call.counterparty).or_insert_with(none).add(call);
        }
        Ok(())
    }

    /// The counterparties with the most calls, including those of counted calls.
    fn ranked_with(mut self, counted: Vec<Entry>, types: TypeSet) -> Vec<Entry> {
        for entry in counted {
            self.entries.entry(entry.counterparty).and_modify(|known| known.merge(&entry)).or_insert(entry);
        }
        let mut all: Vec<Entry> = self.entries.into_values().collect();
        all.sort_unstable_by_key(|entry| (std::cmp::Reverse(entry.count(types)), entry.counterparty));
        all.truncate(Summary::TOP_COUNTERPARTIES);
        all
    }
}

/// The counterparties with the most calls in some spans, and those of `also` that have calls there. For
/// OFFSET 0 see [`Wanted::load`].
fn rank(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    spans: &[Span],
    until: CallId,
    also: &[PartyKey],
) -> QueryResult<Vec<Entry>> {
    const RANK: &str = "
        SELECT calls.counterparty,
               count(*) FILTER (WHERE calls.type = 1) AS completed_inbound,
               count(*) FILTER (WHERE calls.type = 2) AS missed_inbound,
               count(*) FILTER (WHERE calls.type = 3) AS completed_outbound,
               count(*) FILTER (WHERE calls.type = 4) AS missed_outbound,
               coalesce(sum(calls.duration_ms) FILTER (WHERE calls.type = 1), 0)::bigint AS inbound_ms,
               coalesce(sum(calls.duration_ms) FILTER (WHERE calls.type = 3), 0)::bigint AS outbound_ms
        FROM unnest($2, $3) AS span (first, last)
        CROSS JOIN LATERAL (
            SELECT counterparty, type, duration_ms FROM calls
            WHERE number = $1 AND created_at >= span.first AND created_at < span.last
              AND type = ANY ($4) AND (cardinality($5) = 0 OR disposition = ANY ($5)) AND id <= $6
            OFFSET 0
        ) AS calls
        GROUP BY calls.counterparty
        ORDER BY calls.counterparty = ANY ($7) DESC, count(*) DESC, calls.counterparty LIMIT $8";
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        counterparty: PartyKey,
        #[diesel(sql_type = BigInt)]
        completed_inbound: i64,
        #[diesel(sql_type = BigInt)]
        missed_inbound: i64,
        #[diesel(sql_type = BigInt)]
        completed_outbound: i64,
        #[diesel(sql_type = BigInt)]
        missed_outbound: i64,
        #[diesel(sql_type = BigInt)]
        inbound_ms: i64,
        #[diesel(sql_type = BigInt)]
        outbound_ms: i64,
    }
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let (first, last): (Vec<_>, Vec<_>) = spans.iter().copied().unzip();
    let rows: Vec<Row> = diesel::sql_query(RANK)
        .bind::<BigInt, _>(owner)
        .bind::<Array<Timestamptz>, _>(first)
        .bind::<Array<Timestamptz>, _>(last)
        .bind::<Array<SmallInt>, _>(filter.types.iter().copied().map(TypeColumn).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(dispositions(filter))
        .bind::<BigInt, _>(until)
        .bind::<Array<BigInt>, _>(also)
        .bind::<BigInt, _>((Summary::TOP_COUNTERPARTIES + also.len()) as i64)
        .load(connection)?;
    let entry = |row: Row| Entry {
        counterparty: row.counterparty,
        calls: [row.completed_inbound, row.missed_inbound, row.completed_outbound, row.missed_outbound],
        ms: [row.inbound_ms, row.outbound_ms],
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// Counted inbound calls in some spans.
fn inbound_in(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    spans: &[Span],
    until: CallId,
) -> QueryResult<Vec<CallColumns>> {
    let inbound = filter.types.iter().filter(|call_type| call_type.direction() == Direction::Inbound);
    let types = inbound.copied().map(TypeColumn).collect();
    Wanted { owner, spans, types, dispositions: dispositions(filter), until }.load(connection)
}

/// The newest counted calls that are not returned.
fn newest_open(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    found: &Found,
    until: CallId,
) -> QueryResult<Vec<Position>> {
    let (spans, _) = found.newest(|found| found.open, MissedInbound::MAX_IDS as u64);
    let types = vec![TypeColumn::MISSED_INBOUND];
    let wanted = Wanted { owner, spans: &spans, types, dispositions: dispositions(filter), until };
    let mut rows = wanted.load(connection)?;
    rows.sort_unstable_by_key(|call| std::cmp::Reverse((call.created_at, call.id)));
    let returned = returned::returned_at(connection, owner, &rows)?;
    let open =
        rows.iter().zip(returned).filter(|(call, at)| standing(call) == Standing::Open && at.is_none());
    Ok(open.take(MissedInbound::MAX_IDS).map(|(call, _)| call.position()).collect())
}

fn dispositions(filter: &Filter) -> Vec<DispositionColumn> {
    filter.dispositions.iter().map(|known| DispositionColumn(Some(*known))).collect()
}
