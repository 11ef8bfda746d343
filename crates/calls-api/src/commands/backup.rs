//! `calls backup`, and the scheduled backups of `calls serve`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use chrono::{TimeDelta, Utc};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use super::storage::Storage;
use crate::metrics::Metrics;
use calls_store::backup::archive::Manifest;
use calls_store::backup::{self, Step, folder};
use calls_store::server::Server;

/// Longest pause after a failed backup, before the next attempt.
const RETRY: Duration = Duration::from_secs(300);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// File to write; an existing backup is replaced
    #[arg(value_name = "FILE", required_unless_present = "to", conflicts_with = "to")]
    file: Option<PathBuf>,
    /// Folder for a new file, named by the time
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Number of files of --to to keep
    #[arg(long, requires = "to", default_value_t = 7, value_name = "FILES", value_parser = files)]
    keep: usize,
    /// Keep running, and write a file to --to at this interval: 30m, 24h, 7d
    #[arg(long, requires = "to", value_name = "TIME", value_parser = interval)]
    every: Option<Duration>,
}

/// Backups while serving.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Backups {
    /// Folder of regular backups [default: no backups]
    #[arg(long, env = "CALLS_BACKUP_TO", value_name = "DIR")]
    backup_to: Option<PathBuf>,
    /// Interval between backups: 30m, 24h, 7d
    #[arg(long, env = "CALLS_BACKUP_EVERY", default_value = "24h", value_name = "TIME", value_parser = interval)]
    backup_every: Duration,
    /// Number of backups to keep
    #[arg(long, env = "CALLS_BACKUP_KEEP", default_value_t = 7, value_name = "FILES", value_parser = files)]
    backup_keep: usize,
}

/// Parses a number of files, at least one.
fn files(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("expected a number of files from 1, but found {text:?}"))
}

/// Parses an interval such as `30m`, `24h` or `7d`.
fn interval(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = text[..text.len() - unit.len()].parse::<u32>().ok().filter(|count| *count > 0);
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        _ => None,
    };
    match (count, seconds) {
        (Some(count), Some(seconds)) => Ok(Duration::from_secs(u64::from(count) * seconds)),
        _ => Err(format!("expected a time such as 30m, 24h or 7d, but found {text:?}")),
    }
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let server = storage.existing()?;
    let Arguments { file, to, keep, every } = arguments;
    match (file, to, every) {
        (Some(file), ..) => {
            let manifest = shown(|watch| backup::write(&server, &file, watch))?;
            report(&file, &manifest);
        }
        (None, Some(folder), None) => {
            let (file, manifest) = shown(|watch| folder::write(&server, &folder, keep, watch))?;
            report(&file, &manifest);
        }
        (None, Some(folder), Some(every)) => {
            let schedule = Schedule { folder, every, keep };
            // Until a signal ends the process. An unfinished file is removed by a later backup.
            schedule.run(&server, None, |wait| {
                std::thread::sleep(wait);
                ControlFlow::Continue(())
            });
        }
        (None, None, _) => anyhow::bail!("expected a file, or a folder with --to"),
    }
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a backup with a progress bar.
fn shown<T>(work: impl FnOnce(backup::Watch) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let bar = ProgressBar::new_spinner();
    let result = work(&mut |step| {
        show(&bar, step);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    result
}

/// Shows a step.
pub(super) fn show(bar: &ProgressBar, step: Step) {
    let rows = |bar: &ProgressBar, what: &str, done, total| {
        if bar.length() != Some(total) {
            let template = format!("{what}  {{bar:30}} {{human_pos}}/{{human_len}} rows  {{eta}} left");
            bar.set_length(total);
            bar.set_style(
                ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
        }
        bar.set_position(done);
    };
    match step {
        Step::Dumping(bytes) => bar.set_message(format!("backing up  {}", HumanBytes(bytes))),
        Step::Verifying { done, total } => rows(bar, "verifying", done, total),
        Step::Restoring { done, total } => rows(bar, "restoring", done, total),
        Step::Finishing => bar.println("building indexes"),
    }
    bar.tick();
}

fn report(file: &Path, manifest: &Manifest) {
    let bytes = std::fs::metadata(file).map_or(0, |found| found.len());
    println!(
        "{} calls of {} backed up to {} ({}), and read back",
        HumanCount(manifest.calls_count()),
        manifest.made_at.format("%Y-%m-%d %H:%M:%S UTC"),
        file.display(),
        HumanBytes(bytes)
    );
}

/// Scheduled backups of a running server. They stop on drop.
pub(super) struct Running {
    stop: Arc<AtomicBool>,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Backups {
    /// Starts the scheduled backups, if they are configured.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub(super) fn start(self, server: &Arc<Server>, metrics: &Metrics) -> anyhow::Result<Option<Running>> {
        let Some(folder) = self.backup_to.filter(|folder| !folder.as_os_str().is_empty()) else {
            return Ok(None);
        };
        let written = std::fs::create_dir_all(&folder).context("cannot create the folder of --backup-to");
        written.and_then(|()| Ok(folder::list(&folder)?)).with_context(|| folder.display().to_string())?;
        let schedule = Schedule { folder, every: self.backup_every, keep: self.backup_keep };
        let stop = Arc::new(AtomicBool::new(false));
        let (wake, woken) = channel();
        let (server, metrics, stopped) = (server.clone(), metrics.clone(), stop.clone());
        let pause = move |wait| match woken.recv_timeout(wait) {
            Err(RecvTimeoutError::Timeout) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        };
        let watched = Watched { metrics, stop: stopped };
        let thread = std::thread::Builder::new()
            .name("backups".to_owned())
            .spawn(move || schedule.run(&server, Some(&watched), pause))
            .context("cannot start a thread")?;
        Ok(Some(Running { stop, wake: Some(wake), thread: Some(thread) }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake.take();
        // The thread has no result, and ends on its own.
        self.thread.take().map(JoinHandle::join);
    }
}

/// Metrics of backups, and the flag that cancels them.
struct Watched {
    metrics: Metrics,
    stop: Arc<AtomicBool>,
}

/// When to back up, and where to.
struct Schedule {
    folder: PathBuf,
    every: Duration,
    keep: usize,
}

impl Schedule {
    /// Backs up when the newest file is old enough, until `pause` breaks.
    fn run(
        &self,
        server: &Server,
        watched: Option<&Watched>,
        mut pause: impl FnMut(Duration) -> ControlFlow<()>,
    ) {
        loop {
            let newest =
                folder::list(&self.folder).ok().and_then(|mut files| files.pop()).map(|(time, _)| time);
            if let (Some(watched), Some(newest)) = (watched, newest) {
                watched.metrics.backed_up_at(newest.timestamp());
            }
            let age = newest
                .map(|newest| (Utc::now() - newest).max(TimeDelta::zero()).to_std().unwrap_or_default());
            let mut wait = age.map_or(Duration::ZERO, |age| self.every.saturating_sub(age));
            if wait.is_zero() {
                wait = self.back_up(server, watched);
            }
            // The system clock can be set meanwhile.
            if pause(wait.min(Duration::from_secs(60))).is_break() {
                return;
            }
        }
    }

    /// Makes a backup if one is due, and returns the time until the next check.
    fn back_up(&self, server: &Server, watched: Option<&Watched>) -> Duration {
        let is_stopped = || watched.is_some_and(|watched| watched.stop.load(Ordering::Relaxed));
        let mut watch = |_| if is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        match folder::write(server, &self.folder, self.keep, &mut watch) {
            Ok((file, manifest)) => {
                tracing::info!(file = %file.display(), calls = manifest.calls_count(), "backed up");
                if let Some(watched) = watched {
                    watched.metrics.backed_up_at(Utc::now().timestamp());
                }
                Duration::ZERO
            }
            Err(_) if is_stopped() => Duration::ZERO,
            Err(error) => {
                tracing::error!("the backup failed: {error:#}");
                if let Some(watched) = watched {
                    watched.metrics.backup_failed();
                }
                RETRY.min(self.every)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(interval(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "24", "h", "0h", "-1h", "1w", "1.5h", "24 h", "99999999999h"] {
            assert!(interval(text).unwrap_err().contains("24h"), "{text}");
        }
    }
}
