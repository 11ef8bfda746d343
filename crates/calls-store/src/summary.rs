//! Summary of a history.
//!
//! A long history is read from its counts, and call by call at the edges of a period. Other histories are
//! read call by call, newest first, as far as the time allows.

mod accumulator;
mod counted;
mod lines;
mod medians;
mod read_whole;

use std::time::Duration;

use calls_model::{CounterpartyCount, Summary, TalkTime};
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::counts::{self, top};
use crate::filter::{Filter, span};
use crate::keys::PartyKey;
use crate::labels::Labels;
use crate::names;
use crate::zones::Offsets;
use medians::Times;

pub use lines::summarize_lines;

/// Query of a summary.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Owner of the history.
    pub owner: PartyKey,
    /// The calls to add up.
    pub filter: &'a Filter,
    /// Time zone of days and hours.
    pub zone: Tz,
    /// Time limit of reading calls.
    pub patience: Duration,
    /// Histories with more calls than this are read from their counts: [`counts::LONG`].
    pub long: u64,
}

/// The summary of the matching calls of a history, from one snapshot. It says which calls it covers, if not
/// all.
pub fn summarize(
    connection: &mut PgConnection,
    labels: &Labels,
    question: Question<'_>,
) -> QueryResult<Summary> {
    let (mut summary, times) = with_times(connection, labels, question)?;
    times.write(&mut summary);
    Ok(summary)
}

/// A summary without medians, and the data for these.
fn with_times(
    connection: &mut PgConnection,
    labels: &Labels,
    question: Question<'_>,
) -> QueryResult<(Summary, Times)> {
    connection.build_transaction().read_only().repeatable_read().run(|connection| {
        let Question { owner, zone, .. } = question;
        let Some((first, last)) = span(connection, owner)? else {
            return Ok((Summary::empty(zone.name()), Times::default()));
        };
        let offsets = Offsets::new(zone, first, last);
        let size = counts::size(connection, owner)?;
        let counts = match size > question.long && question.filter.is_countable() {
            true => counts::progress(connection, owner)?,
            false => None,
        };
        let (summary, newest) = match counts {
            Some(counts) => counted::summarize(connection, labels, question, &offsets, &counts)?,
            None => read_whole::summarize(connection, labels, question, &offsets, size)?,
        };
        Ok((summary, newest.times(connection, owner)?))
    })
}

/// The counterparties of a summary.
fn counterparties(
    connection: &mut PgConnection,
    labels: &Labels,
    entries: &[top::Entry],
    types: top::TypeSet,
) -> QueryResult<Vec<CounterpartyCount>> {
    labels.load(connection, entries.iter().map(|entry| entry.counterparty))?;
    let missed =
        top::TypeSet::of(&[calls_model::CallType::MissedInbound, calls_model::CallType::MissedOutbound]);
    let names = names::find(connection, entries.iter().map(|entry| entry.counterparty).collect())?;
    let count = |entry: &top::Entry| CounterpartyCount {
        counterparty: labels.get(entry.counterparty),
        calls: entry.count(types).unsigned_abs(),
        missed: entry.count(types.and(missed)).unsigned_abs(),
        talk_time: TalkTime::from_ms(entry.ms_of(types).unsigned_abs()),
        details: None,
        name: names.get(&entry.counterparty).map(|name| name.name.clone()),
    };
    Ok(entries.iter().map(count).collect())
}
