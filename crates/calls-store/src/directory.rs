//! The directory: numbers that have a history and, in a search, those that occur in one.

mod attention;
mod by_name;
mod recent_days;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::query_builder::BoxedSqlQuery;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Timestamptz};

use crate::keys::PartyKey;
use crate::schema::histories;
use crate::search::Search;

pub use attention::{Attention, attention};
pub use recent_days::{DAYS, Days, RecentDays, recent_days};

/// The order of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By the time of the last call, latest first.
    Recent,
    /// By the number of calls, most first.
    Calls,
    /// By name, those without one last.
    Name,
    /// By the number, lowest first.
    Number,
}

/// A number in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Listed {
    /// Owner of the history.
    #[diesel(sql_type = BigInt)]
    pub number: PartyKey,
    /// Number of calls in its history or, without one, in the histories of others.
    #[diesel(sql_type = BigInt)]
    pub calls: i64,
    /// Time of the latest call.
    #[diesel(sql_type = Timestamptz)]
    pub last_call: DateTime<Utc>,
    /// Whether it has a history.
    #[diesel(sql_type = Bool)]
    pub is_owner: bool,
}

/// Position of an entry in each order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number.
    pub number: PartyKey,
    /// Number of its calls.
    pub calls: i64,
    /// Time of the latest call.
    pub last_call: DateTime<Utc>,
}

/// Query of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The order.
    pub sort: Sort,
    /// Search terms. If empty, all numbers with a history are listed.
    pub search: Search,
    /// List entries after this one.
    pub after: Option<Place>,
    /// Maximum number of entries.
    pub limit: u16,
}

/// Time of the latest call in the database.
pub fn newest_call(connection: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    histories::table.select(diesel::dsl::max(histories::last_call)).get_result(connection)
}

impl Listed {
    /// Position of the entry.
    pub fn place(&self) -> Place {
        Place { number: self.number, calls: self.calls, last_call: self.last_call }
    }
}

/// A page of entries (keyset paging), and one more if there are more.
pub fn list_numbers(connection: &mut PgConnection, question: &Question) -> QueryResult<Vec<Listed>> {
    let Question { sort, search, after, limit } = question;
    let found = Found::new(connection, search)?;
    if *sort == Sort::Name {
        return by_name::list(connection, &found, *after, i64::from(*limit) + 1);
    }
    let owners = part(*sort, "histories", "number", true, found.condition("number", FIRST), after.is_some());
    let query = match search.is_empty() {
        true => owners,
        false => {
            let condition = format!("{OTHERS} AND {}", found.condition("party", FIRST));
            let others = part(*sort, "occurrences", "party", false, condition, after.is_some());
            let order = order(*sort);
            format!("SELECT * FROM (({owners}) UNION ALL ({others})) AS listed ORDER BY {order} LIMIT $1")
        }
    };
    let place = after.unwrap_or(Place { number: PartyKey(0), calls: 0, last_call: DateTime::UNIX_EPOCH });
    let query = diesel::sql_query(query)
        .into_boxed()
        .bind::<BigInt, _>(i64::from(*limit) + 1)
        .bind::<BigInt, _>(place.number)
        .bind::<BigInt, _>(place.calls)
        .bind::<Timestamptz, _>(place.last_call);
    found.bind(query).load(connection)
}

/// Number of keys that are looked up one by one in an index.
const FEW: usize = 1_000;
/// First parameter of a search in the statement, after those of the position.
const FIRST: usize = 5;

/// Condition: the party has no history.
const OTHERS: &str = "NOT EXISTS (SELECT FROM histories WHERE histories.number = occurrences.party)";

type Query<'a> = BoxedSqlQuery<'a, diesel::pg::Pg, diesel::query_builder::SqlQuery>;

/// Result of a search in names and texts, before numbers are compared.
struct Found {
    is_everybody: bool,
    /// Parties with a matching name or text.
    keys: Vec<PartyKey>,
    /// Each pattern of digits, with the groups of four digits that a matching number contains.
    patterns: Vec<(String, Vec<i32>)>,
}

impl Found {
    /// Maximum number of parties with a matching name.
    const MOST: i64 = 50_000;

    fn new(connection: &mut PgConnection, search: &Search) -> QueryResult<Self> {
        let named = format!(
            "(SELECT party FROM names WHERE {} LIMIT $3)
             UNION (SELECT number FROM other_parties
                    WHERE number BETWEEN -4611686018427387904 AND -3 AND label ILIKE $2 LIMIT $3)",
            search.named_like(1)
        );
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            party: PartyKey,
        }
        if search.is_empty() {
            return Ok(Self { is_everybody: true, keys: Vec::new(), patterns: Vec::new() });
        }
        let rows: Vec<Row> = diesel::sql_query(named)
            .bind::<Array<Text>, _>(search.words())
            .bind::<Text, _>(search.label())
            .bind::<BigInt, _>(Self::MOST)
            .load(connection)?;
        let groups = search.digits().map(groups);
        Ok(Self {
            is_everybody: false,
            keys: rows.into_iter().map(|row| row.party).collect(),
            patterns: search.numbers().into_iter().zip(groups).collect(),
        })
    }

    /// Condition on a column of keys, given the number of its first parameter.
    fn condition(&self, column: &str, first_parameter: usize) -> String {
        if self.is_everybody {
            return "true".to_owned();
        }
        let mut any = match self.keys.len() <= FEW {
            true => format!("{column} = ANY (${first_parameter})"),
            // A hashed subquery, because PostgreSQL compares each row with every element of an array.
            false => format!("({column} IN (SELECT unnest(${first_parameter}))) IS TRUE"),
        };
        for (index, (_, groups)) in self.patterns.iter().enumerate() {
            let first = first_parameter + 1 + 2 * index;
            let by_index = match groups.is_empty() {
                // Gives the unused parameter a type.
                true => format!("${}::integer[] IS NOT NULL", first + 1),
                false => format!("digit_groups({column}) @> ${}", first + 1),
            };
            any.push_str(&format!(" OR {by_index} AND {column} > 0 AND {column}::text LIKE ${first}"));
        }
        format!("({any})")
    }

    fn bind<'a>(&'a self, mut query: Query<'a>) -> Query<'a> {
        if self.is_everybody {
            return query;
        }
        query = query.bind::<Array<BigInt>, _>(&self.keys);
        for (pattern, groups) in &self.patterns {
            query = query.bind::<Text, _>(pattern).bind::<Array<Integer>, _>(groups);
        }
        query
    }
}

/// The groups of four digits in some digits.
fn groups(digits: &str) -> Vec<i32> {
    let windows = digits.as_bytes().windows(4);
    let group = |window: &[u8]| std::str::from_utf8(window).ok()?.parse().ok();
    let mut groups: Vec<i32> = windows.filter_map(group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// The first matching rows of one table. Its parameters are the limit, and the number, calls and last call of
/// the position to continue after.
fn part(sort: Sort, table: &str, key: &str, is_owner: bool, condition: String, is_behind: bool) -> String {
    // Gives each unused parameter a type.
    let everywhere = "$2::bigint IS NOT NULL AND $3::bigint IS NOT NULL AND $4::timestamptz IS NOT NULL";
    let behind = match (is_behind, sort) {
        (false, _) => "true".to_owned(),
        (true, Sort::Recent) => format!("(last_call < $4 OR last_call = $4 AND {key} > $2)"),
        (true, Sort::Calls) => format!("(calls < $3 OR calls = $3 AND {key} > $2)"),
        (true, Sort::Name | Sort::Number) => format!("{key} > $2"),
    };
    format!(
        "SELECT {key} AS number, calls, last_call, {is_owner} AS is_owner FROM {table}
         WHERE {everywhere} AND {behind} AND {condition} ORDER BY {} LIMIT $1",
        order(sort)
    )
}

fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Recent => "last_call DESC, number",
        Sort::Calls => "calls DESC, number",
        Sort::Name | Sort::Number => "number",
    }
}
