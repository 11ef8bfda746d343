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

/// How the log is written.
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
    /// A file with options in TOML, such as bind = "127.0.0.1:8000", which count where neither an option nor
    /// a variable is given [default: /etc/calls/calls.toml, if it is there]
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
    /// Add the calls of a call log
    Import(import::Arguments),
    /// Give numbers the names of an address book
    Contacts(contacts::Arguments),
    /// Fill an empty database with made-up calls
    Seed(seed::Arguments),
    /// Remove a person: its history, and its number from the histories of others
    ///
    /// The number's own calls are deleted. In the histories of others its calls stay, with the counterparty
    /// "unknown". What was exported, and backups, are beyond this command's reach.
    Erase(erase::Arguments),
    /// Name sets of numbers that are read as one list (`GET /api/calls?number=@NAME`)
    #[command(subcommand)]
    Lines(lines::Command),
    /// Delete old calls
    Purge(purge::Arguments),
    /// Write all calls into one file, while the server serves
    ///
    /// The file is an archive of pg_dump with a digest, is read back before it gets its name, and replaces a
    /// backup of that name only then. Only its owner can read it.
    Backup(backup::Arguments),
    /// Write calls as CSV, NDJSON or Parquet, for other programs
    Export(export::Arguments),
    /// Read a backup into an empty database
    ///
    /// The file is checked first: one that is damaged or cut off changes nothing. Backups of older versions
    /// are migrated. Restore only files that you trust: a backup holds SQL.
    Restore(restore::Arguments),
    /// Look at what Calls needs, and say the command that mends what is wrong
    ///
    /// Exit status 0 if nothing fails, else 1. Nothing is changed, but the private PostgreSQL is started to
    /// look at it.
    Doctor(doctor::Arguments),
    /// Ask a running server whether it is well: exit status 0 if it answers, else 1
    Health(health::Arguments),
    /// Move the private PostgreSQL's data to the newest version of PostgreSQL that is installed
    ///
    /// PostgreSQL cannot read the files of another major version. The old data is kept aside. A run that is
    /// killed can be repeated.
    UpgradePostgres(upgrade_postgres::Arguments),
    /// Bring the database to this version's layout (`serve`, `import` and `seed` do it by themselves)
    Migrate,
    /// Show which options count for `serve`, and where each is from; secrets are left out
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
