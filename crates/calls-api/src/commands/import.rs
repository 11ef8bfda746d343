//! `calls import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use calls_import::{Format, Options, RawParty};
use chrono_tz::Tz;
use indicatif::ProgressBar;

use crate::calls;
use crate::cli::Storage;
use crate::import::{self, OnError, Summary};
use crate::phone::Region;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The call log; `-` reads standard input
    file: PathBuf,
    /// How the log is written, such as asterisk-csv
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// The time zone of times that the log writes without one, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: Tz,
    /// The country whose national numbers are understood without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
    /// Whose calls these are, where the log does not say it
    #[arg(long, value_name = "NUMBER")]
    own: Option<String>,
    /// Read everything, store nothing
    #[arg(long)]
    dry_run: bool,
    /// What to do at an entry that cannot be read
    #[arg(long, value_enum, default_value = "skip")]
    on_error: OnError,
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (bar, reader) = open(&arguments.file)?;
    let mut options = Options { zone: arguments.zone, ..Options::default() };
    options.own = arguments.own.clone().map(RawParty::Text);
    let items = calls_import::read(arguments.format, &options, reader);
    let unit = arguments.format.position_unit();
    let name = arguments.file.display();
    let on_skip = |skipped: &calls_import::Skipped| {
        bar.suspend(|| eprintln!("{name}: {unit} {} skipped: {}", skipped.position, skipped.reason));
    };

    let (region, on_error) = (arguments.region, arguments.on_error);
    let summary = if arguments.dry_run {
        import::run(None, items, region, on_error, on_skip)
    } else {
        let (server, _) = storage.open()?;
        let mut connection = server.connect()?;
        let summary = import::run(Some(&mut connection), items, region, on_error, on_skip);
        calls::settle(&mut connection)?;
        drop(connection);
        server.leave()?;
        summary
    };
    bar.finish_and_clear();
    println!("{}", report(summary.with_context(|| name.to_string())?, arguments.dry_run));
    Ok(ExitCode::SUCCESS)
}

fn open(file: &Path) -> anyhow::Result<(ProgressBar, Box<dyn BufRead>)> {
    if file == Path::new("-") {
        return Ok((ProgressBar::hidden(), Box::new(io::stdin().lock())));
    }
    let context = || format!("cannot read {}", file.display());
    let opened = File::open(file).with_context(context)?;
    let size = opened.metadata().with_context(context)?.len();
    let template =
        "importing  {bar:30} {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
    let bar =
        if io::stderr().is_terminal() { super::progress(size, template) } else { ProgressBar::hidden() };
    let reader = bar.wrap_read(opened);
    Ok((bar, Box::new(BufReader::with_capacity(1 << 20, reader))))
}

fn report(summary: Summary, dry_run: bool) -> String {
    let Summary { records, added, skipped } = summary;
    let there = summary.already_there();
    if dry_run {
        format!("{records} records read, {skipped} skipped, none stored (dry run)")
    } else {
        format!("{records} records read, {added} added, {there} already there, {skipped} skipped")
    }
}
