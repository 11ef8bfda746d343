//! What a history comes to: three queries, each about one pass over the calls that fit. The calls of the few
//! counterparties that are listed are looked up once more.

use calls_model::{CallType, CounterpartyCount, DayCount, HourOfWeekCount, MissedInbound, Summary, TalkTime};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};

use crate::calls::{Filter, TypeColumn, list_calls, local_seconds, matches};
use crate::composed::Composed;
use crate::parties::{self, PartyKey};
use crate::schema::calls;
use crate::zones::{Offsets, Spans};

/// From this many calls on a plan costs less than what it saves.
const MANY_CALLS: u64 = 5_000;

/// The summary of the calls of a history that fit a filter, all of it as of one instant.
pub fn summarize(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    zone: Tz,
) -> QueryResult<Summary> {
    connection.build_transaction().read_only().repeatable_read().run(|connection| {
        // One core for one request: on two busy cores half a million calls took 0.8 s like this, and 1.2 s with
        // PostgreSQL's parallel workers. Memory for as many groups as a history has hours.
        diesel::sql_query(
            "SELECT set_config('max_parallel_workers_per_gather', '0', true), set_config('work_mem', '32MB', true)",
        )
        .execute(connection)?;
        let mut summary = Summary::empty(zone.name());
        if let Some((first, last)) = crate::calls::span(connection, owner)? {
            let offsets = Offsets::new(zone, first, last);
            for row in count(connection, owner, filter, &offsets)? {
                row.add_to(&mut summary);
            }
            if summary.calls > MANY_CALLS {
                // A prepared plan is one for the usual hundred calls: of half a million, all were read once for each
                // top counterparty.
                diesel::sql_query("SET LOCAL plan_cache_mode = force_custom_plan").execute(connection)?;
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

/// Calls of one day, those of one hour of the week, or all.
#[derive(Debug, QueryableByName)]
struct CountRow {
    /// Days since 1970-01-01.
    #[diesel(sql_type = Nullable<Integer>)]
    day: Option<i32>,
    /// Hours since Monday 0:00.
    #[diesel(sql_type = Nullable<Integer>)]
    hour_of_week: Option<i32>,
    #[diesel(sql_type = BigInt)]
    calls: i64,
    #[diesel(sql_type = BigInt)]
    missed_inbound: i64,
    #[diesel(sql_type = BigInt)]
    completed_outbound: i64,
    #[diesel(sql_type = BigInt)]
    missed_outbound: i64,
    #[diesel(sql_type = BigInt)]
    talk_ms: i64,
    /// None of no calls.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    first_call: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_call: Option<DateTime<Utc>>,
}

impl CountRow {
    fn add_to(self, summary: &mut Summary) {
        let calls = self.calls.unsigned_abs();
        let missed = (self.missed_inbound + self.missed_outbound).unsigned_abs();
        let hour = self.hour_of_week.and_then(|hour| u8::try_from(hour).ok());
        let date = self.day.and_then(|day| epoch().checked_add_signed(TimeDelta::days(day.into())));
        match (date, hour) {
            (Some(date), _) => summary.days.push(DayCount { date, calls, missed }),
            (None, Some(hour)) => {
                let (weekday, hour) = (hour / 24 + 1, hour % 24);
                summary.hours_of_week.push(HourOfWeekCount { weekday, hour, calls, missed });
            }
            (None, None) => {
                let others = self.missed_inbound + self.completed_outbound + self.missed_outbound;
                let types = [
                    (CallType::CompletedInbound, self.calls - others),
                    (CallType::MissedInbound, self.missed_inbound),
                    (CallType::CompletedOutbound, self.completed_outbound),
                    (CallType::MissedOutbound, self.missed_outbound),
                ];
                for (call_type, calls) in types {
                    *summary.types.of_mut(call_type) = calls.unsigned_abs();
                }
                summary.calls = calls;
                summary.talk_time = TalkTime::from_ms(self.talk_ms.unsigned_abs());
                (summary.first_call, summary.last_call) = (self.first_call, self.last_call);
            }
        }
    }
}

fn epoch() -> NaiveDate {
    DateTime::UNIX_EPOCH.date_naive()
}

/// Counts the calls in spans of UTC first: where in the zone's days and weeks they are is asked once for each span.
fn count(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    offsets: &Offsets,
) -> QueryResult<Vec<CountRow>> {
    let Spans { from, seconds } = offsets.spans();
    let fitting = calls::table.filter(calls::number.eq(owner)).filter(matches(filter)).select((
        calls::created_at,
        calls::type_,
        calls::duration_ms,
    ));
    // 1970-01-01 was a Thursday, whose first hour is the 72nd of its week. OFFSET keeps PostgreSQL from merging the
    // queries, which would look up the zone twice.
    let query: Composed = Composed::new(
        "SELECT day, hour_of_week, coalesce(sum(calls), 0)::bigint AS calls, \
         coalesce(sum(missed_inbound), 0)::bigint AS missed_inbound, \
         coalesce(sum(completed_outbound), 0)::bigint AS completed_outbound, \
         coalesce(sum(missed_outbound), 0)::bigint AS missed_outbound, \
         coalesce(sum(talk_ms), 0)::bigint AS talk_ms, \
         min(first_call) AS first_call, max(last_call) AS last_call \
         FROM (SELECT located.*, floor(local / 86400)::integer AS day, \
         (((floor(local / 3600)::bigint + 72) % 168 + 168) % 168)::integer AS hour_of_week \
         FROM (SELECT spans.*, ",
    )
    .subquery(local_seconds(offsets))
    .sql(" AS local FROM (SELECT CASE WHEN created_at < ")
    .subquery(from.into_sql::<Timestamptz>())
    .sql(" THEN created_at ELSE date_bin(interval '1 second' * ")
    .subquery(seconds.into_sql::<Integer>())
    .sql(
        ", created_at, timestamptz '0001-01-01 00:00:00+00') END AS created_at, count(*) AS calls, \
         count(*) FILTER (WHERE type = 'Missed Inbound') AS missed_inbound, \
         count(*) FILTER (WHERE type = 'Completed Outbound') AS completed_outbound, \
         count(*) FILTER (WHERE type = 'Missed Outbound') AS missed_outbound, \
         sum(duration_ms) AS talk_ms, min(created_at) AS first_call, max(created_at) AS last_call FROM (",
    )
    .subquery(fitting)
    .sql(
        ") AS fitting (created_at, type, duration_ms) GROUP BY 1) AS spans OFFSET 0) AS located OFFSET 0) AS placed \
         GROUP BY GROUPING SETS ((), (day), (hour_of_week)) ORDER BY day, hour_of_week",
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

/// A call is returned if the last call in which the two spoke is later. So one time per counterparty is enough. Their
/// ids are looked up for the newest alone, so that the others are counted from the smallest index there is.
fn missed_inbound(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
) -> QueryResult<MissedInbound> {
    let most = || (MissedInbound::MAX_IDS as i64).into_sql::<BigInt>();
    let missed = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::type_.eq(TypeColumn(CallType::MissedInbound)))
        .filter(matches(filter))
        .select((calls::counterparty, calls::created_at));
    let query: Composed = Composed::new("WITH missed (counterparty, created_at) AS (")
        .subquery(missed)
        .sql(
            "), spoken AS (SELECT counterparty, max(created_at) AS latest FROM calls \
             WHERE type IN ('Completed Inbound', 'Completed Outbound') AND number = ",
        )
        .subquery(owner.into_sql::<BigInt>())
        .sql(
            " GROUP BY counterparty), \
             hidden AS MATERIALIZED (SELECT number FROM phone_numbers WHERE label IN ('withheld', 'unknown')), \
             judged AS MATERIALIZED (SELECT counterparty, created_at, CASE WHEN counterparty > 0 \
             OR counterparty NOT IN (SELECT number FROM hidden) \
             THEN coalesce(latest > created_at, false) END AS returned \
             FROM missed LEFT JOIN spoken USING (counterparty)), \
             newest AS (SELECT counterparty, created_at FROM judged WHERE NOT returned \
             ORDER BY created_at DESC FETCH FIRST ",
        )
        .subquery(most())
        .sql(
            " ROWS WITH TIES) SELECT count(*) FILTER (WHERE returned) AS returned, \
             count(*) FILTER (WHERE NOT returned) AS not_returned, \
             count(*) FILTER (WHERE returned IS NULL) AS unidentified, \
             ARRAY(SELECT id FROM newest JOIN calls USING (counterparty, created_at) \
             WHERE type = 'Missed Inbound' AND number = ",
        )
        .subquery(owner.into_sql::<BigInt>())
        .sql(" ORDER BY created_at DESC, id DESC LIMIT ")
        .subquery(most())
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
