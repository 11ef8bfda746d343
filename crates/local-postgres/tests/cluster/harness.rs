//! Processes that use a cluster, and how to look at what is left of them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The program under test.
pub const WITH_POSTGRES: &str = env!("CARGO_BIN_EXE_with-postgres");

/// Longer than any step takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Prints where the server is, and runs until its input ends.
const WAIT: &str = r#"printf '%s\n' "$DATABASE_URL$TEST_DATABASE_URL" "$(command -v psql)"; exec cat"#;

/// A process that uses a cluster until it is told to end, or killed.
pub struct User {
    process: Child,
    input: Option<ChildStdin>,
    pub url: String,
    psql: String,
}

impl User {
    /// Opens the cluster in `data_dir` in a process of its own.
    pub fn of(data_dir: &Path) -> User {
        User::begin(Command::new(WITH_POSTGRES).arg("--data-dir").arg(data_dir)).ready()
    }

    /// Makes a throwaway cluster whose folder is in `parent`.
    pub fn of_throwaway_in(parent: &Path) -> User {
        User::begin(Command::new(WITH_POSTGRES).env("TMPDIR", parent)).ready()
    }

    /// Starts the process and does not wait for the server.
    pub fn begin(command: &mut Command) -> User {
        let mut process = command
            .args(["sh", "-c", WAIT])
            // This test may itself run inside of with-postgres.
            .env_remove("DATABASE_URL")
            .env_remove("TEST_DATABASE_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        User { input: process.stdin.take(), process, url: String::new(), psql: String::new() }
    }

    /// Waits until the server answers.
    pub fn ready(mut self) -> User {
        let mut lines = BufReader::new(self.process.stdout.take().unwrap()).lines();
        match (lines.next(), lines.next()) {
            (Some(Ok(url)), Some(Ok(psql))) => (self.url, self.psql) = (url, psql),
            other => {
                let mut said = String::new();
                self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("no server: {other:?} {said}");
            }
        }
        self
    }

    /// Output of `psql` for a statement; its errors if it fails.
    pub fn query(&self, statement: &str) -> Result<String, String> {
        let output = Command::new(&self.psql)
            .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url, "-c", statement])
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Lets the process end by itself, and waits for it.
    pub fn end(mut self) -> ExitStatus {
        self.input.take();
        self.process.wait().unwrap()
    }

    /// Ends the process with kill -9.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits for the end of the process, with its input open.
    pub fn wait(mut self) -> ExitStatus {
        let input = self.input.take();
        let status = self.process.wait().unwrap();
        drop(input);
        status
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.process.id()).unwrap()
    }
}

/// Waits until `condition` holds.
#[track_caller]
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "still not true: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A folder to put data folders in, that every user may enter, in a place with short names.
pub fn scratch() -> tempfile::TempDir {
    let permissions = fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("lp").permissions(permissions).tempdir_in("/tmp").unwrap()
}

/// A data folder with a cluster that is not running, in a folder that goes with the first value.
///
/// It is a copy: to make a cluster is most of the work of most tests, and what makes it is tested elsewhere.
pub fn existing() -> (tempfile::TempDir, PathBuf) {
    let store = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let original = store.join("existing-cluster");
    let turn = File::create(store.join("existing-cluster.lock")).unwrap();
    turn.lock().unwrap();
    // Another build of the program can make other clusters.
    let stamp = format!("{:?}", fs::metadata(WITH_POSTGRES).unwrap().modified().unwrap());
    if fs::read_to_string(original.join("stamp")).is_ok_and(|found| found == stamp) {
        return copy_of(&original);
    }
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    assert!(User::of(&data_dir).end().success());
    if original.exists() {
        fs::remove_dir_all(&original).unwrap();
    }
    copy(&data_dir, &original);
    fs::write(original.join("stamp"), stamp).unwrap();
    copy_of(&original)
}

fn copy_of(original: &Path) -> (tempfile::TempDir, PathBuf) {
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    fs::create_dir(&data_dir).unwrap();
    copy(&original.join("postgres"), &data_dir.join("postgres"));
    (scratch, data_dir)
}

/// Copies a folder with its owners and modes.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-pR").args([from, to]).status().unwrap().success());
}

/// The server's process.
pub fn postmaster(data_dir: &Path) -> i32 {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

/// Asserts that neither a server nor a user nor a keeper of the cluster lives.
#[track_caller]
pub fn assert_nothing_left(data_dir: &Path) {
    assert!(!any_left(data_dir), "left: {:?}", processes_naming(data_dir));
}

/// Waits until neither a server nor a user nor a keeper of the cluster lives.
#[track_caller]
pub fn wait_until_nothing_left(data_dir: &Path) {
    wait_until("nothing is left", || !any_left(data_dir));
}

fn any_left(data_dir: &Path) -> bool {
    let locked = ["server.lock", "users.lock"].iter().any(|name| is_locked(&data_dir.join(name)));
    locked || data_dir.join("postgres/postmaster.pid").exists() || !processes_naming(data_dir).is_empty()
}

/// Whether somebody has a lock on a file.
pub fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    // SAFETY: a system call on an open descriptor.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) != 0 }
}

/// The processes whose command line names a folder: users, their keepers, the server.
pub fn processes_naming(folder: &Path) -> Vec<(i32, String)> {
    let folder = folder.to_str().unwrap();
    let output = Command::new("ps").args(["-A", "-o", "pid=", "-o", "command="]).output().unwrap();
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| line.contains(folder))
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(pid, command)| (pid.parse().unwrap(), command.to_owned()))
        .collect()
}

/// The keeper of a user, its only child that is not the command.
pub fn keeper(user: &User, data_dir: &Path) -> i32 {
    processes_naming(data_dir)
        .into_iter()
        .map(|(pid, _)| pid)
        .find(|pid| *pid != user.pid() && ps("ppid", *pid) == user.pid().to_string())
        .unwrap()
}

/// One column of `ps` for a process; empty if it is gone.
pub fn ps(column: &str, pid: i32) -> String {
    let output =
        Command::new("ps").args(["-o", &format!("{column}="), "-p", &pid.to_string()]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Ends a process with a signal.
pub fn signal(pid: i32, signal: i32) {
    // SAFETY: a system call.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

pub fn is_root() -> bool {
    // SAFETY: a system call.
    unsafe { libc::geteuid() == 0 }
}

/// Owner and group of a file.
pub fn owner(path: &Path) -> (u32, u32) {
    let found = fs::metadata(path).unwrap();
    (found.uid(), found.gid())
}

/// The folders of throwaway clusters in `parent`.
pub fn throwaways_in(parent: &Path) -> Vec<PathBuf> {
    let is_throwaway = |path: &PathBuf| {
        path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with("calls-postgres-"))
    };
    fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().path()).filter(is_throwaway).collect()
}
