//! `bench`: how fast Calls is, beside its limits, all measured side by side on this machine.
//!
//! A row is measured in rounds, and in each round one after another: our API, pgbench with the statements that the
//! API sends (PostgreSQL's rate with nothing before it), a static answer of the same bytes by actix-web, and
//! anybody else's server. The table has medians; a ratio is the median of the rounds' ratios.

mod clients;
mod data;
mod import;
mod pgbench;
mod processes;
mod rows;
mod static_answer;
mod table;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use local_postgres::Cluster;

use crate::data::Size;
use crate::import::Log;
use crate::processes::Server;
use crate::rows::{Measured, Setting};
use crate::table::Row;

#[derive(Debug, Parser)]
struct Arguments {
    /// How many calls are in the database; with commas, several databases
    #[arg(long, default_value = "1000000,10000000", value_delimiter = ',')]
    calls: Vec<u64>,
    /// How long each measurement takes
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often each measurement is made
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many clients ask at once
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// Only the rows whose name has this in it
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Somebody else's list of 50 calls, such as http://127.0.0.1:8100/calls/+12015550001
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// Keep the database in this folder, and use what an earlier run left there [default: a new one, thrown away]
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

/// What a process that this program starts does.
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
    let mut rows = Vec::new();
    let mut peaks = Vec::new();
    let mut settings = Vec::new();
    for calls in &arguments.calls {
        let size = Size::of(*calls);
        data::prepare(&cluster, size, &program)?;
        data::warm(&cluster, size)?;
        let mut serve = Command::new(&program);
        serve.args(["serve", "--bind", "127.0.0.1:0", "--database-url", &cluster.url(&size.database())]);
        let api = Server::start(serve.args(&arguments.serve))?;
        settings.push(Setting { cluster: &cluster, size, program: &program, api });
    }
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| name.contains(only));
    let against = arguments.against.as_deref();
    for setting in &settings {
        rows.extend(setting.rows(&wanted, against, arguments.clients)?);
    }
    let duration = Duration::from_secs(arguments.seconds);
    for round in 1..=arguments.rounds {
        eprintln!("round {round} of {} ...", arguments.rounds);
        for measured in &mut rows {
            measured.run(duration).with_context(|| measured.row.name.clone())?;
        }
    }
    for setting in &settings {
        peaks.push((setting.size, setting.api.peak_memory()?));
    }
    let mut rows: Vec<Row> = rows.into_iter().map(|measured: Measured<'_>| measured.row).collect();
    drop(settings);
    for log in [Log::Ndjson, Log::Asterisk].into_iter().filter(|log| wanted(log.name())) {
        eprintln!("{} ...", log.name());
        let mut row = Row { name: log.name().to_owned(), ..Row::default() };
        for _ in 0..arguments.rounds.min(3) {
            log.measure(&cluster, &program, &mut row)?;
        }
        rows.push(row);
    }
    cluster.leave()?;
    table::print(&rows);
    for (size, peak) in peaks {
        println!("peak memory of the API, {} calls: {:.0} MB", size.calls, peak as f64 / 1e6);
    }
    rows::print_ratios(&rows);
    Ok(())
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
