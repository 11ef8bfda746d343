//! `calls backup` and `calls restore`: while the server serves, killed in the middle, and with files that are
//! damaged.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use local_postgres::testing;
use serde_json::json;
use tempfile::TempDir;

use crate::cdr::TOKEN;
use crate::events::wait_until;
use crate::post::post;
use crate::test_app::{TestApp, TestDatabase, bare, calls};
use crate::upgrade::{calls_of_0_1, calls_of_now, database_of_0_1};

const STILL: &str = "/api/calls/+12025550123?format=ndjson";
const BUSY: &str = "/api/calls/+12025550124?format=ndjson";

/// A folder that PostgreSQL's user may pass through as well.
pub fn folder() -> TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap()
}

/// Standard output of a command, after checking that it succeeded.
#[track_caller]
pub fn succeed(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Standard error of a command, after checking that it failed.
#[track_caller]
pub fn fail(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn store(database: &TestDatabase, owner: &str, calls: u32) {
    let insert = format!(
        "INSERT INTO calls (number, counterparty, created_at, type, duration_ms)
         SELECT {owner}, 13333330000 + i % 999, timestamptz '2020-01-01Z' + i * interval '60 s',
                'Completed Inbound', i FROM generate_series(1, {calls}) AS i"
    );
    assert_eq!(database.store_calls(&insert).unwrap(), calls as usize);
}

fn all_calls(database: &TestDatabase) -> String {
    testing::query(&database.url, "SELECT * FROM calls ORDER BY number, id").unwrap()
}

fn unfinished(file: &Path) -> PathBuf {
    file.with_file_name(format!(".{}.unfinished", file.file_name().unwrap().to_str().unwrap()))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_backup_under_a_load_of_writes_is_one_instant_and_its_restore_exports_the_same_bytes() {
    let folder = folder();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    let file = folder.path().join("calls.backup");
    let options =
        ["--bind", "127.0.0.1:0", "--data-dir", text(&from), "--ingest-token", TOKEN, "--deadline", "5"];
    let app = TestApp::start(&options);
    let send = |owner: &str, minute: u32| {
        let time = chrono::DateTime::from_timestamp(1_700_000_000 + 60 * i64::from(minute), 0).unwrap();
        let record = json!([{"owner": owner, "created_at": time.to_rfc3339(), "counterparty": "sip:a@example.com",
                             "type": "Missed Inbound"}]);
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        assert_eq!(post(&app, "/api/calls", &headers, record.to_string().as_bytes()).status, 200);
    };
    (0..50).for_each(|minute| send("+12025550123", minute));
    send("+12025550124", 0);
    let is_done = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            (1..).take_while(|_| !is_done.load(Ordering::Relaxed)).for_each(|n| send("+12025550124", n))
        });
        let report = calls(&["backup", text(&file), "--data-dir", text(&from)]);
        is_done.store(true, Ordering::Relaxed);
        report
    });
    let report = succeed(report);
    assert!(report.contains("calls of 20") && report.contains("read back"), "{report}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (still, busy) = (app.get(STILL).body, app.get(BUSY).body);

    succeed(calls(&["restore", text(&file), "--data-dir", text(&to)]));
    let restored = TestApp::start(&["--bind", "127.0.0.1:0", "--data-dir", text(&to), "--deadline", "5"]);
    assert_eq!(restored.get(STILL).body, still);
    assert_eq!(still.lines().count(), 50);
    // The newest come first: an instant of a history is the end of a later one.
    let then = restored.get(BUSY).body;
    assert!(busy.ends_with(&then) && !then.is_empty(), "{then}");
    let count = then.lines().count() + 50;
    assert!(report.starts_with(&format!("{count} calls")), "{report} {count}");
    app.stop();
    restored.stop();
}

#[test]
fn a_backup_that_is_killed_leaves_the_last_good_one() {
    let folder = folder();
    let file = folder.path().join("calls.backup");
    let database = TestDatabase::new();
    store(&database, "12025550123", 300_000);
    succeed(database.calls(&["backup", text(&file)]));
    let good = fs::read(&file).unwrap();
    for is_late in [false, true] {
        let mut command = bare(&["backup", text(&file), "--database-url", &database.url]);
        let mut backup = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let written = || fs::metadata(unfinished(&file)).map_or(0, |found| found.len());
        wait_until(|| written() > if is_late { 100_000 } else { 0 });
        backup.kill().unwrap();
        backup.wait().unwrap();
        assert!(fs::read(&file).unwrap() == good, "it has changed");
    }
    succeed(database.calls(&["backup", text(&file)]));
    assert!(!unfinished(&file).exists());
    let restored = TestDatabase::empty();
    succeed(restored.calls(&["restore", text(&file)]));
    assert!(all_calls(&restored) == all_calls(&database));
}

#[test]
fn a_damaged_or_cut_file_is_refused_before_anything_is_touched() {
    let folder = folder();
    let file = folder.path().join("calls.backup");
    let database = TestDatabase::new();
    store(&database, "12025550123", 1000);
    succeed(database.calls(&["backup", text(&file)]));
    let whole = fs::read(&file).unwrap();
    let other = TestDatabase::new();
    store(&other, "12025550199", 10);
    let before = all_calls(&other);
    let mut damaged = Vec::new();
    for at in [0, whole.len() / 2, whole.len() - 100] {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        damaged.push(bytes);
        damaged.push(whole[..at].to_vec());
    }
    damaged.push(whole[..whole.len() - 1].to_vec());
    for bytes in damaged {
        fs::write(&file, bytes).unwrap();
        let said = fail(other.calls(&["restore", text(&file), "--replace"]));
        assert!(said.contains("nothing was restored") && said.contains("expected"), "{said}");
        let new = folder.path().join("new");
        fail(calls(&["restore", text(&file), "--data-dir", text(&new)]));
        assert!(!new.exists(), "the data folder was made");
    }
    assert_eq!(all_calls(&other), before);
    fs::write(&file, whole).unwrap();
    succeed(other.calls(&["restore", text(&file), "--replace"]));
    assert_eq!(all_calls(&other), all_calls(&database));
}

#[test]
fn what_is_there_is_replaced_only_on_demand_and_never_while_it_is_used() {
    let folder = folder();
    let file = folder.path().join("calls.backup");
    let database = TestDatabase::new();
    store(&database, "12025550123", 10);
    succeed(database.calls(&["backup", text(&file)]));
    let expected = all_calls(&database);
    // A server that was started once has made its tables.
    let untouched = TestDatabase::new();
    succeed(untouched.calls(&["restore", text(&file)]));
    let said = fail(untouched.calls(&["restore", text(&file)]));
    assert!(said.contains("--replace"), "{said}");
    store(&untouched, "12025550199", 5);
    let app = TestApp::on(untouched, &[]);
    assert_eq!(app.get(STILL).status, 200);
    let said = fail(app.database().calls(&["restore", text(&file), "--replace"]));
    assert!(said.contains("stop `calls serve`"), "{said}");
    let database = app.kill().into_database();
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    wait_until(|| database.count(others) == 0);
    succeed(database.calls(&["restore", text(&file), "--replace"]));
    assert_eq!(all_calls(&database), expected);
}

#[test]
fn a_restore_that_is_killed_leaves_what_was_there() {
    let folder = folder();
    let file = folder.path().join("calls.backup");
    let database = TestDatabase::new();
    store(&database, "12025550123", 300_000);
    succeed(database.calls(&["backup", text(&file)]));
    let other = TestDatabase::new();
    store(&other, "12025550199", 10);
    let before = all_calls(&other);
    let mut command = bare(&["restore", text(&file), "--replace", "--database-url", &other.url]);
    let mut restore: Child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // A restore is alone in its database, so another one is asked.
    let name = other.url.rsplit('/').next().unwrap();
    let copying = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE 'COPY public.calls %'"
    );
    wait_until(|| database.count(&copying) == 1);
    restore.kill().unwrap();
    restore.wait().unwrap();
    wait_until(|| database.count(&copying) == 0);
    assert_eq!(all_calls(&other), before);
    succeed(other.calls(&["restore", text(&file), "--replace"]));
    assert!(all_calls(&other) == all_calls(&database));
}

#[test]
fn a_backup_of_version_0_1_is_restored_and_migrated_and_one_of_a_newer_version_is_refused() {
    let folder = folder();
    let file = folder.path().join("calls.backup");
    let old = database_of_0_1(crate::upgrade::CALLS);
    let before = calls_of_0_1(&old.url);
    succeed(old.calls(&["backup", text(&file)]));
    assert_eq!(old.count("SELECT count(*) FROM __diesel_schema_migrations"), 6, "a backup migrates nothing");
    let restored = TestDatabase::empty();
    succeed(restored.calls(&["restore", text(&file)]));
    assert_eq!(calls_of_now(&restored.url), before);

    restored.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')").unwrap();
    succeed(restored.calls(&["backup", text(&file)]));
    let said = fail(TestDatabase::empty().calls(&["restore", text(&file)]));
    assert!(said.contains("20991231000001") && said.contains("newer version of Calls"), "{said}");
}

#[test]
fn a_backup_of_nothing_and_one_over_another_file_are_refused() {
    let folder = folder();
    let file = folder.path().join("letter.txt");
    let missing = folder.path().join("missing");
    let said = fail(calls(&["backup", text(&file), "--data-dir", text(&missing)]));
    assert!(said.contains("but found none") && !missing.exists(), "{said}");
    let said = fail(TestDatabase::empty().calls(&["backup", text(&file)]));
    assert!(said.contains("has not used") && !file.exists(), "{said}");
    fs::write(&file, "dear").unwrap();
    let said = fail(TestDatabase::new().calls(&["backup", text(&file)]));
    assert!(said.contains("another file"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "dear");
}

#[test]
fn a_server_backs_up_regularly_keeps_the_newest_files_and_tells_their_age() {
    let folder = folder();
    let files = folder.path().join("backups");
    let database = TestDatabase::new();
    store(&database, "12025550123", 10);
    let expected = all_calls(&database);
    let options = ["--backup-to", text(&files), "--backup-every", "1s", "--backup-keep", "2"];
    let app = TestApp::on(database, &[options.as_slice(), &["--admin-bind", "127.0.0.1:0"]].concat());
    let list = || {
        let names = fs::read_dir(&files).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = names.filter(|path| text(path).ends_with(".backup")).collect();
        names.sort();
        names
    };
    wait_until(|| files.exists() && !list().is_empty());
    let first = list().remove(0);
    wait_until(|| !first.exists());
    assert!(list().len() <= 3, "{:?}", list());
    let metric = |name: &str| -> i64 {
        let metrics = app.get_admin("/metrics").body;
        let line =
            metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{metrics}"));
        line.trim().parse().unwrap()
    };
    let age = chrono::Utc::now().timestamp() - metric("backup_last_success_timestamp_seconds ");
    assert!((0..60).contains(&age), "{age}");
    assert_eq!(metric("backup_failures_total "), 0);
    let log = app.stop();
    assert!(log.contains("backed up") && !log.contains("2025550123"), "{log}");
    let restored = TestDatabase::empty();
    succeed(restored.calls(&["restore", text(list().last().unwrap())]));
    assert_eq!(all_calls(&restored), expected);
}

#[test]
fn a_server_that_ends_does_not_wait_for_its_backup() {
    let folder = folder();
    let database = TestDatabase::new();
    store(&database, "12025550123", 300_000);
    let app = TestApp::on(database, &["--backup-to", text(folder.path())]);
    let is_unfinished = || fs::read_dir(folder.path()).unwrap().next().is_some();
    wait_until(is_unfinished);
    let since = Instant::now();
    app.stop();
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
}
