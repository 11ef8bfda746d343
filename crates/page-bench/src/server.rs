//! The built binary with made-up calls, on a database of its own.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use local_postgres::Cluster;

/// A number with 200 calls, which are several pages.
pub const SHORT: &str = "+12025550100";
/// A number with 100 thousand calls.
pub const LONG: &str = "+12025550199";

const TYPES: [&str; 4] = ["Missed Inbound", "Completed Inbound", "Completed Outbound", "Missed Outbound"];

/// A running `calls serve`, ended on drop.
pub struct Server {
    address: String,
    process: Child,
    _cluster: Cluster,
}

impl Server {
    /// Creates the calls and serves them on a free port.
    pub fn start(calls: &Path) -> anyhow::Result<Self> {
        let cluster = Cluster::throwaway()?;
        let database = cluster.url("postgres");
        let files = tempfile::tempdir()?;
        let log = files.path().join("calls.csv");
        std::fs::write(&log, histories())?;
        run(calls, &["migrate", "--database-url", &database])?;
        run(calls, &["import", &log.display().to_string(), "--database-url", &database])?;
        let mut process = Command::new(calls)
            .args(["serve", "--bind", "127.0.0.1:0", "--database-url", &database])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let address = address.context("the server does not say where it listens")?;
        Ok(Self { address, process, _cluster: cluster })
    }

    /// The page of a number.
    pub fn page(&self, number: &str) -> String {
        self.page_at(&format!("/calls/{}", number.replace('+', "%2B")))
    }

    /// The page at a path.
    pub fn page_at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only if the process has ended.
        self.process.kill().unwrap_or_default();
        self.process.wait().map(|_| ()).unwrap_or_default();
    }
}

fn run(calls: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(calls).args(arguments).stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {}", calls.display()))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Calls of both numbers as CSV, each an hour and some seconds earlier than the previous one.
fn histories() -> String {
    let mut csv = "owner,created_at,counterparty,type,duration\n".to_owned();
    for (owner, calls) in [(SHORT, 200), (LONG, 100_000)] {
        for call in 0..calls {
            let (day, second) = (call / 24, call % 24 * 3600 + call * 37 % 3600);
            // Months of 28 days are accurate enough for made-up calls.
            let (year, month, day) = (2025 - day / 336, 12 - day % 336 / 28, 28 - day % 28);
            let (hour, minute, second) = (23 - second / 3600, second / 60 % 60, second % 60);
            let (call_type, party) = (TYPES[call % 4], 2_025_551_000 + call * 7919 % 1000);
            let duration =
                if call_type.starts_with("Missed") { String::new() } else { format!("{}.4", call % 3600) };
            let time = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
            // Writing to a string cannot fail.
            writeln!(csv, "{owner},{time},+1{party},{call_type},{duration}").unwrap_or_default();
        }
    }
    csv
}
