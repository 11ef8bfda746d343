//! The server of a data folder: made, started, ready.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Error;
use crate::account;
use crate::binaries::{Binaries, Installed};
use crate::descriptors;
use crate::layout::{Layout, PORT};
use crate::lock::{Lock, Mode, POLL};
use crate::memory;
use crate::stop::{c_string, read_pid};

/// The cluster's superuser, and the only user it has.
pub(crate) const USER: &str = "postgres";

/// How long a start may take. After a crash PostgreSQL replays its log first, at most what it wrote between
/// two checkpoints; on a slow disk that is minutes.
const START_LIMIT: Duration = Duration::from_secs(600);

/// How long a server may take to answer when it is asked whether it is there. If it takes longer, it is asked
/// again.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Settings of every server, beside PostgreSQL's defaults. They are arguments of the server, so that no
/// setting in the cluster's files can open it to the network.
const SETTINGS: [&str; 14] = [
    // Reached through a socket in a folder that only its user can enter, so nobody needs a password.
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    // One process less.
    "max_logical_replication_workers=0",
    // Compiling a query costs more than the short queries here take.
    "jit=off",
    // An index-only scan needs a fresh visibility map, and only vacuum refreshes it. By default it waits for
    // a fifth of the table to be new.
    "autovacuum_naptime=15s",
    "autovacuum_vacuum_insert_threshold=1000",
    "autovacuum_vacuum_insert_scale_factor=0.02",
    // No statement and no value lands in the log: LOG and above are about the server, ERROR (below LOG in
    // this order) is about a client's statement and goes to the client. Terse drops the detail lines, which
    // can quote a row.
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_checkpoints=off",
];

/// Settings of a server whose data is thrown away: nothing survives a crash of the machine, everything is
/// faster.
const THROWAWAY_SETTINGS: [&str; 6] = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=200",
];

/// Joins the server of `layout`, starts it if nobody did, makes it if there is none. Gives the binaries that
/// fit it.
///
/// The caller holds a shared lock of the users, so nobody stops it meanwhile.
pub(crate) fn ensure_ready(
    layout: &Layout,
    installed: &Installed,
    throwaway: bool,
) -> Result<Binaries, Error> {
    let deadline = Instant::now() + START_LIMIT;
    let mut lock = Lock::open(layout, &layout.server_lock())?;
    let mut started = false;
    loop {
        if is_ready(layout) {
            return installed.fitting(layout.version()?, &layout.cluster());
        }
        // Taken: no process of the server lives, and nobody else is just preparing it.
        if lock.attempt(Mode::Exclusive)? {
            if started {
                return Err(Error::Start { log: layout.log(), tail: layout.log_tail() });
            }
            let binaries = prepare(layout, installed, &lock, throwaway)?;
            start(layout, &binaries, &lock, throwaway)?;
            started = true;
            // The server holds the lock now, by its own copy. Only without ours the lock tells when it ends.
            lock = Lock::open(layout, &layout.server_lock())?;
        }
        if Instant::now() >= deadline {
            return Err(slow(layout, "not ready", START_LIMIT));
        }
        std::thread::sleep(POLL);
    }
}

/// The error for a server that does not get anywhere.
pub(crate) fn slow(layout: &Layout, state: &'static str, limit: Duration) -> Error {
    Error::Slow { state, seconds: limit.as_secs(), log: layout.log(), tail: layout.log_tail() }
}

/// Whether the server says that it is ready, and answers.
fn is_ready(layout: &Layout) -> bool {
    // The eighth line is the state. A killed server leaves the file behind.
    fs::read(layout.pid_file()).is_ok_and(|text| {
        text.split(|byte| *byte == b'\n').nth(7).is_some_and(|state| state.trim_ascii() == b"ready")
    }) && answers(&layout.socket()).is_ok()
}

/// Asks the server a question that takes neither user nor database: "would you encrypt?" (SSLRequest in
/// PostgreSQL's protocol, eight bytes, answered by one).
///
/// To connect is not enough: the kernel also accepts for a server that is just being killed.
fn answers(socket: &Path) -> io::Result<()> {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let mut connection = UnixStream::connect(socket)?;
    connection.set_read_timeout(Some(ANSWER_LIMIT))?;
    connection.write_all(&SSL_REQUEST)?;
    connection.read_exact(&mut [0])
}

/// Brings the folder into the state that a server can start in.
fn prepare(layout: &Layout, installed: &Installed, lock: &Lock, throwaway: bool) -> Result<Binaries, Error> {
    let version = layout.version()?;
    let binaries = installed.fitting(version, &layout.cluster())?;
    check_reachable(layout, &binaries)?;
    if version.is_none() {
        init(layout, &binaries, lock, throwaway)?;
    }
    clear_stale_pid_file(layout)?;
    layout.prepare_socket_dir()?;
    // A killed server leaves them behind, and the number in the second may be somebody else's by now.
    for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
        remove_if_there(&layout.socket_dir.join(name))?;
    }
    Ok(binaries)
}

/// As root: the server's user must reach the binaries too.
fn check_reachable(layout: &Layout, binaries: &Binaries) -> Result<(), Error> {
    let Some(account) = &layout.account else { return Ok(()) };
    match account.first_closed(&[binaries.folder()])? {
        Some(folder) => Err(Error::Unreachable { folder, user: account.name.clone() }),
        None => Ok(()),
    }
}

/// Makes the cluster beside its place and moves it there when it is complete, so that a half-made one is
/// never taken for real.
fn init(layout: &Layout, binaries: &Binaries, lock: &Lock, throwaway: bool) -> Result<(), Error> {
    let cluster = layout.cluster();
    if fs::read_dir(&cluster).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::NotACluster { folder: cluster });
    }
    let unfinished = layout.unfinished();
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io("remove", &unfinished)(error));
        }
        _ => layout.create_for_server(&unfinished)?,
    }
    // Text is compared by code points, the same on every machine. Older systems have no such locale for
    // UTF-8; there "C" does the same, but knows upper and lower case of ASCII only.
    let result = run_initdb(layout, binaries, lock, throwaway, "C.UTF-8").or_else(|output| {
        match output.contains("invalid locale") {
            true => run_initdb(layout, binaries, lock, throwaway, "C"),
            false => Err(output),
        }
    });
    if let Err(output) = result {
        return Err(Error::Init { folder: cluster, output });
    }
    fs::rename(&unfinished, &cluster).map_err(Error::io("rename", &unfinished))?;
    // The new name must survive a power cut like the data below it.
    File::open(&layout.data_dir)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io("write", &layout.data_dir))
}

/// Runs `initdb` in the unfinished folder; what it said if it fails.
fn run_initdb(
    layout: &Layout,
    binaries: &Binaries,
    lock: &Lock,
    throwaway: bool,
    locale: &str,
) -> Result<(), String> {
    let mut command = binaries.command("initdb");
    command
        .arg("--pgdata")
        .arg(layout.unfinished())
        .args(["--username", USER, "--encoding", "UTF8", "--locale", locale, "--data-checksums"])
        // Trust is as safe as the socket's folder, which only the server's user (and root) can enter.
        .args(["--auth-local", "trust", "--auth-host", "reject"])
        .current_dir("/");
    if throwaway {
        command.arg("--no-sync");
    }
    account::run_as(&mut command, layout.account.as_ref());
    inherit(&mut command, lock.descriptor());
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&text).trim().to_owned())
}

/// Removes a `postmaster.pid` that a killed server, or a machine that lost power, left behind.
///
/// PostgreSQL does so itself unless its number now belongs to another process of the same user; then it would
/// refuse to start. The lock says that no server of ours lives, so what is left to look for is one that was
/// started without it.
fn clear_stale_pid_file(layout: &Layout) -> Result<(), Error> {
    let path = layout.pid_file();
    if let Some(pid) = read_pid(&c_string(&path)).filter(|pid| serves(*pid, &layout.cluster())) {
        return Err(Error::StartedByHand { folder: layout.cluster(), pid });
    }
    remove_if_there(&path)
}

/// Whether process `pid` is a PostgreSQL server whose data is `cluster`.
#[cfg(target_os = "linux")]
fn serves(pid: libc::pid_t, cluster: &Path) -> bool {
    // A server works in its data. Other users' processes cannot be asked, but a server on our data is a
    // process of ours.
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == cluster)
}

/// Whether process `pid` is a PostgreSQL server whose data is `cluster`.
#[cfg(not(target_os = "linux"))]
fn serves(pid: libc::pid_t, cluster: &Path) -> bool {
    let output = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    output.is_ok_and(|output| {
        let text = String::from_utf8_lossy(&output.stdout);
        text.contains("postgres") && text.contains(&*cluster.to_string_lossy())
    })
}

/// Starts the server in a session of its own: a Ctrl-C at the terminal is for the program, which finishes its
/// queries first.
fn start(layout: &Layout, binaries: &Binaries, lock: &Lock, throwaway: bool) -> Result<(), Error> {
    let log = layout.open_log()?;
    let for_errors = log.try_clone().map_err(Error::io("open", &layout.log()))?;
    let mut command = binaries.command("postgres");
    command.arg("-D").arg(layout.cluster());
    for setting in SETTINGS.iter().chain(THROWAWAY_SETTINGS.iter().filter(|_| throwaway)) {
        command.arg("-c").arg(setting);
    }
    command.arg("-c").arg(memory::shared_buffers());
    command.arg("-c").arg(format!("port={PORT}"));
    command.arg("-c").arg(socket_setting(layout.socket_dir.as_os_str()));
    command.stdout(Stdio::from(log)).stderr(Stdio::from(for_errors)).current_dir("/");
    account::run_as(&mut command, layout.account.as_ref());
    inherit(&mut command, lock.descriptor());
    // SAFETY: system calls only. The second fork makes init the server's parent, so that a dead server leaves
    // no zombie here.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() == -1 {
                return Err(io::Error::last_os_error());
            }
            match libc::fork() {
                -1 => Err(io::Error::last_os_error()),
                0 => Ok(()),
                _ => libc::_exit(0),
            }
        });
    }
    let program = binaries.folder().join("postgres");
    let mut between = command.spawn().map_err(Error::io("run", &program))?;
    between.wait().map_err(Error::io("run", &program))?;
    Ok(())
}

/// Lets a command have the open file `descriptor`, and with it the lock, but no other.
fn inherit(command: &mut Command, descriptor: RawFd) {
    // SAFETY: system calls only.
    unsafe { command.pre_exec(move || descriptors::pass_on_only(descriptor)) };
}

/// `unix_socket_directories` for one folder. The value is a list; in quotes a comma or a space belongs to the
/// name.
fn socket_setting(folder: &OsStr) -> OsString {
    let mut setting = b"unix_socket_directories=\"".to_vec();
    for byte in folder.as_bytes() {
        if *byte == b'"' {
            setting.push(b'"');
        }
        setting.push(*byte);
    }
    setting.push(b'"');
    OsString::from_vec(setting)
}

fn remove_if_there(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_folder_is_quoted_for_the_list() {
        let setting = socket_setting(OsStr::new("/a, \"b\"/c"));
        assert_eq!(setting, OsStr::new("unix_socket_directories=\"/a, \"\"b\"\"/c\""));
    }
}
