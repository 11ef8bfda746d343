//! `calls contacts import`.

use std::fs::{self, File};
use std::io::{self, BufReader, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use calls_contacts::ReadError;
use calls_phone::Region;
use calls_store::contacts::{self, Book};
use chrono::Utc;
use indicatif::ProgressBar;

use super::book::{self, Read};
use crate::commands::storage::Storage;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files or folders of the address book; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Name of the address book; books of other names stay as they are
    #[arg(long, value_name = "NAME", default_value = "contacts", value_parser = book::name())]
    book: String,
    /// Country of numbers without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
    /// Read everything, store nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<()> {
    let read = read_all(&arguments)?;
    for line in read.refusals() {
        eprintln!("{line}");
    }
    if arguments.dry_run {
        println!("{}", read.line(None));
        return Ok(());
    }
    ensure!(
        !read.entries.is_empty(),
        "expected people with numbers, but found none: the address book {} stays as it was",
        arguments.book
    );
    let book = Book {
        book: arguments.book,
        people: i32::try_from(read.people).unwrap_or(i32::MAX),
        read_at: Utc::now(),
        url: None,
        state: None,
        region: arguments.region.map(|region| region.to_string()),
    };
    let (server, _) = storage.open()?;
    let replaced = contacts::replace(&mut server.connect()?, &book, read.entries.clone())
        .context("cannot store the names: nothing has changed")?;
    server.leave()?;
    println!("{}", read.line(Some(replaced)));
    Ok(())
}

fn read_all(arguments: &Arguments) -> anyhow::Result<Read> {
    let mut files = Vec::new();
    for path in &arguments.files {
        let in_folder = path.is_dir();
        let found = calls_contacts::files(path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            !found.is_empty(),
            "expected address books (.vcf, .csv, .xml) in the folder {}, but found none",
            path.display()
        );
        files.extend(found.into_iter().map(|file| (file, in_folder)));
    }
    let bar = bar(&files);
    let mut read = Read::default();
    for (file, in_folder) in &files {
        match read_file(file, &bar, arguments.region, &mut read) {
            // Folders may contain other files.
            Err(error @ ReadError::UnknownFormat(_)) if *in_folder => {
                bar.suspend(|| eprintln!("{} left out: {error}", file.display()));
            }
            result => result.with_context(|| format!("cannot read {}", file.display()))?,
        }
    }
    bar.finish_and_clear();
    Ok(read)
}

fn read_file(
    file: &Path,
    bar: &ProgressBar,
    region: Option<Region>,
    read: &mut Read,
) -> Result<(), ReadError> {
    let reader: Box<dyn io::Read> = match file == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(file)?),
    };
    let reader = BufReader::new(bar.wrap_read(reader));
    calls_contacts::read(reader, |item| read.add(item, region)).map(|_| ())
}

/// Progress bar with rate and ETA. Hidden without a terminal or a known total.
fn bar(files: &[(PathBuf, bool)]) -> ProgressBar {
    let size = |(file, _): &(PathBuf, bool)| fs::metadata(file).map_or(0, |metadata| metadata.len());
    let size: u64 = files.iter().map(size).sum();
    let template =
        "reading  {bar:30} {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
    match size > 0 && io::stderr().is_terminal() {
        true => crate::commands::progress(size, template),
        false => ProgressBar::hidden(),
    }
}
