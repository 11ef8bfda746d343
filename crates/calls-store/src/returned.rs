//! The rule for whether a missed call was returned, defined only here.
//!
//! A missed inbound call is returnable if its caller is identified and its disposition is
//! ([`Disposition::is_returnable`](calls_model::Disposition::is_returnable)). It is returned when owner and
//! caller next speak, in either direction.

use calls_model::{CallType, Outcome};
use chrono::{DateTime, Utc};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Timestamptz};

use crate::keys::PartyKey;
use crate::rows::CallColumns;

/// Standing of a call among the calls to return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not missed by the owner, or not returnable by its disposition.
    Settled,
    /// Missed, from an unidentified caller.
    Unidentified,
    /// Missed and returnable: returned if the two speak later.
    Open,
}

/// The standing of a call, regardless of later calls.
pub fn standing(call: &CallColumns) -> Standing {
    let asks = call.disposition().is_none_or(|disposition| disposition.is_returnable());
    match (call.call_type(), asks) {
        (CallType::MissedInbound, true) if call.counterparty.is_identified() => Standing::Open,
        (CallType::MissedInbound, true) => Standing::Unidentified,
        _ => Standing::Settled,
    }
}

/// Whether a call that is [`Standing::Open`] is returned, given the time of the last completed call.
pub fn is_returned(missed_at: DateTime<Utc>, last_spoken: Option<DateTime<Utc>>) -> bool {
    last_spoken.is_some_and(|spoken| spoken > missed_at)
}

/// Whether calls of this type are completed.
pub fn is_spoken(call_type: CallType) -> bool {
    call_type.outcome() == Outcome::Completed
}

/// Condition: a row of `calls` is [`Standing::Open`].
pub(crate) const IS_OPEN: &str = "(calls.type = 2 AND calls.disposition NOT IN (5, 7) AND (calls.counterparty > 0 \
                                  OR calls.counterparty BETWEEN -4611686018427387904 AND -3))";

/// Condition: a row of `calls` is [`Standing::Unidentified`].
pub(crate) const IS_UNIDENTIFIED: &str = "(calls.type = 2 AND calls.disposition NOT IN (5, 7) AND \
                                          (calls.counterparty IN (-1, -2) OR calls.counterparty < -4611686018427387904))";

/// Time of the last completed call between owner and counterparty of a row of `calls`, as SQL around the
/// owner's parameter: one lookup in the natural key per type.
pub(crate) const LAST_SPOKEN: [&str; 3] = [
    "greatest((SELECT max(spoken.created_at) FROM calls AS spoken WHERE spoken.number = ",
    " AND spoken.counterparty = calls.counterparty AND spoken.type = 1), \
     (SELECT max(spoken.created_at) FROM calls AS spoken WHERE spoken.number = ",
    " AND spoken.counterparty = calls.counterparty AND spoken.type = 3))",
];

/// For each missed call of a history, given as counterparty and time: the time of the next completed call.
pub fn next_spoken(
    connection: &mut PgConnection,
    owner: PartyKey,
    missed: Vec<(PartyKey, DateTime<Utc>)>,
) -> QueryResult<Vec<Option<DateTime<Utc>>>> {
    let (counterparties, times) = missed.into_iter().map(|(key, time)| (key.0, time)).unzip();
    NextSpoken { owner, counterparties, times }.load(connection)
}

/// The time at which each call of a history was returned, in order, by one query.
pub fn returned_at(
    connection: &mut PgConnection,
    owner: PartyKey,
    rows: &[CallColumns],
) -> QueryResult<Vec<Option<DateTime<Utc>>>> {
    let is_open = |row: &&CallColumns| standing(row) == Standing::Open;
    let open: Vec<_> = rows.iter().filter(is_open).map(|row| (row.counterparty, row.created_at)).collect();
    if open.is_empty() {
        return Ok(vec![None; rows.len()]);
    }
    let mut spoken = next_spoken(connection, owner, open)?.into_iter();
    Ok(rows.iter().map(|row| if is_open(&row) { spoken.next().flatten() } else { None }).collect())
}

/// A query with its own type is prepared once per connection.
#[derive(QueryId)]
struct NextSpoken {
    owner: PartyKey,
    counterparties: Vec<i64>,
    times: Vec<DateTime<Utc>>,
}

impl QueryFragment<Pg> for NextSpoken {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // One lookup in the natural key per type of completed call.
        for (before, completed) in [("SELECT least(", "1"), (", ", "3")] {
            out.push_sql(before);
            out.push_sql("(SELECT min(created_at) FROM calls WHERE type = ");
            out.push_sql(completed);
            out.push_sql(
                " AND calls.counterparty = missed.counterparty \
                 AND calls.created_at > missed.created_at AND number = ",
            );
            out.push_bind_param::<BigInt, _>(&self.owner)?;
            out.push_sql(")");
        }
        out.push_sql(") FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.counterparties)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.times)?;
        out.push_sql(") WITH ORDINALITY AS missed (counterparty, created_at, place) ORDER BY place");
        Ok(())
    }
}

impl Query for NextSpoken {
    type SqlType = Nullable<Timestamptz>;
}

impl RunQueryDsl<PgConnection> for NextSpoken {}

#[cfg(test)]
mod tests {
    use calls_model::Disposition;

    use super::*;
    use crate::columns::{DispositionColumn, TypeColumn};
    use crate::keys::CallId;

    fn call(call_type: CallType, counterparty: PartyKey, disposition: Option<Disposition>) -> CallColumns {
        CallColumns {
            id: CallId(1),
            created_at: DateTime::UNIX_EPOCH,
            counterparty,
            duration_ms: None,
            call_type: TypeColumn(call_type),
            disposition: DispositionColumn(disposition),
        }
    }

    #[test]
    fn the_truth_table_of_standings() {
        use CallType::{CompletedInbound, CompletedOutbound, MissedInbound, MissedOutbound};
        let (number, extension, text) = (PartyKey(12_025_550_123), PartyKey(-3), PartyKey(i64::MIN + 1));
        let (withheld, unknown) = (PartyKey::WITHHELD, PartyKey::UNKNOWN);
        let settled = [Disposition::Blocked, Disposition::AnsweredElsewhere];
        for (call_type, counterparty, disposition, expected) in [
            (MissedInbound, number, None, Standing::Open),
            (MissedInbound, extension, None, Standing::Open),
            (MissedInbound, withheld, None, Standing::Unidentified),
            (MissedInbound, unknown, None, Standing::Unidentified),
            (MissedInbound, text, None, Standing::Unidentified),
            (MissedInbound, number, Some(Disposition::NoAnswer), Standing::Open),
            (MissedInbound, number, Some(Disposition::Busy), Standing::Open),
            (MissedInbound, number, Some(Disposition::Rejected), Standing::Open),
            (MissedInbound, number, Some(Disposition::Voicemail), Standing::Open),
            (MissedInbound, number, Some(Disposition::Cancelled), Standing::Open),
            (MissedInbound, number, Some(Disposition::Failed), Standing::Open),
            (MissedInbound, number, Some(settled[0]), Standing::Settled),
            (MissedInbound, withheld, Some(settled[1]), Standing::Settled),
            (CompletedInbound, number, None, Standing::Settled),
            (CompletedOutbound, number, None, Standing::Settled),
            (MissedOutbound, number, None, Standing::Settled),
            (MissedOutbound, withheld, None, Standing::Settled),
        ] {
            let call = call(call_type, counterparty, disposition);
            assert_eq!(standing(&call), expected, "{call:?}");
        }
    }

    #[test]
    fn a_missed_call_is_returned_by_a_later_conversation_alone() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        for (spoken, expected) in [(None, false), (Some(99), false), (Some(100), false), (Some(101), true)] {
            assert_eq!(is_returned(at(100), spoken.map(at)), expected, "{spoken:?}");
        }
        let spoken = CallType::ALL.map(is_spoken);
        assert_eq!(spoken, [true, false, true, false]);
    }
}
