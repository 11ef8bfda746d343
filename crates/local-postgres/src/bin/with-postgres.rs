//! `with-postgres [--data-dir DIR] COMMAND [ARGUMENT...]`: runs a command with a PostgreSQL at its side.
//!
//! Without a folder that is a throwaway cluster for tests, and `TEST_DATABASE_URL` is the URL of its database
//! `postgres`. With one it is the cluster in that folder, started or joined, and the URL is in
//! `DATABASE_URL`; tests do not look there, and so leave real data alone. PostgreSQL's programs come first in
//! the command's `PATH`: `with-postgres --data-dir DIR psql -l` needs no more, because `PGHOST`, `PGPORT` and
//! `PGUSER` are set, too.
//!
//! Passes SIGINT, SIGTERM and SIGHUP on to the command, and ends with the command's exit code (128 and the
//! signal's number if a signal ended it).

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::atomic::{AtomicI32, Ordering};

use local_postgres::{Cluster, testing};

/// The command's process number while it runs, else 0.
static COMMAND: AtomicI32 = AtomicI32::new(0);

/// The last signal that came, else 0.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Exit codes as shells give them.
const FAILED: u8 = 1;
const USAGE: u8 = 2;
const NOT_EXECUTED: u8 = 126;

/// Parsed command line.
struct Wish {
    data_dir: Option<PathBuf>,
    program: OsString,
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    let Some(wish) = Wish::parse(std::env::args_os().skip(1)) else {
        eprintln!("usage: with-postgres [--data-dir DIR] COMMAND [ARGUMENT...]");
        return ExitCode::from(USAGE);
    };
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        pass_on(signal);
    }
    let opened = wish.data_dir.as_deref().map_or_else(Cluster::throwaway, Cluster::open);
    if let Some(code) = interrupted() {
        return code; // dropping the cluster leaves it
    }
    let cluster = match opened {
        Ok(cluster) => cluster,
        Err(error) => {
            eprintln!("with-postgres: {error}");
            return ExitCode::from(FAILED);
        }
    };
    let code = run(&wish, &cluster);
    if let Err(error) = cluster.leave() {
        eprintln!("with-postgres: {error}");
        return ExitCode::from(FAILED);
    }
    code
}

impl Wish {
    fn parse(arguments: impl Iterator<Item = OsString>) -> Option<Wish> {
        let mut arguments = arguments.peekable();
        let data_dir = match arguments.next_if(|argument| argument == "--data-dir") {
            Some(_) => Some(PathBuf::from(arguments.next()?)),
            None => None,
        };
        let program = arguments.next().filter(|program| !program.to_string_lossy().starts_with('-'))?;
        Some(Wish { data_dir, program, arguments: arguments.collect() })
    }
}

/// Runs the command to its end.
fn run(wish: &Wish, cluster: &Cluster) -> ExitCode {
    let variable = if wish.data_dir.is_some() { "DATABASE_URL" } else { testing::VARIABLE };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(cluster.bin_dir().to_path_buf()).chain(std::env::split_paths(&path));
    let mut command = Command::new(&wish.program);
    command.args(&wish.arguments).env(variable, cluster.url("postgres"));
    command.envs(cluster.variables());
    if let Ok(path) = std::env::join_paths(folders) {
        command.env("PATH", path);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("with-postgres: could not run {}: {error}", wish.program.display());
            return ExitCode::from(NOT_EXECUTED);
        }
    };
    COMMAND.store(i32::try_from(child.id()).unwrap_or(0), Ordering::SeqCst);
    let early = SIGNAL.load(Ordering::SeqCst);
    if early != 0 {
        // It came when there was no command yet to pass it on to.
        send(early);
    }
    let status = child.wait();
    COMMAND.store(0, Ordering::SeqCst);
    match status {
        Ok(status) => ExitCode::from(code_of(status)),
        Err(error) => {
            eprintln!("with-postgres: {error}");
            ExitCode::from(FAILED)
        }
    }
}

/// The exit code for a signal that came before there was a command.
fn interrupted() -> Option<ExitCode> {
    match SIGNAL.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(ExitCode::from(128 | low_byte(signal))),
    }
}

fn code_of(status: ExitStatus) -> u8 {
    match (status.code(), status.signal()) {
        (Some(code), _) => low_byte(code),
        (None, Some(signal)) => 128 | low_byte(signal),
        (None, None) => FAILED,
    }
}

fn low_byte(number: i32) -> u8 {
    number.to_le_bytes()[0]
}

/// Installs the handler for one signal.
fn pass_on(signal: libc::c_int) {
    // SAFETY: the handler makes system calls and atomic accesses only.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

extern "C" fn on_signal(signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    SIGNAL.store(signal, Ordering::SeqCst);
    // SAFETY: the kernel passes valid information with SA_SIGINFO.
    let from_terminal = signal == libc::SIGINT && unsafe { is_from_kernel(info) };
    // The terminal sends Ctrl-C to the command as well. A second one can mean "at once" to it.
    if !from_terminal {
        send(signal);
    }
}

/// # Safety
/// `info` is what the kernel gave to a handler.
#[cfg(target_os = "linux")]
unsafe fn is_from_kernel(info: *const libc::siginfo_t) -> bool {
    // SAFETY: see above.
    unsafe { (*info).si_code == libc::SI_KERNEL }
}

/// # Safety
/// `info` is what the kernel gave to a handler.
#[cfg(not(target_os = "linux"))]
unsafe fn is_from_kernel(info: *const libc::siginfo_t) -> bool {
    // SAFETY: see above.
    unsafe { (*info).si_pid() == 0 }
}

/// Sends a signal to the command, if it runs.
fn send(signal: libc::c_int) {
    let command = COMMAND.load(Ordering::SeqCst);
    if command > 0 {
        // SAFETY: a system call.
        unsafe { libc::kill(command, signal) };
    }
}
