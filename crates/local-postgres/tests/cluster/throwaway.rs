//! Clusters for tests.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use local_postgres::testing;

use crate::harness::{
    User, WITH_POSTGRES, assert_nothing_left, existing, processes_naming, scratch, signal, throwaways_in,
    wait_until,
};

#[test]
fn a_throwaway_cluster_is_gone_with_its_user() {
    let scratch = scratch();
    let user = User::of_throwaway_in(scratch.path());
    let folders = throwaways_in(scratch.path());
    assert_eq!(folders.len(), 1);
    assert_eq!(user.query("SHOW fsync"), Ok("off".to_owned()));
    assert!(user.end().success());
    assert_nothing_left(&folders[0]);
    assert_eq!(throwaways_in(scratch.path()), [] as [&Path; 0]);
}

#[test]
fn a_throwaway_cluster_is_gone_soon_after_kill_9_of_its_user() {
    let scratch = scratch();
    let user = User::of_throwaway_in(scratch.path());
    let folders = throwaways_in(scratch.path());
    user.kill();
    wait_until("the folder is gone", || throwaways_in(scratch.path()).is_empty());
    wait_until("the processes are gone", || processes_naming(&folders[0]).is_empty());
}

#[test]
fn a_test_process_gets_one_cluster_however_often_it_asks() {
    let url = testing::cluster_url();
    assert_eq!(testing::cluster_url(), url);
    // The cluster may be one that stays.
    let name = format!("one_{}", std::process::id());
    testing::query(&url, &format!("CREATE DATABASE {name}")).unwrap();
    let one = testing::database_url(&url, &name);
    assert_eq!(testing::query(&one, "SELECT current_database()"), Ok(name.clone()));
    testing::query(&url, &format!("DROP DATABASE {name}")).unwrap();
}

#[test]
fn the_exit_code_of_the_command_is_passed_on() {
    let (_scratch, data_dir) = existing();
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 128 + libc::SIGKILL)] {
        let mut command = Command::new(WITH_POSTGRES);
        command.arg("--data-dir").arg(&data_dir).args(["sh", "-c", script]);
        assert_eq!(command.status().unwrap().code(), Some(code), "{script}");
    }
}

#[test]
fn the_command_finds_the_server_and_its_programs() {
    let output = run(
        r#"psql -X -A -t -c "SELECT 'by variables'" && psql -X -A -t -d "$TEST_DATABASE_URL" -c 'SELECT 2'"#,
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "by variables\n2\n");
}

#[test]
fn a_signal_is_passed_on_to_the_command_and_the_server_stops_after_it() {
    let (_scratch, data_dir) = existing();
    for number in [libc::SIGINT, libc::SIGTERM] {
        let user = User::of(&data_dir);
        signal(user.pid(), number);
        // The input stays open: only the signal can have ended the command.
        let status = user.wait();
        assert_eq!(status.code(), Some(128 + number), "{:?}", status.signal());
        assert_nothing_left(&data_dir);
    }
}

#[test]
fn a_signal_before_there_is_a_command_ends_the_program() {
    let scratch = scratch();
    let user = User::begin(Command::new(WITH_POSTGRES).env("TMPDIR", scratch.path()));
    wait_until("a folder is made", || !throwaways_in(scratch.path()).is_empty());
    signal(user.pid(), libc::SIGTERM);
    assert_eq!(user.wait().code(), Some(128 + libc::SIGTERM));
    assert_eq!(throwaways_in(scratch.path()), [] as [&Path; 0]);
}

fn run(script: &str) -> Output {
    Command::new(WITH_POSTGRES).args(["sh", "-c", script]).output().unwrap()
}
