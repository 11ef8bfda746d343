//! `calls export`: the formats of the API, and Parquet.

#[cfg(feature = "parquet")]
mod parquet;

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use calls_model::Party;
use indicatif::ProgressBar;

use super::storage::Storage;
use crate::routes::{self, Wanted};
use calls_phone::Region;
use calls_store::backup::Unfinished;
use calls_store::deadlines::Deadlines;
use calls_store::directory::{self, Listed, Place, Question, Sort};
use calls_store::labels::Labels;
use calls_store::pool::{Database, Queue};
use calls_store::search::Search;
use calls_store::server::{Failures, Server};

/// Number of owners per query.
const OWNERS: u16 = 1000;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Number whose calls to export, in any spelling [default: all numbers, with a column `owner`]
    #[arg(value_name = "NUMBER")]
    number: Option<String>,
    /// Format: csv and ndjson as in the API, or parquet
    #[arg(long, default_value = "csv", value_name = "FORMAT")]
    format: Format,
    /// File to write; it is renamed into place when complete [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Filter as in the API, such as type="Missed Inbound", from=2024-01-01 or counterparty=+1202*.
    /// Repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = filter)]
    filter: Vec<(String, String)>,
    /// Country of numbers without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Ndjson,
    Parquet,
}

fn filter(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| format!("expected a name and a value such as from=2024-01-01, but found {text:?}"))
}

/// Source and selection of the calls.
struct Source {
    database: Database,
    labels: Labels,
    wanted: Wanted,
    /// Whether each row has a column `owner`.
    with_owner: bool,
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { number, format, output, filter, region } = arguments;
    let party = number.map(|number| calls_phone::parse(&number, region)).transpose()?;
    let wanted = Wanted::read(filter, region).map_err(|error| {
        let problem = error.problem();
        anyhow::anyhow!("--filter: {}", problem.detail.unwrap_or(problem.title))
    })?;
    let server = storage.existing()?;
    let (server, _) = super::storage::migrate(server)?;
    let source = Source {
        database: database(&server),
        labels: Labels::default(),
        wanted,
        with_owner: party.is_none(),
    };
    match &output {
        None => source.write(party, format, Box::new(io::stdout()))?,
        Some(path) => {
            let unfinished = Unfinished::create(path)?;
            let file = OpenOptions::new().write(true).open(unfinished.path())?;
            source.write(party, format, Box::new(file.try_clone()?))?;
            sync(&file, path)?;
            unfinished.keep(path)?;
        }
    }
    drop(source);
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}

/// Exports have no deadline.
fn database(server: &Server) -> Database {
    let deadlines = Deadlines { request: Duration::from_secs(60) };
    Database::new(server.url(), 1, Queue::new(1), deadlines, Failures::default())
}

fn sync(file: &File, path: &Path) -> anyhow::Result<()> {
    file.sync_all().with_context(|| format!("cannot write {}", path.display()))
}

impl Source {
    /// Writes the calls of one party, or of all parties.
    fn write(&self, party: Option<Party>, format: Format, out: Box<dyn Write + Send>) -> anyhow::Result<()> {
        let out = BufWriter::with_capacity(1 << 20, out);
        let format = match format {
            Format::Csv => routes::Format::Csv,
            Format::Ndjson => routes::Format::Ndjson,
            Format::Parquet => return self.write_parquet(party, out),
        };
        let (mut out, mut is_first) = (out, true);
        self.each_history(party, |history| {
            let parts = (self.database.clone(), self.labels.clone());
            let mut export = routes::Export::of_history(
                parts,
                history,
                &self.wanted,
                format,
                self.with_owner,
                std::mem::take(&mut is_first),
            )?;
            while let (next, Some(batch)) = export.next_batch()? {
                out.write_all(&batch)?;
                export = next;
            }
            Ok(())
        })?;
        Ok(out.flush()?)
    }

    #[cfg(feature = "parquet")]
    fn write_parquet(
        &self,
        party: Option<Party>,
        out: BufWriter<Box<dyn Write + Send>>,
    ) -> anyhow::Result<()> {
        let mut rows = parquet::Rows::new(out, self.with_owner)?;
        self.each_history(party, |history| {
            let parts = (self.database.clone(), self.labels.clone());
            let (format, owner) = (routes::Format::Ndjson, history.to_string());
            let mut export =
                routes::Export::of_history(parts, history, &self.wanted, format, self.with_owner, true)?;
            while let (next, Some(calls)) = export.next_calls()? {
                rows.add(&owner, calls)?;
                export = next;
            }
            Ok(())
        })?;
        rows.finish()
    }

    #[cfg(not(feature = "parquet"))]
    fn write_parquet(&self, _: Option<Party>, _: BufWriter<Box<dyn Write + Send>>) -> anyhow::Result<()> {
        bail!("expected csv or ndjson: this program was built without the feature `parquet`")
    }

    /// Calls `each` with the party, or with every party that has a history, ordered by number.
    fn each_history(
        &self,
        party: Option<Party>,
        mut work: impl FnMut(Party) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if let Some(party) = party {
            if !party.is_identified() {
                bail!("expected a number, an extension or a SIP address, but found {party}");
            }
            return work(party);
        }
        let bar = progress();
        let mut after = None;
        loop {
            let owners = self.owners(after)?;
            let Some(last) = owners.last() else { break };
            after = Some(last.place());
            for owner in owners {
                work(self.labels.get(owner.number))?;
                bar.inc(owner.calls.unsigned_abs());
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// The next owners after a position.
    fn owners(&self, after: Option<Place>) -> anyhow::Result<Vec<Listed>> {
        let search = Search::new("", Vec::new());
        let question = Question { sort: Sort::Number, search, after, limit: OWNERS };
        Ok(self.database.read(|connection| {
            let mut owners = directory::list_numbers(connection, &question)?;
            owners.truncate(usize::from(OWNERS));
            self.labels.load(connection, owners.iter().map(|owner| owner.number))?;
            Ok(owners)
        })?)
    }
}

/// Progress by the number of calls read. Hidden when the calls are written to the terminal.
fn progress() -> ProgressBar {
    if io::stdout().is_terminal() && !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    let style = indicatif::ProgressStyle::with_template("exporting  {human_pos} calls  {per_sec}");
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_spinner()));
    bar
}
