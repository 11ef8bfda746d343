//! `bench`: how fast Calls is, beside its limits, all measured side by side on this machine.
//!
//! A row is measured in rounds, and in each round one after another: our API, pgbench with the statements
//! that the API sends (PostgreSQL's rate with nothing before it), a static answer of the same bytes by
//! actix-web, and anybody else's server; for the list also the plain `peer`. The table has medians; a ratio
//! is the median of the rounds' ratios. Single answers are timed before the rounds, by one client. At the end
//! come the figures that have a target.

mod clients;
mod data;
mod import;
mod peers;
mod pgbench;
mod posts;
mod processes;
mod rows;
mod static_answer;
mod table;
mod targets;
mod times;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use local_postgres::Cluster;

use crate::data::Size;
use crate::import::{Imported, Log};
use crate::processes::Server;
use crate::rows::{Measured, Setting};
use crate::table::Row;
use crate::targets::{Figure, Target};
use crate::times::{Clock, Time};

#[derive(Debug, Parser)]
struct Arguments {
    /// Number of calls in the database; several databases with commas
    #[arg(long, default_value = "1000000,10000000", value_delimiter = ',', value_parser = at_least(1000))]
    calls: Vec<u64>,
    /// Also a history of this many calls, in a database of its own: its summaries are timed [default: none]
    #[arg(long, value_name = "CALLS", value_parser = at_least(1000))]
    long: Option<u64>,
    /// Number of calls in each imported log; an even number
    #[arg(long, default_value_t = 500_000, value_parser = at_least(2))]
    records: u64,
    /// Seconds per measurement of a rate
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Repetitions of each measurement
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Number of concurrent clients
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// Only the rows whose name has this in it
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Somebody else's list of 50 calls, such as http://127.0.0.1:8100/calls/+12015550001
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// Keep the database in this folder, and use what an earlier run left there [default: a new one, thrown
    /// away]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The program to measure [default: `calls` beside this one]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// More options for `calls serve`, such as --serve=--connections=4
    #[arg(long, value_name = "OPTION")]
    serve: Vec<String>,
    #[command(subcommand)]
    command: Option<Part>,
}

fn at_least(least: u64) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(least..)
}

/// Roles of the processes that this program starts.
#[derive(Debug, clap::Subcommand)]
enum Part {
    #[command(hide = true)]
    StaticAnswer(static_answer::Arguments),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Part::StaticAnswer(arguments)) => static_answer::serve(arguments),
        None => bench(arguments),
    }
}

fn bench(arguments: Arguments) -> anyhow::Result<()> {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("calls"),
    };
    let cluster = arguments.data_dir.as_deref().map_or_else(Cluster::throwaway, Cluster::open)?;
    let bench = Bench { arguments: &arguments, cluster: &cluster, program: &program };
    let sizes = arguments.calls.iter().map(|calls| Size::of(*calls));
    let sizes: Vec<Size> = sizes.chain(arguments.long.map(Size::long)).collect();
    let mut settings = Vec::new();
    let mut times = Vec::new();
    for size in sizes {
        let setting = bench.setting(size)?;
        times.extend(bench.times(&setting)?);
        settings.push(setting);
    }
    let mut rows = bench.rates(&settings)?;
    let mut figures = targets::of_times(&times);
    figures.extend(targets::of_rates(&rows));
    let labels: Vec<String> = arguments.calls.iter().map(|calls| Size::of(*calls).label()).collect();
    if let (Some(smallest), Some(largest)) = (labels.first(), labels.last()) {
        figures.extend(targets::of_growth(&rows, &times, smallest, largest));
    }
    for setting in &settings {
        let name = format!("peak memory of the API, {}, MB", setting.size.label());
        figures.push(Figure::new(name, setting.api.peak_memory()? as f64 / 1e6, Target::AtMost(80.0)));
    }
    drop(settings);
    let imported = bench.imports()?;
    figures.extend(targets::of_imports(&imported));
    rows.extend(imported.into_iter().map(|log| log.row));
    cluster.leave()?;
    table::print(&rows);
    targets::print_times(&times);
    targets::print(&figures);
    Ok(())
}

/// State shared by all measurements.
struct Bench<'a> {
    arguments: &'a Arguments,
    cluster: &'a Cluster,
    program: &'a Path,
}

impl<'a> Bench<'a> {
    fn is_wanted(&self, name: &str) -> bool {
        self.arguments.only.as_deref().is_none_or(|only| name.contains(only))
    }

    /// A database of this size, with an API that nobody has asked yet.
    fn setting(&self, size: Size) -> anyhow::Result<Setting<'a>> {
        data::prepare(self.cluster, size, self.program)?;
        data::warm(self.cluster, size)?;
        let mut serve = Command::new(self.program);
        serve.args(["serve", "--bind", "127.0.0.1:0", "--ingest-token", processes::INGEST_TOKEN]);
        serve.args(["--database-url", &self.cluster.url(&size.database())]);
        let api = Server::start(serve.args(&self.arguments.serve))?;
        Ok(Setting { cluster: self.cluster, size, program: self.program, api })
    }

    /// Single answers, one after another.
    fn times(&self, setting: &Setting<'_>) -> anyhow::Result<Vec<Time>> {
        eprintln!("times, {} ...", setting.size.label());
        let is_wanted = |name: &str| self.is_wanted(name);
        let (address, size) = (&setting.api.address, setting.size);
        let clock = Clock { address, size, times: self.arguments.rounds, wanted: &is_wanted };
        let mut times = clock.numbers()?;
        times.extend(clock.histories()?);
        if size.has_numbers() && self.is_wanted(times::ERASE) {
            times.push(times::erase(self.cluster, size, self.program, self.arguments.rounds.min(3))?);
        }
        Ok(times)
    }

    /// Many answers at once, in rounds.
    fn rates(&self, settings: &[Setting<'_>]) -> anyhow::Result<Vec<Row>> {
        let Arguments { against, clients, .. } = self.arguments;
        let settings = || settings.iter().filter(|setting| setting.size.has_numbers());
        let mut rows = Vec::new();
        for setting in settings() {
            rows.extend(setting.rows(&|name| self.is_wanted(name), against.as_deref(), *clients)?);
        }
        self.rounds(&mut rows)?;
        if self.is_wanted(rows::POST) {
            let posts = settings().map(|setting| setting.post(*clients));
            let mut posts = posts.collect::<anyhow::Result<Vec<Measured<'_>>>>()?;
            self.rounds(&mut posts)?;
            rows.extend(posts);
        }
        Ok(rows.into_iter().map(|measured| measured.row).collect())
    }

    fn rounds(&self, rows: &mut [Measured<'_>]) -> anyhow::Result<()> {
        let duration = Duration::from_secs(self.arguments.seconds);
        for round in 1..=self.arguments.rounds {
            eprintln!("round {round} of {} ...", self.arguments.rounds);
            for measured in &mut *rows {
                measured.run(duration).with_context(|| measured.row.title())?;
            }
        }
        Ok(())
    }

    fn imports(&self) -> anyhow::Result<Vec<Imported>> {
        let logs = [Log::Ndjson, Log::Asterisk].into_iter().filter(|log| self.is_wanted(log.name()));
        let measure = |log: Log| {
            eprintln!("{} ...", log.name());
            let times = self.arguments.rounds.min(3);
            log.measure(self.cluster, self.program, self.arguments.records, times)
        };
        logs.map(measure).collect()
    }
}

/// The body of an answer, and its header.
struct Answer {
    header: ureq::http::HeaderMap,
    body: Vec<u8>,
    status: u16,
}

impl Answer {
    fn field(&self, name: &str) -> anyhow::Result<&str> {
        Ok(self.header.get(name).with_context(|| format!("no header {name}"))?.to_str()?)
    }
}

/// One request.
fn get(url: &str, field: Option<(&str, &str)>) -> anyhow::Result<Answer> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.get(url);
    if let Some((name, value)) = field {
        request = request.header(name, value);
    }
    let mut answer = request.call()?;
    let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec()?;
    Ok(Answer { header: answer.headers().clone(), body, status: answer.status().as_u16() })
}
