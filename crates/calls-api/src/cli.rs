//! The commands of the binary `calls`.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::commands::storage::Storage;
use crate::commands::{
    backup, config, contacts, doctor, erase, export, health, import, lines, migrate, purge, restore, seed,
    serve, upgrade_postgres,
};
use crate::configuration::Configuration;

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    Auto,
    Text,
    Json,
}

/// The call history of a phone number, self-hosted.
#[derive(Debug, Parser)]
#[command(name = "calls", version, propagate_version = true, next_help_heading = "Options of all commands")]
struct Cli {
    /// Configuration file in TOML, with keys such as bind = "127.0.0.1:8000". Options and environment
    /// variables override it [default: /etc/calls/calls.toml, if it exists]
    #[arg(long, global = true, env = "CALLS_CONFIG", value_name = "FILE",
          value_hint = clap::ValueHint::FilePath)]
    config: Option<OsString>,
    /// Lines of the log, on standard error: text for people, json for programs, auto: text on a terminal
    #[arg(long, global = true, env = "CALLS_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    log_format: LogFormat,
    #[command(flatten)]
    storage: Storage,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the page
    Serve(Box<serve::Arguments>),
    /// Import call logs
    Import(import::Arguments),
    /// Import, sync, list and remove address books
    Contacts(contacts::Arguments),
    /// Fill an empty database with made-up calls
    Seed(seed::Arguments),
    /// Erase a person: the history, and the number in the histories of others
    ///
    /// The number's own calls are deleted. Its calls in the histories of others stay, with the counterparty
    /// "unknown". Exports and backups are not changed.
    Erase(erase::Arguments),
    /// Manage named sets of numbers, which are read as one list (`GET /api/calls?number=@NAME`)
    #[command(subcommand)]
    Lines(lines::Command),
    /// Delete old calls
    Purge(purge::Arguments),
    /// Back up all calls into one file, while the server runs
    ///
    /// The file is an archive of pg_dump with a digest. It is verified before it replaces a backup of the
    /// same name, and only its owner can read it.
    Backup(backup::Arguments),
    /// Export calls as CSV, NDJSON or Parquet
    Export(export::Arguments),
    /// Restore a backup into an empty database
    ///
    /// The file is verified first: a damaged or truncated file changes nothing. Backups of older versions are
    /// migrated. Restore only files that you trust: a backup contains SQL.
    Restore(restore::Arguments),
    /// Diagnose problems and suggest the commands that fix them
    ///
    /// Exit status 0 if no check fails, else 1. Nothing is changed, but the private PostgreSQL is started for
    /// the checks.
    Doctor(doctor::Arguments),
    /// Check that a running server responds: exit status 0 if it does, else 1
    Health(health::Arguments),
    /// Upgrade the data of the private PostgreSQL to the newest installed version of PostgreSQL
    ///
    /// PostgreSQL cannot read the files of another major version. The old data is kept. A run that was killed
    /// can be repeated.
    UpgradePostgres(upgrade_postgres::Arguments),
    /// Apply pending migrations (`serve`, `import` and `seed` do it too)
    Migrate,
    /// Show the effective options of `serve` and their sources, without secrets
    Config(Box<serve::Arguments>),
}

/// The command line, for man pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line. A failure is one line on standard error and exit status 1; wrong usage has 2.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let configuration = match Configuration::read(&command(), &arguments) {
        Ok(configuration) => configuration,
        Err(error) => return fail(&error),
    };
    let matches = configuration.apply(command()).get_matches_from(arguments);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log(cli.log_format);
    let result = match cli.command {
        Command::Config(_) => Ok(show(&matches, &configuration)),
        Command::Serve(arguments) => serve::run(cli.storage, *arguments),
        Command::Import(arguments) => import::run(cli.storage, arguments),
        Command::Contacts(arguments) => contacts::run(cli.storage, arguments),
        Command::Seed(arguments) => seed::run(cli.storage, arguments),
        Command::Erase(arguments) => erase::run(cli.storage, arguments),
        Command::Lines(command) => lines::run(cli.storage, command),
        Command::Purge(arguments) => purge::run(cli.storage, arguments),
        Command::Backup(arguments) => backup::run(cli.storage, arguments),
        Command::Restore(arguments) => restore::run(cli.storage, arguments),
        Command::Health(arguments) => health::run(&arguments),
        Command::UpgradePostgres(arguments) => upgrade_postgres::run(cli.storage, arguments),
        Command::Doctor(arguments) => doctor::run(cli.storage, &arguments),
        Command::Export(arguments) => export::run(cli.storage, arguments),
        Command::Migrate => migrate::run(cli.storage),
    };
    match result {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn show(matches: &ArgMatches, configuration: &Configuration) -> ExitCode {
    let (_, matches) = matches.subcommand().unwrap_or(("config", matches));
    config::run(&command(), matches, configuration)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("calls: {error:#}");
    ExitCode::FAILURE
}

/// Logs to standard error, a line or a JSON object for each event. `RUST_LOG` sets the level.
fn log(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    // To actix-http a malformed request is an error of the server's.
    let is_verbose = filter.max_level_hint() >= Some(LevelFilter::DEBUG);
    let filter = match "actix_http=off".parse() {
        Ok(off) if !is_verbose && !filter.to_string().contains("actix_http") => filter.add_directive(off),
        _ => filter,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let is_terminal = std::io::stderr().is_terminal();
    match format {
        LogFormat::Json => log.json().with_span_list(false).init(),
        LogFormat::Auto if !is_terminal => log.json().with_span_list(false).init(),
        // Colours are for terminals.
        LogFormat::Auto | LogFormat::Text => log.compact().with_ansi(is_terminal).init(),
    }
}
