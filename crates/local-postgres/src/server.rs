//! Creates and starts the server of a data folder.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Error;
use crate::account;
use crate::binaries::{Binaries, Installed};
use crate::descriptors;
use crate::layout::{Layout, USER};
use crate::lock::{Lock, Mode, POLL};
use crate::recipe::{Origin, Recipe};
use crate::stop::{c_string, read_pid};

/// Time limit of a start. After a crash, PostgreSQL first replays its write-ahead log since the last
/// checkpoint, which takes minutes on a slow disk.
const START_LIMIT: Duration = Duration::from_secs(600);

/// Time limit of a liveness check, which is repeated.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A server that accepts connections.
pub(crate) struct Ready {
    /// Its programs.
    pub(crate) binaries: Binaries,
    /// Whether this process started it.
    pub(crate) started: bool,
}

/// Joins the server of `layout`; starts it if it is not running, and creates it if it does not exist.
///
/// The caller must hold a shared lock of the users, so that the server is not stopped meanwhile.
pub(crate) fn ensure_ready(layout: &Layout, installed: &Installed, recipe: &Recipe) -> Result<Ready, Error> {
    let deadline = Instant::now() + START_LIMIT;
    let mut lock = Lock::open(layout, &layout.server_lock())?;
    let mut started = false;
    loop {
        if is_ready(layout) {
            let binaries = installed.fitting(layout.version()?, &layout.cluster())?;
            return Ok(Ready { binaries, started });
        }
        // The lock is free: no process of the server is alive, and no other process is preparing it.
        if lock.attempt(Mode::Exclusive)? {
            if started {
                return Err(Error::Start { log: layout.log(), tail: layout.log_tail() });
            }
            let binaries = prepare(layout, installed, &lock, recipe)?;
            start(layout, &binaries, &lock, recipe)?;
            started = true;
            // The server has inherited the lock. After ours is dropped, the lock shows when it ends.
            lock = Lock::open(layout, &layout.server_lock())?;
        }
        if Instant::now() >= deadline {
            return Err(slow(layout, "not ready", START_LIMIT));
        }
        std::thread::sleep(POLL);
    }
}

/// The error for a server that is stuck.
pub(crate) fn slow(layout: &Layout, state: &'static str, limit: Duration) -> Error {
    Error::Slow { state, seconds: limit.as_secs(), log: layout.log(), tail: layout.log_tail() }
}

/// Whether the server reports readiness and responds.
fn is_ready(layout: &Layout) -> bool {
    // The eighth line is the state. A killed server leaves the file.
    fs::read(layout.pid_file()).is_ok_and(|text| {
        text.split(|byte| *byte == b'\n').nth(7).is_some_and(|state| state.trim_ascii() == b"ready")
    }) && answers(&layout.socket()).is_ok()
}

/// Sends the server a request that needs neither user nor database: SSLRequest in PostgreSQL's protocol,
/// eight bytes with a response of one.
///
/// A successful connect is not enough: the kernel also accepts connections for a server that is being killed.
pub(crate) fn answers(socket: &Path) -> io::Result<()> {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let mut connection = UnixStream::connect(socket)?;
    connection.set_read_timeout(Some(ANSWER_LIMIT))?;
    connection.write_all(&SSL_REQUEST)?;
    connection.read_exact(&mut [0])
}

/// Prepares the folder for the start of a server.
fn prepare(layout: &Layout, installed: &Installed, lock: &Lock, recipe: &Recipe) -> Result<Binaries, Error> {
    let version = layout.version()?;
    let binaries = installed.fitting(version, &layout.cluster())?;
    check_reachable(layout, &binaries)?;
    if version.is_none() {
        init(layout, &binaries, lock, recipe)?;
    }
    clear_stale_pid_file(layout)?;
    layout.prepare_socket_dir()?;
    // A killed server leaves these files, and the process number in the second may have been reused.
    remove_if_there(&layout.socket())?;
    remove_if_there(&layout.socket().with_added_extension("lock"))?;
    Ok(binaries)
}

/// As root: the server's user must be able to execute the programs.
fn check_reachable(layout: &Layout, binaries: &Binaries) -> Result<(), Error> {
    let Some(account) = &layout.account else { return Ok(()) };
    match account.first_closed(&[binaries.folder()])? {
        Some(folder) => Err(Error::Unreachable { folder, user: account.name.clone() }),
        None => Ok(()),
    }
}

/// Creates the cluster in a temporary folder and moves it into place when it is complete, so that an
/// incomplete one is never used.
fn init(layout: &Layout, binaries: &Binaries, lock: &Lock, recipe: &Recipe) -> Result<(), Error> {
    let cluster = layout.cluster();
    if fs::read_dir(&cluster).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::NotACluster { folder: cluster });
    }
    if layout.upgraded().exists() {
        return Err(Error::UpgradeBrokenOff { folder: layout.data_dir.clone() });
    }
    let unfinished = layout.unfinished();
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io("remove", &unfinished)(error));
        }
        _ => layout.create_for_server(&unfinished)?,
    }
    let run = |mut command: Command| run_for(layout, lock, &mut command);
    let (program, result) = match &recipe.origin {
        Origin::Empty { host_authentication } => {
            let initdb = |locale| initdb(layout, binaries, recipe, host_authentication, locale);
            // Text is compared by code points, the same on every machine. Older systems have no such locale
            // for UTF-8; there "C" does the same, but only knows upper and lower case of ASCII.
            let result = run(initdb("C.UTF-8")).or_else(|output| match output.contains("invalid locale") {
                true => run(initdb("C")),
                false => Err(output),
            });
            ("initdb", result)
        }
        Origin::Standby { primary } => ("pg_basebackup", run(base_backup(layout, binaries, primary))),
    };
    if let Err(output) = result {
        return Err(Error::Init { program, folder: cluster, output });
    }
    fs::rename(&unfinished, &cluster).map_err(Error::io("rename", &unfinished))?;
    // The new name must survive a power failure, like the data in it.
    File::open(&layout.data_dir)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io("write", &layout.data_dir))
}

/// Creates an empty cluster in the unfinished folder.
fn initdb(layout: &Layout, binaries: &Binaries, recipe: &Recipe, host: &str, locale: &str) -> Command {
    let mut command = binaries.command("initdb");
    command
        .arg("--pgdata")
        .arg(layout.unfinished())
        .args(["--username", USER, "--encoding", "UTF8", "--locale", locale, "--data-checksums"])
        // `trust` is as safe as the socket's folder, which only the server's user (and root) can enter.
        .args(["--auth-local", "trust", "--auth-host", host]);
    if recipe.throwaway {
        command.arg("--no-sync");
    }
    command
}

/// Copies the server at `primary` into the temporary folder, configured as its standby.
fn base_backup(layout: &Layout, binaries: &Binaries, primary: &str) -> Command {
    let mut command = binaries.command("pg_basebackup");
    command.arg("--pgdata").arg(layout.unfinished()).args(["--dbname", primary, "--no-password"]).args([
        "--write-recovery-conf",
        "--checkpoint",
        "fast",
        "--no-sync",
    ]);
    command
}

/// Runs a command as the server's user, with the server's lock. The error has its output.
fn run_for(layout: &Layout, lock: &Lock, command: &mut Command) -> Result<(), String> {
    command.current_dir("/");
    account::run_as(command, layout.account.as_ref());
    inherit(command, lock.descriptor());
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&text).trim().to_owned())
}

/// Removes a stale `postmaster.pid` after a kill or a power failure.
///
/// PostgreSQL does so itself unless its process number now belongs to another process of the same user; then
/// it would refuse to start. According to the lock none of our servers is alive, so only a server started
/// without it remains to be checked for.
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
    // The working folder of a server is its data. Processes of other users cannot be examined, but a server
    // on our data is a process of our user.
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

/// Starts the server.
fn start(layout: &Layout, binaries: &Binaries, lock: &Lock, recipe: &Recipe) -> Result<(), Error> {
    let mut command = binaries.command("postgres");
    command.arg("-D").arg(layout.cluster());
    for setting in &recipe.settings {
        command.arg("-c").arg(setting);
    }
    command.arg("-c").arg(format!("port={}", layout.port));
    command.arg("-c").arg(socket_setting(layout.socket_dir.as_os_str()));
    spawn_detached(layout, lock, command)
}

/// Starts a program that outlives this process, as the server's user, with its output in the log.
///
/// It gets its own session, so that Ctrl-C at the terminal only reaches this program, which finishes its
/// queries first. It holds the lock of `lock` until it ends.
pub(crate) fn spawn_detached(layout: &Layout, lock: &Lock, mut command: Command) -> Result<(), Error> {
    let log = layout.open_log()?;
    let for_errors = log.try_clone().map_err(Error::io("open", &layout.log()))?;
    command.stdout(Stdio::from(log)).stderr(Stdio::from(for_errors)).current_dir("/");
    account::run_as(&mut command, layout.account.as_ref());
    inherit(&mut command, lock.descriptor());
    // SAFETY: system calls only. The second fork makes init the server's parent, so that a dead server leaves
    // no zombie.
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
    let program = PathBuf::from(command.get_program());
    let mut between = command.spawn().map_err(Error::io("run", &program))?;
    between.wait().map_err(Error::io("run", &program))?;
    Ok(())
}

/// Lets a command inherit the open file `descriptor`, and with it the lock, but no other file.
fn inherit(command: &mut Command, descriptor: RawFd) {
    // SAFETY: system calls only.
    unsafe { command.pre_exec(move || descriptors::pass_on_only(descriptor)) };
}

/// `unix_socket_directories` for one folder. The value is a list; in quotes, commas and spaces are part of
/// the name.
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
