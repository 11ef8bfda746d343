//! Missed and unreturned calls of several owners.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::Listed;
use crate::counts::{self, day};
use crate::keys::{PartyKey, Version};
use crate::returned::IS_OPEN;
use crate::schema::{day_counts, histories, history_counts};

/// Missed inbound calls of a history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attention {
    /// Their number.
    pub missed: u64,
    /// Number of those that are open: returnable and not returned.
    pub to_call_back: u64,
}

/// Calls per page that are read one by one, in some 20 ms.
const MOST_CALLS: i64 = 30_000;
/// Long histories per page whose counts are added up, in some 2 ms each.
const MOST_COUNTED: usize = 8;

/// Missed calls of the owners in a page of the directory, as far as it is cheap: short histories are read,
/// and counts of long ones are used if they are current. Other owners are absent.
pub fn attention(
    connection: &mut PgConnection,
    listed: &[Listed],
) -> QueryResult<HashMap<PartyKey, Attention>> {
    let owners = listed.iter().filter(|listed| listed.is_owner);
    let is_long = |listed: &&Listed| listed.calls.unsigned_abs() > counts::LONG;
    let mut left = MOST_CALLS;
    let short = owners.clone().filter(|owner| !is_long(owner)).take_while(|owner| {
        left -= owner.calls;
        left >= 0
    });
    let mut found = read(connection, short.map(|owner| owner.number).collect())?;
    let long: Vec<PartyKey> = owners.filter(is_long).take(MOST_COUNTED).map(|owner| owner.number).collect();
    for owner in current(connection, &long)? {
        found.insert(owner, counted(connection, owner)?);
    }
    Ok(found)
}

/// Counts calls one by one.
fn read(connection: &mut PgConnection, owners: Vec<PartyKey>) -> QueryResult<HashMap<PartyKey, Attention>> {
    let query = format!(
        "WITH spoken AS (
             SELECT number, counterparty, max(created_at) AS last FROM calls
             WHERE number = ANY ($1) AND type IN (1, 3) GROUP BY number, counterparty
         )
         SELECT calls.number, count(*) AS missed,
                count(*) FILTER (WHERE {IS_OPEN} AND coalesce(spoken.last <= calls.created_at, true)) AS open
         FROM calls LEFT JOIN spoken ON spoken.number = calls.number AND spoken.counterparty = calls.counterparty
         WHERE calls.number = ANY ($1) AND calls.type = 2 GROUP BY calls.number"
    );
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: PartyKey,
        #[diesel(sql_type = BigInt)]
        missed: i64,
        #[diesel(sql_type = BigInt)]
        open: i64,
    }
    if owners.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = diesel::sql_query(query).bind::<Array<BigInt>, _>(&owners).load(connection)?;
    let mut found: HashMap<PartyKey, Attention> =
        owners.into_iter().map(|owner| (owner, Attention::default())).collect();
    found.extend(rows.into_iter().map(|row| {
        let (missed, to_call_back) = (row.missed.unsigned_abs(), row.open.unsigned_abs());
        (row.number, Attention { missed, to_call_back })
    }));
    Ok(found)
}

/// The histories whose counts cover all calls.
pub(super) fn current(connection: &mut PgConnection, owners: &[PartyKey]) -> QueryResult<Vec<PartyKey>> {
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let versions: HashMap<PartyKey, Version> = histories::table
        .filter(histories::number.eq_any(owners))
        .select((histories::number, histories::version))
        .load(connection)?
        .into_iter()
        .collect();
    let counted: Vec<(PartyKey, Version)> = history_counts::table
        .filter(history_counts::number.eq_any(owners))
        .select((history_counts::number, history_counts::counted_until))
        .load(connection)?;
    let current = counted.into_iter().filter(|(owner, until)| versions.get(owner) == Some(until));
    Ok(current.map(|(owner, _)| owner).collect())
}

/// Adds up the counts of a history.
fn counted(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Attention> {
    let days: Vec<(i32, Vec<u8>)> = day_counts::table
        .filter(day_counts::number.eq(owner))
        .select((day_counts::day, day_counts::cells))
        .load(connection)?;
    let mut found = Attention::default();
    for (number, packed) in days {
        day::unpack(number, &packed, |_, code, count| {
            if code.call_type() == calls_model::CallType::MissedInbound {
                found.missed += count.calls;
                found.to_call_back += count.open;
            }
        });
    }
    Ok(found)
}
