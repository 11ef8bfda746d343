//! `calls import --watch`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::test_app::TestDatabase;

/// A watched folder. The watcher is killed with it.
struct Watched {
    database: TestDatabase,
    folder: TempDir,
    watcher: Child,
}

fn watch(database: &TestDatabase, folder: &Path, settle: &str) -> Child {
    let folder = folder.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_calls"));
    let errors = fs::File::options().append(true).create(true).open(format!("{folder}/.errors")).unwrap();
    command.args(["import", "--watch", folder, "--settle", settle, "--database-url", &database.url]);
    command.args(["--own", "+12025550199"]).stdout(Stdio::null()).stderr(errors).spawn().unwrap()
}

impl Watched {
    fn new(settle: &str) -> Self {
        let (database, folder) = (TestDatabase::new(), tempfile::tempdir().unwrap());
        let watcher = watch(&database, folder.path(), settle);
        Self { database, folder, watcher }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn calls(&self) -> i64 {
        self.database.count("SELECT count(*) FROM calls")
    }

    fn files(&self) -> i64 {
        self.database.count("SELECT count(*) FROM imported_files")
    }

    /// Waits until so many files were read, and says how many calls there are.
    fn calls_of(&mut self, files: i64) -> i64 {
        while self.files() < files {
            assert!(self.watcher.try_wait().unwrap().is_none(), "the watcher ended: {}", self.errors());
        }
        assert_eq!(self.files(), files);
        self.calls()
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.path(".errors")).unwrap()
    }

    fn kill_and_start_again(&mut self, settle: &str) {
        self.watcher.kill().unwrap();
        self.watcher.wait().unwrap();
        self.watcher = watch(&self.database, self.folder.path(), settle);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended.
        self.watcher.kill().ok();
        self.watcher.wait().ok();
    }
}

/// A log of calls, one each ten seconds: two of a second could be one call that two systems saw.
fn log(calls: std::ops::Range<i64>) -> String {
    let line = |call: i64| {
        let at = chrono::DateTime::from_timestamp(1_700_000_000 + 10 * call, 0).unwrap().to_rfc3339();
        format!(
            "{{\"owner\":\"+12025550123\",\"created_at\":\"{at}\",\"counterparty\":\"+13333333333\",\"type\":\"Missed Inbound\"}}\n"
        )
    };
    calls.map(line).collect()
}

#[test]
fn a_log_that_comes_under_a_temporary_name_is_read_when_it_is_renamed() {
    let mut watched = Watched::new("0");
    for temporary in [".syncthing.calls.ndjson.tmp", "calls.ndjson.part", "calls.ndjson~"] {
        fs::write(watched.path(temporary), log(0..1)).unwrap();
    }
    fs::write(watched.path("other.ndjson"), log(1..3)).unwrap();
    assert_eq!(watched.calls_of(1), 2, "a file with a temporary name was read");
    fs::rename(watched.path(".syncthing.calls.ndjson.tmp"), watched.path("calls.ndjson")).unwrap();
    assert_eq!(watched.calls_of(2), 3);
    // The same content under another name, and then a change.
    fs::copy(watched.path("calls.ndjson"), watched.path("again.ndjson")).unwrap();
    fs::create_dir(watched.path("phone")).unwrap();
    fs::write(watched.path("phone/new.ndjson"), log(3..5)).unwrap();
    assert_eq!(watched.calls_of(3), 5);
    fs::write(watched.path("calls.ndjson"), log(0..10)).unwrap();
    assert_eq!(watched.calls_of(4), 10);
}

#[test]
fn a_file_is_not_read_while_it_grows() {
    let mut watched = Watched::new("3");
    let mut growing = fs::File::create(watched.path("growing.ndjson")).unwrap();
    // Each line comes long before the file has settled.
    for second in 0..20 {
        growing.write_all(log(second..second + 1).as_bytes()).unwrap();
        growing.flush().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    drop(growing);
    assert_eq!(watched.calls_of(1), 20, "{}", watched.errors());
}

#[test]
fn a_watcher_that_is_killed_in_the_middle_loses_and_doubles_nothing() {
    const CALLS: i64 = 120_000;
    let mut watched = Watched::new("0");
    fs::write(watched.path(".large.tmp"), log(0..CALLS)).unwrap();
    fs::rename(watched.path(".large.tmp"), watched.path("large.ndjson")).unwrap();
    while watched.calls() == 0 {
        assert!(watched.watcher.try_wait().unwrap().is_none(), "the watcher ended: {}", watched.errors());
    }
    watched.kill_and_start_again("0");
    assert_eq!(watched.calls_of(1), CALLS);
    // Imported files are not read again, and new ones are.
    watched.kill_and_start_again("0");
    fs::write(watched.path("later.ndjson"), log(CALLS..CALLS + 1)).unwrap();
    assert_eq!(watched.calls_of(2), CALLS + 1);
}

#[test]
fn what_is_no_log_is_told_and_does_not_keep_others_out() {
    let mut watched = Watched::new("0");
    fs::write(watched.path("a.pdf.bin"), "%PDF-1.7").unwrap();
    fs::write(watched.path("b.csv"), "from,to\n1,2\n").unwrap();
    fs::write(watched.path("c.ndjson"), log(0..1) + "{}\n").unwrap();
    assert_eq!(watched.calls_of(1), 1);
    let errors = watched.errors();
    for told in ["a.pdf.bin: not read: ", "b.csv: not read: ", "c.ndjson: line 2 skipped: "] {
        assert_eq!(errors.matches(told).count(), 1, "{errors}");
    }
}

#[test]
fn a_watcher_outlives_an_absent_database() {
    let mut watched = Watched::new("0");
    fs::write(watched.path("a.ndjson"), log(0..1)).unwrap();
    assert_eq!(watched.calls_of(1), 1);
    watched.database.refuse_connections();
    fs::write(watched.path("b.ndjson"), log(1..2)).unwrap();
    while !watched.errors().contains("trying again") {
        assert!(watched.watcher.try_wait().unwrap().is_none(), "the watcher ended");
    }
    watched.database.accept_connections();
    assert_eq!(watched.calls_of(2), 2);
}

#[test]
fn a_watcher_ends_when_it_is_asked_to_and_needs_a_folder() {
    let mut watched = Watched::new("0");
    fs::write(watched.path("a.ndjson"), log(0..1)).unwrap();
    watched.calls_of(1);
    let pid = i32::try_from(watched.watcher.id()).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert!(watched.watcher.wait().unwrap().success(), "{}", watched.errors());
    let output = watched.database.calls(&["import", "--watch", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("expected a folder"), "{output:?}");
}
