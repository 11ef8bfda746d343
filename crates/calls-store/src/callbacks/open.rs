//! The open missed calls of a history.

use calls_model::{CallType, Coverage, Disposition, UnidentifiedCallers};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{MOST_OPEN, Question, without_returned};
use crate::columns::TypeColumn;
use crate::counts::{self, Progress, day};
use crate::filter::Filter;
use crate::keys::{CallId, PartyKey};
use crate::list::{self, list_calls};
use crate::returned::IS_UNIDENTIFIED;
use crate::rows::{CallColumns, HISTORY_COLUMNS};
use crate::schema::calls;
use crate::spans::{self, Counted, FEW_BETWEEN, Span, Wanted, year_one};

/// The missed calls of a history.
#[derive(Default)]
pub(super) struct Open {
    /// The newest open ones.
    pub(super) calls: Vec<CallColumns>,
    pub(super) unidentified: UnidentifiedCallers,
    pub(super) covers: Option<Coverage>,
}

pub(super) fn find(connection: &mut PgConnection, question: Question) -> QueryResult<Open> {
    let Question { owner, long, .. } = question;
    let size = counts::size(connection, owner)?;
    let progress = if size > long { counts::progress(connection, owner)? } else { None };
    match progress {
        Some(progress) => counted(connection, owner, &progress, size),
        None => searched(connection, question, size),
    }
}

/// Searches a history for open calls, newest first.
fn searched(connection: &mut PgConnection, question: Question, size: u64) -> QueryResult<Open> {
    let Question { owner, patience, .. } = question;
    let filter = Filter { returned: Some(false), ..Filter::default() };
    let page = list_calls(connection, owner, &filter, None, MOST_OPEN, patience)?;
    let from = page.next.map(|place| place.created_at);
    let covers = match from {
        Some(from) => {
            let looked_at = calls::table.filter(calls::number.eq(owner)).filter(calls::created_at.ge(from));
            let looked_at: i64 = looked_at.count().get_result(connection)?;
            Some(Coverage { calls: looked_at.unsigned_abs(), of: size })
        }
        None => None,
    };
    let unidentified = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::created_at.ge(from.unwrap_or_else(year_one)))
        .filter(diesel::dsl::sql::<Bool>(IS_UNIDENTIFIED))
        .select((diesel::dsl::count_star(), diesel::dsl::max(calls::created_at)));
    let (count, last): (i64, Option<DateTime<Utc>>) = unidentified.first(connection)?;
    let unidentified = UnidentifiedCallers { calls: count.unsigned_abs(), last };
    Ok(Open { calls: page.rows, unidentified, covers })
}

/// Maximum number of uncounted calls that are read one by one.
const MOST_UNCOUNTED: i64 = 20_000;

/// Finds the open calls of a counted history.
fn counted(
    connection: &mut PgConnection,
    owner: PartyKey,
    progress: &Progress,
    size: u64,
) -> QueryResult<Open> {
    let quarters = Quarters::read(connection, owner)?;
    let (spans, looked_at) = quarters.newest_open();
    let (types, dispositions) = (vec![TypeColumn::MISSED_INBOUND], Vec::new());
    let counted = Wanted { owner, spans: &spans, types, dispositions, until: progress.until };
    let mut calls = counted.load(connection)?;
    let newer = uncounted(connection, owner, progress.until)?;
    let mut unidentified = quarters.unidentified;
    if let Some(quarter) = quarters.last_unidentified {
        let last = last_unidentified(connection, owner, day::span(quarter))?;
        unidentified.last = last;
    }
    for call in newer.iter().filter(|call| is_unidentified(call)) {
        unidentified.calls += 1;
        unidentified.last = unidentified.last.max(Some(call.created_at));
    }
    calls.extend(newer);
    let mut calls = without_returned(connection, owner, calls)?;
    // Whole quarters of an hour are read, so there may be more than needed.
    calls.sort_unstable_by_key(|call| std::cmp::Reverse((call.created_at, call.id)));
    calls.truncate(MOST_OPEN.into());
    let looked_at = looked_at.min(MOST_OPEN.into());
    let behind = list::version(connection, owner)?.0 - progress.until.0;
    let covers = match (looked_at < quarters.open_calls, behind > MOST_UNCOUNTED) {
        (true, _) => Some(Coverage { calls: looked_at, of: quarters.open_calls }),
        (false, true) => Some(Coverage { calls: size.saturating_sub(behind.unsigned_abs()), of: size }),
        (false, false) => None,
    };
    Ok(Open { calls, unidentified, covers })
}

fn is_unidentified(call: &CallColumns) -> bool {
    crate::returned::standing(call) == crate::returned::Standing::Unidentified
}

/// The quarters of an hour with calls.
#[derive(Default)]
struct Quarters {
    /// Quarters with their open calls.
    counted: Vec<Counted>,
    open_calls: u64,
    unidentified: UnidentifiedCallers,
    last_unidentified: Option<day::Quarter>,
}

impl Quarters {
    fn read(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Self> {
        let mut found = Self::default();
        day::read_all(connection, owner, |quarter, code, count| {
            let asks = code.call_type() == CallType::MissedInbound
                && code.disposition().is_none_or(Disposition::is_returnable);
            let (calls, open) = (count.calls, if asks { count.open } else { 0 });
            match found.counted.last_mut().filter(|last| last.quarter == quarter) {
                Some(last) => {
                    last.calls += calls;
                    last.wanted += open;
                }
                None => found.counted.push(Counted { quarter, wanted: open, calls }),
            }
            if !asks {
                return;
            }
            found.open_calls += open;
            if count.unidentified > 0 {
                found.unidentified.calls += count.unidentified;
                found.last_unidentified = Some(quarter);
            }
        })?;
        Ok(found)
    }

    /// Spans of the newest quarters with enough open calls, and the number of these.
    fn newest_open(&self) -> (Vec<Span>, u64) {
        spans::newest(self.counted.iter().rev().copied(), MOST_OPEN.into(), FEW_BETWEEN)
    }
}

/// Missed calls that are not counted yet, among at most [`MOST_UNCOUNTED`] calls.
fn uncounted(connection: &mut PgConnection, owner: PartyKey, until: CallId) -> QueryResult<Vec<CallColumns>> {
    let rows: Vec<CallColumns> = calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::id.gt(until))
        .order(calls::id)
        .limit(MOST_UNCOUNTED)
        .select(HISTORY_COLUMNS)
        .load(connection)?;
    Ok(rows.into_iter().filter(|call| call.call_type() == CallType::MissedInbound).collect())
}

fn last_unidentified(
    connection: &mut PgConnection,
    owner: PartyKey,
    (first, last): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<Option<DateTime<Utc>>> {
    calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::created_at.ge(first).and(calls::created_at.lt(last)))
        .filter(diesel::dsl::sql::<Bool>(IS_UNIDENTIFIED))
        .select(diesel::dsl::max(calls::created_at))
        .first(connection)
}
