//! Clients that hold on to more than their share: files, connections, memory.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::pace::Pace;
use crate::test_app::{TestApp, TestDatabase, fetch};

const PATH: &str = "/api/calls/+13333333333";

/// A request that is sent, and whose answer is not read.
fn ask(app: &TestApp, path: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.address.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").unwrap();
    stream
}

fn status(stream: &mut TcpStream) -> String {
    let mut start = [0; 12];
    stream.read_exact(&mut start).expect("an answer");
    String::from_utf8_lossy(&start[9..]).into_owned()
}

/// Number of responses with this status.
fn count(answers: &[String], status: &str) -> usize {
    answers.iter().filter(|answer| *answer == status).count()
}

/// Asks a hundred times; the 99th percentile of the times.
fn p99(url: &str) -> Duration {
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(fetch("GET", url, &[]).unwrap().status, 200);
            start.elapsed()
        })
        .collect();
    times.sort();
    times[98]
}

#[test]
fn followers_cannot_take_all_the_files_that_the_server_may_open() {
    let options = ["--trusted-proxy", "127.0.0.1", "--admin-bind", "127.0.0.1:0"];
    let app = TestApp::with_open_files(256, 256, &options);
    // Each is another client, so that no limit of one client counts.
    let follow = |n| ask(&app, &format!("{PATH}/events"), &format!("X-Forwarded-For: 192.0.2.{n}\r\n"));
    let mut streams: Vec<_> = (0..250).map(follow).collect();
    let answers: Vec<String> = streams.iter_mut().map(status).collect();
    let (following, refused) = (count(&answers, "200"), count(&answers, "503"));
    assert_eq!(following + refused, 250, "{answers:?}");
    assert!((1..=128).contains(&following), "{following}");
    let pace = Pace::watch();
    pace.check(p99(&format!("{}{PATH}", app.address)));
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(app.get_admin(path).status, 200, "{path}");
    }
}

#[test]
fn one_client_cannot_take_the_places_of_all_followers() {
    let database = TestDatabase::new();
    let app = behind_proxy(&database, &[("CALLS_FOLLOWERS_PER_CLIENT", "3")]);
    let follow = |client: &str| {
        let mut stream = ask(&app, &format!("{PATH}/events"), &format!("X-Forwarded-For: {client}\r\n"));
        (status(&mut stream), stream)
    };
    let mut streams: Vec<_> = (0..4).map(|_| follow("192.0.2.1")).collect();
    let answers: Vec<String> = streams.iter().map(|(status, _)| status.clone()).collect();
    assert_eq!(answers, ["200", "200", "200", "503"]);
    assert_eq!(follow("192.0.2.2").0, "200");
    // A place is free again when its client has left.
    streams.clear();
    let deadline = Instant::now() + Duration::from_secs(90);
    while follow("192.0.2.1").0 != "200" {
        assert!(Instant::now() < deadline, "no place became free");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_limit_on_open_files_is_raised_at_the_start() {
    let app = TestApp::with_open_files(128, 4000, &[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", app.pid())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().collect::<Vec<_>>(), ["4000", "4000", "files"]);
}

/// A server with far more calls of a number than the batches of an export and the sockets' buffers take.
fn with_many_calls(variables: &[(&str, &str)]) -> (TestApp, TestDatabase) {
    let insert = "INSERT INTO calls (number, counterparty, created_at, type)
                  SELECT 13333333333, 12025550123, timestamptz '2020-01-01Z' + n * interval '1 min', 'Missed Inbound'
                  FROM generate_series(1, 300000) AS n";
    let database = TestDatabase::new();
    database.store_calls(insert).unwrap();
    (behind_proxy(&database, variables), database)
}

/// A server to whom each client is another, by what the proxy says.
fn behind_proxy(database: &TestDatabase, variables: &[(&str, &str)]) -> TestApp {
    let options = ["--bind", "127.0.0.1:0", "--database-url", &database.url, "--trusted-proxy", "127.0.0.1"];
    let all: Vec<_> = variables.iter().copied().chain([("CALLS_DEADLINE", "60")]).collect();
    TestApp::start_with_variables(&options, &all)
}

/// Begins an export that nobody reads, for a client behind the proxy.
fn export(app: &TestApp, client: &str) -> (String, TcpStream) {
    let mut stream = ask(app, &format!("{PATH}?format=csv"), &format!("X-Forwarded-For: {client}\r\n"));
    (status(&mut stream), stream)
}

#[test]
fn exports_that_nobody_reads_are_few_and_take_little_memory() {
    let (app, _database) = with_many_calls(&[("CALLS_WRITE_TIMEOUT", "3600")]);
    let exports: Vec<_> = (0..150).map(|n| export(&app, &format!("192.0.2.{n}"))).collect();
    let answers: Vec<String> = exports.iter().map(|(status, _)| status.clone()).collect();
    assert_eq!((count(&answers, "200"), count(&answers, "503")), (16, 134), "{answers:?}");
    let pace = Pace::watch();
    pace.check(p99(&format!("{}{PATH}", app.address)));
    assert!(app.peak_memory() <= 150, "{} MB", app.peak_memory());
}

#[cfg(target_os = "linux")]
#[test]
fn an_export_that_nobody_reads_is_given_up() {
    let (app, _database) = with_many_calls(&[("CALLS_EXPORTS", "1"), ("CALLS_WRITE_TIMEOUT", "2")]);
    let (first, mut unread) = export(&app, "192.0.2.1");
    assert_eq!(first, "200");
    // Its connection stays open on this side.
    let deadline = Instant::now() + Duration::from_secs(60);
    while export(&app, "192.0.2.2").0 != "200" {
        assert!(Instant::now() < deadline, "the export has not ended");
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut rest = Vec::new();
    let _ = unread.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"\r\n0\r\n\r\n"), "the end of a whole answer");
}

#[test]
fn one_client_takes_half_of_the_exports_at_most() {
    let (app, _database) = with_many_calls(&[("CALLS_EXPORTS", "2")]);
    let (first, _unread) = export(&app, "192.0.2.1");
    assert_eq!(first, "200");
    assert_eq!(export(&app, "[2001:db8::1]:4711").0, "200");
    assert_eq!(export(&app, "192.0.2.1:4711").0, "503");
}

#[test]
fn clients_are_counted_apart_however_a_proxy_writes_their_addresses() {
    let app = TestApp::with(&["--rate-limit", "1/m", "--trusted-proxy", "127.0.0.1"]);
    let ask = |client| app.get_with("/api/numbers/+12025550123", &[("X-Forwarded-For", client)]).status;
    for (first, again) in [
        ("198.51.100.7:41234", "198.51.100.7:41235"),
        ("[2001:db8::1]", "[2001:db8::2]:443"),
        ("198.51.100.8", "198.51.100.8:80"),
    ] {
        assert_eq!((ask(first), ask(again)), (200, 429), "{first}");
    }
}

#[test]
fn a_proxy_that_is_not_trusted_is_told_once_without_the_addresses_of_its_clients() {
    let ask = |app: &TestApp| {
        for client in ["198.51.100.7", "198.51.100.8"] {
            app.get_with("/api/numbers/+12025550123", &[("X-Forwarded-For", client)]);
        }
    };
    let app = TestApp::new();
    ask(&app);
    let log = app.stop();
    assert_eq!(log.matches("--trusted-proxy 127.0.0.1").count(), 1, "{log}");
    assert!(!log.contains("198.51.100"), "{log}");
    let app = TestApp::with(&["--trusted-proxy", "127.0.0.1"]);
    ask(&app);
    assert!(!app.stop().contains("is not trusted"));
}
