//! `calls contacts list`.

use std::io::{self, Write};

use anyhow::ensure;
use calls_store::contacts::{self, Book, Entry};

use super::book;
use crate::commands::storage::Storage;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// List the names of this address book: number, label and name, separated by tabs
    #[arg(long, value_name = "NAME", value_parser = book::name())]
    book: Option<String>,
}

pub(super) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<()> {
    let (server, _) = storage.open()?;
    let mut connection = server.connect()?;
    let out = io::stdout().lock();
    let written = match &arguments.book {
        None => write_books(out, &contacts::list(&mut connection)?),
        Some(book) => {
            ensure!(
                contacts::find(&mut connection, book)?.is_some(),
                "expected one of the address books that `calls contacts list` shows, but found {book:?}"
            );
            write_entries(out, &contacts::entries(&mut connection, book)?)
        }
    };
    drop(connection);
    server.leave()?;
    match written {
        // The reader has closed the pipe.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn write_books(mut out: impl Write, books: &[(Book, i64)]) -> io::Result<()> {
    if books.is_empty() {
        return writeln!(out, "no address books: see `calls contacts import --help`");
    }
    for (Book { book, people, read_at, url, .. }, numbers) in books {
        let read_at = read_at.format("%Y-%m-%d %H:%M UTC");
        write!(out, "{book}: {people} people, {numbers} numbers with names, read {read_at}")?;
        match url {
            Some(url) => writeln!(out, " from {url}")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

fn write_entries(mut out: impl Write, entries: &[Entry]) -> io::Result<()> {
    for Entry { party, name, label } in entries {
        writeln!(out, "{party}\t{}\t{name}", label.as_deref().unwrap_or_default())?;
    }
    out.flush()
}
