//! `people`: benchmarks of names, the directory, lists of several lines, address books and the memory of an
//! import, in a temporary database of made-up data.
//!
//! `people [PARTIES]` creates this many parties with names (default one million), and a tenth as many owners.
//! The program `calls` must be in the same folder. Figures are medians of sequential requests.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

const FIRST: [&str; 10] =
    ["Anna", "Ben", "Carla", "David", "Emma", "Fritz", "Greta", "Hilde", "Ida", "Jonas"];
const LAST: [&str; 8] = ["Berg", "Feld", "Kaiser", "Montag", "Sommer", "Stein", "Wald", "Winter"];
/// The history whose parties have names, and the one whose parties have none.
const NAMED: &str = "+12025550100";
const UNNAMED: &str = "+12025550101";
/// Number of calls in each of them.
const CALLS: u64 = 20_000;
/// Number of people in the address book.
const PEOPLE: u64 = 50_000;

fn main() -> anyhow::Result<()> {
    let parties: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse())?;
    let bench = Bench::new()?;
    let (server, address) = bench.serve()?;
    let measured = bench.measure(&address, parties);
    end(server)?;
    measured
}

/// A database, and the program under test.
struct Bench {
    calls: PathBuf,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> anyhow::Result<Self> {
        let calls = std::env::current_exe()?.with_file_name("calls");
        if !calls.is_file() {
            bail!("expected the program calls at {}, but found none", calls.display());
        }
        Ok(Self { calls, folder: tempfile::tempdir()? })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.calls);
        command.args(arguments).env("CALLS_DATA_DIR", self.folder.path().join("data"));
        command.env_remove("DATABASE_URL").stderr(Stdio::null());
        command
    }

    /// Starts the server. Its address is `127.0.0.1:PORT`.
    fn serve(&self) -> anyhow::Result<(Child, String)> {
        let mut server = self.command(&["serve", "--bind", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn()?;
        let out = server.stdout.take().context("the server has no output")?;
        for line in BufReader::new(out).lines() {
            if let Some(address) = line?.strip_prefix("listening on http://") {
                return Ok((server, address.to_owned()));
            }
        }
        bail!("the server ended before it listened: {}", server.wait()?)
    }

    fn measure(&self, address: &str, parties: u64) -> anyhow::Result<()> {
        let path = |name: &str| self.folder.path().join(name);
        write(&path("names"), |out| names(out, parties))?;
        self.import("import of names", &path("names"), &[], parties)?;
        write(&path("one"), one_history)?;
        self.import("import of one history", &path("one"), &[], 2 * CALLS)?;
        write(&path("asterisk"), |out| asterisk(out, parties / 2))?;
        self.import("import of Asterisk, joined", &path("asterisk"), &["--format", "asterisk-csv"], parties)?;
        write(&path("book.vcf"), |out| book(out, PEOPLE))?;
        self.import_book(&path("book.vcf"))?;
        directory(address)?;
        pages(address)
    }

    fn import(&self, what: &str, log: &Path, options: &[&str], records: u64) -> anyhow::Result<()> {
        let log = log.to_str().context("a path that is no text")?;
        let arguments = [&["import", log][..], options].concat();
        let (seconds, peak) = run(&mut self.command(&arguments))?;
        let rate = records as f64 / seconds;
        println!("{what}: {rate:.0} rows/s, peak {:.0} MB", peak as f64 / 1000.0);
        Ok(())
    }

    fn import_book(&self, book: &Path) -> anyhow::Result<()> {
        let book = book.to_str().context("a path that is no text")?;
        let (seconds, peak) = run(&mut self.command(&["contacts", "import", book]))?;
        println!("address book of {PEOPLE}: {seconds:.1} s, peak {:.0} MB", peak as f64 / 1000.0);
        Ok(())
    }
}

/// Stops a server as a service manager does, so that PostgreSQL stops too.
fn end(mut server: Child) -> anyhow::Result<()> {
    Command::new("kill").arg(server.id().to_string()).status()?;
    server.wait()?;
    Ok(())
}

/// Runs a command. Returns its duration in seconds and its peak memory in kB (`VmHWM` of proc(5)).
fn run(command: &mut Command) -> anyhow::Result<(f64, u64)> {
    const PAUSE: Duration = Duration::from_millis(20);
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(ended) = child.try_wait()? {
            let seconds = begun.elapsed().as_secs_f64();
            if !ended.success() {
                bail!("{command:?} ended with {ended}");
            }
            return Ok((seconds, peak));
        }
        // The process may end in between.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        thread::sleep(PAUSE);
    }
}

fn write(file: &Path, lines: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    lines(&mut out)?;
    out.flush()?;
    Ok(())
}

fn name(index: u64) -> String {
    let of = |names: &[&'static str], index: u64| names[index as usize % names.len()];
    format!("{} {} {}", of(&FIRST, index * 7), of(&LAST, index / 10), index % 97)
}

/// A call with each party, of a tenth as many owners.
fn names(out: &mut BufWriter<File>, parties: u64) -> std::io::Result<()> {
    let owners = (parties / 10).max(1);
    for index in 0..parties {
        let (owner, second) = (2_000_000 + index % owners, 1_700_000_000 + index * 37 % 60_000_000);
        record(
            out,
            &format!("+1212{owner}"),
            &format!("+49151{:08}", 20_000_000 + index),
            second,
            Some(index),
        )?;
    }
    Ok(())
}

/// Two histories of equal length.
fn one_history(out: &mut BufWriter<File>) -> std::io::Result<()> {
    for index in 0..CALLS {
        let second = 1_700_000_000 + index * 60;
        record(out, NAMED, &format!("+49152{:08}", 20_000_000 + index % 1000), second, Some(index % 1000))?;
        record(out, UNNAMED, &format!("+49157{:08}", 70_000_000 + index % 1000), second, None)?;
    }
    Ok(())
}

fn record(
    out: &mut BufWriter<File>,
    owner: &str,
    other: &str,
    second: u64,
    named: Option<u64>,
) -> std::io::Result<()> {
    let time = chrono::DateTime::from_timestamp(second as i64, 0).unwrap_or_default().to_rfc3339();
    let name = named.map(|index| format!(r#","name":"{}""#, name(index))).unwrap_or_default();
    writeln!(
        out,
        "{{\"owner\":\"{owner}\",\"created_at\":\"{time}\",\"counterparty\":\"{other}\",\
         \"type\":\"Completed Inbound\",\"duration\":\"65.0\"{name}}}"
    )
}

/// Calls to a ring group: two rows each, with the same linked ID.
fn asterisk(out: &mut BufWriter<File>, calls: u64) -> std::io::Result<()> {
    for call in 0..calls {
        let second = 1_600_000_000 + call * 61;
        let time = chrono::DateTime::from_timestamp(second as i64, 0).unwrap_or_default();
        let time = time.format("%Y-%m-%d %H:%M:%S").to_string();
        let caller = format!("+1303{:07}", 2_000_000 + call % 5000);
        let name = format!("\"\"Example\"\" <{caller}>");
        for (row, (phone, disposition, talk)) in
            [(1001, "NO ANSWER", "0"), (1002, "ANSWERED", "65")].iter().enumerate()
        {
            let (from, to) = (format!("PJSIP/trunk-{call}"), format!("PJSIP/{phone}-{call}"));
            let (unique, linked, sequence) =
                (format!("{second}.{row}"), format!("{second}.0"), row.to_string());
            let fields = [
                "",
                &caller,
                "600",
                "from-trunk",
                &name,
                &from,
                &to,
                "Dial",
                &to,
                &time,
                &time,
                &time,
                "70",
                talk,
                disposition,
                "DOCUMENTATION",
                &unique,
                "",
                "",
                &linked,
                &sequence,
            ];
            writeln!(out, "\"{}\"", fields.join("\",\""))?;
        }
    }
    Ok(())
}

fn book(out: &mut BufWriter<File>, people: u64) -> std::io::Result<()> {
    for index in 0..people {
        writeln!(
            out,
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{}\r\nTEL;TYPE=CELL:+49151{:08}\r\n\
             TEL;TYPE=WORK:+4930{:07}\r\nEND:VCARD\r",
            name(index),
            20_000_000 + index,
            2_000_000 + index
        )?;
    }
    Ok(())
}

/// Responses of the directory.
fn directory(address: &str) -> anyhow::Result<()> {
    // A search waits 200 ms for the list of parties, which takes seconds for a million new calls.
    const LIMIT: Duration = Duration::from_secs(300);
    let begun = Instant::now();
    while answer(address, "/api/numbers?q=nobody", 1)? > 150.0 {
        if begun.elapsed() > LIMIT {
            bail!("expected the parties of all calls to be listed within {LIMIT:?}");
        }
    }
    for query in
        ["", "?q=20012", "?q=hilde", "?q=hilde%20winter%2042", "?q=nobody", "?sort=calls", "?sort=name"]
    {
        let ms = answer(address, &format!("/api/numbers{query}"), 11)?;
        println!("GET /api/numbers{query}: {ms:.1} ms");
    }
    Ok(())
}

/// Pages of one history and of two, with and without names.
fn pages(address: &str) -> anyhow::Result<()> {
    const TIMES: usize = 501;
    let encoded = |number: &str| number.replace('+', "%2B");
    let one = answer(address, &format!("/api/calls/{NAMED}"), TIMES)?;
    let lines = format!("/api/calls?number={}&number={}", encoded(NAMED), encoded(UNNAMED));
    let two = answer(address, &lines, TIMES)?;
    println!("page of one number: {one:.2} ms, of two: {two:.2} ms, {:.2} times", two / one);
    let page = |number: &str| answer(address, &format!("/api/calls/{number}?include=details"), TIMES);
    let (named, unnamed) = (page(NAMED)?, page(UNNAMED)?);
    println!("details with names: {named:.2} ms, without: {unnamed:.2} ms, {:.2} times", named / unnamed);
    Ok(())
}

/// Median response time in milliseconds.
fn answer(address: &str, path: &str, times: usize) -> anyhow::Result<f64> {
    let agent = ureq::Agent::new_with_defaults();
    let mut found = Vec::with_capacity(times);
    for _ in 0..times {
        let begun = Instant::now();
        agent.get(format!("http://{address}{path}")).call()?.body_mut().read_to_vec()?;
        found.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    found.sort_by(f64::total_cmp);
    Ok(found[times / 2])
}
