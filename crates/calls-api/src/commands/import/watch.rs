//! `calls import --watch`: reads each log that is put into a folder, once.
//!
//! Events of the file system only say when to look: the folder is looked through as a whole, so nothing is
//! lost with an event. Files that were read are remembered in the database, by content, behind their calls:
//! what a kill interrupts is done again, and calls have a natural key, so none is lost and none is there
//! twice.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use calls_import::Progress;
use calls_store::import::{ImportError, OnError};
use calls_store::server::Server;
use calls_store::{imported_files, last_imports};
use diesel::pg::PgConnection;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::folder::{self, Folder, Stamp};
use super::{Arguments, Read, Storage, terminal};
use crate::intake;
use crate::intake::report::Report;

/// Shortest interval between scans, while files change.
const LOOK: Duration = Duration::from_millis(500);
/// Interval of scans without events, because not every file system reports changes.
const LOOK_ANYWAY: Duration = Duration::from_secs(60);
/// The same, if no watcher could be started.
const LOOK_UNTOLD: Duration = Duration::from_secs(5);

/// Reason for a scan, or for the end.
enum Signal {
    Changed,
    Stop,
}

pub(super) fn run(
    storage: Storage,
    path: &Path,
    arguments: &Arguments,
    read: &Read,
) -> anyhow::Result<ExitCode> {
    if !path.is_dir() {
        bail!("--watch: expected a folder, but found {:?}", path.display().to_string());
    }
    let (server, _) = storage.open()?;
    let (signals, received) = channel();
    stop_on_signal(signals.clone())?;
    let watcher = watcher(path, signals);
    let anyway = if watcher.is_ok() { LOOK_ANYWAY } else { LOOK_UNTOLD };
    if let Err(error) = &watcher {
        eprintln!(
            "calls: {} tells nothing of its files, and is looked through each 5 s: {error}",
            path.display()
        );
    }
    println!("watching {}", path.display());
    let mut watch = Watch {
        folder: Folder::new(path, Duration::from_secs(arguments.settle)),
        read,
        server: &server,
        connection: None,
        refused: HashSet::new(),
        failure: None,
    };
    while watch.look(&received, anyway)? {}
    watch.connection = None;
    drop(watch);
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}

/// Starts a watcher, which sends signals until it is dropped.
fn watcher(path: &Path, signals: Sender<Signal>) -> notify::Result<RecommendedWatcher> {
    // Without a receiver the program is about to end.
    let tell = move |event: notify::Result<notify::Event>| {
        // Reading a file is an event as well.
        if event.is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        _ = signals.send(Signal::Changed);
    };
    let mut watcher = notify::recommended_watcher(tell)?;
    watcher.watch(path, RecursiveMode::Recursive)?;
    Ok(watcher)
}

/// Sends a signal to end at the first SIGINT or SIGTERM; a second one ends the process at once.
fn stop_on_signal(signals: Sender<Signal>) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    const INTERRUPTED: i32 = 130;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            let streams = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
            let (Ok(mut interrupt), Ok(mut terminate)) = streams else { return };
            for is_last in [false, true] {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                if is_last {
                    std::process::exit(INTERRUPTED);
                }
                _ = signals.send(Signal::Stop);
            }
        });
    })?;
    Ok(())
}

struct Watch<'a> {
    folder: Folder,
    read: &'a Read,
    server: &'a Server,
    connection: Option<PgConnection>,
    /// Digests of files that are not call logs or need an option. Reported once per process.
    refused: HashSet<Vec<u8>>,
    /// The last reported failure, while it lasts.
    failure: Option<String>,
}

impl Watch<'_> {
    /// Scans the folder, imports files that have stopped growing, and waits for the next scan. False at the
    /// end.
    fn look(&mut self, signals: &Receiver<Signal>, anyway: Duration) -> anyhow::Result<bool> {
        let mut is_complete = true;
        match self.folder.look() {
            Ok(found) => {
                is_complete = !found.has_unsettled;
                for (file, stamp) in found.settled {
                    if is_stopped(signals) {
                        return Ok(false);
                    }
                    match self.take(&file, stamp) {
                        Ok(true) => self.folder.done(&file),
                        Ok(false) => is_complete = false,
                        Err(error) => {
                            is_complete = false;
                            self.fail(format!("{error:#}"));
                            break;
                        }
                    }
                    self.failure = None;
                }
            }
            Err(error) => self.fail(format!("cannot look through the folder: {error}")),
        }
        wait(signals, if is_complete { anyway } else { LOOK })
    }

    fn fail(&mut self, failure: String) {
        self.connection = None;
        if self.failure.as_ref() != Some(&failure) {
            eprintln!("calls: {failure}; trying again");
            self.failure = Some(failure);
        }
    }

    /// Imports a file, unless its content is known. False if the file changed meanwhile.
    fn take(&mut self, file: &Path, stamp: Stamp) -> anyhow::Result<bool> {
        let name = file.display().to_string();
        let Ok(digest) = folder::digest(file) else { return Ok(false) };
        if self.refused.contains(&digest) {
            return Ok(true);
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.server.ensure_running()?;
                self.server.connect()?
            }
        };
        let connection = self.connection.insert(connection);
        if imported_files::is_known(connection, &digest).context("cannot query the database")? {
            return Ok(true);
        }
        let is_unchanged = || Stamp::of(file).is_ok_and(|now| now == stamp);
        let (report, ended) = match import(connection, file, self.read) {
            Ok(imported) => imported,
            Err(_) if !is_unchanged() => return Ok(false),
            Err(error) => {
                eprintln!("{name}: not read: {error:#}");
                self.refused.insert(digest);
                return Ok(true);
            }
        };
        if let Err(ImportError::Store(error)) = ended {
            return Err(anyhow::Error::new(error).context(format!("cannot store the calls of {name}")));
        }
        // The file has grown: its calls so far are stored, and the rest is imported in a later scan.
        if !is_unchanged() {
            return Ok(false);
        }
        report.skipped_lines(&name).iter().for_each(|line| eprintln!("{line}"));
        match ended {
            Err(error) => {
                eprintln!("{name}: not read to its end: {:#}", anyhow::Error::new(error));
                self.refused.insert(digest);
            }
            Ok(()) if report.found_nothing() => {
                eprintln!("{}", terminal::nothing_found(file, &report, self.read));
                self.refused.insert(digest);
            }
            Ok(()) => {
                println!("{name}: {}", report.line());
                imported_files::remember(connection, &digest, report.records())
                    .and_then(|()| {
                        last_imports::note(connection, last_imports::Source::Watch, report.stored().0)
                    })
                    .context("cannot record which files were imported")?;
            }
        }
        Ok(true)
    }
}

fn import(
    connection: &mut PgConnection,
    file: &Path,
    read: &Read,
) -> anyhow::Result<(Report, Result<(), ImportError>)> {
    let opened = calls_import::open(file, read.format, &read.options, &Progress::default())?;
    let mut report = Report::new(opened.format, false, false)?;
    let ended =
        intake::run(Some(connection), opened.items, (read.region, OnError::Skip), &mut report, |_| {});
    Ok((report, ended))
}

fn is_stopped(signals: &Receiver<Signal>) -> bool {
    signals.try_iter().any(|signal| matches!(signal, Signal::Stop))
}

/// Waits for a change, at most `longest`. False at the end.
fn wait(signals: &Receiver<Signal>, longest: Duration) -> anyhow::Result<bool> {
    match signals.recv_timeout(longest) {
        Ok(Signal::Stop) => return Ok(false),
        Err(RecvTimeoutError::Disconnected) => bail!("the file watcher has stopped"),
        Err(RecvTimeoutError::Timeout) => return Ok(true),
        Ok(Signal::Changed) => {}
    }
    // Further changes within the interval need no scan of their own.
    let start = Instant::now();
    while let Some(left) = LOOK.checked_sub(start.elapsed()) {
        if let Ok(Signal::Stop) = signals.recv_timeout(left) {
            return Ok(false);
        }
    }
    Ok(true)
}
