//! `calls contacts`.

mod book;
mod carddav;
mod import;
mod list;
mod sync;

use std::process::ExitCode;

use anyhow::bail;
use calls_store::contacts;

use super::storage::Storage;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Read an address book: vCards, CSV of Google or Outlook, a FRITZ!Box phonebook
    ///
    /// An import replaces what the book had: run again it updates the names, and those that have gone from
    /// the files are gone. Photos, addresses and everything else but names and numbers are not read.
    Import(import::Arguments),
    /// Read an address book from a CardDAV server, such as Nextcloud, Radicale or Fastmail
    ///
    /// Changes and deletions on the server are made here too. Where the server cannot be
    /// read to the end, the names stay as they were. Run it from time to time, as by cron.
    Sync(Box<sync::Arguments>),
    /// List the address books, or the names of one
    List(list::Arguments),
    /// Remove an address book and its names
    Remove {
        /// Name of the address book
        #[arg(long, value_name = "NAME", value_parser = book::name())]
        book: String,
    },
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Import(arguments) => import::run(storage, arguments)?,
        Command::Sync(arguments) => sync::run(storage, *arguments)?,
        Command::List(arguments) => list::run(storage, arguments)?,
        Command::Remove { book } => remove(storage, &book)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn remove(storage: Storage, book: &str) -> anyhow::Result<()> {
    let (server, _) = storage.open()?;
    let removed = contacts::remove(&mut server.connect()?, book)?;
    server.leave()?;
    match removed {
        Some(numbers) => println!("{numbers} numbers lost their names of the address book {book}"),
        None => {
            bail!("expected one of the address books that `calls contacts list` shows, but found {book:?}")
        }
    }
    Ok(())
}
