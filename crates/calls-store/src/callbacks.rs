//! People to call back: callers whose missed calls were not returned ([`returned`]) and who are not marked
//! done.
//!
//! Open missed calls are found without reading the whole history: by the natural key in a short history, and
//! by the counts per quarter of an hour in a long one. At most the newest [`MOST_OPEN`] are considered, and
//! the queue says whether there are more.

mod open;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use calls_model::{Coverage, Disposition, UnidentifiedCallers};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, max, not};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::columns::TypeColumn;
use crate::keys::PartyKey;
use crate::notes::{next_version, tell};
use crate::returned::{self, IS_OPEN};
use crate::rows::CallColumns;
use crate::schema::{callbacks, calls};

/// Maximum number of open missed calls considered.
pub const MOST_OPEN: u16 = 5_000;

/// The order of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Longest wait first.
    Waiting,
    /// Latest attempt first.
    Last,
}

/// Query for the callback queue of a history.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Owner of the history.
    pub owner: PartyKey,
    /// Selects the people who are marked done, instead of those who wait.
    pub done: bool,
    /// The order.
    pub sort: Sort,
    /// Time limit of a search in a long history without counts.
    pub patience: Duration,
    /// Histories with more calls than this are read by their counts: [`counts::LONG`](crate::counts::LONG).
    pub long: u64,
}

/// A person to call back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The caller.
    pub counterparty: PartyKey,
    /// Number of calls missed since the two last spoke, or since the person was marked done.
    pub attempts: u64,
    /// Time of the first of them.
    pub first_attempt: DateTime<Utc>,
    /// Time of the last of them.
    pub last_attempt: DateTime<Utc>,
    /// Their dispositions, if known.
    pub dispositions: BTreeMap<Disposition, u64>,
    /// Time of the mark. `None` for a person who waits.
    pub done_at: Option<DateTime<Utc>>,
    /// The note.
    pub note: Option<String>,
}

/// The callback queue of a history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue {
    /// One entry per person.
    pub entries: Vec<Entry>,
    /// Total number of people.
    pub people: usize,
    /// Missed calls of unidentified callers, who cannot be called back.
    pub unidentified: UnidentifiedCallers,
    /// Present if not all missed calls were considered.
    pub covers: Option<Coverage>,
}

/// The queue of a history.
pub fn queue(connection: &mut PgConnection, question: Question) -> QueryResult<Queue> {
    connection.build_transaction().read_only().repeatable_read().run(|connection| {
        let open = open::find(connection, question)?;
        let mut calls: HashMap<PartyKey, Vec<CallColumns>> = HashMap::new();
        for call in open.calls {
            calls.entry(call.counterparty).or_default().push(call);
        }
        let mut marks = marks(connection, question.owner, calls.keys().copied().collect())?;
        let entry = |(counterparty, calls): (PartyKey, Vec<CallColumns>)| {
            entry(counterparty, calls, marks.remove(&counterparty), question.done)
        };
        let mut entries: Vec<Entry> = calls.into_iter().filter_map(entry).collect();
        match question.sort {
            Sort::Waiting => entries.sort_unstable_by_key(|entry| (entry.first_attempt, entry.counterparty)),
            Sort::Last => entries
                .sort_unstable_by_key(|entry| (std::cmp::Reverse(entry.last_attempt), entry.counterparty)),
        }
        Ok(Queue { people: entries.len(), entries, unidentified: open.unidentified, covers: open.covers })
    })
}

/// Mark and note of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mark {
    /// Missed calls up to this time are done.
    pub done_until: Option<DateTime<Utc>>,
    /// Time of the mark.
    pub done_at: Option<DateTime<Utc>>,
    /// The note; empty if there is none.
    pub note: String,
}

fn marks(
    connection: &mut PgConnection,
    owner: PartyKey,
    people: Vec<PartyKey>,
) -> QueryResult<HashMap<PartyKey, Mark>> {
    type Row = (PartyKey, Option<DateTime<Utc>>, Option<DateTime<Utc>>, String);
    let rows: Vec<Row> = callbacks::table
        .filter(callbacks::number.eq(owner))
        .filter(callbacks::counterparty.eq_any(people))
        .select((callbacks::counterparty, callbacks::done_until, callbacks::done_at, callbacks::note))
        .load(connection)?;
    let mark = |(key, done_until, done_at, note)| (key, Mark { done_until, done_at, note });
    Ok(rows.into_iter().map(mark).collect())
}

/// The entry of a person with open calls, if the person is in the requested list.
fn entry(
    counterparty: PartyKey,
    mut calls: Vec<CallColumns>,
    mark: Option<Mark>,
    done: bool,
) -> Option<Entry> {
    let mark = mark.unwrap_or_default();
    let is_new = |call: &CallColumns| mark.done_until.is_none_or(|until| call.created_at > until);
    let waits = calls.iter().any(is_new);
    if waits {
        calls.retain(is_new);
    }
    if waits == done {
        return None;
    }
    let mut dispositions = BTreeMap::new();
    for disposition in calls.iter().filter_map(CallColumns::disposition) {
        *dispositions.entry(disposition).or_default() += 1;
    }
    let times = || calls.iter().map(|call| call.created_at);
    Some(Entry {
        counterparty,
        attempts: calls.len() as u64,
        first_attempt: times().min()?,
        last_attempt: times().max()?,
        dispositions,
        done_at: mark.done_at.filter(|_| done),
        note: Some(mark.note).filter(|note| !note.is_empty()),
    })
}

/// Marks a person done, or stores a note. Returns the stored row; `None` if the person has no missed calls
/// here. Call it in a transaction.
pub fn put(
    connection: &mut PgConnection,
    owner: PartyKey,
    party: PartyKey,
    done: bool,
    note: &str,
) -> QueryResult<Option<Mark>> {
    // The lock of the history keeps new calls out meanwhile.
    let Some(version) = next_version(connection, owner)? else { return Ok(None) };
    let missed = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::counterparty.eq(party))
        .filter(calls::type_.eq(TypeColumn::MISSED_INBOUND))
        .filter(diesel::dsl::sql::<Bool>(IS_OPEN));
    let last: Option<DateTime<Utc>> = missed.select(max(calls::created_at)).first(connection)?;
    let Some(last) = last else {
        // Nothing has changed.
        return Err(diesel::result::Error::RollbackTransaction);
    };
    let now = DateTime::from_timestamp_micros(Utc::now().timestamp_micros());
    let mark =
        Mark { done_until: done.then_some(last), done_at: now.filter(|_| done), note: note.to_owned() };
    let columns = (
        callbacks::version.eq(version),
        callbacks::done_until.eq(mark.done_until),
        callbacks::done_at.eq(mark.done_at),
        callbacks::note.eq(note),
    );
    diesel::insert_into(callbacks::table)
        .values((callbacks::number.eq(owner), callbacks::counterparty.eq(party), columns))
        .on_conflict((callbacks::number, callbacks::counterparty))
        .do_update()
        .set(columns)
        .execute(connection)?;
    tell(connection, owner)?;
    Ok(Some(mark))
}

/// Removes mark and note of a person. Returns whether there were any. Call it in a transaction.
pub fn remove(connection: &mut PgConnection, owner: PartyKey, party: PartyKey) -> QueryResult<bool> {
    let Some(version) = next_version(connection, owner)? else { return Ok(false) };
    let said = callbacks::done_at.is_not_null().or(callbacks::note.ne(""));
    let changed = diesel::update(callbacks::table.find((owner, party)).filter(said))
        .set((
            callbacks::version.eq(version),
            callbacks::done_until.eq(None::<DateTime<Utc>>),
            callbacks::done_at.eq(None::<DateTime<Utc>>),
            callbacks::note.eq(""),
        ))
        .execute(connection)?;
    if changed == 0 {
        return Err(diesel::result::Error::RollbackTransaction);
    }
    tell(connection, owner)?;
    Ok(true)
}

/// Removes marks of people who no longer have missed calls in a history.
pub(crate) fn remove_orphans(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<()> {
    let missed = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::counterparty.eq(callbacks::counterparty))
        .filter(calls::type_.eq(TypeColumn::MISSED_INBOUND));
    let orphans = callbacks::table.filter(callbacks::number.eq(owner)).filter(not(exists(missed)));
    diesel::delete(orphans).execute(connection).map(|_| ())
}

/// Removes all marks of a person, and those in the person's own history.
pub(crate) fn remove_person(connection: &mut PgConnection, person: PartyKey) -> QueryResult<()> {
    let of = callbacks::counterparty.eq(person).or(callbacks::number.eq(person));
    diesel::delete(callbacks::table.filter(of)).execute(connection).map(|_| ())
}

/// Removes the calls that have been returned.
fn without_returned(
    connection: &mut PgConnection,
    owner: PartyKey,
    calls: Vec<CallColumns>,
) -> QueryResult<Vec<CallColumns>> {
    let returned = returned::returned_at(connection, owner, &calls)?;
    let open = calls
        .into_iter()
        .zip(returned)
        .filter(|(call, at)| returned::standing(call) == returned::Standing::Open && at.is_none());
    Ok(open.map(|(call, _)| call).collect())
}
