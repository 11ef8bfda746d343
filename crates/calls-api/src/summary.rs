//! What a history comes to: three queries, each about one pass over the calls that fit. The calls of the few
//! counterparties that are listed are looked up once more.

use calls_model::{CallType, CounterpartyCount, DayCount, HourOfWeekCount, MissedInbound, Summary, TalkTime};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::dsl::max;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};

use crate::calls::{Filter, TypeColumn, list_calls, local_seconds, matches};
use crate::composed::Composed;
use crate::parties::{self, PartyKey};
use crate::schema::{calls, sql_types};
use crate::zones::Offsets;

/// The summary of the calls of a history that fit a filter, all of it as of one instant.
pub fn summarize(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    zone: Tz,
) -> QueryResult<Summary> {
    connection.build_transaction().read_only().repeatable_read().run(|connection| {
        // One core for one request: on two busy cores half a million calls took 0.8 s like this, and 1.2 s with
        // PostgreSQL's parallel workers.
        diesel::sql_query("SET LOCAL max_parallel_workers_per_gather = 0").execute(connection)?;
        let mut summary = Summary::empty(zone.name());
        if let Some((first, last)) = crate::calls::span(connection, owner)? {
            let offsets = Offsets::new(zone, first, last);
            for row in count(connection, owner, filter, &offsets)? {
                row.add_to(&mut summary);
            }
            if summary.calls > 0 {
                summary.top_counterparties = top_counterparties(connection, owner, filter)?;
            }
            if summary.types.missed_inbound > 0 {
                summary.missed_inbound = match filter.returned {
                    None => missed_inbound(connection, owner, filter)?,
                    Some(returned) => all_alike(connection, owner, filter, returned, summary.calls)?,
                };
            }
        }
        if summary.calls > 0 {
            let missed = summary.types.missed_inbound + summary.types.missed_outbound;
            summary.missed_rate = Some(missed as f64 / summary.calls as f64);
        }
        Ok(summary)
    })
}

/// The calls of one type, of one day or of one hour of the week: one of the three is there.
#[derive(Debug, QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Nullable<sql_types::CallType>, column_name = "type")]
    call_type: Option<TypeColumn>,
    /// Days since 1970-01-01.
    #[diesel(sql_type = Nullable<Integer>)]
    day: Option<i32>,
    /// Hours since Monday 0:00.
    #[diesel(sql_type = Nullable<Integer>)]
    hour_of_week: Option<i32>,
    #[diesel(sql_type = BigInt)]
    calls: i64,
    #[diesel(sql_type = BigInt)]
    missed: i64,
    #[diesel(sql_type = BigInt)]
    talk_ms: i64,
    #[diesel(sql_type = Timestamptz)]
    first_call: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    last_call: DateTime<Utc>,
}

impl CountRow {
    fn add_to(self, summary: &mut Summary) {
        let (calls, missed) = (self.calls.unsigned_abs(), self.missed.unsigned_abs());
        if let Some(TypeColumn(call_type)) = self.call_type {
            *summary.types.of_mut(call_type) = calls;
            summary.calls += calls;
            summary.talk_time = TalkTime::from_ms(summary.talk_time.ms() + self.talk_ms.unsigned_abs());
            summary.first_call =
                Some(summary.first_call.map_or(self.first_call, |at| at.min(self.first_call)));
            summary.last_call = summary.last_call.max(Some(self.last_call));
        }
        if let Some(date) = self.day.and_then(|day| epoch().checked_add_signed(TimeDelta::days(day.into()))) {
            summary.days.push(DayCount { date, calls, missed });
        }
        if let Some(hour) = self.hour_of_week.and_then(|hour| u8::try_from(hour).ok()) {
            let (weekday, hour) = (hour / 24 + 1, hour % 24);
            summary.hours_of_week.push(HourOfWeekCount { weekday, hour, calls, missed });
        }
    }
}

fn epoch() -> NaiveDate {
    DateTime::UNIX_EPOCH.date_naive()
}

fn count(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    offsets: &Offsets,
) -> QueryResult<Vec<CountRow>> {
    let fitting = calls::table
        .filter(calls::number.eq(owner))
        .filter(matches(filter))
        .select((calls::type_, calls::created_at, calls::duration_ms, local_seconds(offsets)))
        // Keeps PostgreSQL from merging the query into the other, which would look up the zone twice a call.
        .offset(0);
    // 1970-01-01 was a Thursday, whose first hour is the 72nd of its week.
    let query: Composed = Composed::new(
        "SELECT type, day, hour_of_week, count(*) AS calls, \
             count(*) FILTER (WHERE type IN ('Missed Inbound', 'Missed Outbound')) AS missed, \
             coalesce(sum(duration_ms), 0) AS talk_ms, \
             min(created_at) AS first_call, max(created_at) AS last_call \
             FROM (SELECT type, created_at, duration_ms, floor(local / 86400)::integer AS day, \
             (((floor(local / 3600)::bigint + 72) % 168 + 168) % 168)::integer AS hour_of_week FROM (",
    )
    .subquery(fitting)
    .sql(
        ") AS fitting (type, created_at, duration_ms, local) OFFSET 0) AS placed \
              GROUP BY GROUPING SETS ((type), (day), (hour_of_week)) ORDER BY type, day, hour_of_week",
    );
    query.load(connection)
}

#[derive(Debug, QueryableByName)]
struct CounterpartyRow {
    #[diesel(sql_type = BigInt)]
    counterparty: PartyKey,
    #[diesel(sql_type = Nullable<Text>)]
    label: Option<String>,
    #[diesel(sql_type = BigInt)]
    calls: i64,
    #[diesel(sql_type = BigInt)]
    missed: i64,
    #[diesel(sql_type = BigInt)]
    talk_ms: i64,
}

impl From<CounterpartyRow> for CounterpartyCount {
    fn from(row: CounterpartyRow) -> Self {
        Self {
            counterparty: parties::from_row(row.counterparty, row.label.as_deref()),
            calls: row.calls.unsigned_abs(),
            missed: row.missed.unsigned_abs(),
            talk_time: TalkTime::from_ms(row.talk_ms.unsigned_abs()),
        }
    }
}

fn top_counterparties(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
) -> QueryResult<Vec<CounterpartyCount>> {
    if *filter == Filter::default() {
        // An index has all calls in the order of their counterparties, which the planner thinks little of: of half
        // a million calls with 50,000 counterparties a hash table of all took 0.33 s, and this takes 0.09 s.
        diesel::sql_query("SET LOCAL enable_hashagg = off").execute(connection)?;
    }
    let fitting = || calls::table.filter(calls::number.eq(owner)).filter(matches(filter));
    // A number comes before one with as many calls if it is the smaller one, so that the answer is always the same.
    // What else there is to say of a counterparty is looked up for those few alone.
    let query: Composed = Composed::new(
        "SELECT most.counterparty, calls, missed, talk_ms, (SELECT label FROM phone_numbers \
         WHERE phone_numbers.number = most.counterparty AND most.counterparty < 0) \
         FROM (SELECT counterparty, count(*) AS calls FROM (",
    )
    .subquery(fitting().select(calls::counterparty))
    .sql(") AS fitting GROUP BY counterparty ORDER BY calls DESC, counterparty LIMIT ")
    .subquery((Summary::TOP_COUNTERPARTIES as i64).into_sql::<BigInt>())
    .sql(
        ") AS most CROSS JOIN LATERAL (SELECT coalesce(sum(duration_ms), 0) AS talk_ms, \
         count(*) FILTER (WHERE type IN ('Missed Inbound', 'Missed Outbound')) AS missed FROM (",
    )
    .subquery(fitting().select((calls::counterparty, calls::type_, calls::duration_ms)))
    .sql(
        ") AS fitting WHERE fitting.counterparty = most.counterparty) AS sums \
         ORDER BY calls DESC, most.counterparty",
    );
    let rows: Vec<CounterpartyRow> = query.load(connection)?;
    Ok(rows.into_iter().map(CounterpartyCount::from).collect())
}

#[derive(Debug, QueryableByName)]
struct MissedRow {
    #[diesel(sql_type = BigInt)]
    returned: i64,
    #[diesel(sql_type = BigInt)]
    not_returned: i64,
    #[diesel(sql_type = BigInt)]
    unidentified: i64,
    #[diesel(sql_type = Array<BigInt>)]
    not_returned_ids: Vec<i64>,
}

impl From<MissedRow> for MissedInbound {
    fn from(row: MissedRow) -> Self {
        Self {
            returned: row.returned.unsigned_abs(),
            not_returned: row.not_returned.unsigned_abs(),
            unidentified: row.unidentified.unsigned_abs(),
            not_returned_ids: row.not_returned_ids.iter().map(i64::to_string).collect(),
        }
    }
}

/// A call is returned if the last call in which the two spoke is later. So one time per counterparty is enough.
fn missed_inbound(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
) -> QueryResult<MissedInbound> {
    let history = calls::table.filter(calls::number.eq(owner));
    let missed = history
        .filter(calls::type_.eq(TypeColumn(CallType::MissedInbound)))
        .filter(matches(filter))
        .select((calls::id, calls::created_at, calls::counterparty));
    let completed = [CallType::CompletedInbound, CallType::CompletedOutbound].map(TypeColumn);
    let spoken = history
        .filter(calls::type_.eq_any(completed))
        .group_by(calls::counterparty)
        .select((calls::counterparty, max(calls::created_at)));
    let query: Composed = Composed::new("WITH missed AS (")
        .subquery(missed)
        .sql("), spoken (counterparty, latest) AS (")
        .subquery(spoken)
        .sql(
            "), hidden AS MATERIALIZED (SELECT number FROM phone_numbers WHERE label IN ('withheld', 'unknown')), \
             judged AS (SELECT id, missed.created_at, CASE WHEN counterparty > 0 \
             OR counterparty NOT IN (SELECT number FROM hidden) \
             THEN coalesce(latest > missed.created_at, false) END AS returned \
             FROM missed LEFT JOIN spoken USING (counterparty)) \
             SELECT count(*) FILTER (WHERE returned) AS returned, \
             count(*) FILTER (WHERE NOT returned) AS not_returned, \
             count(*) FILTER (WHERE returned IS NULL) AS unidentified, \
             ARRAY(SELECT id FROM judged WHERE NOT returned ORDER BY created_at DESC, id DESC LIMIT ",
        )
        .subquery((MissedInbound::MAX_IDS as i64).into_sql::<BigInt>())
        .sql(") AS not_returned_ids FROM judged");
    let row: MissedRow = query.get_result(connection)?;
    Ok(row.into())
}

/// Where the filter has judged the calls already.
fn all_alike(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    returned: bool,
    calls: u64,
) -> QueryResult<MissedInbound> {
    if returned {
        return Ok(MissedInbound { returned: calls, ..MissedInbound::default() });
    }
    let newest = list_calls(connection, owner, filter, None, MissedInbound::MAX_IDS as u16)?;
    let not_returned_ids = newest.iter().map(|row| row.position().id.to_string()).collect();
    Ok(MissedInbound { not_returned: calls, not_returned_ids, ..MissedInbound::default() })
}
