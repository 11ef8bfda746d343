//! Call logs made up for `calls import`, and how fast it takes them in.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use local_postgres::Cluster;

use crate::data::{self, BIGGEST_NUMBER, FIRST_NUMBER};
use crate::processes::{self, Server};
use crate::table::{Row, Sample};
use crate::times;

const DATABASE: &str = "calls_import";

/// The formats that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Our own export of one number.
    Ndjson,
    /// Asterisk's `Master.csv` of a telephone system, whose calls have two sides.
    Asterisk,
}

/// Results of importing one log.
#[derive(Debug)]
pub struct Imported {
    /// Number of calls in the log.
    pub records: u64,
    /// Records per second.
    pub row: Row,
    /// The first summary after each import.
    pub summaries: Vec<FirstSummary>,
    /// The bytes that a call takes with its indexes, after each import.
    pub bytes_per_call: Vec<f64>,
}

/// Time until a summary covered the whole history.
#[derive(Debug, Clone, Copy)]
pub struct FirstSummary {
    /// As a clock tells it.
    pub seconds: f64,
    /// PostgreSQL's CPU time.
    pub database_seconds: f64,
}

impl Log {
    /// The row's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "import NDJSON, records",
            Self::Asterisk => "import Asterisk, records",
        }
    }

    /// Imports a log of so many calls into an empty database several times.
    pub fn measure(
        self,
        cluster: &Cluster,
        calls: &Path,
        records: u64,
        times: usize,
    ) -> anyhow::Result<Imported> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("log");
        self.write(&file, records)?;
        let row = Row { name: self.name(), ..Row::default() };
        let mut imported = Imported { records, row, summaries: Vec::new(), bytes_per_call: Vec::new() };
        for _ in 0..times {
            data::empty(cluster, DATABASE, calls)?;
            imported.row.api.push(self.import(cluster, calls, &file, records)?);
            imported.bytes_per_call.push(data::bytes_per_call(cluster, DATABASE)?);
            imported.summaries.push(self.summarize(cluster, calls)?);
            cluster.drop_database(DATABASE)?;
        }
        Ok(imported)
    }

    fn import(self, cluster: &Cluster, calls: &Path, file: &Path, records: u64) -> anyhow::Result<Sample> {
        let postmaster = processes::postmaster(cluster.data_dir())?;
        let before = (processes::postgres_cpu(postmaster)?, children_cpu());
        let start = Instant::now();
        let mut command = Command::new(calls);
        command.arg("import").arg(file).args(["--database-url", &cluster.url(DATABASE)]);
        if self == Self::Ndjson {
            command.args(["--own", &format!("+{BIGGEST_NUMBER}")]);
        }
        let done = command.output().context("cannot run calls import")?;
        let took = start.elapsed();
        let said = String::from_utf8_lossy(&done.stdout);
        if !said.contains(&format!(" {records} added")) {
            bail!("expected {records} added, but found {said}{}", String::from_utf8_lossy(&done.stderr));
        }
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / records as f64;
        Ok(Sample {
            per_second: records as f64 / took.as_secs_f64(),
            server_us: each(children_cpu() - before.1),
            database_us: each(processes::postgres_cpu(postmaster)? - before.0),
        })
    }

    /// Asks a new API for the summary of one of the imported histories, until it covers all of it.
    fn summarize(self, cluster: &Cluster, calls: &Path) -> anyhow::Result<FirstSummary> {
        let mut command = Command::new(calls);
        let api = Server::start(command.args([
            "serve",
            "--bind",
            "127.0.0.1:0",
            "--database-url",
            &cluster.url(DATABASE),
        ]))?;
        let number = match self {
            Self::Ndjson => BIGGEST_NUMBER,
            Self::Asterisk => FIRST_NUMBER,
        };
        let postmaster = processes::postmaster(cluster.data_dir())?;
        let before = processes::postgres_cpu(postmaster)?;
        let seconds = times::counted_ms(&api.address, number)? / 1e3;
        let database_seconds = (processes::postgres_cpu(postmaster)? - before).as_secs_f64();
        Ok(FirstSummary { seconds, database_seconds })
    }

    fn write(self, file: &Path, records: u64) -> anyhow::Result<()> {
        let mut out = BufWriter::new(fs::File::create(file)?);
        for n in 0..records {
            // Parties that come again, in no order.
            let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            let (month, day, hour) = (n / 44_640 % 12 + 1, n / 1440 % 28 + 1, n / 60 % 24);
            let (minute, second) = (n % 60, n / 3_571 % 60);
            let other = 14_085_550_000 + mixed % 20_000;
            match self {
                Self::Ndjson => writeln!(
                    out,
                    r#"{{"id":"{n}","created_at":"2024-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z","counterparty":"+{other}","type":"Completed Inbound","duration":"{}.5"}}"#,
                    n % 1000,
                    mixed % 900
                )?,
                // The other half are the calls of the called.
                Self::Asterisk if n % 2 == 0 => writeln!(
                    out,
                    r##""","+{}","+{other}","internal","""A"" <1001>","PJSIP/1001-{n:08x}","PJSIP/trunk-{n:08x}","Dial","PJSIP/1002,30","2024-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}","2024-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}","2024-{month:02}-{day:02} {hour:02}:{minute:02}:59",{},{},"ANSWERED","DOCUMENTATION","1704067200.{n}","""##,
                    FIRST_NUMBER + n / 2 % 5_000,
                    mixed % 900 + 6,
                    mixed % 900
                )?,
                Self::Asterisk => {}
            }
        }
        Ok(out.flush()?)
    }
}

/// The CPU time of all processes that this one has started and that have ended.
fn children_cpu() -> Duration {
    // SAFETY: a rusage of zeros is a valid value, and the pointer is valid for the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.unsigned_abs()) + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}
