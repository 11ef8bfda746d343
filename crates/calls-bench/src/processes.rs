//! Other processes: those that are measured, and what they have used so far.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

/// Token that senders present to the API.
pub const INGEST_TOKEN: &str = "token-of-the-bench";

/// A server in a process of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    /// Starts a command that says `listening on http://ADDRESS` when it listens.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        // Logs go nowhere, as those of a service go to somebody who is quick to take them.
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        let out = child.stdout.take().context("it has no output")?;
        for line in BufReader::new(out).lines() {
            if let Some(address) = line?.strip_prefix("listening on http://") {
                return Ok(Self { child, address: address.to_owned() });
            }
        }
        bail!("{program} ended before it listened: {}", child.wait()?)
    }

    /// The CPU time that the process has used so far.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        Ok(Usage::read(self.child.id())?.own)
    }

    /// The most memory that the process had so far, in bytes (`VmHWM` of proc(5)).
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process number of the server that keeps `data_dir`.
pub fn postmaster(data_dir: &Path) -> anyhow::Result<u32> {
    let file = data_dir.join("postgres/postmaster.pid");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    text.lines().next().unwrap_or_default().trim().parse().context("no process number")
}

/// The CPU time that PostgreSQL has used so far, with all of its processes, also those that have ended.
pub fn postgres_cpu(postmaster: u32) -> anyhow::Result<Duration> {
    loop {
        let usage = Usage::read(postmaster)?;
        let mut sum = usage.own + usage.ended_children;
        for entry in fs::read_dir("/proc")? {
            let Ok(process) = entry?.file_name().to_string_lossy().parse() else { continue };
            // It can end in between.
            let Ok(usage) = Usage::read(process) else { continue };
            if usage.parent == postmaster {
                sum += usage.own;
            }
        }
        // Processes that ended meanwhile are in neither sum.
        if Usage::read(postmaster)?.ended_children == usage.ended_children {
            return Ok(sum);
        }
    }
}

/// CPU times from `/proc/PID/stat` (proc(5)).
struct Usage {
    parent: u32,
    own: Duration,
    ended_children: Duration,
}

impl Usage {
    fn read(process: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The second field is the name, in parentheses, and may hold blanks and parentheses.
        let (_, rest) = stat.rsplit_once(") ").context("no fields")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        // Numbered from 1 in proc(5), whose third is the first here.
        let field = |number: usize| fields.get(number - 3).copied().unwrap_or_default().parse::<u64>();
        let time = |one, other| anyhow::Ok(ticks(field(one)? + field(other)?));
        Ok(Self { parent: field(4)?.try_into()?, own: time(14, 15)?, ended_children: time(16, 17)? })
    }
}

fn ticks(count: u64) -> Duration {
    // SAFETY: asks for a constant, touches no memory.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    Duration::from_secs_f64(count as f64 / per_second.max(1) as f64)
}
