//! `calls import`.

mod folder;
mod terminal;
mod watch;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use calls_import::{Format, Opened, Progress, ReadError};
use calls_store::import::{Event, OnError, ResolvedCall};
use calls_store::last_imports;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::storage::Storage;
use crate::intake;
use crate::intake::options::{Read, Texts};
use crate::intake::report::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Call log, plain or in gzip or zip, or a folder of logs; `-` reads standard input
    #[arg(required_unless_present = "watch", conflicts_with = "watch")]
    file: Option<PathBuf>,
    /// Format of the log; `auto` detects it
    #[arg(long, value_name = "FORMAT", default_value = "auto", long_help = formats_help())]
    format: String,
    /// Time zone of times without one, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Country of numbers without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<String>,
    /// Order of ambiguous dates such as 03/02/2026: day-first or month-first
    #[arg(long, value_name = "ORDER")]
    dates: Option<String>,
    /// Owner of the calls, where the log does not name one
    #[arg(long, value_name = "NUMBER")]
    own: Option<String>,
    /// Columns of generic-csv, as start=Date,from=Caller,to=Called,duration=Seconds
    #[arg(long, value_name = "ROLE=COLUMN,...")]
    map: Option<String>,
    /// Read everything, store nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the records to a file as NDJSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// Write a report with the counts and every skipped entry to a file as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Reaction to an entry that cannot be read
    #[arg(long, value_parser = on_error_choice(), default_value = "skip")]
    on_error: OnError,
    /// Watch a folder: import each new log once, when it has stopped growing
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dry_run", "records", "report", "on_error"])]
    watch: Option<PathBuf>,
    /// With --watch: time without a change after which a file is complete
    #[arg(long, value_name = "SECONDS", default_value_t = 2, requires = "watch")]
    settle: u64,
    /// Public URL of the server, for links to pages
    #[arg(long, env = "CALLS_PUBLIC_URL", value_name = "URL", default_value = "http://localhost:8000")]
    public_url: String,
}

fn on_error_choice() -> impl TypedValueParser<Value = OnError> {
    let choose = |name: String| if name == "stop" { OnError::Stop } else { OnError::Skip };
    PossibleValuesParser::new(["skip", "stop"]).map(choose)
}

fn formats_help() -> String {
    let width = Format::ALL.iter().map(|(_, name)| name.len()).max().unwrap_or_default();
    let lines = Format::ALL.map(|(format, name)| format!("  {name:width$}  {}", format.title()));
    format!("Format of the log; `auto` detects it:\n\n{}", lines.join("\n"))
}

impl Arguments {
    fn options(&self) -> anyhow::Result<Read> {
        let texts = Texts {
            format: Some(&self.format),
            zone: self.zone.as_deref(),
            region: self.region.as_deref(),
            dates: self.dates.as_deref(),
            own: self.own.as_deref(),
            map: self.map.as_deref(),
        };
        Ok(texts.read(None)?)
    }

    fn base(&self) -> &str {
        self.public_url.trim_end_matches('/')
    }
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let read = arguments.options()?;
    match (&arguments.watch, &arguments.file) {
        (Some(folder), _) => watch::run(storage, folder, &arguments, &read),
        (None, Some(file)) => import(storage, file, &arguments, &read),
        (None, None) => Ok(ExitCode::SUCCESS),
    }
}

fn import(storage: Storage, file: &Path, arguments: &Arguments, read: &Read) -> anyhow::Result<ExitCode> {
    let name = file.display().to_string();
    let progress = Progress::default();
    let opened = open(file, read, &progress).with_context(|| format!("cannot import {name}"))?;
    let bar = terminal::bar(file);
    let mut records = arguments.records.as_deref().map(record_writer).transpose()?;
    let mut report = Report::new(opened.format, arguments.dry_run, arguments.report.is_some())?;
    let mut written = Ok(());
    let on_event = |event: &Event<'_>| {
        bar.set_position(progress.bytes());
        if let (Event::Stored(batch), Some(writer), Ok(())) = (event, &mut records, &written) {
            written = batch.iter().try_for_each(|call| write_record(writer, call));
        }
    };
    let choices = (read.region, arguments.on_error);
    let ended = if arguments.dry_run {
        intake::run(None, opened.items, choices, &mut report, on_event)
    } else {
        let (server, _) = storage.open()?;
        let mut connection = server.connect()?;
        let ended = intake::run(Some(&mut connection), opened.items, choices, &mut report, on_event);
        calls_store::settle(&mut connection)?;
        if ended.is_ok() && !report.found_nothing() {
            last_imports::note(&mut connection, last_imports::Source::Command, report.stored().0)?;
        }
        drop(connection);
        server.leave()?;
        ended
    };
    bar.finish_and_clear();
    written
        .and_then(|()| records.map_or(Ok(()), |mut writer| writer.flush()))
        .context("cannot write the records")?;
    let ended = ended.with_context(|| format!("cannot import all of {name}"));
    if let Err(error) = &ended {
        report.end_early(format!("{error:#}"));
    }
    if let Some(file) = &arguments.report {
        let mut write = || report.write(BufWriter::new(File::create(file)?));
        write().with_context(|| format!("cannot write {}", file.display()))?;
    }
    // Records on standard output must not be mixed with messages.
    let is_alone = arguments.records.as_deref() == Some(Path::new("-"));
    if ended.is_ok() || !report.is_empty() {
        let is_zone_missing =
            arguments.zone.is_none() && opened.format.is_some_and(Format::may_have_local_times);
        terminal::tell(&report, &name, (arguments.base(), is_zone_missing), is_alone);
    }
    ended?;
    if report.found_nothing() {
        eprintln!("calls: {}", terminal::nothing_found(file, &report, read));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn open(file: &Path, read: &Read, progress: &Progress) -> Result<Opened<'static>, ReadError> {
    if file == Path::new("-") {
        calls_import::read_any(io::stdin().lock(), read.format, &read.options)
    } else {
        calls_import::open(file, read.format, &read.options, progress)
    }
}

fn record_writer(file: &Path) -> anyhow::Result<Box<dyn Write>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufWriter::new(io::stdout())));
    }
    let created = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(Box::new(BufWriter::new(created)))
}

fn write_record(writer: &mut dyn Write, call: &ResolvedCall) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, call)?;
    writer.write_all(b"\n")
}

/// Size of a regular file, in bytes.
fn file_size(file: &Path) -> Option<u64> {
    fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
}
