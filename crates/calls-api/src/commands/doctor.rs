//! `calls doctor`: checks what Calls depends on, and suggests a command for each problem.

mod database;
mod environment;
mod fixes;
mod folders;
mod proxy;

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::storage::Storage;
use crate::listen::Listen;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print one JSON array instead of lines: [{"check", "status", "found", "mend"}]
    #[arg(long)]
    json: bool,
    /// Address that the server listens on
    #[arg(long, env = "CALLS_BIND", default_value = "127.0.0.1:8000", value_name = "ADDR:PORT|unix:PATH")]
    bind: Listen,
    /// Public URL of the server
    #[arg(long, env = "CALLS_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Reverse proxy in front of the server, as in `calls serve`
    #[arg(long, env = "CALLS_TRUSTED_PROXY", value_name = "ADDR[/BITS]")]
    trusted_proxy: Option<String>,
    /// Host names of the server, as in `calls serve`
    #[arg(long, env = "CALLS_ALLOWED_HOSTS", value_name = "HOST")]
    allowed_hosts: Option<String>,
    /// Folder of the regular backups
    #[arg(long, env = "CALLS_BACKUP_TO", value_name = "DIR")]
    backup_to: Option<PathBuf>,
}

/// Result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// Finding of a check.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    found: String,
    /// The command or option that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

/// Findings so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, status: Status, found: String, mend: Option<String>) {
        // libpq's messages end with a line break.
        let found = found.trim_end().to_owned();
        self.0.push(Finding { check, status, found, mend });
    }

    fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.add(check, Status::Ok, found.into(), None);
    }

    fn warn(&mut self, check: &'static str, found: impl Into<String>, mend: impl Into<String>) {
        self.add(check, Status::Warn, found.into(), Some(mend.into()));
    }

    fn fail(&mut self, check: &'static str, found: impl Into<String>, mend: impl Into<String>) {
        self.add(check, Status::Fail, found.into(), Some(mend.into()));
    }

    fn has(&self, status: Status) -> usize {
        self.0.iter().filter(|finding| finding.status == status).count()
    }
}

pub(crate) fn run(storage: Storage, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    database::check(storage, &mut findings);
    environment::check(arguments, &mut findings);
    let failures = findings.has(Status::Fail);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&findings.0)?);
    } else {
        findings.0.iter().for_each(print);
        println!("{failures} failures, {} warnings", findings.has(Status::Warn));
    }
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(finding: &Finding) {
    let status = match finding.status {
        Status::Ok => "ok  ",
        Status::Warn => "warn",
        Status::Fail => "FAIL",
    };
    println!("{status}  {:<12} {}", finding.check, finding.found.replace('\n', "\n                   "));
    if let Some(mend) = &finding.mend {
        println!("                   -> {mend}");
    }
}
