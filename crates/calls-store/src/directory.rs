//! Whose histories there are.

use chrono::{DateTime, Utc};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::keys::PartyKey;
use crate::schema::{histories, other_parties};

/// The order of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By the time of the last call, latest first.
    Recent,
    /// By the number of calls, most first.
    Calls,
    /// By the number, lowest first.
    Number,
}

/// A number with a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Owner {
    /// Whose history.
    pub number: PartyKey,
    /// How many calls it has.
    pub calls: i64,
    /// When the latest began.
    pub last_call: DateTime<Utc>,
}

/// What is asked of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The order.
    pub sort: Sort,
    /// Digits (or `*`, `#`) that a number has anywhere, or a part of another party's label; all numbers if empty.
    pub search: String,
    /// Behind this one.
    pub after: Option<Owner>,
    /// At most so many.
    pub limit: u16,
}

/// When the latest call of all began.
pub fn newest_call(connection: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    histories::table.select(diesel::dsl::max(histories::last_call)).get_result(connection)
}

/// The owners that are asked for, in their order (keyset paging), and one more where there are more.
pub fn list_owners(connection: &mut PgConnection, question: &Question) -> QueryResult<Vec<Owner>> {
    let mut owners = histories::table
        .select((histories::number, histories::calls, histories::last_call))
        .limit(i64::from(question.limit) + 1)
        .into_boxed();
    if !question.search.is_empty() {
        owners = owners.filter(found(&question.search));
    }
    if let Some(after) = question.after {
        owners = owners.filter(is_behind(question.sort, after));
    }
    match question.sort {
        Sort::Recent => owners.order((histories::last_call.desc(), histories::number)),
        Sort::Calls => owners.order((histories::calls.desc(), histories::number)),
        Sort::Number => owners.order(histories::number),
    }
    .load(connection)
}

type Condition = Box<dyn BoxableExpression<histories::table, Pg, SqlType = Bool>>;

fn found(search: &str) -> Condition {
    let pattern = format!("%{}%", search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let labelled = other_parties::table
        .filter(other_parties::label.ilike(pattern.clone()))
        .select(other_parties::number);
    let digits = diesel::dsl::sql::<Bool>("(histories.number > 0 AND histories.number::text LIKE ")
        .bind::<diesel::sql_types::Text, _>(pattern)
        .sql(")");
    Box::new(digits.or(histories::number.eq_any(labelled)))
}

fn is_behind(sort: Sort, after: Owner) -> Condition {
    let higher = histories::number.gt(after.number);
    match sort {
        Sort::Recent => Box::new(
            histories::last_call.lt(after.last_call).or(histories::last_call.eq(after.last_call).and(higher)),
        ),
        Sort::Calls => {
            Box::new(histories::calls.lt(after.calls).or(histories::calls.eq(after.calls).and(higher)))
        }
        Sort::Number => Box::new(higher),
    }
}
