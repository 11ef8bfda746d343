//! Rows of the table: the requests to the API, and the comparisons.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use local_postgres::Cluster;
use tempfile::NamedTempFile;

use crate::clients::{self, Requests};
use crate::data::{BIGGEST_NUMBER, FIRST_NUMBER, Size};
use crate::peers::{self, Page};
use crate::pgbench::{Listener, Script, Varied};
use crate::posts::Posts;
use crate::processes::{self, Server};
use crate::table::{Row, Sample};

/// Pages of all numbers in turn.
pub const LIST: &str = "list of 50";
/// The newest calls of the biggest history.
pub const FIRST: &str = "first page of the biggest";
/// Calls in the middle of it.
pub const DEEP: &str = "deep page of the biggest";
/// Pages that the client has already.
pub const KNOWN: &str = "304";
/// Calls that are posted one by one.
pub const POST: &str = "POST of one call";
const SHORT_SUMMARY: &str = "summary of 100 calls";
const BIG_SUMMARY: &str = "summary of the biggest, one client";
const NOT_FOUND: &str = "not found";
const CSV: &str = "CSV export, rows";
const NDJSON: &str = "NDJSON export, rows";

/// The API on a database of one size.
pub struct Setting<'a> {
    /// Server of the database.
    pub cluster: &'a Cluster,
    /// Size of the database.
    pub size: Size,
    /// The program under test.
    pub program: &'a Path,
    /// The running program.
    pub api: Server,
}

/// A row, and its measurement.
pub struct Measured<'a> {
    /// The measurement.
    pub row: Row,
    setting: &'a Setting<'a>,
    asked: Asked,
    clients: usize,
    limit: Option<Script>,
    /// With the file that it serves.
    fixed: Option<(Server, NamedTempFile)>,
    /// The versioned page and the bare one.
    peers: Option<[Server; 2]>,
    against: Option<Requests>,
}

enum Asked {
    Pages(Requests),
    /// URL of an export of a whole history.
    Export(String),
}

/// A request whose statements pgbench runs too.
struct Sent {
    path: String,
    known: Option<String>,
}

/// Collects the selected rows.
struct Wanted<'a, 'w> {
    setting: &'a Setting<'a>,
    clients: usize,
    is_wanted: &'w dyn Fn(&str) -> bool,
    listener: Listener,
    rows: Vec<Measured<'a>>,
}

impl Wanted<'_, '_> {
    fn page(&mut self, name: &'static str, requests: Requests, sent: Option<Sent>) -> anyhow::Result<()> {
        if (self.is_wanted)(name) {
            let limit = sent.map(|sent| self.setting.script(&self.listener, &sent)).transpose()?;
            let clients = if name == BIG_SUMMARY { 1 } else { self.clients };
            self.rows.push(self.setting.measured(name, Asked::Pages(requests), clients, limit)?);
        }
        Ok(())
    }
}

impl<'a> Setting<'a> {
    /// The selected rows, except [`POST`].
    pub fn rows(
        &'a self,
        is_wanted: &dyn Fn(&str) -> bool,
        against: Option<&str>,
        clients: usize,
    ) -> anyhow::Result<Vec<Measured<'a>>> {
        let listener = self.listener()?;
        let mut wanted = Wanted { setting: self, clients, is_wanted, listener, rows: Vec::new() };
        let address = &self.api.address;
        let (one, biggest) = (list_of(FIRST_NUMBER), list_of(BIGGEST_NUMBER));
        let deep = self.deep_page()?;
        let each = |suffix: &'static str| self.numbers().map(move |number| list_of(number) + suffix);
        let sent = |path: &str| Some(Sent { path: path.to_owned(), known: None });

        wanted.page(LIST, Requests::new(address, each(""), "", 200), sent(&one))?;
        wanted.page(FIRST, Requests::new(address, [biggest.clone()], "", 200), sent(&biggest))?;
        wanted.page(DEEP, Requests::new(address, [deep.clone()], "", 200), sent(&deep))?;
        let known = self.known()?;
        let asked = Requests::new(address, each(""), &format!("If-None-Match: {known}\r\n"), 304);
        wanted.page(KNOWN, asked, Some(Sent { path: one, known: Some(known) }))?;
        wanted.page(SHORT_SUMMARY, Requests::new(address, each("/summary"), "", 200), None)?;
        wanted.page(BIG_SUMMARY, Requests::new(address, [biggest.clone() + "/summary"], "", 200), None)?;
        wanted.page(NOT_FOUND, Requests::new(address, ["/api/nothing".to_owned()], "", 404), None)?;
        let mut rows = wanted.rows;
        if let Some(list) = rows.iter_mut().find(|row| row.row.name == LIST) {
            list.peers = Some(self.peers()?);
            list.against = against.map(elsewhere).transpose()?;
        }
        for (name, format) in
            [(CSV, "csv"), (NDJSON, "ndjson")].into_iter().filter(|(name, _)| is_wanted(name))
        {
            let url = format!("http://{address}{biggest}?format={format}");
            rows.push(self.measured(name, Asked::Export(url), 1, None)?);
        }
        Ok(rows)
    }

    /// The row of posted calls. It changes the database, so it is measured last.
    pub fn post(&'a self, clients: usize) -> anyhow::Result<Measured<'a>> {
        let posts = Posts::new()?;
        let statements = self.listener()?.statements(|address| posts.send_first(address))?;
        let script = Script::new(self.cluster, self.size, &statements, &posts.varied())?;
        self.measured(POST, Asked::Pages(posts.requests(&self.api.address)), clients, Some(script))
    }

    /// The peers. The responses of the versioned one equal those of the API.
    fn peers(&self) -> anyhow::Result<[Server; 2]> {
        let database = self.size.database();
        let start = |page| peers::start(self.cluster, &database, page);
        let peers = [start(Page::Versioned)?, start(Page::Bare)?];
        let list = |address: &str| crate::get(&format!("http://{address}{}", list_of(FIRST_NUMBER)), None);
        let (ours, theirs) = (list(&self.api.address)?.body, list(&peers[0].address)?.body);
        if ours != theirs {
            let [ours, theirs] = [&ours, &theirs].map(|body| String::from_utf8_lossy(body));
            bail!("expected of the peer what the API answers:\n{ours}\nbut found:\n{theirs}");
        }
        Ok(peers)
    }

    fn listener(&self) -> anyhow::Result<Listener> {
        Listener::start(self.cluster, &self.size.database(), self.program)
    }

    fn measured(
        &'a self,
        name: &'static str,
        asked: Asked,
        clients: usize,
        limit: Option<Script>,
    ) -> anyhow::Result<Measured<'a>> {
        let fixed = match &asked {
            Asked::Pages(requests) => static_twin(requests)?,
            Asked::Export(_) => None,
        };
        let row = Row { name, size: self.size.label(), ..Row::default() };
        Ok(Measured { row, setting: self, asked, clients, limit, fixed, peers: None, against: None })
    }

    /// All numbers but the biggest, shuffled.
    fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        let numbers = self.size.numbers;
        // A prime as the step, so that each number occurs once.
        (0..numbers).map(move |position| FIRST_NUMBER + position * 7_919 % numbers)
    }

    /// A page in the middle of the biggest history.
    fn deep_page(&self) -> anyhow::Result<String> {
        let biggest = list_of(BIGGEST_NUMBER);
        let url = format!("http://{}{biggest}?until=2022-06-01", self.api.address);
        let answer = crate::get(&url, None)?;
        let link = answer.field("link")?;
        let cursor = link.split_once("after=").and_then(|(_, rest)| rest.split(['&', '>']).next());
        Ok(format!("{biggest}?after={}", cursor.context("the header Link has no cursor")?))
    }

    /// ETag of a page that the client already has. All histories here have the same version.
    fn known(&self) -> anyhow::Result<String> {
        let answer = crate::get(&format!("http://{}{}", self.api.address, list_of(FIRST_NUMBER)), None)?;
        Ok(answer.field("etag")?.to_owned())
    }

    fn script(&self, listener: &Listener, sent: &Sent) -> anyhow::Result<Script> {
        let field = sent.known.as_deref().map(|tag| ("if-none-match", tag));
        let statements = listener
            .statements(|address| crate::get(&format!("http://{address}{}", sent.path), field).map(|_| ()))?;
        Script::new(self.cluster, self.size, &statements, &[Varied::number(self.size)])
    }
}

impl Measured<'_> {
    /// Measures one round.
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
                Asked::Export(url) => export(url, self.setting.size.biggest),
            },
        )?;
        self.row.api.push(sample);
        let idle = || Ok(Duration::ZERO);
        if let Some(limit) = &self.limit {
            self.row.pgbench.push(self::sample(idle, database, || limit.run(clients, duration))?);
        }
        if let (Some((server, _)), Asked::Pages(requests)) = (&self.fixed, &self.asked) {
            let requests = Requests::new(&server.address, ["/".to_owned()], "", requests.status);
            let ask = || clients::ask(&requests, clients, duration);
            self.row.fixed.push(self::sample(|| server.cpu(), database, ask)?);
        }
        if let (Some(peers), Asked::Pages(requests)) = (&self.peers, &self.asked) {
            for (peer, samples) in peers.iter().zip([&mut self.row.peer, &mut self.row.bare_peer]) {
                let ask = || clients::ask(&requests.to(&peer.address), clients, duration);
                samples.push(self::sample(|| peer.cpu(), database, ask)?);
            }
        }
        if let Some(requests) = &self.against {
            let ask = || clients::ask(requests, clients, duration);
            self.row.against.push(self::sample(idle, database, ask)?);
        }
        Ok(())
    }
}

fn list_of(number: u64) -> String {
    format!("/api/calls/+{number}")
}

/// Runs `work`, which returns a rate, and attributes the CPU time to its responses.
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

/// A server that gives the API's response to the first request to all requests. `None` for writes.
fn static_twin(requests: &Requests) -> anyhow::Result<Option<(Server, NamedTempFile)>> {
    let Some(path) = requests.first_path() else { return Ok(None) };
    let answer = crate::get(&format!("http://{}{path}", requests.address), None)?;
    let file = NamedTempFile::new()?;
    fs::write(file.path(), if requests.status == 304 { &[] } else { answer.body.as_slice() })?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("static-answer").arg(requests.status.to_string()).arg(file.path());
    Ok(Some((Server::start(&mut command)?, file)))
}

/// Requests to another server.
fn elsewhere(url: &str) -> anyhow::Result<Requests> {
    let rest = url.strip_prefix("http://").context("expected a URL that begins with http://")?;
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let answer = crate::get(url, None)?;
    if answer.status != 200 {
        bail!("expected status 200 from {url}, but found {}", answer.status);
    }
    Ok(Requests::new(address, [format!("/{path}")], "", 200))
}

/// Reads an export to its end. Returns the number of rows per second.
fn export(url: &str, biggest: u64) -> anyhow::Result<f64> {
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
    if !(biggest..=biggest + 1).contains(&rows) {
        bail!("expected {biggest} rows, but found {rows}");
    }
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}
