//! Calls of several owners on each of the last days.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Timestamptz};

use super::Listed;
use super::attention::current;
use crate::counts::{self, day};
use crate::keys::PartyKey;

/// Number of days: the last 14 and today.
pub const DAYS: usize = 15;
/// Index of the day a week before today.
const WEEK_AGO: usize = DAYS - 1 - 7;
/// Number of short histories that are read together.
const MOST_SHORT: usize = 100;
/// Number of long histories that are read per page, in up to 2 ms each.
const MOST_LONG: usize = 16;
/// Number of calls that are read of a long history whose counts are not current.
const MOST_CALLS: i64 = 5_000;

/// Calls on the last days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecentDays {
    /// Number of calls on each day, today last.
    pub calls: [u64; DAYS],
    /// Number of missed inbound calls on each day.
    pub missed: [u64; DAYS],
    /// Calls on the day a week ago, up to the current time of day.
    pub week_ago_calls: u64,
    /// Missed inbound calls on that day, up to the current time of day.
    pub week_ago_missed: u64,
}

/// The last days in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// Today.
    pub last: NaiveDate,
    /// Start of each day, and the end of today.
    starts: Vec<DateTime<Utc>>,
    /// The current time, a week ago.
    week_ago: DateTime<Utc>,
}

impl Days {
    /// The days up to today.
    pub fn until(now: DateTime<Utc>, zone: Tz) -> Self {
        let last = now.with_timezone(&zone).date_naive();
        let day = |back: i64| begin(last - TimeDelta::days(back), zone);
        let starts: Vec<DateTime<Utc>> = (-1..DAYS as i64).rev().map(day).collect();
        let passed = now - starts[DAYS - 1];
        let week_ago = (starts[WEEK_AGO] + passed).min(starts[WEEK_AGO + 1]);
        Self { last, starts, week_ago }
    }

    /// Start and end of all days.
    fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.starts[0], self.starts[DAYS])
    }

    /// Boundaries between days, and the current time a week ago.
    fn bounds(&self) -> Vec<DateTime<Utc>> {
        let mut bounds = self.starts.clone();
        bounds.insert(WEEK_AGO + 1, self.week_ago);
        bounds
    }
}

/// Start of a day. If clocks skip midnight, it is the first existing quarter of an hour.
fn begin(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let mut quarters = (0..=24 * 4).map(|quarters| midnight + TimeDelta::minutes(15 * quarters));
    let first = quarters.find_map(|local| zone.from_local_datetime(&local).earliest());
    first.map_or_else(|| midnight.and_utc(), |first| first.with_timezone(&Utc))
}

impl RecentDays {
    /// Adds calls between two of [`Days::bounds`], numbered from 1 as by PostgreSQL's `width_bucket`.
    fn add(&mut self, part: usize, calls: u64, missed: u64) {
        let Some(part) = part.checked_sub(1) else { return };
        if part == WEEK_AGO {
            self.week_ago_calls += calls;
            self.week_ago_missed += missed;
        }
        let day = if part > WEEK_AGO { part - 1 } else { part };
        if day < DAYS {
            self.calls[day] += calls;
            self.missed[day] += missed;
        }
    }
}

/// Recent calls of the owners in a page of the directory, as far as it is cheap. Other owners are absent.
pub fn recent_days(
    connection: &mut PgConnection,
    listed: &[Listed],
    days: &Days,
) -> QueryResult<HashMap<PartyKey, RecentDays>> {
    let owners = listed.iter().filter(|listed| listed.is_owner);
    let (long, short): (Vec<&Listed>, Vec<&Listed>) =
        owners.partition(|owner| owner.calls.unsigned_abs() > counts::LONG);
    let short: Vec<PartyKey> = short.into_iter().take(MOST_SHORT).map(|owner| owner.number).collect();
    // Owners whose last call is older have no recent calls.
    let is_quiet = |owner: &Listed| owner.last_call < days.span().0;
    let mut found: HashMap<PartyKey, RecentDays> =
        short.iter().map(|owner| (*owner, RecentDays::default())).collect();
    found.extend(
        long.iter().filter(|owner| is_quiet(owner)).map(|owner| (owner.number, RecentDays::default())),
    );
    read(connection, &short, days, i64::MAX, &mut found)?;
    let long = long.into_iter().filter(|owner| !is_quiet(owner)).take(MOST_LONG);
    let long: Vec<PartyKey> = long.map(|owner| owner.number).collect();
    let current = current(connection, &long)?;
    for owner in long {
        if current.contains(&owner) {
            found.insert(owner, counted(connection, owner, days)?);
        } else {
            read(connection, &[owner], days, MOST_CALLS, &mut found)?;
        }
    }
    Ok(found)
}

/// Counts calls one by one. Owners with more than `most` are left out.
fn read(
    connection: &mut PgConnection,
    owners: &[PartyKey],
    days: &Days,
    most: i64,
    found: &mut HashMap<PartyKey, RecentDays>,
) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: PartyKey,
        #[diesel(sql_type = Integer)]
        part: i32,
        #[diesel(sql_type = BigInt)]
        calls: i64,
        #[diesel(sql_type = BigInt)]
        missed: i64,
    }
    if owners.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT number, width_bucket(created_at, $4) AS part, count(*) AS calls,
                count(*) FILTER (WHERE type = 2) AS missed
         FROM (SELECT number, created_at, type FROM calls
               WHERE number = ANY ($1) AND created_at >= $2 AND created_at < $3 LIMIT $5) AS recent
         GROUP BY number, part",
    )
    .bind::<Array<BigInt>, _>(owners)
    .bind::<Timestamptz, _>(days.span().0)
    .bind::<Timestamptz, _>(days.span().1)
    .bind::<Array<Timestamptz>, _>(days.bounds())
    .bind::<BigInt, _>(most.saturating_add(1))
    .load(connection)?;
    if rows.iter().map(|row| row.calls).sum::<i64>() > most {
        return Ok(());
    }
    for owner in owners {
        found.entry(*owner).or_default();
    }
    for Row { number, part, calls, missed } in rows {
        let part = usize::try_from(part).unwrap_or_default();
        found.entry(number).or_default().add(part, calls.unsigned_abs(), missed.unsigned_abs());
    }
    Ok(())
}

/// Adds up the counts of a history.
fn counted(connection: &mut PgConnection, owner: PartyKey, days: &Days) -> QueryResult<RecentDays> {
    let (from, until) = days.span();
    let span = (day::Quarter::of(from), day::Quarter::of(until - TimeDelta::seconds(1)));
    let bounds: Vec<i64> = days.bounds().iter().map(DateTime::timestamp).collect();
    let mut found = RecentDays::default();
    day::read(connection, owner, span, |quarter, code, count| {
        let part = bounds.partition_point(|bound| *bound <= quarter.start());
        let is_missed = code.call_type() == calls_model::CallType::MissedInbound;
        found.add(part, count.calls, if is_missed { count.calls } else { 0 });
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_begin_by_the_clocks_of_the_zone() {
        let days = Days::until(at("2024-04-05T10:30:00Z"), Tz::Europe__Berlin);
        assert_eq!(days.last.to_string(), "2024-04-05");
        assert_eq!(days.span(), (at("2024-03-21T23:00:00Z"), at("2024-04-05T22:00:00Z")));
        // By the clocks, twelve and a half hours have passed, as a week before.
        assert_eq!(
            days.bounds()[WEEK_AGO..][..3],
            [at("2024-03-28T23:00:00Z"), at("2024-03-29T11:30:00Z"), at("2024-03-29T23:00:00Z"),]
        );
        assert!(days.bounds().is_sorted());
    }

    #[test]
    fn a_part_of_a_day_is_of_that_day() {
        let mut days = RecentDays::default();
        for part in 0..DAYS + 4 {
            days.add(part, 1, 0);
        }
        let mut expected = [1; DAYS];
        expected[WEEK_AGO] = 2;
        assert_eq!((days.calls, days.week_ago_calls), (expected, 1));
    }
}
