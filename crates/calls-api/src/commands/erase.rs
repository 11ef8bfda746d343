//! `calls erase`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use calls_model::Party;
use diesel::Connection;
use diesel::result::Error as QueryError;

use crate::calls;
use crate::cli::Storage;
use crate::erasure::{self, Erased};
use crate::parties;
use calls_phone::{self as phone, Region};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The number in any spelling, an extension or a SIP address
    number: String,
    /// The country whose national numbers are understood without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
    /// Say what would be erased, and erase nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let party = phone::parse(&arguments.number, arguments.region)
        .or_else(|error| arguments.number.parse::<Party>().map_err(|_| error))?;
    if matches!(party, Party::Withheld | Party::Unknown) {
        bail!(
            "expected a number, but found {:?}: such callers are many people, and none is named",
            arguments.number
        );
    }
    let (server, _) = storage.open()?;
    let mut connection = server.connect()?;
    let mut report = None;
    // A dry run does the same and takes it back, so its report cannot differ.
    let result = connection.transaction(|connection| {
        let unknown = parties::find_party(connection, &Party::Unknown)?.ok_or(QueryError::NotFound)?;
        match parties::find_party(connection, &party)? {
            Some(key) => report = Some(erasure::erase(connection, key, unknown)?),
            // Nobody's party, and yet somebody may have sent it in a spelling that was refused.
            None => _ = erasure::forget_spellings(connection)?,
        }
        if arguments.dry_run { Err(QueryError::RollbackTransaction) } else { Ok(()) }
    });
    match result {
        Err(QueryError::RollbackTransaction) if arguments.dry_run => {}
        result => result.context("cannot erase: nothing has changed")?,
    }
    let nothing = Erased { own: 0, made_unknown: 0, duplicates: 0, parties: 0 };
    println!("{}", line(report.unwrap_or(nothing), arguments.dry_run));
    if !arguments.dry_run {
        // Deleted rows leave the files only now.
        calls::settle(&mut connection)?;
    }
    drop(connection);
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}

fn line(erased: Erased, dry_run: bool) -> String {
    let Erased { own, made_unknown, duplicates, parties } = erased;
    let end = if dry_run { "; nothing has changed (dry run)" } else { "" };
    format!(
        "{own} calls of its own deleted; of others {made_unknown} calls made unknown and {duplicates} deleted; \
         {parties} parties removed{end}"
    )
}
