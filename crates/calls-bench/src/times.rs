//! Latency of single requests and commands, run one after another.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use local_postgres::Cluster;

use crate::data::{BIGGEST_NUMBER, CALLED_NUMBER, MIDDLE_NUMBER, Size, short};
use crate::table::median;

/// Common prefix of the names of summaries.
pub const SUMMARY: &str = "summary";
const COUNTING: &str = "counting, until a summary covers all";
const PREFIX: &str = "counterparty prefix that nobody has";
const NUMBERS: &str = "list of numbers";
const FIRST_NUMBERS: &str = "list of numbers, first answer";
/// The row of [`erase`].
pub const ERASE: &str = "erase, dry run";

/// Summaries: names and filters.
const SUMMARIES: [(&str, &str); 7] = [
    (SUMMARY, ""),
    ("summary by type", "type=Missed%20Inbound"),
    ("summary by direction", "direction=outbound"),
    ("summary by outcome", "outcome=missed"),
    // Both edges are within an hour.
    ("summary of a period", "from=2022-03-05T10:07:31Z&until=2024-08-17T15:22:30Z"),
    ("summary by weekday", "weekday=3&tz=Asia/Kathmandu"),
    ("summary by hour", "hour=9&tz=America/New_York"),
];

/// Latency of one request or command.
#[derive(Debug)]
pub struct Time {
    /// The request.
    pub name: &'static str,
    /// The database: `10 M`.
    pub size: String,
    /// Number of calls in the requested history; 0 if it concerns no single one.
    pub calls: u64,
    /// Whether it concerns the biggest history, or all of them.
    pub is_of_biggest: bool,
    /// Whether the time should not grow with the database.
    pub is_to_stay: bool,
    /// Target in milliseconds.
    pub most_ms: Option<f64>,
    ms: Vec<f64>,
}

impl Time {
    /// The median.
    pub fn median_ms(&self) -> f64 {
        median(self.ms.iter().copied())
    }

    /// Title of the column: the database.
    pub fn column(&self) -> String {
        match self.calls {
            0 => self.size.clone(),
            calls => format!("{}: {}", self.size, short(calls)),
        }
    }

    /// The request and the database.
    pub fn title(&self) -> String {
        format!("{}, {}", self.name, self.column())
    }
}

/// Measures the requests to one API.
pub struct Clock<'a> {
    /// `127.0.0.1:PORT`.
    pub address: &'a str,
    /// Size of its database.
    pub size: Size,
    /// Repetitions of each request.
    pub times: usize,
    /// Filter on the names of requests.
    pub wanted: &'a dyn Fn(&str) -> bool,
}

impl Clock<'_> {
    /// The list of numbers, first without caches and then repeatedly. Call it before other requests.
    pub fn numbers(&self) -> anyhow::Result<Vec<Time>> {
        if !self.size.has_numbers() {
            return Ok(Vec::new());
        }
        let ask = || self.answer_ms("/api/numbers");
        let first = self.time(FIRST_NUMBERS, 0, vec![ask()?]);
        let others = (0..self.times).map(|_| ask()).collect::<anyhow::Result<Vec<f64>>>()?;
        let times = [first, Time { is_to_stay: true, ..self.time(NUMBERS, 0, others) }];
        Ok(times.into_iter().filter(|time| (self.wanted)(time.name)).collect())
    }

    /// All requests about the two long histories.
    pub fn histories(&self) -> anyhow::Result<Vec<Time>> {
        let Size { biggest, middle, .. } = self.size;
        let mut times = Vec::new();
        for (number, calls) in [(MIDDLE_NUMBER, middle), (BIGGEST_NUMBER, biggest)] {
            let list = format!("/api/calls/+{number}");
            // Summaries are timed once the history is counted.
            let counting = if (self.wanted)(COUNTING) || SUMMARIES.iter().any(|(name, _)| (self.wanted)(name))
            {
                vec![counted_ms(self.address, number)?]
            } else {
                Vec::new()
            };
            times.push(self.time(COUNTING, calls, counting));
            for (name, filter) in SUMMARIES {
                let path = format!("{list}/summary?{filter}");
                let time = self.ask(name, calls, &path)?;
                times.push(Time { most_ms: Some(150.0), is_to_stay: true, ..time });
            }
            let time = self.ask(PREFIX, calls, &format!("{list}?counterparty=%2B999*"))?;
            times.push(Time { most_ms: Some(20.0), is_to_stay: true, ..time });
        }
        Ok(times.into_iter().filter(|time| (self.wanted)(time.name) && !time.ms.is_empty()).collect())
    }

    fn ask(&self, name: &'static str, calls: u64, path: &str) -> anyhow::Result<Time> {
        let times = if (self.wanted)(name) { self.times } else { 0 };
        let ms = (0..times).map(|_| self.answer_ms(path)).collect::<anyhow::Result<Vec<f64>>>()?;
        Ok(self.time(name, calls, ms))
    }

    fn time(&self, name: &'static str, calls: u64, ms: Vec<f64>) -> Time {
        let size = self.size.label();
        let is_of_biggest = calls == 0 || calls == self.size.biggest;
        Time { name, size, calls, is_of_biggest, is_to_stay: false, most_ms: None, ms }
    }

    fn answer_ms(&self, path: &str) -> anyhow::Result<f64> {
        let start = Instant::now();
        let answer = crate::get(&format!("http://{}{path}", self.address), None)?;
        let took = start.elapsed();
        if answer.status != 200 {
            bail!("expected status 200 of {path}, but found {}", answer.status);
        }
        // Only a complete summary has an ETag.
        if path.contains("/summary") && !answer.header.contains_key("etag") {
            eprintln!("{path}: expected a summary of all calls, but found one of some");
        }
        Ok(took.as_secs_f64() * 1e3)
    }
}

/// Requests a summary until it covers all calls. Returns the time that it took.
pub fn counted_ms(address: &str, number: u64) -> anyhow::Result<f64> {
    const LIMIT: Duration = Duration::from_secs(600);
    let start = Instant::now();
    let url = format!("http://{address}/api/calls/+{number}/summary");
    let mut unavailable = 0;
    while start.elapsed() < LIMIT {
        let answer = crate::get(&url, None)?;
        match answer.status {
            // Only a complete summary has an ETag.
            200 if answer.header.contains_key("etag") => {
                let took = start.elapsed();
                if unavailable > 0 {
                    eprintln!("{url}: {unavailable} answers were 503 before there was a summary");
                }
                return Ok(took.as_secs_f64() * 1e3);
            }
            200 => {}
            503 => unavailable += 1,
            status => bail!("expected status 200 of {url}, but found {status}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("expected a summary of all calls within {LIMIT:?}, but found none")
}

/// Time of `calls erase --dry-run`.
pub fn erase(cluster: &Cluster, size: Size, program: &Path, times: usize) -> anyhow::Result<Time> {
    let mut ms = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        let mut command = Command::new(program);
        command.args(["erase", &format!("+{CALLED_NUMBER}"), "--dry-run"]);
        let done = command.args(["--database-url", &cluster.url(&size.database())]).output();
        let done = done.context("cannot run calls erase")?;
        if !done.status.success() {
            bail!("calls erase: {}", String::from_utf8_lossy(&done.stderr));
        }
        ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let (name, size) = (ERASE, size.label());
    Ok(Time { name, size, calls: 0, is_of_biggest: true, is_to_stay: false, most_ms: Some(10_000.0), ms })
}
