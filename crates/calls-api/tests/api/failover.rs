//! Several hosts in the connection string, and a standby that takes over.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use local_postgres::testing::{Primary, Server, Standby, several_hosts};

use crate::events::{Client, wait_until};
use crate::ingest::{AUTHORIZATION, JSON, TOKEN};
use crate::post::post;
use crate::test_app::{Answer, TestApp, calls};

const OWNER: &str = "/api/calls/+12025550123";

/// A primary with an empty database `calls`, and its standby.
pub fn pair() -> (Primary, Standby) {
    let primary = Primary::start();
    primary.server().query("postgres", "CREATE DATABASE calls");
    let migrated = calls(&["migrate", "--database-url", &primary.server().url("calls")]);
    assert!(migrated.status.success(), "{migrated:?}");
    let standby = primary.standby();
    (primary, standby)
}

/// Serves the database at `url`, and takes calls.
pub fn serve(url: &str, options: &[&str]) -> TestApp {
    let mut all = vec!["--bind", "127.0.0.1:0", "--ingest-token", TOKEN, "--database-url", url];
    all.extend(options);
    TestApp::start(&all)
}

/// Sends a call of the owner that began at this minute of an hour.
pub fn send(app: &TestApp, minute: u32) -> Answer {
    let call = format!(
        r#"[{{"owner": "+12025550123", "counterparty": "+13333333333", "type": "Missed Inbound",
              "created_at": "2024-01-31T10:{minute:02}:00Z"}}]"#
    );
    post(app, "/api/calls", &[AUTHORIZATION, JSON], call.as_bytes())
}

/// Asks until the answer has this status, and never waits for long.
fn wait_for(status: u16, ask: impl Fn() -> Answer) {
    let start = Instant::now();
    loop {
        let asked = Instant::now();
        let found = ask().status;
        assert!(asked.elapsed() < Duration::from_secs(20), "{found} after {:?}", asked.elapsed());
        if found == status {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "still {found} instead of {status}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_standby_that_takes_over_is_found_without_a_restart_and_no_event_is_lost() {
    let (primary, standby) = pair();
    let either = several_hosts(&[primary.server(), standby.server()], "calls");
    let url = format!("{either}?target_session_attrs=read-write");
    let app = serve(&url, &[]);
    let mut client = Client::connect(&app, "+12025550123", None);
    assert_eq!(send(&app, 1).status, 200);
    client.call().unwrap();
    // Both kinds of connections are there.
    assert_eq!(app.get(OWNER).json().as_array().unwrap().len(), 1);
    assert_eq!(app.get(&format!("{OWNER}/summary")).json()["calls"], 1);
    standby.wait_until_caught_up(&primary);
    primary.server().kill();
    for path in [OWNER.to_owned(), format!("{OWNER}/summary")] {
        wait_for(503, || app.get(&path));
    }
    wait_for(503, || send(&app, 2));
    standby.promote();
    for path in [OWNER.to_owned(), format!("{OWNER}/summary")] {
        wait_for(200, || app.get(&path));
    }
    wait_for(200, || send(&app, 3));
    let told = client.call().unwrap();
    assert_eq!(told.created_at.timestamp() / 60 % 60, 3);
    assert_eq!(app.get(OWNER).json().as_array().unwrap().len(), 2);
}

#[test]
fn passwords_come_from_the_password_file_for_each_host() {
    let (primary, standby) = pair();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passwords");
    let line = |port, password: &str| format!("127.0.0.1:{port}:calls:postgres:{password}\n");
    let own = primary.server().password();
    let lines = line(standby.server().port(), "wrong") + &line(primary.server().port(), own);
    fs::write(&file, lines).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let hosts = several_hosts(&[primary.server()], "calls").replace(&format!(":{own}@"), "@");
    let url = format!("{hosts}?passfile={}", file.display());
    let app = serve(&url, &[]);
    assert_eq!(send(&app, 1).status, 200);
    assert_eq!(app.get(&format!("{OWNER}/summary")).json()["calls"], 1);
}

/// All processes of a server, stopped until this is dropped: connections stay, and nothing answers.
struct Frozen(Vec<String>);

impl Frozen {
    fn signal(name: &str, processes: &[String]) -> bool {
        Command::new("kill").arg(name).args(processes).status().unwrap().success()
    }

    fn new(server: &Server) -> Self {
        let all = "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int
                   UNION SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
        let processes: Vec<String> = server.query("postgres", all).lines().map(str::to_owned).collect();
        assert!(Self::signal("-STOP", &processes), "{processes:?}");
        Self(processes)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // Some may have ended.
        Self::signal("-CONT", &self.0);
    }
}

#[test]
fn a_primary_that_says_nothing_any_more_is_left_for_the_standby() {
    let (primary, standby) = pair();
    let either = several_hosts(&[primary.server(), standby.server()], "calls");
    let app = serve(&format!("{either}?target_session_attrs=read-write"), &[]);
    assert_eq!(send(&app, 1).status, 200);
    let page = app.get(OWNER).body;
    standby.wait_until_caught_up(&primary);
    let _frozen = Frozen::new(primary.server());
    wait_for(503, || app.get(OWNER));
    standby.promote();
    // Each worker finds out by itself.
    for _ in 0..8 {
        wait_for(200, || app.get(OWNER));
    }
    wait_until(|| app.get(OWNER).body == page);
}
