//! `calls erase`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use calls_model::Party;
use diesel::Connection;
use diesel::result::Error as QueryError;

use super::storage::Storage;
use calls_phone::{self as phone, Region};
use calls_store::erasure::{self, Erased};
use calls_store::{idempotency, parties, settle};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The number in any spelling, an extension or a SIP address
    number: String,
    /// Country of numbers without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
    /// Report what would be erased, without erasing it
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let number = phone::parse(&arguments.number, arguments.region)
        .or_else(|error| arguments.number.parse::<Party>().map_err(|_| error));
    let party = match number {
        Ok(party @ (Party::Withheld | Party::Unknown)) => bail!(
            "expected a number, but found {:?}: such callers are many people, and none is named",
            party.to_string()
        ),
        Ok(party) => party,
        Err(error) => bail!(error),
    };
    let (server, _) = storage.open()?;
    let mut connection = server.connect()?;
    let mut report = Erased::default();
    // A dry run does the same and is rolled back, so its report cannot differ.
    let result = connection.transaction(|connection| {
        match parties::find_party(connection, &party)? {
            Some(key) => report = erasure::erase(connection, key)?,
            // A text that occurs in no call is a typing error.
            None if matches!(party, Party::Text(_)) => return Err(QueryError::NotFound),
            // The party has no calls, but a refused request may have quoted it.
            None => _ = idempotency::forget_quotes(connection)?,
        }
        if arguments.dry_run { Err(QueryError::RollbackTransaction) } else { Ok(()) }
    });
    match result {
        Err(QueryError::RollbackTransaction) if arguments.dry_run => {}
        Err(QueryError::NotFound) => _ = phone::parse(&arguments.number, arguments.region)?,
        result => result.context("cannot erase: nothing has changed")?,
    }
    println!("{}", line(report, arguments.dry_run));
    if !arguments.dry_run {
        // Deleted rows leave the files only when vacuumed.
        settle(&mut connection)?;
    }
    drop(connection);
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}

fn line(erased: Erased, dry_run: bool) -> String {
    let Erased { own, made_unknown, duplicates } = erased;
    let end = if dry_run { "; nothing has changed (dry run)" } else { "" };
    format!(
        "{own} calls of its own deleted; of others {made_unknown} calls made unknown and {duplicates} deleted{end}"
    )
}
