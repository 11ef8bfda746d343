//! The summary of a history that is read call by call.

use std::collections::HashMap;
use std::time::Instant;

use calls_model::{Coverage, MissedInbound, Summary};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::accumulator::Accumulator;
use super::medians::Newest;
use super::{Question, counterparties};
use crate::columns::TypeColumn;
use crate::counts::top::{Entry, TypeSet};
use crate::keys::PartyKey;
use crate::labels::Labels;
use crate::list::Search;
use crate::returned::{self, Standing, is_returned, standing};
use crate::rows::CallColumns;
use crate::schema::calls;
use crate::zones::Offsets;

/// Calls per query.
const PAGE: u16 = 10_000;
/// Maximum number of calls, whose counterparties are held in memory.
const MOST: u64 = 300_000;

/// Adds up the matching calls of a history of `size` calls, newest first, as far as the time allows.
pub(super) fn summarize(
    connection: &mut PgConnection,
    labels: &Labels,
    question: Question<'_>,
    offsets: &Offsets,
    size: u64,
) -> QueryResult<(Summary, Newest)> {
    let Question { owner, filter, zone, patience, long } = question;
    let start = Instant::now();
    let mut accumulator = Accumulator::new(filter, offsets, zone.name());
    let (mut entries, mut ids, mut newest) = (HashMap::new(), Vec::new(), Newest::default());
    let spoken = match size <= long {
        true => Some(last_spoken(connection, owner)?),
        false => None,
    };
    let (mut search, mut after) = (Search::new(owner, filter), None);
    let is_whole = loop {
        let left = patience.saturating_sub(start.elapsed());
        let page = search.read(connection, after, PAGE, left)?;
        let open = are_open(connection, owner, &page.rows, spoken.as_ref())?;
        for (call, is_open) in page.rows.iter().zip(open) {
            accumulator.add_call(call, is_open, standing(call) == Standing::Unidentified);
            count(&mut entries, call);
            newest.see(call);
            if is_open && ids.len() < MissedInbound::MAX_IDS {
                ids.push(call.id.0.to_string());
            }
        }
        after = page.next;
        match after {
            None => break true,
            Some(_) if start.elapsed() >= patience || accumulator.calls() >= MOST => break false,
            Some(_) => {}
        }
    };
    let types = TypeSet::of(&filter.types);
    let mut entries: Vec<Entry> = entries.into_values().collect();
    entries.sort_unstable_by_key(|entry| (std::cmp::Reverse(entry.count(types)), entry.counterparty));
    entries.truncate(Summary::TOP_COUNTERPARTIES);
    let mut summary = accumulator.finish();
    summary.top_counterparties = counterparties(connection, labels, &entries, types)?;
    summary.missed_inbound.not_returned_ids = ids;
    if let Some(place) = after.filter(|_| !is_whole) {
        let looked_at =
            calls::table.filter(calls::number.eq(owner)).filter(calls::created_at.ge(place.created_at));
        let looked_at: i64 = looked_at.count().get_result(connection)?;
        summary.covers = Some(Coverage { calls: looked_at.unsigned_abs(), of: size });
    }
    Ok((summary, newest))
}

/// Time of the last completed call with each counterparty.
fn last_spoken(
    connection: &mut PgConnection,
    owner: PartyKey,
) -> QueryResult<HashMap<PartyKey, DateTime<Utc>>> {
    let completed = [calls_model::CallType::CompletedInbound, calls_model::CallType::CompletedOutbound];
    let rows: Vec<(PartyKey, Option<DateTime<Utc>>)> = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::type_.eq_any(completed.map(TypeColumn)))
        .group_by(calls::counterparty)
        .select((calls::counterparty, diesel::dsl::max(calls::created_at)))
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|(key, spoken)| Some((key, spoken?))).collect())
}

/// The calls that are not returned.
fn are_open(
    connection: &mut PgConnection,
    owner: PartyKey,
    rows: &[CallColumns],
    spoken: Option<&HashMap<PartyKey, DateTime<Utc>>>,
) -> QueryResult<Vec<bool>> {
    let is_asking = |call: &CallColumns| standing(call) == Standing::Open;
    Ok(match spoken {
        Some(spoken) => {
            let last = |call: &CallColumns| spoken.get(&call.counterparty).copied();
            let is_open = |call| is_asking(call) && !is_returned(call.created_at, last(call));
            rows.iter().map(is_open).collect()
        }
        None => {
            let returned = returned::returned_at(connection, owner, rows)?;
            rows.iter().zip(returned).map(|(call, at)| is_asking(call) && at.is_none()).collect()
        }
    })
}

fn count(entries: &mut HashMap<PartyKey, Entry>, call: &CallColumns) {
    let none = || Entry { counterparty: call.counterparty, calls: [0; 4], ms: [0; 2] };
    entries.entry(call.counterparty).or_insert_with(none).add(call);
}
