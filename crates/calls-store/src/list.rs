//! Pages of a history, newest first.
//!
//! A page without a filter is read from the index `calls_history` alone. With a filter, the history is read
//! in windows until the page is full, the history ends, or the time is up; then the page is short and has a
//! position to continue at.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use crate::filter::{Counterparties, Filter, in_period, is_one_of, matches};
use crate::keys::{CallId, PartyKey, Version};
use crate::rows::{BesideIndex, CallColumns, HISTORY_COLUMNS, Position};
use crate::schema::{calls, histories};

/// A page of a history.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The calls, newest first.
    pub rows: Vec<CallColumns>,
    /// Position after which the next page begins. `None` at the end of the history.
    pub next: Option<Position>,
}

impl Page {
    /// Number of calls to read for a page of `limit`: one more tells whether others follow.
    pub(crate) fn calls_to_read(limit: usize) -> i64 {
        limit as i64 + 1
    }

    /// A page of at most `limit` of the rows, of which [`Page::calls_to_read`] were requested.
    pub(crate) fn of(mut rows: Vec<CallColumns>, limit: usize) -> Self {
        let next = cut(&mut rows, limit, |row| *row);
        Self { rows, next }
    }
}

/// Cuts the rows to `limit`, and returns the position of the last row if there were more.
fn cut<T>(rows: &mut Vec<T>, limit: usize, columns: impl Fn(&T) -> CallColumns) -> Option<Position> {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| has_more).map(|row| columns(row).position())
}

type Calls<'a> = calls::BoxedQuery<'a, Pg, diesel::dsl::SqlTypeOf<crate::rows::HistoryColumns>>;

/// At most `limit` matching calls of a history, those after `after` if given (keyset paging). If they are
/// hard to find, it returns fewer after about `patience`.
pub fn list_calls(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    after: Option<Position>,
    limit: u16,
    patience: Duration,
) -> QueryResult<Page> {
    Search::new(owner, filter).read(connection, after, limit, patience)
}

/// Reads matching calls of a history page by page. What it learns for one page serves the next ones.
pub(crate) struct Search<'a> {
    owner: PartyKey,
    filter: &'a Filter,
    /// The ids of all calls with the filter's counterparties, if they are few. `None` before they are looked
    /// up.
    few: Option<Option<Vec<CallId>>>,
}

impl<'a> Search<'a> {
    pub fn new(owner: PartyKey, filter: &'a Filter) -> Self {
        Self { owner, filter, few: None }
    }

    /// Reads a page (see [`list_calls`]).
    pub fn read(
        &mut self,
        connection: &mut PgConnection,
        after: Option<Position>,
        limit: u16,
        patience: Duration,
    ) -> QueryResult<Page> {
        let (owner, filter, limit) = (self.owner, self.filter, usize::from(limit));
        if filter.is_period() {
            let rows = history(owner, filter, after).limit(Page::calls_to_read(limit)).load(connection)?;
            return Ok(Page::of(rows, limit));
        }
        if let Some(counterparties) = &filter.counterparty {
            if let Some(page) = list_of_one(connection, owner, filter, counterparties, after, limit)? {
                return Ok(page);
            }
            let few = match self.few.take() {
                Some(few) => few,
                None => few_calls(connection, owner, counterparties)?,
            };
            if let Some(ids) = self.few.insert(few) {
                let fitting = history(owner, filter, after).filter(matches(owner, filter));
                let among = calls::id.eq_any(ids.as_slice());
                let rows = fitting.filter(among).limit(Page::calls_to_read(limit)).load(connection)?;
                return Ok(Page::of(rows, limit));
            }
        }
        Windows { owner, filter, limit, until: Instant::now() + patience }.read(connection, after)
    }
}

/// Rows with all columns, and the position to continue at.
type WholeRows = (Vec<(CallColumns, BesideIndex)>, Option<Position>);

/// Like [`list_calls`], with the columns that the index lacks, by one statement. `None` for a filter that
/// needs a search.
pub(crate) fn whole_rows(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    after: Option<Position>,
    limit: u16,
) -> QueryResult<Option<WholeRows>> {
    if !filter.is_period() {
        return Ok(None);
    }
    let limit = usize::from(limit);
    let mut rows: Vec<(CallColumns, BesideIndex)> = connection.transaction(|connection| {
        // The index has this order. If PostgreSQL underestimates a history, it would read and sort all of it
        // for each page.
        connection.batch_execute("SET LOCAL enable_sort = off")?;
        history(owner, filter, after)
            .select((HISTORY_COLUMNS, (calls::ring_ms, calls::via)))
            .limit(Page::calls_to_read(limit))
            .load(connection)
    })?;
    let next = cut(&mut rows, limit, |(columns, _)| *columns);
    Ok(Some((rows, next)))
}

/// Calls of a history in the filter's period after `after`, newest first.
fn history<'a>(owner: PartyKey, filter: &Filter, after: Option<Position>) -> Calls<'a> {
    let calls = calls::table
        .filter(calls::number.eq(owner))
        .filter(in_period(filter))
        .order((calls::created_at.desc(), calls::id.desc()))
        .select(HISTORY_COLUMNS)
        .into_boxed();
    match after {
        // The first condition is the one at which the index scan starts.
        Some(Position { created_at, id }) => calls
            .filter(calls::created_at.le(created_at))
            .filter(calls::created_at.lt(created_at).or(calls::id.lt(id))),
        None => calls,
    }
}

/// A page with one counterparty and no condition that needs a search: the natural key has its calls of each
/// type ordered by time.
fn list_of_one(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    counterparties: &Counterparties,
    after: Option<Position>,
    limit: usize,
) -> QueryResult<Option<Page>> {
    let Filter { types, from, until, counterparty, .. } = filter.clone();
    let simple = Filter { types, from, until, counterparty, ..Filter::default() };
    let Some(key) = counterparties.only().filter(|_| simple == *filter) else { return Ok(None) };
    let mut rows = Vec::new();
    for call_type in &filter.types {
        // By time alone, as in the key. No two calls of a type begin at the same time.
        let mut of_type = calls::table
            .filter(calls::number.eq(owner))
            .filter(calls::counterparty.eq(key))
            .filter(calls::type_.eq(crate::columns::TypeColumn(*call_type)))
            .filter(in_period(filter))
            .order(calls::created_at.desc())
            .select(HISTORY_COLUMNS)
            .limit(limit as i64 + 2)
            .into_boxed();
        if let Some(Position { created_at, .. }) = after {
            of_type = of_type.filter(calls::created_at.le(created_at));
        }
        rows.extend(of_type.load::<CallColumns>(connection)?);
    }
    let place = |row: &CallColumns| (row.created_at, row.id);
    rows.retain(|row| after.is_none_or(|after| place(row) < (after.created_at, after.id)));
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(place(row)));
    rows.dedup();
    Ok(Some(Page::of(rows, limit)))
}

/// The ids of the calls with these counterparties, if they are few.
fn few_calls(
    connection: &mut PgConnection,
    owner: PartyKey,
    counterparties: &Counterparties,
) -> QueryResult<Option<Vec<CallId>>> {
    /// Number of calls that are read one by one, in some milliseconds.
    const FEW: usize = 2_000;
    if counterparties.0.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let single = counterparties.single();
    if single.len() == counterparties.0.len() {
        return few_calls_of(connection, owner, single, FEW);
    }
    // In the order of the natural key, so that PostgreSQL uses no other index.
    let ids: Vec<CallId> = calls::table
        .filter(calls::number.eq(owner))
        .filter(is_one_of(counterparties))
        .order((calls::counterparty, calls::type_, calls::created_at))
        .select(calls::id)
        .limit(FEW as i64 + 1)
        .load(connection)?;
    Ok(Some(ids).filter(|ids| ids.len() <= FEW))
}

/// The ids of the calls with some parties, if there are at most `most`. Each party is looked up by itself, so
/// that a large result is abandoned without sorting it.
fn few_calls_of(
    connection: &mut PgConnection,
    owner: PartyKey,
    parties: Vec<PartyKey>,
    most: usize,
) -> QueryResult<Option<Vec<CallId>>> {
    const CALLS: &str = "
        SELECT calls.id FROM unnest($2) AS wanted (party)
        CROSS JOIN LATERAL (
            SELECT id FROM calls WHERE number = $1 AND counterparty = wanted.party LIMIT $3
        ) AS calls
        LIMIT $3";
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: CallId,
    }
    let rows: Vec<Row> = diesel::sql_query(CALLS)
        .bind::<BigInt, _>(owner)
        .bind::<Array<BigInt>, _>(parties)
        .bind::<BigInt, _>(most as i64 + 1)
        .load(connection)?;
    Ok((rows.len() <= most).then(|| rows.into_iter().map(|row| row.id).collect()))
}

/// A search in windows.
struct Windows<'a> {
    owner: PartyKey,
    filter: &'a Filter,
    limit: usize,
    until: Instant,
}

impl Windows<'_> {
    const FIRST: i64 = 1_000;
    const LARGEST: i64 = 200_000;
    /// Target time per window: short enough to keep the deadline, long enough that few windows are needed.
    const PACE: Duration = Duration::from_millis(100);

    fn read(&self, connection: &mut PgConnection, mut after: Option<Position>) -> QueryResult<Page> {
        let mut rows: Vec<CallColumns> = Vec::new();
        let mut size = Self::FIRST;
        loop {
            let start = Instant::now();
            let end = self.end(connection, after, size)?;
            let wanted = Page::calls_to_read(self.limit - rows.len());
            rows.extend(self.window(connection, after, end, wanted)?);
            if rows.len() > self.limit {
                return Ok(Page::of(rows, self.limit));
            }
            if end.is_none() || Instant::now() >= self.until {
                return Ok(Page { rows, next: end });
            }
            after = end;
            size = next_size(size, start.elapsed());
        }
    }

    /// End of a window of this many calls. `None` if the history ends before.
    fn end(
        &self,
        connection: &mut PgConnection,
        after: Option<Position>,
        size: i64,
    ) -> QueryResult<Option<Position>> {
        let last = history(self.owner, self.filter, after)
            .select((calls::created_at, calls::id))
            .offset(size - 1)
            .limit(1)
            .first::<(DateTime<Utc>, CallId)>(connection)
            .optional()?;
        Ok(last.map(|(created_at, id)| Position { created_at, id }))
    }

    fn window(
        &self,
        connection: &mut PgConnection,
        after: Option<Position>,
        end: Option<Position>,
        wanted: i64,
    ) -> QueryResult<Vec<CallColumns>> {
        let fitting = history(self.owner, self.filter, after).filter(matches(self.owner, self.filter));
        let window = match end {
            Some(Position { created_at, id }) => fitting
                .filter(calls::created_at.ge(created_at))
                .filter(calls::created_at.gt(created_at).or(calls::id.ge(id))),
            None => fitting,
        };
        window.limit(wanted).load(connection)
    }
}

/// Size of the next window, given the size and the duration of the last one.
fn next_size(size: i64, took: Duration) -> i64 {
    let factor = Windows::PACE.as_secs_f64() / took.as_secs_f64().max(0.000_1);
    ((size as f64 * factor.clamp(0.25, 8.0)) as i64).clamp(Windows::FIRST, Windows::LARGEST)
}

/// The version of a history; [`Version::NONE`] for a number without one.
pub fn version(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Version> {
    let row = histories::table.find(owner).select(histories::version);
    Ok(row.first(connection).optional()?.unwrap_or(Version::NONE))
}

/// One call of a history.
pub fn find_call(
    connection: &mut PgConnection,
    owner: PartyKey,
    id: CallId,
) -> QueryResult<Option<CallColumns>> {
    calls::table.find((owner, id)).select(HISTORY_COLUMNS).first(connection).optional()
}

/// At most `limit` calls of a history that were stored after an id, in the order of their ids.
pub fn list_calls_by_id(
    connection: &mut PgConnection,
    owner: PartyKey,
    after: CallId,
    limit: u16,
) -> QueryResult<Vec<CallColumns>> {
    calls::table
        .filter(calls::number.eq(owner))
        .filter(calls::id.gt(after))
        .order(calls::id)
        .select(HISTORY_COLUMNS)
        .limit(limit.into())
        .load(connection)
}
