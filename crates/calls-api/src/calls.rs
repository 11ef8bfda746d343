//! Calls as the database keeps them: rows of `calls` and the queries on them.

use std::collections::{HashMap, HashSet};
use std::io::Write;

use calls_model::{Call, CallDuration, CallType};
use chrono::{DateTime, Utc};
use diesel::connection::DefaultLoadingMode;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::dsl::case_when;
use diesel::expression::{AsExpression, ValidGrouping, is_aggregate};
use diesel::pg::{Pg, PgConnection, PgValue};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, BoxedSqlQuery, Query, QueryFragment, QueryId, SqlQuery};
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz};

use crate::composed::Composed;
use crate::parties::{self, PartyKey};
use crate::schema::{calls, phone_numbers, sql_types};
use crate::zones::Offsets;

/// The column `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::CallType)]
pub struct TypeColumn(pub CallType);

impl ToSql<sql_types::CallType, Pg> for TypeColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_str().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::CallType, Pg> for TypeColumn {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let name = value.as_bytes();
        match CallType::ALL.into_iter().find(|call_type| call_type.as_str().as_bytes() == name) {
            Some(call_type) => Ok(Self(call_type)),
            None => Err(format!("no type of a call: {:?}", String::from_utf8_lossy(name)).into()),
        }
    }
}

/// A call of a history, with the label of a counterparty that has no E.164 number.
#[derive(Debug, Queryable)]
pub struct CallRow {
    id: i64,
    created_at: DateTime<Utc>,
    counterparty: PartyKey,
    call_type: TypeColumn,
    duration_ms: Option<i32>,
    label: Option<String>,
}

impl CallRow {
    /// Where in its history the call stands.
    pub fn position(&self) -> Position {
        Position { created_at: self.created_at, id: self.id }
    }

    /// Counterparty and time, if the call is one that can be returned: missed, from an identified caller.
    pub fn returnable(&self) -> Option<(PartyKey, DateTime<Utc>)> {
        let is_identified = || parties::from_row(self.counterparty, self.label.as_deref()).is_identified();
        let is_missed = self.call_type.0 == CallType::MissedInbound;
        (is_missed && is_identified()).then_some((self.counterparty, self.created_at))
    }
}

impl From<CallRow> for Call {
    fn from(row: CallRow) -> Self {
        Self {
            id: row.id.to_string(),
            created_at: row.created_at,
            counterparty: parties::from_row(row.counterparty, row.label.as_deref()),
            call_type: row.call_type.0,
            duration: row.duration_ms.and_then(|ms| CallDuration::from_ms(ms.into())),
        }
    }
}

/// A place in a history, which is ordered by time and then by id, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When the call began.
    pub created_at: DateTime<Utc>,
    /// The call's id.
    pub id: i64,
}

/// Which calls of a history are wanted. The default is all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Of these types only.
    pub types: Vec<CallType>,
    /// With this counterparty only.
    pub counterparty: Option<Counterparty>,
    /// Not before this instant.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// At least this long. Calls without a duration are left out.
    pub min_duration_ms: Option<i32>,
    /// At most this long. Calls without a duration are left out.
    pub max_duration_ms: Option<i32>,
    /// Missed inbound calls of identified callers only: those that have, or have not, been returned.
    pub returned: Option<bool>,
    /// In these hours of the week only.
    pub hours: Option<WantedHours>,
}

/// Some hours of the week, by a zone's clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedHours {
    /// The zone's clocks, for as long as the history is.
    pub offsets: Offsets,
    /// The day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
    pub weekday: Option<u8>,
    /// The hour of the day, 0 to 23.
    pub hour: Option<u8>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            types: CallType::ALL.to_vec(),
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

/// A counterparty, or all whose text begins alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counterparty {
    /// This one; nobody, if the database has never seen it.
    Exactly(Option<PartyKey>),
    /// All telephone numbers whose digits begin with these.
    Digits(String),
    /// All other parties whose label begins like this.
    Label(String),
}

/// The version of a history, which changes with it. 0 for a number that never had a call.
pub fn history_version(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<i64> {
    let row = phone_numbers::table.find(owner).select(phone_numbers::history_version);
    Ok(row.first(connection).optional()?.unwrap_or_default())
}

/// A page of a history as of one instant, and the history's version then.
#[derive(Debug, Default)]
pub struct Page {
    /// 0 for a number that never had a call.
    pub version: i64,
    /// Empty if the version is one of those that the client knows.
    pub rows: Vec<CallRow>,
}

impl Page {
    /// SQL promises no order of a join. They come in order, so this costs nothing.
    fn sort(&mut self) {
        self.rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
    }
}

/// The version of a history and, unless that is one of the `known`, its calls as [`list_calls`] gives them: one
/// statement, which then does not read the calls.
pub fn read_page(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    after: Option<Position>,
    limit: u16,
    known: Vec<i64>,
) -> QueryResult<Page> {
    // OFFSET keeps PostgreSQL from testing the version only after it has read the calls.
    let query: Composed<(BigInt, Nullable<RowColumns>)> = Composed::new(
        "SELECT history_version, page.* FROM phone_numbers LEFT JOIN LATERAL (SELECT page.* FROM (",
    )
    .subquery(page(owner, filter, after, limit))
    .sql(
        ") AS page (id, created_at, counterparty, type, duration_ms, label) \
                 WHERE history_version <> ALL (",
    )
    .subquery(known.into_sql::<Array<BigInt>>())
    .sql(") OFFSET 0) AS page ON true WHERE number = ")
    .subquery(owner.into_sql::<BigInt>());
    let mut page = Page::default();
    for (version, row) in query.load::<(i64, Option<CallRow>)>(connection)? {
        page.version = version;
        page.rows.extend(row);
    }
    page.sort();
    Ok(page)
}

/// A page that is asked for, of all calls of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuestion {
    /// Whose history.
    pub owner: PartyKey,
    /// Only calls after this one; all without.
    pub after: Option<Position>,
    /// At most so many calls.
    pub limit: u16,
    /// No calls if this is the version, for the client knows it.
    pub known: Option<i64>,
}

/// A row of [`Pages`].
type PagesRow = (i64, Option<DateTime<Utc>>, PartyKey, Option<TypeColumn>, Option<i32>, Option<String>);

/// The pages that are asked for, in their order and as [`read_page`] gives them: all of them as of one instant.
pub fn read_pages(connection: &mut PgConnection, questions: &[PageQuestion]) -> QueryResult<Vec<Page>> {
    if let [PageQuestion { owner, after, limit, known }] = *questions {
        let known = known.into_iter().collect();
        return Ok(vec![read_page(connection, owner, &Filter::default(), after, limit, known)?]);
    }
    let mut pages: Vec<Page> = questions.iter().map(|_| Page::default()).collect();
    let mut page = None;
    for row in Pages::new(questions).load_iter::<PagesRow, DefaultLoadingMode>(connection)? {
        let (id, created_at, counterparty, call_type, duration_ms, label) = row?;
        match (created_at, call_type) {
            (Some(created_at), Some(call_type)) => {
                let row = CallRow { id, created_at, counterparty, call_type, duration_ms, label };
                let page: &mut &mut Page = page.as_mut().ok_or(QueryError::NotFound)?;
                page.rows.push(row);
            }
            // Its place is counted from 1.
            _ => {
                page = usize::try_from(counterparty - 1).ok().and_then(|index| pages.get_mut(index));
                page.iter_mut().for_each(|page| page.version = id);
            }
        }
    }
    pages.iter_mut().for_each(Page::sort);
    Ok(pages)
}

/// The statement for several pages, which is prepared once per connection.
///
/// Each page begins with a row of its own, which has the history's version as its id, the page's place as its
/// counterparty, and neither time nor type. With both in each row PostgreSQL took half as long again. Each page's rows
/// come behind that one, for PostgreSQL joins laterally one page after the other.
#[derive(QueryId)]
struct Pages {
    owners: Vec<PartyKey>,
    known: Vec<i64>,
    times: Vec<DateTime<Utc>>,
    ids: Vec<i64>,
    limits: Vec<i64>,
}

impl Pages {
    fn new(questions: &[PageQuestion]) -> Self {
        /// No history has it.
        const NO_VERSION: i64 = -1;
        // 10000-01-01, which is after each call.
        let end =
            Position { created_at: DateTime::from_timestamp(253_402_300_800, 0).unwrap_or_default(), id: 0 };
        let after = |question: &PageQuestion| question.after.unwrap_or(end);
        Self {
            owners: questions.iter().map(|question| question.owner).collect(),
            known: questions.iter().map(|question| question.known.unwrap_or(NO_VERSION)).collect(),
            times: questions.iter().map(|question| after(question).created_at).collect(),
            ids: questions.iter().map(|question| after(question).id).collect(),
            limits: questions.iter().map(|question| question.limit.into()).collect(),
        }
    }
}

impl QueryFragment<Pg> for Pages {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Within a subquery PostgreSQL does not see how long an array is. If it did, it would think that a plan for
        // just so many pages saves something, and make one each time.
        out.push_sql("SELECT page.* FROM unnest((SELECT ");
        out.push_bind_param::<Array<BigInt>, _>(&self.owners)?;
        out.push_sql("), (SELECT ");
        out.push_bind_param::<Array<BigInt>, _>(&self.known)?;
        out.push_sql("), (SELECT ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.times)?;
        out.push_sql("), (SELECT ");
        out.push_bind_param::<Array<BigInt>, _>(&self.ids)?;
        out.push_sql("), (SELECT ");
        out.push_bind_param::<Array<BigInt>, _>(&self.limits)?;
        // The rows are compared as the index orders them, so it is where they begin.
        out.push_sql(
            ")) WITH ORDINALITY AS asked (owner, known, after_time, after_id, most, place) \
             JOIN phone_numbers ON phone_numbers.number = owner CROSS JOIN LATERAL (\
             SELECT history_version AS id, NULL::timestamptz AS created_at, place AS counterparty, \
             NULL::call_type AS type, NULL::integer AS duration_ms, NULL::text AS label UNION ALL (\
             SELECT id, created_at, counterparty, type, duration_ms, CASE WHEN counterparty < 0 THEN (\
             SELECT label FROM phone_numbers AS party WHERE party.number = counterparty) END \
             FROM calls WHERE calls.number = owner AND history_version <> known \
             AND (created_at, id) < (after_time, after_id) \
             ORDER BY created_at DESC, id DESC LIMIT most)) AS page",
        );
        Ok(())
    }
}

impl Query for Pages {
    type SqlType = (
        BigInt,
        Nullable<Timestamptz>,
        BigInt,
        Nullable<sql_types::CallType>,
        Nullable<Integer>,
        Nullable<Text>,
    );
}

impl RunQueryDsl<PgConnection> for Pages {}

/// At most `limit` calls of a history, newest first, those after `after` if given (keyset paging).
pub fn list_calls(
    connection: &mut PgConnection,
    owner: PartyKey,
    filter: &Filter,
    after: Option<Position>,
    limit: u16,
) -> QueryResult<Vec<CallRow>> {
    page(owner, filter, after, limit).load(connection)
}

fn page<'a>(
    owner: PartyKey,
    filter: &Filter,
    after: Option<Position>,
    limit: u16,
) -> calls::BoxedQuery<'a, Pg, RowColumns> {
    let mut page = history(owner)
        .filter(matches(filter))
        .order((calls::created_at.desc(), calls::id.desc()))
        .limit(limit.into());
    if let Some(Position { created_at, id }) = after {
        page = page
            // The first condition is the one that the index can start at.
            .filter(calls::created_at.le(created_at))
            .filter(calls::created_at.lt(created_at).or(calls::id.lt(id)));
    }
    page
}

/// At most `limit` calls of a history that were stored after one, in the order in which they were.
///
/// Within one history ids grow with the commits, which a trigger takes care of.
pub fn list_calls_by_id(
    connection: &mut PgConnection,
    owner: PartyKey,
    after: i64,
    limit: u16,
) -> QueryResult<Vec<CallRow>> {
    history(owner).filter(calls::id.gt(after)).order(calls::id).limit(limit.into()).load(connection)
}

/// For each of some missed calls of a history, as counterparty and time: when the two next spoke.
pub fn next_spoken(
    connection: &mut PgConnection,
    owner: PartyKey,
    missed: Vec<(PartyKey, DateTime<Utc>)>,
) -> QueryResult<Vec<Option<DateTime<Utc>>>> {
    let (counterparties, times) = missed.into_iter().unzip();
    NextSpoken { owner, counterparties, times }.load(connection)
}

/// A query of its own type is prepared once per connection.
#[derive(QueryId)]
struct NextSpoken {
    owner: PartyKey,
    counterparties: Vec<PartyKey>,
    times: Vec<DateTime<Utc>>,
}

impl QueryFragment<Pg> for NextSpoken {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // One look into the natural key for each type.
        for (before, completed) in [("SELECT least(", "Completed Inbound"), (", ", "Completed Outbound")] {
            out.push_sql(before);
            out.push_sql("(SELECT min(created_at) FROM calls WHERE type = '");
            out.push_sql(completed);
            out.push_sql(
                "' AND calls.counterparty = missed.counterparty \
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

type RowColumns = (BigInt, Timestamptz, BigInt, sql_types::CallType, Nullable<Integer>, Nullable<Text>);

/// What a [`CallRow`] is made of.
fn history<'a>(owner: PartyKey) -> calls::BoxedQuery<'a, Pg, RowColumns> {
    // Looked up only for the few rows that need it, never joined.
    let label = case_when(
        calls::counterparty.lt(0),
        phone_numbers::table
            .filter(phone_numbers::number.eq(calls::counterparty))
            .select(phone_numbers::label)
            .single_value(),
    );
    calls::table
        .filter(calls::number.eq(owner))
        .select((calls::id, calls::created_at, calls::counterparty, calls::type_, calls::duration_ms, label))
        .into_boxed()
}

/// The condition that a call of a history fits the filter.
pub(crate) fn matches(filter: &Filter) -> Box<dyn BoxableExpression<calls::table, Pg, SqlType = Bool>> {
    type Condition = Box<dyn BoxableExpression<calls::table, Pg, SqlType = Bool>>;
    let mut all: Vec<Condition> = Vec::new();
    if CallType::ALL.iter().any(|call_type| !filter.types.contains(call_type)) {
        let types: Vec<TypeColumn> = filter.types.iter().copied().map(TypeColumn).collect();
        all.push(Box::new(calls::type_.eq_any(types)));
    }
    match &filter.counterparty {
        None => {}
        Some(Counterparty::Exactly(Some(key))) => all.push(Box::new(calls::counterparty.eq(*key))),
        Some(Counterparty::Exactly(None)) => all.push(Box::new(false.into_sql::<Bool>())),
        Some(Counterparty::Digits(digits)) => {
            let text = diesel::dsl::sql::<Text>("counterparty::text");
            all.push(Box::new(text.like(format!("{digits}%"))));
        }
        Some(Counterparty::Label(start)) => {
            let known =
                phone_numbers::table.filter(phone_numbers::label.like(format!("{}%", escape_like(start))));
            all.push(Box::new(calls::counterparty.eq_any(known.select(phone_numbers::number))));
        }
    }
    if let Some(from) = filter.from {
        all.push(Box::new(calls::created_at.ge(from)));
    }
    if let Some(until) = filter.until {
        all.push(Box::new(calls::created_at.lt(until)));
    }
    if let Some(ms) = filter.min_duration_ms {
        all.push(Box::new(calls::duration_ms.ge(ms).assume_not_null()));
    }
    if let Some(ms) = filter.max_duration_ms {
        all.push(Box::new(calls::duration_ms.le(ms).assume_not_null()));
    }
    if let Some(returned) = filter.returned {
        all.push(Box::new(calls::type_.eq(TypeColumn(CallType::MissedInbound))));
        let identified = "(calls.counterparty > 0 OR calls.counterparty NOT IN (\
                          SELECT number FROM phone_numbers WHERE label IN ('withheld', 'unknown')))";
        all.push(Box::new(diesel::dsl::sql::<Bool>(identified)));
        // The last time tells whether there is a later one: one look into the natural key for each type.
        let last = |completed: &str| {
            format!(
                "(SELECT max(later.created_at) FROM calls AS later WHERE later.number = calls.number \
                 AND later.counterparty = calls.counterparty AND later.type = '{completed}')"
            )
        };
        let (inbound, outbound) = (last("Completed Inbound"), last("Completed Outbound"));
        let spoken = format!("coalesce(greatest({inbound}, {outbound}) > calls.created_at, false) = ");
        all.push(Box::new(diesel::dsl::sql::<Bool>(&spoken).bind::<Bool, _>(returned)));
    }
    if let Some(hours) = &filter.hours {
        // 1970-01-01 was a Thursday, whose first hour is the 72nd of its week. The remainder of what is negative
        // is negative.
        let hour_of_week = |after: &str| {
            diesel::dsl::sql::<Bool>("((floor(")
                .bind::<Double, _>(local_seconds(&hours.offsets))
                .sql(&format!(" / 3600)::bigint + 72) % 168 + 168) % 168 {after} "))
        };
        if let Some(weekday) = hours.weekday {
            all.push(Box::new(hour_of_week("/ 24 + 1 =").bind::<Integer, _>(i32::from(weekday))));
        }
        if let Some(hour) = hours.hour {
            all.push(Box::new(hour_of_week("% 24 =").bind::<Integer, _>(i32::from(hour))));
        }
    }
    all.into_iter()
        .reduce(|one, other| Box::new(one.and(other)))
        .unwrap_or_else(|| Box::new(true.into_sql::<Bool>()))
}

/// Seconds since 1970-01-01 0:00 of a zone's own clocks, as a double.
pub(crate) fn local_seconds(
    offsets: &Offsets,
) -> impl BoxableExpression<calls::table, Pg, SqlType = Double>
+ ValidGrouping<(), IsAggregate = is_aggregate::Never>
+ use<> {
    diesel::dsl::sql::<Double>("(date_part('epoch', created_at) + (")
        .bind::<Array<Integer>, _>(offsets.seconds.clone())
        .sql(")[width_bucket(created_at, ")
        .bind::<Array<Timestamptz>, _>(offsets.changes.clone())
        .sql(") + 1])")
}

/// When the first and the last call of a history began.
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

/// `%`, `_` and `\` mean themselves.
fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Whether there is any call at all.
pub fn any_calls(connection: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(calls::table.select(calls::id))).get_result(connection)
}

/// A call that is not in the database yet.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = calls, treat_none_as_default_value = false)]
pub struct NewCall {
    /// The owner of the history.
    pub number: PartyKey,
    /// The other party.
    pub counterparty: PartyKey,
    /// When the call began, UTC.
    pub created_at: DateTime<Utc>,
    /// Direction and outcome.
    #[diesel(column_name = type_)]
    pub call_type: TypeColumn,
    /// Talk time in milliseconds; never for a missed call.
    pub duration_ms: Option<i32>,
}

/// The newest id there is, 0 if there is no call.
pub fn newest_id(connection: &mut PgConnection) -> QueryResult<i64> {
    let newest: Option<i64> = calls::table.select(diesel::dsl::max(calls::id)).first(connection)?;
    Ok(newest.unwrap_or_default())
}

/// Adds the calls that are not there yet, and says how many those were.
///
/// A call is there by its natural key. It is also there if one of the calls up to the id `known_until` has the
/// same parties and type and began within two seconds of it: two systems that saw one call do not agree on its
/// second. Unless that one is itself among the new ones or the others of the `same_log`: then these are two calls.
pub fn insert_calls(
    connection: &mut PgConnection,
    new: Vec<NewCall>,
    same_log: &[NewCall],
    known_until: i64,
) -> QueryResult<usize> {
    let new = unknown_calls(connection, new, same_log, known_until)?;
    if new.is_empty() {
        return Ok(0);
    }
    // COPY takes half the time, and knows of no call that is there already: one since `known_until`, or one that
    // another writer just stored. Then nothing of it is stored, and the slower way is gone.
    match connection.transaction(|connection| copy_calls(connection, &new)) {
        Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            insertion(&new).execute(connection)
        }
        copied => copied,
    }
}

/// Adds calls like [`insert_calls`], and says which those were.
pub fn insert_calls_returning(
    connection: &mut PgConnection,
    new: Vec<NewCall>,
    known_until: i64,
) -> QueryResult<HashSet<NaturalKey>> {
    #[derive(QueryableByName)]
    struct Added {
        #[diesel(sql_type = BigInt)]
        number: PartyKey,
        #[diesel(sql_type = BigInt)]
        counterparty: PartyKey,
        #[diesel(sql_type = Timestamptz)]
        created_at: DateTime<Utc>,
        #[diesel(sql_type = sql_types::CallType, column_name = "type")]
        call_type: TypeColumn,
    }
    let new = unknown_calls(connection, new, &[], known_until)?;
    if new.is_empty() {
        return Ok(HashSet::new());
    }
    let returning = insertion(&new).sql(" RETURNING number, counterparty, created_at, type");
    let added: Vec<Added> = returning.load(connection)?;
    Ok(added.into_iter().map(|row| (row.number, row.created_at, row.counterparty, row.call_type.0)).collect())
}

/// What makes two calls one: owner, time, counterparty and type. In this order calls are stored: within a history in
/// the order of time, as its ids shall be, and everywhere in one order, so that two writers never wait for each other
/// in a circle.
pub type NaturalKey = (PartyKey, DateTime<Utc>, PartyKey, CallType);

/// The natural key of a call.
pub fn natural_key(call: &NewCall) -> NaturalKey {
    (call.number, call.created_at, call.counterparty, call.call_type.0)
}

/// The new calls that none of the calls up to the id `known_until` is.
fn unknown_calls(
    connection: &mut PgConnection,
    mut new: Vec<NewCall>,
    same_log: &[NewCall],
    known_until: i64,
) -> QueryResult<Vec<NewCall>> {
    if known_until == 0 {
        return Ok(new);
    }
    let near = near_calls(connection, &new, known_until)?;
    if near.is_empty() {
        return Ok(new);
    }
    let keys: HashSet<NaturalKey> = new.iter().chain(same_log).map(natural_key).collect();
    let known: HashSet<NaturalKey> = near
        .into_iter()
        .filter_map(|Near { n, created_at }| {
            let call = usize::try_from(n - 1).ok().and_then(|index| new.get(index))?;
            let known = NewCall { created_at, ..call.clone() };
            let is_it = created_at == call.created_at || !keys.contains(&natural_key(&known));
            is_it.then(|| natural_key(call))
        })
        .collect();
    new.retain(|call| !known.contains(&natural_key(call)));
    Ok(new)
}

/// A call that is known and may be one of the new ones.
#[derive(QueryableByName)]
struct Near {
    /// Which of the new calls, from 1.
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

/// The calls up to the id `known_until` with the parties and the type of new ones, within two seconds of them.
fn near_calls(connection: &mut PgConnection, new: &[NewCall], known_until: i64) -> QueryResult<Vec<Near>> {
    // A look into an index for each call, which OFFSET says: PostgreSQL would rather pair each call with all of the
    // same parties.
    const NEAR: &str = "
        SELECT new.n, near.created_at
        FROM unnest($1, $2, $3, $4, $5) AS new (n, number, counterparty, created_at, type)
        CROSS JOIN LATERAL (
            SELECT created_at FROM calls
            WHERE number = new.number AND counterparty = new.counterparty AND type = new.type
              AND created_at BETWEEN new.created_at - interval '2 s' AND new.created_at + interval '2 s'
              AND id <= $6
            OFFSET 0
        ) AS near";
    let owners = owners_with_calls(connection, new)?;
    let (n, new): (Vec<i64>, Vec<&NewCall>) =
        (1..).zip(new).filter(|(_, call)| owners.contains(&call.number)).unzip();
    if new.is_empty() {
        return Ok(Vec::new());
    }
    diesel::sql_query(NEAR)
        .bind::<Array<BigInt>, _>(n)
        .bind::<Array<BigInt>, _>(new.iter().map(|call| call.number).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(new.iter().map(|call| call.counterparty).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(new.iter().map(|call| call.created_at).collect::<Vec<_>>())
        .bind::<Array<sql_types::CallType>, _>(new.iter().map(|call| call.call_type).collect::<Vec<_>>())
        .bind::<BigInt, _>(known_until)
        .load(connection)
}

/// The owners that have calls between the first and the last of their new ones. Most logs continue where the last
/// import ended, and one look for each owner tells so.
fn owners_with_calls(connection: &mut PgConnection, new: &[NewCall]) -> QueryResult<HashSet<PartyKey>> {
    const OWNERS: &str = "
        SELECT number FROM unnest($1, $2, $3) AS new (number, first, last)
        CROSS JOIN LATERAL (
            SELECT FROM calls WHERE number = new.number
              AND created_at BETWEEN new.first - interval '2 s' AND new.last + interval '2 s'
            LIMIT 1
        ) AS any_call";
    #[derive(QueryableByName)]
    struct Owner {
        #[diesel(sql_type = BigInt)]
        number: PartyKey,
    }
    let mut spans: HashMap<PartyKey, (DateTime<Utc>, DateTime<Utc>)> = HashMap::new();
    for call in new {
        let (first, last) = spans.entry(call.number).or_insert((call.created_at, call.created_at));
        *first = call.created_at.min(*first);
        *last = call.created_at.max(*last);
    }
    let owners: Vec<Owner> = diesel::sql_query(OWNERS)
        .bind::<Array<BigInt>, _>(spans.keys().copied().collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(spans.values().map(|span| span.0).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(spans.values().map(|span| span.1).collect::<Vec<_>>())
        .load(connection)?;
    Ok(owners.into_iter().map(|owner| owner.number).collect())
}

fn insertion(new: &[NewCall]) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
    /// Arrays, because a statement has at most 65,535 parameters.
    const INSERT: &str = "
        INSERT INTO calls (number, counterparty, created_at, type, duration_ms)
        SELECT * FROM unnest($1, $2, $3, $4, $5)
        ON CONFLICT ON CONSTRAINT calls_natural_key DO NOTHING";
    diesel::sql_query(INSERT)
        .into_boxed()
        .bind::<Array<BigInt>, _>(new.iter().map(|call| call.number).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(new.iter().map(|call| call.counterparty).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(new.iter().map(|call| call.created_at).collect::<Vec<_>>())
        .bind::<Array<sql_types::CallType>, _>(new.iter().map(|call| call.call_type).collect::<Vec<_>>())
        .bind::<Array<Nullable<Integer>>, _>(new.iter().map(|call| call.duration_ms).collect::<Vec<_>>())
}

/// Adds calls by binary COPY, the fastest way in. None of them may be there yet.
pub fn copy_calls(connection: &mut PgConnection, new: &[NewCall]) -> QueryResult<usize> {
    diesel::copy_from(calls::table).from_insertable(new).execute(connection)
}

/// After many rows came in: lets queries be answered from the index alone, and planned right. Does nothing that
/// autovacuum would not do a minute later.
pub fn settle(connection: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("VACUUM (ANALYZE) calls").execute(connection)?;
    diesel::sql_query("ANALYZE phone_numbers").execute(connection)?;
    Ok(())
}
