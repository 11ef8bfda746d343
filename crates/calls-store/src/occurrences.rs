//! Parties that occur in the histories of others (see the migration `keep_address_books`).
//!
//! Writers do not maintain this list: a search first adds the calls that are new. After calls were removed or
//! changed it is rebuilt.

use calls_model::Party;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};

use crate::distribution;
use crate::keys::PartyKey;
use crate::labels::Labels;
use crate::names;

/// Number of histories with new calls per statement.
const BATCH: usize = 5_000;

/// A history with calls that are not listed yet.
#[derive(QueryableByName)]
struct Behind {
    #[diesel(sql_type = BigInt)]
    number: PartyKey,
    #[diesel(sql_type = BigInt)]
    from: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    answer: bool,
}

/// Lists new calls, in a transaction that may take minutes for many millions. False if another process does
/// it.
///
/// # Errors
/// Those of PostgreSQL.
pub fn bring_forward(connection: &mut PgConnection) -> QueryResult<bool> {
    // An advisory lock, with a number that is used for this table only.
    const CLAIM: &str = "SELECT pg_try_advisory_xact_lock(7215408310046) AS answer";
    const IS_STALE: &str = "
        SELECT EXISTS (
            SELECT FROM listed_histories AS listed LEFT JOIN histories USING (number)
            WHERE histories.epoch IS DISTINCT FROM listed.epoch
        ) AS answer";
    connection.build_transaction().repeatable_read().run(|connection| {
        if !diesel::sql_query(CLAIM).get_result::<Answer>(connection)?.answer {
            return Ok(false);
        }
        distribution::prepare(connection)?;
        // Rows lost in a crash are listed again.
        for setting in ["statement_timeout = 0", "work_mem = '64MB'", "synchronous_commit = off"] {
            diesel::sql_query(format!("SET LOCAL {setting}")).execute(connection)?;
        }
        if diesel::sql_query(IS_STALE).get_result::<Answer>(connection)?.answer {
            forget(connection)?;
        }
        let behind = behind(connection)?;
        for histories in behind.chunks(BATCH) {
            add(connection, histories)?;
        }
        Ok(true)
    })
}

/// Deletes the list. The next search rebuilds it.
pub(crate) fn forget(connection: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("DELETE FROM listed_histories").execute(connection)?;
    diesel::sql_query("DELETE FROM occurrences").execute(connection).map(|_| ())
}

fn behind(connection: &mut PgConnection) -> QueryResult<Vec<Behind>> {
    const BEHIND: &str = "
        SELECT histories.number, coalesce(listed.until, 0) AS \"from\", histories.version, histories.epoch
        FROM histories LEFT JOIN listed_histories AS listed USING (number)
        WHERE listed.until IS DISTINCT FROM histories.version ORDER BY histories.number";
    diesel::sql_query(BEHIND).load(connection)
}

/// Lists the new calls of some histories.
fn add(connection: &mut PgConnection, behind: &[Behind]) -> QueryResult<()> {
    const ADD: &str = "
        INSERT INTO occurrences AS known (party, calls, last_call, histories)
        SELECT counterparty, sum(calls), max(last_call), (array_agg(number ORDER BY last_call DESC, number))[1:50]
        FROM (
            SELECT calls.counterparty, calls.number, count(*) AS calls, max(calls.created_at) AS last_call
            FROM unnest($1, $2, $3) AS new (number, \"from\", until)
            JOIN calls ON calls.number = new.number AND calls.id > new.\"from\" AND calls.id <= new.until
            WHERE calls.counterparty > 0 OR calls.counterparty BETWEEN -4611686018427387904 AND -3
            GROUP BY calls.counterparty, calls.number
        ) AS pairs
        GROUP BY counterparty ORDER BY counterparty
        ON CONFLICT (party) DO UPDATE SET
            calls = known.calls + excluded.calls,
            last_call = greatest(known.last_call, excluded.last_call),
            histories = (excluded.histories || ARRAY(
                SELECT number FROM unnest(known.histories) WITH ORDINALITY AS older (number, place)
                WHERE number <> ALL (excluded.histories) ORDER BY place
            ))[1:50]";
    const MARK: &str = "
        INSERT INTO listed_histories (number, until, epoch) SELECT * FROM unnest($1, $2, $3)
        ON CONFLICT (number) DO UPDATE SET until = excluded.until, epoch = excluded.epoch";
    let numbers: Vec<PartyKey> = behind.iter().map(|history| history.number).collect();
    let until: Vec<i64> = behind.iter().map(|history| history.version).collect();
    diesel::sql_query(ADD)
        .bind::<Array<BigInt>, _>(&numbers)
        .bind::<Array<BigInt>, _>(behind.iter().map(|history| history.from).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(&until)
        .execute(connection)?;
    diesel::sql_query(MARK)
        .bind::<Array<BigInt>, _>(&numbers)
        .bind::<Array<BigInt>, _>(&until)
        .bind::<Array<BigInt>, _>(behind.iter().map(|history| history.epoch).collect::<Vec<_>>())
        .execute(connection)
        .map(|_| ())
}

/// A history that a party occurs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Owner of the history.
    pub number: Party,
    /// The owner's name.
    pub name: Option<String>,
    /// Number of calls of the history with the party.
    pub calls: u64,
    /// Time of the latest of them.
    pub last_call: DateTime<Utc>,
}

/// The histories that a party occurs in: at most 50, latest call first.
pub fn histories_of(
    connection: &mut PgConnection,
    labels: &Labels,
    party: PartyKey,
) -> QueryResult<Vec<Occurrence>> {
    // Only long histories have counts, which are brought up to date for this.
    const HISTORIES: &str = "
        SELECT owner.number, coalesce(counted.calls, 0) + newer.calls AS calls,
               (SELECT max(last) FROM (
                    SELECT (SELECT max(created_at) FROM calls WHERE number = owner.number AND counterparty = $1
                            AND type = kind) AS last
                    FROM generate_series(1, 4) AS kind) AS latest) AS last_call
        FROM (SELECT unnest(histories) AS number FROM occurrences WHERE party = $1) AS owner
        LEFT JOIN LATERAL (
            SELECT completed_inbound + missed_inbound + completed_outbound + missed_outbound AS calls, counted_until
            FROM counterparty_counts JOIN history_counts USING (number)
            WHERE number = owner.number AND counterparty = $1
        ) AS counted ON true
        CROSS JOIN LATERAL (
            SELECT count(*) AS calls FROM calls
            WHERE number = owner.number AND counterparty = $1 AND id > coalesce(counted.counted_until, 0)
        ) AS newer";
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: PartyKey,
        #[diesel(sql_type = BigInt)]
        calls: i64,
        #[diesel(sql_type = diesel::sql_types::Nullable<Timestamptz>)]
        last_call: Option<DateTime<Utc>>,
    }
    let rows: Vec<Row> = diesel::sql_query(HISTORIES).bind::<BigInt, _>(party).load(connection)?;
    let owners: Vec<PartyKey> = rows.iter().map(|row| row.number).collect();
    labels.load(connection, owners.iter().copied())?;
    let mut names = names::find(connection, owners)?;
    let mut found: Vec<Occurrence> = rows
        .into_iter()
        .filter_map(|row| {
            Some(Occurrence {
                number: labels.get(row.number),
                name: names.remove(&row.number).map(|name| name.name),
                calls: row.calls.unsigned_abs(),
                // Without a last call, all calls have been removed since.
                last_call: row.last_call?,
            })
        })
        .collect();
    found.sort_by(|one, other| (other.last_call, &one.number).cmp(&(one.last_call, &other.number)));
    Ok(found)
}
