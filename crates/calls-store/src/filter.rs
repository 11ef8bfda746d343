//! Filter of a history as a condition on rows of `calls`.

use calls_model::{CallType, Disposition};
use chrono::{DateTime, Utc};
use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Timestamptz};

use crate::columns::{DispositionColumn, TypeColumn};
use crate::keys::PartyKey;
use crate::like::escape_like;
use crate::returned::{IS_OPEN, LAST_SPOKEN};
use crate::schema::{calls, other_parties};
use crate::zones::Offsets;

/// Filter of a history. The default matches all calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only these types.
    pub types: Vec<CallType>,
    /// Only these dispositions; all, if empty.
    pub dispositions: Vec<Disposition>,
    /// Only these counterparties.
    pub counterparty: Option<Counterparties>,
    /// Not before this instant.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Minimum duration. Calls without a duration do not match.
    pub min_duration_ms: Option<i32>,
    /// Maximum duration. Calls without a duration do not match.
    pub max_duration_ms: Option<i32>,
    /// Only returnable missed inbound calls that have, or have not, been returned (see
    /// [`returned`](crate::returned)).
    pub returned: Option<bool>,
    /// Only these hours of the week.
    pub hours: Option<WantedHours>,
}

/// Hours of the week, in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedHours {
    /// Offsets of the zone over the whole history.
    pub offsets: Offsets,
    /// The day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
    pub weekday: Option<u8>,
    /// The hour of the day, 0 to 23.
    pub hour: Option<u8>,
}

/// Counterparties, as disjoint ranges of keys. Empty matches none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterparties(pub Vec<(PartyKey, PartyKey)>);

impl Default for Filter {
    fn default() -> Self {
        Self {
            types: CallType::ALL.to_vec(),
            dispositions: Vec::new(),
            counterparty: None,
            from: None,
            until: None,
            min_duration_ms: None,
            max_duration_ms: None,
            returned: None,
            hours: None,
        }
    }
}

impl Filter {
    /// Whether all types match.
    pub fn has_all_types(&self) -> bool {
        CallType::ALL.iter().all(|call_type| self.types.contains(call_type))
    }

    /// Whether all calls of a period match, which are adjacent in the index.
    pub(crate) fn is_period(&self) -> bool {
        let Self { from, until, .. } = *self;
        *self == Self { from, until, ..Self::default() }
    }

    /// Whether the filter can be evaluated on counts by quarter of an hour, type and disposition.
    pub(crate) fn is_countable(&self) -> bool {
        self.counterparty.is_none()
            && self.min_duration_ms.is_none()
            && self.max_duration_ms.is_none()
            && self.returned.is_none()
    }
}

impl Counterparties {
    /// One party. Matches none if the party is not in the database.
    pub fn exactly(key: Option<PartyKey>) -> Self {
        Self(key.into_iter().map(|key| (key, key)).collect())
    }

    /// All phone numbers that begin with these digits: a range of keys per length.
    pub fn with_digits(digits: &str) -> Self {
        /// Number of digits of the longest key.
        const LONGEST: usize = 18;
        let ranges = digits.parse::<i64>().ok().filter(|first| *first > 0 && digits.len() <= LONGEST);
        let of_length = |first: i64| {
            move |more: usize| {
                let scale = 10_i64.pow(u32::try_from(more).unwrap_or_default());
                (PartyKey(first * scale), PartyKey((first + 1) * scale - 1))
            }
        };
        Self(ranges.map_or(Vec::new(), |first| (0..=LONGEST - digits.len()).map(of_length(first)).collect()))
    }

    /// All other parties whose label begins with this.
    pub fn with_label(connection: &mut PgConnection, start: &str) -> QueryResult<Self> {
        let keys: Vec<PartyKey> = other_parties::table
            .filter(other_parties::label.like(format!("{}%", escape_like(start))))
            .select(other_parties::number)
            .load(connection)?;
        Ok(Self(keys.into_iter().map(|key| (key, key)).collect()))
    }

    /// The intersection with `others`, which must be single parties.
    pub fn among(&self, others: &Self) -> Self {
        let has = |key: &PartyKey| self.0.iter().any(|(first, last)| (first..=last).contains(&key));
        Self(others.0.iter().filter(|(key, _)| has(key)).copied().collect())
    }

    /// The ranges that are single parties.
    pub(crate) fn single(&self) -> Vec<PartyKey> {
        self.0.iter().filter(|(first, last)| first == last).map(|(key, _)| *key).collect()
    }

    /// The party, if there is exactly one.
    pub(crate) fn only(&self) -> Option<PartyKey> {
        match self.0[..] {
            [(first, last)] if first == last => Some(first),
            _ => None,
        }
    }
}

/// Condition on rows of `calls`.
pub(crate) type Condition = Box<dyn BoxableExpression<calls::table, Pg, SqlType = Bool>>;

/// Condition: the call is in the history of `owner` and matches the filter.
pub(crate) fn matches(owner: PartyKey, filter: &Filter) -> Condition {
    let mut all = vec![in_period(filter)];
    if !filter.has_all_types() {
        let types: Vec<TypeColumn> = filter.types.iter().copied().map(TypeColumn).collect();
        all.push(Box::new(calls::type_.eq_any(types)));
    }
    if !filter.dispositions.is_empty() {
        let wanted: Vec<_> =
            filter.dispositions.iter().map(|known| DispositionColumn(Some(*known))).collect();
        all.push(Box::new(calls::disposition.eq_any(wanted)));
    }
    all.extend(filter.counterparty.as_ref().map(is_one_of));
    if let Some(ms) = filter.min_duration_ms {
        all.push(Box::new(calls::duration_ms.ge(ms).assume_not_null()));
    }
    if let Some(ms) = filter.max_duration_ms {
        all.push(Box::new(calls::duration_ms.le(ms).assume_not_null()));
    }
    if let Some(returned) = filter.returned {
        let [before, between, after] = LAST_SPOKEN;
        let spoken_later = diesel::dsl::sql::<Bool>("coalesce(")
            .sql(before)
            .bind::<BigInt, _>(owner)
            .sql(between)
            .bind::<BigInt, _>(owner)
            .sql(after)
            .sql(" > calls.created_at, false) = ")
            .bind::<Bool, _>(returned);
        all.push(Box::new(diesel::dsl::sql::<Bool>(IS_OPEN)));
        all.push(Box::new(spoken_later));
    }
    all.extend(filter.hours.as_ref().and_then(in_hours));
    both(all)
}

/// Condition: the call began in the period of the filter.
pub(crate) fn in_period(filter: &Filter) -> Condition {
    let from = filter.from.map(|from| Box::new(calls::created_at.ge(from)) as Condition);
    let until = filter.until.map(|until| Box::new(calls::created_at.lt(until)) as Condition);
    both(from.into_iter().chain(until))
}

/// Condition: the counterparty is in one of the ranges.
pub(crate) fn is_one_of(counterparties: &Counterparties) -> Condition {
    let ranges = counterparties.0.iter().filter(|(first, last)| first < last);
    ranges.fold(is_among(counterparties.single()), |any, (first, last)| {
        Box::new(any.or(calls::counterparty.between(*first, *last)))
    })
}

/// Condition: the counterparty is one of these. PostgreSQL compares each call with every element of an array,
/// unless it replans the statement, so many parties are a subquery, which it hashes. `IS TRUE` keeps it from
/// planning a join, whose size it could only guess.
fn is_among(parties: Vec<PartyKey>) -> Condition {
    const FEW: usize = 50;
    if parties.len() <= FEW {
        return Box::new(calls::counterparty.eq_any(parties));
    }
    let among = diesel::dsl::sql::<Bool>("(calls.counterparty IN (SELECT unnest(")
        .bind::<Array<BigInt>, _>(parties)
        .sql("))) IS TRUE");
    Box::new(among)
}

fn both(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    let all = conditions.into_iter().reduce(|one, other| Box::new(one.and(other)));
    all.unwrap_or_else(|| Box::new(true.into_sql::<Bool>()))
}

fn in_hours(hours: &WantedHours) -> Option<Condition> {
    // 1970-01-01 was a Thursday, whose first hour is the 72nd of its week. The remainder of a negative number
    // is negative.
    let hour_of_week = |after: &str| {
        diesel::dsl::sql::<Bool>("((floor(")
            .bind::<Double, _>(local_seconds(&hours.offsets))
            .sql(&format!(" / 3600)::bigint + 72) % 168 + 168) % 168 {after} "))
    };
    let weekday = hours.weekday.map(|weekday| {
        Box::new(hour_of_week("/ 24 + 1 =").bind::<Integer, _>(i32::from(weekday))) as Condition
    });
    let hour = hours
        .hour
        .map(|hour| Box::new(hour_of_week("% 24 =").bind::<Integer, _>(i32::from(hour))) as Condition);
    weekday.into_iter().chain(hour).reduce(|one, other| Box::new(one.and(other)))
}

/// Local time in seconds since 1970-01-01 0:00, as a double.
fn local_seconds(
    offsets: &Offsets,
) -> impl BoxableExpression<calls::table, Pg, SqlType = Double>
+ ValidGrouping<(), IsAggregate = is_aggregate::Never>
+ use<> {
    diesel::dsl::sql::<Double>("(date_part('epoch', calls.created_at) + (")
        .bind::<Array<Integer>, _>(offsets.seconds.clone())
        .sql(")[width_bucket(calls.created_at, ")
        .bind::<Array<Timestamptz>, _>(offsets.changes.clone())
        .sql(") + 1])")
}

/// Times of the first and the last call of a history.
pub fn span(
    connection: &mut PgConnection,
    owner: PartyKey,
) -> QueryResult<Option<(DateTime<Utc>, DateTime<Utc>)>> {
    use diesel::dsl::{max, min};
    let span = calls::table.filter(calls::number.eq(owner));
    let span: (Option<DateTime<Utc>>, Option<DateTime<Utc>>) =
        span.select((min(calls::created_at), max(calls::created_at))).first(connection)?;
    Ok(span.0.zip(span.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_among_others_are_those_of_both() {
        let key = |key| (PartyKey(key), PartyKey(key));
        let others = Counterparties(vec![key(-5), key(1202), key(12020), key(1303)]);
        assert_eq!(Counterparties::with_digits("1202").among(&others).0, [key(1202), key(12020)]);
        assert_eq!(Counterparties::exactly(Some(PartyKey(-5))).among(&others).0, [key(-5)]);
        assert_eq!(Counterparties::exactly(None).among(&others).0, []);
    }

    #[test]
    fn digits_are_a_range_of_keys_for_each_length() {
        let Counterparties(ranges) = Counterparties::with_digits("1202");
        assert_eq!(ranges.len(), 15);
        assert_eq!(ranges[0], (PartyKey(1202), PartyKey(1202)));
        assert_eq!(ranges[7], (PartyKey(12_020_000_000), PartyKey(12_029_999_999)));
        for digits in ["", "0", "x", "1234567890123456789"] {
            assert_eq!(Counterparties::with_digits(digits).0, [], "{digits}");
        }
        assert_eq!(Counterparties::with_digits("999999999999999999").0.len(), 1);
    }
}
