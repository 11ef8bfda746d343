//! Calls as the database keeps them: rows of `calls` and the queries on them.

use std::io::Write;

use calls_model::{Call, CallDuration, CallType};
use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::dsl::case_when;
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgConnection, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};

use crate::parties::{self, PartyKey};
use crate::schema::{calls, phone_numbers, sql_types};

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
        let name = std::str::from_utf8(value.as_bytes())?;
        Ok(Self(name.parse()?))
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

/// At most `limit` calls of a history, newest first, those after `after` if given (keyset paging).
pub fn list_calls(
    connection: &mut PgConnection,
    owner: PartyKey,
    after: Option<Position>,
    limit: u16,
) -> QueryResult<Vec<CallRow>> {
    // Looked up only for the few rows that need it, never joined.
    let label = case_when(
        calls::counterparty.lt(0),
        phone_numbers::table
            .filter(phone_numbers::number.eq(calls::counterparty))
            .select(phone_numbers::label)
            .single_value(),
    );
    let page = calls::table
        .filter(calls::number.eq(owner))
        .order((calls::created_at.desc(), calls::id.desc()))
        .limit(limit.into())
        .select((calls::id, calls::created_at, calls::counterparty, calls::type_, calls::duration_ms, label));
    match after {
        None => page.load(connection),
        Some(Position { created_at, id }) => page
            // The first condition is the one that the index can start at.
            .filter(calls::created_at.le(created_at))
            .filter(calls::created_at.lt(created_at).or(calls::id.lt(id)))
            .load(connection),
    }
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

/// Adds the calls that are not there yet by their natural key, and says how many those were.
pub fn insert_calls(connection: &mut PgConnection, new: &[NewCall]) -> QueryResult<usize> {
    // A row has five parameters, and a statement at most 65,535.
    new.chunks(10_000)
        .map(|rows| {
            diesel::insert_into(calls::table).values(rows).on_conflict_do_nothing().execute(connection)
        })
        .sum()
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
