//! `calls lines`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use calls_model::Party;
use calls_phone::{self as phone, Region};
use calls_store::labels::Labels;
use calls_store::{lines, parties};
use clap::Subcommand;
use diesel::Connection as _;
use diesel::pg::PgConnection;

use super::storage::Storage;

/// Maximum size of a set, which is that of a list over several numbers.
const MOST: usize = 50;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a set of numbers, in place of the one with this name
    Set {
        /// Name of the set, for `number=@NAME`; at most 50 characters
        #[arg(value_parser = name)]
        name: String,
        /// Numbers in any spelling, extensions or SIP addresses; 1 to 50
        #[arg(required = true)]
        numbers: Vec<String>,
        /// Country of numbers without a country code, as two letters (ISO 3166-1)
        #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
        region: Option<Region>,
    },
    /// List the sets with their numbers
    List,
    /// Remove a set; the calls of its numbers stay
    Remove {
        /// The name
        name: String,
    },
}

fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let is_name = (1..=50).contains(&name.chars().count())
        && !name.starts_with('@')
        && !name.chars().any(char::is_control);
    match is_name {
        true => Ok(name.to_owned()),
        false => Err(format!(
            "expected a name of 1 to 50 characters that does not begin with @, but found {text:?}"
        )),
    }
}

pub(crate) fn run(storage: Storage, command: Command) -> anyhow::Result<ExitCode> {
    // Wrong arguments are refused before PostgreSQL is started.
    let wanted = match &command {
        Command::Set { numbers, region, .. } => parse(numbers, *region)?,
        Command::List | Command::Remove { .. } => Vec::new(),
    };
    let (server, _) = storage.open()?;
    let mut connection = server.connect()?;
    match command {
        Command::Set { name, .. } => set(&mut connection, &name, &wanted)?,
        Command::List => list(&mut connection)?,
        Command::Remove { name } => {
            if !lines::remove(&mut connection, &name).context("cannot remove the set")? {
                bail!("expected the name of a set that `calls lines list` shows, but found {name:?}");
            }
            println!("{name} removed");
        }
    }
    drop(connection);
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}

/// Parses the numbers and drops duplicates.
fn parse(numbers: &[String], region: Option<Region>) -> anyhow::Result<Vec<Party>> {
    let mut parsed: Vec<Party> = Vec::new();
    for number in numbers {
        let party = phone::parse(number, region)?;
        if !parsed.contains(&party) {
            parsed.push(party);
        }
    }
    match parsed.len() {
        0..=MOST => Ok(parsed),
        many => bail!("expected at most {MOST} numbers, but found {many}"),
    }
}

fn set(connection: &mut PgConnection, name: &str, numbers: &[Party]) -> anyhow::Result<()> {
    let stored = connection.transaction(|connection| {
        let others = parties::insert_parties(connection, numbers)?;
        let key = |party: &Party| parties::fixed_key(party).or_else(|| others.get(party).copied());
        let keys: Vec<_> = numbers.iter().filter_map(key).collect();
        lines::set(connection, name, &keys)
    });
    stored.context("cannot store the set")?;
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    println!("{name}: {}", texts.join(" "));
    Ok(())
}

fn list(connection: &mut PgConnection) -> anyhow::Result<()> {
    let labels = Labels::default();
    let sets = lines::sets(connection).context("cannot read the sets")?;
    let keys = sets.iter().flat_map(|set| set.numbers.iter().copied());
    labels.load(connection, keys).context("cannot read the sets")?;
    for lines::Set { name, numbers } in sets {
        let texts: Vec<String> = numbers.into_iter().map(|key| labels.get(key).to_string()).collect();
        println!("{name}: {}", texts.join(" "));
    }
    Ok(())
}
