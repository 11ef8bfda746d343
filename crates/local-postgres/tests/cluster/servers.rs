//! Servers of a test's own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use local_postgres::testing::{Pgbouncer, Primary, TlsServer};

use crate::harness::{processes_naming, scratch, throwaways_in, wait_until};

/// Set in the process that the test below kills.
const VICTIM: &str = "LOCAL_POSTGRES_VICTIM";
const READY: &str = "all servers are there";

#[test]
fn all_servers_are_gone_after_kill_9_of_the_test_that_made_them() {
    if std::env::var_os(VICTIM).is_some() {
        return make_servers_and_wait();
    }
    let scratch = scratch();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("servers::all_servers_are_gone_after_kill_9_of_the_test_that_made_them")
        .env(VICTIM, "1")
        .env("TMPDIR", scratch.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains(READY)), "the servers did not start");
    let folders = throwaways_in(scratch.path());
    assert_eq!(folders.len(), 4, "a primary, a standby, one with TLS, pgbouncer: {folders:?}");
    assert!(folders.iter().all(|folder| processes_naming(folder).len() == 1), "each has its server");
    victim.kill().unwrap();
    victim.wait().unwrap();
    wait_until("the folders are gone", || throwaways_in(scratch.path()).is_empty());
    wait_until("the processes are gone", || folders.iter().all(|folder| processes_naming(folder).is_empty()));
}

fn make_servers_and_wait() {
    let primary = Primary::start();
    let standby = primary.standby();
    let tls = TlsServer::start();
    let pgbouncer = Pgbouncer::before(&primary.server().url("postgres"));
    println!("{READY}");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    drop((standby, tls, pgbouncer));
}

#[test]
fn a_server_is_gone_with_its_value() {
    let primary = Primary::start();
    let log = primary.server().log_file();
    let folder = log.parent().unwrap().to_path_buf();
    let pgbouncer = Pgbouncer::before(&primary.server().url("postgres"));
    let of_pgbouncer = pgbouncer.log_file().parent().unwrap().to_path_buf();
    drop((primary, pgbouncer));
    let gone = |folder: &Path| !folder.exists() && processes_naming(folder).is_empty();
    assert!(gone(&folder) && gone(&of_pgbouncer));
}

#[test]
fn servers_that_run_at_once_have_ports_of_their_own() {
    let (one, other) = (Primary::start(), Primary::start());
    assert_ne!(one.server().port(), other.server().port());
    assert_ne!(one.server().query("postgres", "SHOW port"), other.server().query("postgres", "SHOW port"));
}
