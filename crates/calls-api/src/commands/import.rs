//! `calls import`.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use calls_import::{Columns, DateOrder, Format, Opened, Options, Progress, RawParty, Skipped};
use chrono_tz::Tz;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::ProgressBar;
use serde::Serialize;

use super::storage::Storage;
use calls_phone::Region;
use calls_store::import::{self, Event, ImportError, OnError, Summary};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The call log, plain or in gzip or zip; or a folder of them; `-` reads standard input
    file: PathBuf,
    /// How the log is written; `auto` finds it out by what is in it
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = format_choice())]
    format: FormatChoice,
    /// The time zone of times that the log writes without one, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: Tz,
    /// The country whose national numbers are understood without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
    /// Whether dates such as 03/02/2026 begin with the day or the month, where the log does not tell
    #[arg(long, value_name = "ORDER", value_parser = date_order())]
    dates: Option<DateOrder>,
    /// Whose calls these are, where the log does not say it
    #[arg(long, value_name = "NUMBER")]
    own: Option<String>,
    /// For generic-csv: which column is what, as start=Date,from=Caller,to=Called,duration=Seconds
    #[arg(long, value_name = "ROLE=COLUMN,...")]
    map: Option<Columns>,
    /// Read everything, store nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the records to a file as NDJSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// Write what was added and what was skipped to a file as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// What to do at an entry that cannot be read
    #[arg(long, value_parser = on_error_choice(), default_value = "skip")]
    on_error: OnError,
}

fn on_error_choice() -> impl TypedValueParser<Value = OnError> {
    let choose = |name: String| if name == "stop" { OnError::Stop } else { OnError::Skip };
    PossibleValuesParser::new(["skip", "stop"]).map(choose)
}

/// A format, or the wish that it be found out.
#[derive(Debug, Clone, Copy)]
enum FormatChoice {
    Auto,
    Named(Format),
}

fn format_choice() -> impl TypedValueParser<Value = FormatChoice> {
    let names = Format::ALL.into_iter().map(|(_, name)| name);
    let named = |name: String| name.parse().map_or(FormatChoice::Auto, FormatChoice::Named);
    PossibleValuesParser::new(std::iter::once("auto").chain(names)).map(named)
}

fn date_order() -> impl TypedValueParser<Value = DateOrder> {
    let names = DateOrder::ALL.map(|(_, name)| name);
    PossibleValuesParser::new(names).try_map(|name: String| name.parse::<DateOrder>())
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let name = arguments.file.display().to_string();
    let progress = Progress::default();
    let opened = open(&arguments, &progress).with_context(|| format!("cannot import {name}"))?;
    let unit = opened.format.map_or("entry", Format::position_unit);
    let bar = bar(&arguments.file);
    let mut records = arguments.records.as_deref().map(record_writer).transpose()?;
    let mut report = Report::default();
    let mut written = Ok(());
    let on_event = |event: Event<'_>| match event {
        Event::Skipped(skipped) => {
            bar.suspend(|| eprintln!("{name}: {unit} {} skipped: {}", skipped.position, skipped.reason));
            if arguments.report.is_some() {
                report.skipped.push(SkippedEntry::new(unit, skipped));
            }
        }
        Event::Stored(batch) => {
            bar.set_position(progress.bytes());
            if let (Some(writer), Ok(())) = (&mut records, &written) {
                written = batch.iter().try_for_each(|call| write_record(writer, call));
            }
        }
    };

    let (region, on_error) = (arguments.region, arguments.on_error);
    let (summary, ended): (Summary, Result<(), ImportError>) = if arguments.dry_run {
        import::run(None, opened.items, region, on_error, on_event)
    } else {
        let (server, _) = storage.open()?;
        let mut connection = server.connect()?;
        let imported = import::run(Some(&mut connection), opened.items, region, on_error, on_event);
        calls_store::settle(&mut connection)?;
        drop(connection);
        server.leave()?;
        imported
    };
    bar.finish_and_clear();
    written
        .and_then(|()| records.map_or(Ok(()), |mut writer| writer.flush()))
        .context("cannot write the records")?;
    report.fill(summary, arguments.dry_run);
    if let Some(file) = &arguments.report {
        let json = serde_json::to_string_pretty(&report)? + "\n";
        fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    // Where the records are on standard output they are alone there.
    let line = report.line(opened.format);
    if arguments.records.as_deref() == Some(Path::new("-")) {
        eprintln!("{line}")
    } else {
        println!("{line}")
    }
    ended.with_context(|| format!("cannot import all of {name}"))?;
    Ok(ExitCode::SUCCESS)
}

fn open(arguments: &Arguments, progress: &Progress) -> Result<Opened<'static>, calls_import::ReadError> {
    let options = Options {
        zone: arguments.zone,
        own: arguments.own.as_deref().map(RawParty::from_text),
        columns: arguments.map.clone().unwrap_or_default(),
        dates: arguments.dates,
        region: arguments.region.map(|region| region.to_string()),
    };
    let format = match arguments.format {
        FormatChoice::Auto => None,
        FormatChoice::Named(format) => Some(format),
    };
    if arguments.file == Path::new("-") {
        calls_import::read_any(io::stdin().lock(), format, &options)
    } else {
        calls_import::open(&arguments.file, format, &options, progress)
    }
}

/// How far, how fast, how long still. Hidden where nobody looks or nobody can tell.
fn bar(file: &Path) -> ProgressBar {
    let size = fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
    let template =
        "importing  {bar:30} {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
    match size.filter(|_| io::stderr().is_terminal()) {
        Some(size) => super::progress(size, template),
        None => ProgressBar::hidden(),
    }
}

fn record_writer(file: &Path) -> anyhow::Result<Box<dyn Write>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufWriter::new(io::stdout())));
    }
    let created = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(Box::new(BufWriter::new(created)))
}

fn write_record(writer: &mut dyn Write, call: &import::ResolvedCall) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, call)?;
    writer.write_all(b"\n")
}

/// What an import came to, as `--report` writes it.
#[derive(Debug, Default, Serialize)]
struct Report {
    dry_run: bool,
    /// Records that were read.
    read: u64,
    added: u64,
    already_there: u64,
    skipped: Vec<SkippedEntry>,
    #[serde(skip)]
    skipped_count: u64,
}

#[derive(Debug, Serialize)]
struct SkippedEntry {
    /// What the position counts: lines, entries or files.
    unit: &'static str,
    position: u64,
    reason: String,
}

impl SkippedEntry {
    fn new(unit: &'static str, skipped: &Skipped) -> Self {
        Self { unit, position: skipped.position, reason: skipped.reason.to_string() }
    }
}

impl Report {
    fn fill(&mut self, summary: Summary, dry_run: bool) {
        self.dry_run = dry_run;
        self.read = summary.records;
        self.added = if dry_run { 0 } else { summary.added };
        self.already_there = if dry_run { 0 } else { summary.already_there() };
        self.skipped_count = summary.skipped;
    }

    fn line(&self, format: Option<Format>) -> String {
        let Self { read, added, already_there, skipped_count, .. } = self;
        let of = format.map(|format| format!(" of {format}")).unwrap_or_default();
        if self.dry_run {
            format!("{read} records{of} read, {skipped_count} skipped, none stored (dry run)")
        } else {
            format!(
                "{read} records{of} read, {added} added, {already_there} already there, {skipped_count} skipped"
            )
        }
    }
}
