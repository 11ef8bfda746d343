//! The rows of the table: what is asked of the API, and what stands beside it.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use local_postgres::Cluster;
use tempfile::NamedTempFile;

use crate::clients::{self, Requests};
use crate::data::{BIGGEST, BIGGEST_NUMBER, FIRST_NUMBER, Size};
use crate::pgbench::{Listener, Script};
use crate::processes::{self, Server};
use crate::table::{Row, Sample};

const LIST: &str = "list of 50";
const FIRST: &str = "first page of the biggest";
const DEEP: &str = "deep page of the biggest";
const KNOWN: &str = "304";
const SUMMARY: &str = "summary";
const BIG_SUMMARY: &str = "summary of the biggest, one client";
const NOT_FOUND: &str = "not found";
const CSV: &str = "CSV export, rows";
const NDJSON: &str = "NDJSON export, rows";

/// The API on a database of one size.
pub struct Setting<'a> {
    /// Where the database is.
    pub cluster: &'a Cluster,
    /// How much is in it.
    pub size: Size,
    /// The program that is measured.
    pub program: &'a Path,
    /// It, running.
    pub api: Server,
}

/// A row, and how it is measured.
pub struct Measured<'a> {
    /// What was measured.
    pub row: Row,
    setting: &'a Setting<'a>,
    asked: Asked,
    clients: usize,
    limit: Option<Script>,
    /// With the file that it serves.
    fixed: Option<(Server, NamedTempFile)>,
    against: Option<Requests>,
}

enum Asked {
    Pages(Requests),
    /// All calls of a history in one answer: the URL.
    Export(String),
}

/// A request whose statements are taken for pgbench.
struct Sent {
    path: String,
    known: Option<String>,
}

impl<'a> Setting<'a> {
    /// The rows that are wanted.
    pub fn rows(
        &'a self,
        wanted: &dyn Fn(&str) -> bool,
        against: Option<&str>,
        clients: usize,
    ) -> anyhow::Result<Vec<Measured<'a>>> {
        let listener = Listener::start(self.cluster, &self.size.database(), self.program)?;
        let address = &self.api.address;
        let (one, biggest) = (list_of(FIRST_NUMBER), list_of(BIGGEST_NUMBER));
        let deep = self.deep_page()?;
        let each = |suffix: &'static str| self.numbers().map(move |number| list_of(number) + suffix);
        let mut rows = Vec::new();
        let mut page = |name: &str, requests: Requests, clients, sent: Option<Sent>| {
            if wanted(name) {
                let limit = sent.map(|sent| self.script(&listener, &sent)).transpose()?;
                rows.push(self.measured(name, Asked::Pages(requests), clients, limit)?);
            }
            anyhow::Ok(())
        };
        let sent = |path: &str| Some(Sent { path: path.to_owned(), known: None });

        page(LIST, Requests::new(address, each(""), "", 200), clients, sent(&one))?;
        page(FIRST, Requests::new(address, [biggest.clone()], "", 200), clients, sent(&biggest))?;
        page(DEEP, Requests::new(address, [deep.clone()], "", 200), clients, sent(&deep))?;
        let known = self.known()?;
        let asked = Requests::new(address, each(""), &format!("If-None-Match: {known}\r\n"), 304);
        page(KNOWN, asked, clients, Some(Sent { path: one, known: Some(known) }))?;
        page(SUMMARY, Requests::new(address, each("/summary"), "", 200), clients, None)?;
        page(BIG_SUMMARY, Requests::new(address, [biggest.clone() + "/summary"], "", 200), 1, None)?;
        page(NOT_FOUND, Requests::new(address, ["/api/nothing".to_owned()], "", 404), clients, None)?;
        if let (Some(url), Some(list)) = (against, rows.iter_mut().find(|row| row.row.name.starts_with(LIST)))
        {
            list.against = Some(elsewhere(url)?);
        }
        for (name, format) in [(CSV, "csv"), (NDJSON, "ndjson")].into_iter().filter(|(name, _)| wanted(name))
        {
            let url = format!("http://{address}{biggest}?format={format}");
            rows.push(self.measured(name, Asked::Export(url), 1, None)?);
        }
        Ok(rows)
    }

    fn measured(
        &'a self,
        name: &str,
        asked: Asked,
        clients: usize,
        limit: Option<Script>,
    ) -> anyhow::Result<Measured<'a>> {
        let fixed = match &asked {
            Asked::Pages(requests) => Some(static_twin(requests)?),
            Asked::Export(_) => None,
        };
        let row = Row { name: format!("{name}, {} M", self.size.calls / 1_000_000), ..Row::default() };
        Ok(Measured { row, setting: self, asked, clients, limit, fixed, against: None })
    }

    /// All numbers but the biggest, in no order.
    fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        let numbers = self.size.numbers;
        // A prime, so that each number comes once.
        (0..numbers).map(move |position| FIRST_NUMBER + position * 7_919 % numbers)
    }

    /// A page in the middle of the biggest history, found by the time there.
    fn deep_page(&self) -> anyhow::Result<String> {
        let biggest = list_of(BIGGEST_NUMBER);
        let url = format!("http://{}{biggest}?until=2022-06-01", self.api.address);
        let answer = crate::get(&url, None)?;
        let link = answer.field("link")?;
        let cursor = link.split_once("after=").and_then(|(_, rest)| rest.split(['&', '>']).next());
        Ok(format!("{biggest}?after={}", cursor.context("the header Link has no cursor")?))
    }

    /// What a client knows that has a page. All histories here have the same version.
    fn known(&self) -> anyhow::Result<String> {
        let answer = crate::get(&format!("http://{}{}", self.api.address, list_of(FIRST_NUMBER)), None)?;
        Ok(answer.field("etag")?.to_owned())
    }

    fn script(&self, listener: &Listener, sent: &Sent) -> anyhow::Result<Script> {
        let field = sent.known.as_deref().map(|tag| ("if-none-match", tag));
        let statements = listener.statements(&sent.path, field)?;
        Script::new(self.cluster, self.size, &statements, Some(FIRST_NUMBER))
    }
}

impl Measured<'_> {
    /// One round.
    pub fn run(&mut self, duration: Duration) -> anyhow::Result<()> {
        let postmaster = processes::postmaster(self.setting.cluster.data_dir())?;
        let database = || processes::postgres_cpu(postmaster);
        let api = &self.setting.api;
        let clients = self.clients;
        let sample = sample(
            || api.cpu(),
            database,
            || match &self.asked {
                Asked::Pages(requests) => clients::ask(requests, clients, duration),
                Asked::Export(url) => export(url),
            },
        )?;
        self.row.api.push(sample);
        if let Some(limit) = &self.limit {
            let idle = || Ok(Duration::ZERO);
            self.row.pgbench.push(self::sample(idle, database, || limit.run(clients, duration))?);
        }
        if let (Some((server, _)), Asked::Pages(requests)) = (&self.fixed, &self.asked) {
            let requests = Requests::new(&server.address, ["/".to_owned()], "", requests.status);
            let sample =
                self::sample(|| server.cpu(), database, || clients::ask(&requests, clients, duration))?;
            self.row.fixed.push(sample);
        }
        if let Some(requests) = &self.against {
            let idle = || Ok(Duration::ZERO);
            self.row
                .against
                .push(self::sample(idle, database, || clients::ask(requests, clients, duration))?);
        }
        Ok(())
    }
}

/// The ratios that are asked for, under the table.
pub fn print_ratios(rows: &[Row]) {
    let find = |name: &str, size: &str| rows.iter().find(|row| row.name == format!("{name}, {size} M"));
    for size in ["1", "10"] {
        if let (Some(list), Some(known)) = (find(LIST, size), find(KNOWN, size)) {
            println!("304 / list, {size} M: {:.2}", known.ratio_to(&list.api));
        }
        if let (Some(first), Some(deep)) = (find(FIRST, size), find(DEEP, size)) {
            println!("time of a deep page / of the first, {size} M: {:.2}", first.ratio_to(&deep.api));
        }
    }
    for name in [LIST, FIRST, DEEP] {
        if let (Some(one), Some(ten)) = (find(name, "1"), find(name, "10")) {
            println!("time with 10 M / with 1 M, {name}: {:.2}", one.ratio_to(&ten.api));
        }
    }
    for row in rows.iter().filter(|row| row.name.starts_with("import")) {
        let us = crate::table::median(row.api.iter().map(|sample| sample.database_us));
        println!("{} per second of PostgreSQL's CPU: {:.0}", row.name, 1e6 / us);
    }
}

fn list_of(number: u64) -> String {
    format!("/api/calls/+{number}")
}

/// Does `work`, which says how often per second it did it, and shares the CPU time that it took.
fn sample(
    server: impl Fn() -> anyhow::Result<Duration>,
    database: impl Fn() -> anyhow::Result<Duration>,
    work: impl FnOnce() -> anyhow::Result<f64>,
) -> anyhow::Result<Sample> {
    let before = (server()?, database()?);
    let start = Instant::now();
    let per_second = work()?;
    let times = per_second * start.elapsed().as_secs_f64();
    let each = |after: Duration, before| after.saturating_sub(before).as_secs_f64() * 1e6 / times;
    Ok(Sample { per_second, server_us: each(server()?, before.0), database_us: each(database()?, before.1) })
}

/// A server that gives everybody what the API answers to the first request.
fn static_twin(requests: &Requests) -> anyhow::Result<(Server, NamedTempFile)> {
    let text = requests.texts.first().context("no request")?;
    let path = String::from_utf8_lossy(text);
    let path = path.split(' ').nth(1).context("no path")?;
    let answer = crate::get(&format!("http://{}{path}", requests.address), None)?;
    let file = NamedTempFile::new()?;
    fs::write(file.path(), if requests.status == 304 { &[] } else { answer.body.as_slice() })?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("static-answer").arg(requests.status.to_string()).arg(file.path());
    Ok((Server::start(&mut command)?, file))
}

/// Requests to somebody else's server.
fn elsewhere(url: &str) -> anyhow::Result<Requests> {
    let rest = url.strip_prefix("http://").context("expected a URL that begins with http://")?;
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let answer = crate::get(url, None)?;
    if answer.status != 200 {
        bail!("expected status 200 from {url}, but found {}", answer.status);
    }
    Ok(Requests::new(address, [format!("/{path}")], "", 200))
}

/// Reads an export to its end, and says how many rows came per second.
fn export(url: &str) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut body = ureq::get(url).call()?.into_body().into_reader();
    let mut buffer = vec![0; 256 * 1024];
    let mut rows = 0;
    loop {
        match body.read(&mut buffer)? {
            0 => break,
            read => rows += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64,
        }
    }
    if !(BIGGEST..=BIGGEST + 1).contains(&rows) {
        bail!("expected {BIGGEST} rows, but found {rows}");
    }
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}
