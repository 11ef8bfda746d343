//! Counts the calls that were added since a history was last counted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Timestamptz};

use super::day::{self, Cells, Code, Quarter};
use super::top::{Entry, Top};
use crate::columns::{DispositionColumn, TypeColumn};
use crate::keys::{CallId, PartyKey, Version};
use crate::returned::{Standing, is_returned, is_spoken, standing};
use crate::rows::{CallColumns, HISTORY_COLUMNS};
use crate::schema::{calls, counterparty_counts, histories, history_counts};

/// Calls per step, which is a transaction of some hundred milliseconds.
const STEP: i64 = 20_000;

/// Counts the next calls, in a transaction. Returns whether all are counted.
///
/// # Errors
/// Those of PostgreSQL. If another process is counting the history, it returns false at once.
pub fn bring_forward(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<bool> {
    let counted = connection.transaction(|connection| {
        // Counts lost in a crash are counted again.
        diesel::sql_query("SET LOCAL synchronous_commit = off").execute(connection)?;
        let locked: Option<(CallId, Vec<u8>)> = history_counts::table
            .find(owner)
            .select((history_counts::counted_until, history_counts::top))
            .for_update()
            .skip_locked()
            .first(connection)
            .optional()?;
        match locked {
            Some((until, top)) => step(connection, owner, until, Top::unpack(&top)),
            None => super::count_all(connection, owner),
        }
    });
    match counted {
        // Calls were removed meanwhile.
        Err(diesel::result::Error::RollbackTransaction) => Ok(false),
        counted => counted,
    }
}

fn step(connection: &mut PgConnection, owner: PartyKey, from: CallId, top: Top) -> QueryResult<bool> {
    // Read before the calls, so that no call up to it is missed.
    let version: Option<Version> =
        histories::table.find(owner).select(histories::version).first(connection).optional()?;
    let Some(version) = version.filter(|version| version.0 > from.0) else { return Ok(true) };
    let new: Vec<CallColumns> = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::id.gt(from).and(calls::id.le(CallId(version.0))))
        .order(calls::id)
        .limit(STEP)
        .select(HISTORY_COLUMNS)
        .load(connection)?;
    let is_last = (new.len() as i64) < STEP;
    let until = if is_last { CallId(version.0) } else { new.last().map_or(from, |call| call.id) };
    let mut tail = Tail::new(connection, owner, from, &new)?;
    let cells = tail.count(connection, &new)?;
    store_cells(connection, owner, cells)?;
    tail.store(connection)?;
    let top = tail.into_top(top);
    diesel::update(history_counts::table.find(owner))
        .set((history_counts::counted_until.eq(until), history_counts::top.eq(top.pack())))
        .execute(connection)?;
    Ok(is_last)
}

/// The counterparties of new calls.
struct Tail {
    owner: PartyKey,
    /// Calls up to this id were counted before.
    counted: CallId,
    parties: HashMap<PartyKey, Party>,
}

/// A counterparty of new calls.
struct Party {
    /// Totals of all its calls.
    total: Entry,
    /// Totals of the new calls.
    new: Entry,
    spoken_before: Option<DateTime<Utc>>,
    spoken: Option<DateTime<Utc>>,
}

impl Tail {
    fn new(
        connection: &mut PgConnection,
        owner: PartyKey,
        counted: CallId,
        new: &[CallColumns],
    ) -> QueryResult<Self> {
        let mut keys: Vec<PartyKey> = new.iter().map(|call| call.counterparty).collect();
        keys.sort_unstable();
        keys.dedup();
        type Row = (PartyKey, i64, i64, i64, i64, i64, i64, Option<DateTime<Utc>>);
        let rows: Vec<Row> = counterparty_counts::table
            .filter(counterparty_counts::number.eq(owner))
            .filter(counterparty_counts::counterparty.eq_any(&keys))
            .select((
                counterparty_counts::counterparty,
                counterparty_counts::completed_inbound,
                counterparty_counts::missed_inbound,
                counterparty_counts::completed_outbound,
                counterparty_counts::missed_outbound,
                counterparty_counts::inbound_ms,
                counterparty_counts::outbound_ms,
                counterparty_counts::last_spoken,
            ))
            .load(connection)?;
        let none = |key| Entry { counterparty: key, calls: [0; 4], ms: [0; 2] };
        let unseen = |key| Party { total: none(key), new: none(key), spoken_before: None, spoken: None };
        let mut parties: HashMap<PartyKey, Party> = keys.into_iter().map(|key| (key, unseen(key))).collect();
        for (key, first, second, third, fourth, inbound, outbound, spoken) in rows {
            let total =
                Entry { counterparty: key, calls: [first, second, third, fourth], ms: [inbound, outbound] };
            parties.insert(key, Party { total, new: none(key), spoken_before: spoken, spoken });
        }
        Ok(Self { owner, counted, parties })
    }

    /// Computes the change of the day counts: new calls, and earlier calls that they return.
    fn count(&mut self, connection: &mut PgConnection, new: &[CallColumns]) -> QueryResult<Change> {
        for call in new {
            let Some(party) = self.parties.get_mut(&call.counterparty) else { continue };
            party.total.add(call);
            party.new.add(call);
            if is_spoken(call.call_type()) {
                party.spoken = party.spoken.max(Some(call.created_at));
            }
        }
        let mut change = Change::default();
        for call in new {
            let spoken = self.parties.get(&call.counterparty).and_then(|party| party.spoken);
            let count = change.added.entry(cell(call)).or_default();
            count.calls += 1;
            count.ms += u64::from(call.duration_ms.unwrap_or_default().unsigned_abs());
            match standing(call) {
                Standing::Settled => {}
                Standing::Unidentified => count.unidentified += 1,
                Standing::Open => count.open += u64::from(!is_returned(call.created_at, spoken)),
            }
        }
        for call in self.returned(connection)? {
            change.added.entry(cell(&call)).or_default();
            *change.returned.entry(cell(&call)).or_default() += 1;
        }
        Ok(change)
    }

    /// The open calls that new calls have returned.
    fn returned(&self, connection: &mut PgConnection) -> QueryResult<Vec<CallColumns>> {
        const RETURNED: &str = "
            SELECT calls.created_at, calls.counterparty, calls.disposition
            FROM unnest($2, $3, $4) AS spoken (counterparty, before, now)
            CROSS JOIN LATERAL (
                SELECT created_at, counterparty, disposition FROM calls
                WHERE number = $1 AND counterparty = spoken.counterparty AND type = 2
                  AND created_at < spoken.now AND created_at >= coalesce(spoken.before, '-infinity') AND id <= $5
                OFFSET 0
            ) AS calls";
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Timestamptz)]
            created_at: DateTime<Utc>,
            #[diesel(sql_type = BigInt)]
            counterparty: PartyKey,
            #[diesel(sql_type = SmallInt)]
            disposition: DispositionColumn,
        }
        let later =
            |party: &&Party| party.spoken > party.spoken_before && party.total.calls[1] > party.new.calls[1];
        let parties: Vec<&Party> = self.parties.values().filter(later).collect();
        if parties.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = diesel::sql_query(RETURNED)
            .bind::<BigInt, _>(self.owner)
            .bind::<Array<BigInt>, _>(
                parties.iter().map(|party| party.total.counterparty).collect::<Vec<_>>(),
            )
            .bind::<Array<Nullable<Timestamptz>>, _>(
                parties.iter().map(|party| party.spoken_before).collect::<Vec<_>>(),
            )
            .bind::<Array<Nullable<Timestamptz>>, _>(
                parties.iter().map(|party| party.spoken).collect::<Vec<_>>(),
            )
            .bind::<BigInt, _>(self.counted)
            .load(connection)?;
        let call = |Row { created_at, counterparty, disposition }| CallColumns {
            id: self.counted,
            created_at,
            counterparty,
            duration_ms: None,
            call_type: TypeColumn::MISSED_INBOUND,
            disposition,
        };
        Ok(rows.into_iter().map(call).filter(|call| standing(call) == Standing::Open).collect())
    }

    /// Adds the new calls to the counts of their counterparties.
    fn store(&self, connection: &mut PgConnection) -> QueryResult<()> {
        const ADD: &str = "
            INSERT INTO counterparty_counts
            SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (number, counterparty) DO UPDATE
            SET completed_inbound = counterparty_counts.completed_inbound + excluded.completed_inbound,
                missed_inbound = counterparty_counts.missed_inbound + excluded.missed_inbound,
                completed_outbound = counterparty_counts.completed_outbound + excluded.completed_outbound,
                missed_outbound = counterparty_counts.missed_outbound + excluded.missed_outbound,
                inbound_ms = counterparty_counts.inbound_ms + excluded.inbound_ms,
                outbound_ms = counterparty_counts.outbound_ms + excluded.outbound_ms,
                last_spoken = greatest(counterparty_counts.last_spoken, excluded.last_spoken)";
        let parties: Vec<&Party> = self.parties.values().collect();
        let column = |of: fn(&Entry) -> i64| parties.iter().map(|party| of(&party.new)).collect::<Vec<i64>>();
        diesel::sql_query(ADD)
            .bind::<BigInt, _>(self.owner)
            .bind::<Array<BigInt>, _>(column(|new| new.counterparty.0))
            .bind::<Array<BigInt>, _>(column(|new| new.calls[0]))
            .bind::<Array<BigInt>, _>(column(|new| new.calls[1]))
            .bind::<Array<BigInt>, _>(column(|new| new.calls[2]))
            .bind::<Array<BigInt>, _>(column(|new| new.calls[3]))
            .bind::<Array<BigInt>, _>(column(|new| new.ms[0]))
            .bind::<Array<BigInt>, _>(column(|new| new.ms[1]))
            .bind::<Array<Nullable<Timestamptz>>, _>(
                parties.iter().map(|party| party.spoken).collect::<Vec<_>>(),
            )
            .execute(connection)?;
        Ok(())
    }

    fn into_top(self, mut top: Top) -> Top {
        top.take_in(self.parties.into_values().map(|party| party.total));
        top
    }
}

/// Change of the day counts by new calls.
#[derive(Default)]
struct Change {
    added: Cells,
    /// Number of open calls that have been returned, by quarter and code.
    returned: HashMap<(Quarter, Code), u64>,
}

fn cell(call: &CallColumns) -> (Quarter, Code) {
    (Quarter::of(call.created_at), Code::new(call.call_type(), call.disposition()))
}

fn store_cells(connection: &mut PgConnection, owner: PartyKey, change: Change) -> QueryResult<()> {
    let Change { mut added, returned } = change;
    let days = day::days(added.keys().map(|(quarter, _)| *quarter));
    for span in spans(&days) {
        let quarters = (day::quarters_of(span.0).0, day::quarters_of(span.1).1);
        day::read(connection, owner, quarters, |quarter, code, count| {
            if days.binary_search(&day::days([quarter])[0]).is_ok() {
                added.entry((quarter, code)).or_default().add(count);
            }
        })?;
    }
    for (cell, returned) in returned {
        let open = added.entry(cell).or_default();
        open.open = open.open.saturating_sub(returned);
    }
    added.retain(|_, count| count.calls > 0);
    day::write(connection, owner, &days, &added)
}

/// Merges days into spans, across gaps of at most a month.
fn spans(days: &[i32]) -> Vec<(i32, i32)> {
    let mut spans: Vec<(i32, i32)> = Vec::new();
    for day in days {
        match spans.last_mut() {
            Some((_, last)) if day - *last <= 31 => *last = *day,
            _ => spans.push((*day, *day)),
        }
    }
    spans
}
