//! Realistic made-up calls. The same [`Plan`] gives the same calls.
//!
//! All numbers are from ranges reserved for films and examples, so that nobody's phone rings.

mod details;

pub use details::name;

use calls_model::{CallType, Direction, Disposition, E164, Outcome, Party};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, TimeZone, Utc};
use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Amount of made-up data.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Seed of the random numbers.
    pub seed: u64,
    /// Number of histories, at least 1.
    pub numbers: u32,
    /// Total number of calls.
    pub calls: u64,
    /// The day after the last call, UTC.
    pub until: NaiveDate,
    /// Days that the histories reach back, at least 1.
    pub days: u32,
}

/// A call of [`histories`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeUpCall {
    /// The other party.
    pub counterparty: Party,
    /// Time of its beginning, UTC, in whole seconds. No two calls of a history begin at the same time.
    pub created_at: DateTime<Utc>,
    /// Direction and outcome.
    pub call_type: CallType,
    /// Talk time in milliseconds, in whole tenths of a second; `None` for a missed call.
    pub duration_ms: Option<i32>,
    /// Disposition.
    pub disposition: Disposition,
    /// Ring time in milliseconds, whole tenths of a second.
    pub ring_ms: Option<i32>,
}

/// The owners in order, each with its calls, oldest first. The first two, +13333333333 and +14444444444, have
/// the longest histories.
pub fn histories(plan: Plan) -> impl Iterator<Item = (E164, Vec<MadeUpCall>)> {
    (0..plan.numbers).map(move |rank| {
        let count = calls_before(plan, rank + 1) - calls_before(plan, rank);
        (owner(rank), history(plan, rank, count))
    })
}

/// Total number of calls of the owners before a rank. Most numbers have few calls and some have many: the
/// share is 1/(rank + 3), whose sum is approximated by the logarithm.
fn calls_before(plan: Plan, rank: u32) -> u64 {
    let weight = |rank: u32| ((f64::from(rank) + 3.0) / 3.0).ln();
    if rank == plan.numbers {
        plan.calls
    } else {
        (weight(rank) / weight(plan.numbers) * plan.calls as f64) as u64
    }
}

/// A range of numbers reserved for films and examples.
struct Range {
    /// Fixed digits, country code first.
    prefix: &'static str,
    /// Number of random digits.
    free: u32,
    /// Local time ahead of UTC in hours, accurate enough for office hours.
    utc_offset_hours: i64,
}

const fn range(prefix: &'static str, free: u32, utc_offset_hours: i64) -> Range {
    Range { prefix, free, utc_offset_hours }
}

/// Ofcom, BNetzA, Arcep, ACMA, PTS, NMHH and NANPA publish these ranges.
const RANGES: [Range; 12] = [
    range("1 202 555 01", 2, -5),
    range("44 7700 900", 3, 0),
    range("49 30 23125", 3, 1),
    range("33 1 99 00", 4, 1),
    range("61 491 570", 3, 10),
    range("46 70 1740 6", 2, 1),
    range("33 6 39 98", 4, 1),
    range("44 20 7946 0", 3, 0),
    range("49 171 39200", 2, 1),
    range("36 55 555", 3, 1),
    range("61 2 5550", 4, 10),
    range("1 416 555 01", 2, -5),
];

const EXAMPLES: [u64; 2] = [13_333_333_333, 14_444_444_444];

/// The number at an index of an unlimited sequence of made-up numbers, and its UTC offset in hours.
fn number(place: u64) -> (u64, i64) {
    if let Some(example) = usize::try_from(place).ok().and_then(|place| EXAMPLES.get(place)) {
        return (*example, -5);
    }
    let place = place - EXAMPLES.len() as u64;
    let range = &RANGES[(place % RANGES.len() as u64) as usize];
    let size = 10_u64.pow(range.free);
    let index = place / RANGES.len() as u64;
    if index < size {
        let prefix = range.prefix.bytes().filter(u8::is_ascii_digit);
        let prefix = prefix.fold(0, |digits, digit| digits * 10 + u64::from(digit - b'0'));
        // A step that is coprime to the size visits every number before it repeats one.
        return (prefix * size + (index * 37 + 11) % size, range.utc_offset_hours);
    }
    // The ranges are used up: numbers of an area code that is not assigned in North America.
    (15_550_000_000 + place % 10_000_000, -5)
}

fn owner(rank: u32) -> E164 {
    e164(number(rank.into()).0)
}

fn e164(digits: u64) -> E164 {
    E164::new(digits).unwrap_or_else(|| unreachable!("a made-up number has at most 13 digits"))
}

fn history(plan: Plan, rank: u32, count: u64) -> Vec<MadeUpCall> {
    let mut dice = ChaCha8Rng::seed_from_u64(plan.seed);
    dice.set_stream(rank.into());
    let offset = number(rank.into()).1;
    let contacts = contacts(&mut dice, rank, count);
    let mut starts: Vec<i64> = (0..count).map(|_| start(&mut dice, plan, offset)).collect();
    starts.sort_unstable();
    for later in 1..starts.len() {
        // An owner cannot begin two calls in the same second.
        starts[later] = starts[later].max(starts[later - 1] + 1);
    }
    starts.into_iter().filter_map(|start| call(&mut dice, &contacts, start)).collect()
}

/// The counterparties of an owner, most frequent first.
fn contacts(dice: &mut ChaCha8Rng, rank: u32, count: u64) -> Vec<Party> {
    let size = 5 + (count as f64).sqrt() as u64 * 2;
    (0..size)
        .map(|_| {
            // Number of counterparties available before the smallest range is used up.
            let place: u64 = dice.random_range(2..1_200);
            let place = if place == u64::from(rank) { place + 1 } else { place };
            Party::E164(e164(number(place).0))
        })
        .collect()
}

/// A random second within the plan's days: more often on working days, and in local office hours.
fn start(dice: &mut ChaCha8Rng, plan: Plan, utc_offset_hours: i64) -> i64 {
    const PER_WEEKDAY: [u32; 7] = [100, 105, 100, 102, 95, 38, 24];
    const PER_HOUR: [u32; 24] =
        [2, 1, 1, 1, 1, 3, 10, 28, 62, 96, 100, 92, 60, 70, 94, 96, 90, 74, 50, 36, 26, 16, 9, 4];
    let day = loop {
        let day = plan.until - TimeDelta::days(dice.random_range(1..=i64::from(plan.days)));
        if dice.random_range(0..105) < PER_WEEKDAY[day.weekday().num_days_from_monday() as usize] {
            break day;
        }
    };
    let hour = loop {
        let hour = dice.random_range(0..24_usize);
        if dice.random_range(0..100) < PER_HOUR[hour] {
            break hour as i64;
        }
    };
    let midnight = Utc.from_utc_datetime(&day.and_time(chrono::NaiveTime::MIN)).timestamp();
    let end = Utc.from_utc_datetime(&plan.until.and_time(chrono::NaiveTime::MIN)).timestamp();
    let second = midnight + (hour - utc_offset_hours) * 3600 + dice.random_range(0..3600_i64);
    // West of Greenwich an evening call may be on the next day in UTC.
    if second >= end { second - 86_400 } else { second }
}

fn call(dice: &mut ChaCha8Rng, contacts: &[Party], start: i64) -> Option<MadeUpCall> {
    let direction = if dice.random_ratio(56, 100) { Direction::Inbound } else { Direction::Outbound };
    let missed = match direction {
        Direction::Inbound => dice.random_ratio(24, 100),
        Direction::Outbound => dice.random_ratio(15, 100),
    };
    let call_type = CallType::new(direction, if missed { Outcome::Missed } else { Outcome::Completed });
    let (disposition, ring_ms) = details::ending(call_type, start);
    Some(MadeUpCall {
        counterparty: counterparty(dice, contacts, direction),
        created_at: DateTime::from_timestamp(start, 0)?,
        call_type,
        duration_ms: (!missed).then(|| talk_time_ms(dice)),
        disposition,
        ring_ms,
    })
}

fn counterparty(dice: &mut ChaCha8Rng, contacts: &[Party], direction: Direction) -> Party {
    match (direction, dice.random_range(0..1000)) {
        (Direction::Inbound, 0..40) => Party::Withheld,
        (Direction::Inbound, 40..52) => Party::Unknown,
        (Direction::Outbound, 0..12) => Party::Local("72000".to_owned()),
        _ => {
            // Squared, so that the first counterparties are the most frequent.
            let place = dice.random::<f64>().powi(2) * contacts.len() as f64;
            contacts[(place as usize).min(contacts.len() - 1)].clone()
        }
    }
}

/// Mostly short calls, ordinary talks, and a few very long ones: 2 s to 3 h.
fn talk_time_ms(dice: &mut ChaCha8Rng) -> i32 {
    let mean_seconds = match dice.random_range(0..100) {
        0..30 => 25.0,
        30..85 => 190.0,
        85..97 => 900.0,
        _ => 2700.0,
    };
    let seconds = -mean_seconds * (1.0 - dice.random::<f64>()).ln();
    (seconds.clamp(2.0, 10_800.0) * 10.0) as i32 * 100
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use calls_phone as phone;

    fn plan(seed: u64) -> Plan {
        Plan { seed, numbers: 60, calls: 5_000, until: "2026-03-01".parse().unwrap(), days: 90 }
    }

    #[test]
    fn the_same_seed_makes_the_same_calls_and_another_makes_others() {
        let all = |seed| histories(plan(seed)).collect::<Vec<_>>();
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn there_are_as_many_numbers_and_calls_as_planned_whatever_their_relation() {
        for (numbers, calls) in [(1, 0), (1, 7), (60, 5_000), (500, 20), (7, 100_000)] {
            let made: Vec<_> = histories(Plan { numbers, calls, ..plan(1) }).collect();
            assert_eq!(made.len(), numbers as usize);
            assert_eq!(made.iter().map(|(_, calls)| calls.len() as u64).sum::<u64>(), calls);
        }
    }

    #[test]
    fn the_originals_numbers_come_first_with_the_longest_histories() {
        let made: Vec<_> = histories(plan(1)).collect();
        assert_eq!(made[0].0.to_string(), "+13333333333");
        assert_eq!(made[1].0.to_string(), "+14444444444");
        assert!(made[1..].iter().all(|(_, calls)| calls.len() <= made[0].1.len()));
    }

    #[test]
    fn owners_differ_and_every_number_is_possible() {
        let owners: Vec<_> = (0..20_000).map(owner).collect();
        assert_eq!(owners.iter().collect::<HashSet<_>>().len(), owners.len());
        for owner in owners.iter().step_by(97) {
            assert_eq!(phone::parse(&owner.to_string(), None).unwrap(), Party::E164(*owner));
        }
    }

    #[test]
    fn calls_are_of_every_kind_and_stay_within_the_days() {
        let (_, calls) = histories(plan(3)).next().unwrap();
        for call_type in CallType::ALL {
            assert!(calls.iter().any(|call| call.call_type == call_type), "{call_type}");
        }
        assert!(calls.iter().any(|call| call.counterparty == Party::Withheld));
        assert!(
            calls
                .iter()
                .all(|call| (call.call_type.outcome() == Outcome::Missed) == call.duration_ms.is_none())
        );
        assert!(calls.windows(2).all(|pair| pair[0].created_at < pair[1].created_at));
        assert!(
            calls
                .iter()
                .all(|call| call.created_at < "2026-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap())
        );
        let at_night =
            calls.iter().filter(|call| (6..10).contains(&chrono::Timelike::hour(&call.created_at))).count();
        assert!(
            at_night * 20 < calls.len(),
            "an office in New York is silent at {at_night} of {}",
            calls.len()
        );
    }
}
