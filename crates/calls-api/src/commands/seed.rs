//! `calls seed`.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::bail;
use calls_model::Party;
use chrono::{DateTime, NaiveDate, Utc};
use clap::Parser;
use diesel::Connection;
use diesel::pg::PgConnection;
use diesel::result::Error as QueryError;

use super::storage::Storage;
use calls_store::columns::{DispositionColumn, TypeColumn};
use calls_store::insertion::{self, Layout, NewCall, Writer};
use calls_store::keys::PartyKey;
use calls_store::made_up::{self, MadeUpCall, Plan};
use calls_store::names::Keeper;
use calls_store::parties;
use calls_store::server::Server;

#[derive(Debug, clap::Parser)]
pub(crate) struct Arguments {
    /// Number of histories
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    numbers: u32,
    /// Total number of calls
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    calls: u64,
    /// Seed of the random numbers; the same seed makes the same calls
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Length of the histories in days
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// Day after the last call, UTC [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
}

impl Arguments {
    fn plan(&self) -> Plan {
        let until = self.until.unwrap_or_else(|| Utc::now().date_naive());
        Plan { seed: self.seed, numbers: self.numbers, calls: self.calls, until, days: self.days }
    }
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (server, _) = storage.open()?;
    let mut connection = server.connect()?;
    if insertion::any_calls(&mut connection)? {
        bail!("expected an empty database, but found calls in it: made-up calls do not go among real ones");
    }
    fill(&mut connection, arguments.plan())?;
    println!(
        "{} made-up calls of {} numbers, the first two +13333333333 and +14444444444",
        arguments.calls, arguments.numbers
    );
    drop(connection);
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}

/// Fills the database if there is no call in it yet.
pub(crate) fn run_if_empty(server: &Server) -> anyhow::Result<()> {
    let mut connection = server.connect()?;
    if !insertion::any_calls(&mut connection)? {
        // The defaults of `calls seed`.
        fill(&mut connection, Arguments::parse_from(["seed"]).plan())?;
    }
    Ok(())
}

/// Stores the calls in one transaction, so a run that is killed leaves the database empty.
fn fill(connection: &mut PgConnection, plan: Plan) -> anyhow::Result<()> {
    /// Rows per COPY: large enough that its start does not count, and small enough to hold in memory.
    const BATCH: usize = 50_000;
    let bar = super::progress(
        plan.calls,
        "making calls up  {bar:30} {human_pos}/{human_len}  {per_sec}  {eta} left",
    );
    connection.transaction(|connection| {
        let mut writer = Writer::new(Layout::of(connection)?);
        let mut batch = Vec::new();
        // There are few counterparties, so the map stays small.
        let mut last_calls = HashMap::new();
        for (owner, history) in made_up::histories(plan) {
            let owner = Party::E164(owner);
            let keys = parties::insert_parties(connection, history.iter().map(|call| &call.counterparty))?;
            let key_of = |party| parties::fixed_key(party).or_else(|| keys.get(party).copied());
            let owner = key_of(&owner).ok_or(QueryError::NotFound)?;
            for call in &history {
                let counterparty = key_of(&call.counterparty).ok_or(QueryError::NotFound)?;
                batch.push(new_call(owner, counterparty, call));
                let last_call = last_calls.entry(call.counterparty.clone()).or_insert(call.created_at);
                *last_call = call.created_at.max(*last_call);
                if batch.len() == BATCH {
                    bar.inc(writer.add(connection, std::mem::take(&mut batch), &[])?.len() as u64);
                }
            }
        }
        bar.inc(writer.add(connection, batch, &[])?.len() as u64);
        keep_names(connection, last_calls)?;
        diesel::QueryResult::Ok(())
    })?;
    calls_store::settle(connection)?;
    bar.finish_and_clear();
    Ok(())
}

/// Stores names for most parties, as of their last calls.
fn keep_names(
    connection: &mut PgConnection,
    last_calls: HashMap<Party, DateTime<Utc>>,
) -> Result<(), QueryError> {
    let named =
        |(party, at): (Party, DateTime<Utc>)| Some((parties::fixed_key(&party)?, at, made_up::name(&party)?));
    let named: Vec<_> = last_calls.into_iter().filter_map(named).collect();
    let mut names = Keeper::default();
    names.keep(connection, named.iter().map(|(party, at, name)| (*party, *at, name.as_str())))?;
    names.finish(connection)
}

fn new_call(number: PartyKey, counterparty: PartyKey, call: &MadeUpCall) -> NewCall {
    NewCall {
        number,
        counterparty,
        created_at: call.created_at,
        call_type: TypeColumn(call.call_type),
        duration_ms: call.duration_ms,
        disposition: DispositionColumn(Some(call.disposition)),
        ring_ms: call.ring_ms,
        via: None,
    }
}
