//! Error messages.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use local_postgres::{Cluster, Error};

use crate::harness::{User, WITH_POSTGRES, assert_nothing_left, existing, is_root, postmaster, scratch};

#[test]
fn missing_binaries_are_an_error_that_names_the_package_and_leaves_no_folder() {
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    let empty = scratch.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let said = failure(&data_dir, |command| command.env("CALLS_POSTGRES_BIN", &empty));
    for expected in
        ["apt-get install postgresql", "dnf install postgresql-server", "brew install", "no initdb"]
    {
        assert!(said.contains(expected), "{expected:?} is not in {said}");
    }
    assert!(said.contains(empty.to_str().unwrap()), "{said}");
    assert!(!data_dir.exists());
}

#[test]
fn data_of_a_version_that_is_not_installed_is_an_error_that_names_both() {
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    fs::create_dir_all(data_dir.join("postgres")).unwrap();
    fs::write(data_dir.join("postgres/PG_VERSION"), "9\n").unwrap();
    let said = failure(&data_dir, |command| command);
    assert!(said.contains("made by PostgreSQL 9, but only 1"), "{said}");
    assert_nothing_left(&data_dir);
}

#[test]
fn a_folder_with_other_files_is_not_touched() {
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    fs::create_dir_all(data_dir.join("postgres")).unwrap();
    fs::write(data_dir.join("postgres/letter.txt"), "dear").unwrap();
    let error = Cluster::open(&data_dir).unwrap_err();
    assert!(matches!(error, Error::NotACluster { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(data_dir.join("postgres/letter.txt")).unwrap(), "dear");
}

#[test]
fn a_server_that_does_not_start_shows_the_end_of_its_log() {
    let (_scratch, data_dir) = existing();
    assert!(User::of(&data_dir).end().success());
    fs::write(data_dir.join("postgres/postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let said = failure(&data_dir, |command| command);
    assert!(said.contains("postgres.log"), "{said}");
    assert!(said.contains("no_such_setting"), "{said}");
    assert_nothing_left(&data_dir);
}

#[test]
fn a_server_started_by_hand_is_left_alone() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    let server = postmaster(&data_dir);
    // Without this file the server is one that the crate knows nothing of.
    fs::remove_file(data_dir.join("server.lock")).unwrap();
    fs::remove_file(data_dir.join("socket/.s.PGSQL.5432")).unwrap();
    let said = failure(&data_dir, |command| command);
    assert!(said.contains(&format!("process {server} already serves")), "{said}");
    assert_eq!(postmaster(&data_dir), server);
    // SAFETY: a system call.
    assert_eq!(unsafe { libc::kill(server, libc::SIGINT) }, 0);
    crate::harness::wait_until("the server is gone", || !data_dir.join("postgres/postmaster.pid").exists());
    assert!(user.end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn no_value_of_a_failing_statement_gets_into_the_log() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    user.query("CREATE TABLE t (n bigint PRIMARY KEY); INSERT INTO t VALUES (12025550123)").unwrap();
    user.query("INSERT INTO t VALUES (12025550123)").unwrap_err();
    user.query("SELECT '+12025550123x'::bigint").unwrap_err();
    user.query("SELECT 12025550123 FROM nowhere").unwrap_err();
    assert!(user.end().success());
    let log = fs::read_to_string(data_dir.join("postgres.log")).unwrap();
    assert!(log.contains("ready to accept connections"), "{log}");
    assert!(!log.contains("2025550123"), "{log}");
}

#[test]
fn a_user_without_a_name_is_told_to_get_one() {
    // Only root can become such a user.
    if !is_root() {
        return;
    }
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    fs::create_dir(&data_dir).unwrap();
    chown(&data_dir, Some(54_321), Some(54_321)).unwrap();
    let program = scratch.path().join("with-postgres");
    fs::copy(WITH_POSTGRES, &program).unwrap();
    let output =
        Command::new(program).arg("--data-dir").arg(&data_dir).arg("true").uid(54_321).gid(54_321).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("user id 54321") && said.contains("useradd --uid 54321"), "{said}");
    assert!(!data_dir.join("postgres.new").exists());
}

/// Error of the program when it cannot open `data_dir`.
fn failure(data_dir: &Path, adapt: impl Fn(&mut Command) -> &mut Command) -> String {
    let mut command = Command::new(WITH_POSTGRES);
    command.arg("--data-dir").arg(data_dir).arg("true");
    let output = adapt(&mut command).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}
