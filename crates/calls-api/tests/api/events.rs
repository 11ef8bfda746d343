use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use calls_model::Call;
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::post::post;
use crate::test_app::{NOTIFY, TestApp, TestDatabase, storing};

/// A client of an event stream.
pub struct Client {
    stream: BufReader<TcpStream>,
    /// Received text that was not read yet.
    received: String,
    /// Value for `Last-Event-ID`.
    pub last_id: String,
}

impl Client {
    pub fn connect(app: &TestApp, number: &str, last_id: Option<&str>) -> Self {
        Self::connect_to(app, &format!("/api/calls/{number}/events"), last_id)
    }

    pub fn connect_to(app: &TestApp, path: &str, last_id: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(app.address.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        let last_id = last_id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{last_id}\r\n").unwrap();
        let stream = BufReader::new(stream);
        let mut client = Self { stream, received: String::new(), last_id: String::new() };
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(client.stream.read_line(&mut head).unwrap() > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
        assert!(client.block().unwrap().starts_with("retry: "));
        client
    }

    /// The lines up to the next blank one. None at the end.
    fn block(&mut self) -> Option<String> {
        let end = loop {
            match self.received.find("\n\n") {
                Some(end) => break end + 2,
                None => {
                    let chunk = self.chunk()?;
                    self.received += &chunk;
                }
            }
        };
        let block: String = self.received.drain(..end).collect();
        if let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) {
            id.clone_into(&mut self.last_id);
        }
        Some(block)
    }

    /// A chunk of the body (RFC 9112, section 7.1). None after the last one.
    fn chunk(&mut self) -> Option<String> {
        let mut size = String::new();
        self.stream.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).unwrap();
        chunk.truncate(size);
        (size > 0).then(|| String::from_utf8(chunk).unwrap())
    }

    /// The next call, past heartbeats. None at the end.
    pub fn call(&mut self) -> Option<Call> {
        let call: Call = serde_json::from_value(self.data()?).unwrap();
        assert_eq!(call.id, self.last_id);
        Some(call)
    }

    /// The data of the next call, past heartbeats. None at the end.
    pub fn data(&mut self) -> Option<serde_json::Value> {
        loop {
            let block = self.block()?;
            if let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) {
                assert!(block.contains("event: call\n"), "{block}");
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }

    /// Name and data of the next event, past heartbeats.
    pub fn next_event(&mut self) -> (String, serde_json::Value) {
        loop {
            let block = self.block().unwrap();
            let member =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
            if let Some((kind, data)) = member("event: ").zip(member("data: ")) {
                return (kind, serde_json::from_str(&data).unwrap());
            }
        }
    }

    fn calls(&mut self, count: usize) -> Vec<Call> {
        (0..count).map(|_| self.call().unwrap()).collect()
    }
}

pub fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(90), "it did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Inserts calls of an owner, each a second after the last one.
fn insert(database: &TestDatabase, owner: u64, from: u32, count: u32) {
    let query = format!(
        "INSERT INTO calls (number, counterparty, created_at, type)
         SELECT {owner}, 13333333333, timestamptz '2024-01-31Z' + i * interval '1 s', 'Missed Inbound'
         FROM generate_series({from}, {from} + {count} - 1) AS i"
    );
    database.store_calls(&query).unwrap();
}

fn assert_grow(calls: &[Call]) {
    let ids: Vec<i64> = calls.iter().map(|call| call.id.parse().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
}

fn times(calls: &[Call]) -> HashSet<i64> {
    calls.iter().map(|call| call.created_at.timestamp()).collect()
}

#[test]
fn a_new_call_is_told_to_those_who_follow_its_history_alone() {
    let app = TestApp::new();
    insert(app.database(), 12025550123, 0, 1);
    let mut follower = Client::connect(&app, "+12025550123", None);
    let mut other = Client::connect(&app, "+12025550124", None);
    let mut extension = Client::connect(&app, "1001", None);
    app.call("+12025550123", "2024-02-01T10:00:00Z", "withheld", "Completed Inbound", Some(37_400));
    let call = follower.call().unwrap();
    assert_eq!(call.created_at.to_rfc3339(), "2024-02-01T10:00:00+00:00");
    assert_eq!(call.counterparty.to_string(), "withheld");
    assert_eq!(call.duration.unwrap().ms(), 37_400);
    app.call("+12025550124", "2024-02-02T10:00:00Z", "unknown", "Missed Inbound", None);
    assert_eq!(other.call().unwrap().counterparty.to_string(), "unknown");
    // It had no row in the database when its history began to be followed.
    app.database().add_party("local", "1001");
    let extension_call = "INSERT INTO calls (number, counterparty, created_at, type)
                          SELECT number, 12025550123, 'now', 'Missed Outbound' FROM other_parties WHERE label = '1001'";
    app.database().store_calls(extension_call).unwrap();
    assert_eq!(extension.call().unwrap().counterparty.to_string(), "+12025550123");
}

#[test]
fn a_client_that_searches_is_told_of_those_whom_the_search_finds() {
    const TOKEN: &str = "a-token-of-some-length-for-tests";
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let authorization = format!("Bearer {TOKEN}");
    let call = |minute: u32, other: &str, name: &str| {
        let body = serde_json::json!([{
            "owner": "+12025550123", "created_at": format!("2024-01-31T10:{minute:02}:00Z"),
            "counterparty": other, "type": "Missed Inbound", "name": name,
        }]);
        let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
        assert_eq!(post(&app, "/api/calls", &headers, body.to_string().as_bytes()).status, 200);
    };
    call(0, "+13333333333", "Zo\u{eb} Example");
    let follow = |q: &str, last: Option<&str>| {
        Client::connect_to(&app, &format!("/api/calls/+12025550123/events?{q}"), last)
    };
    let mut by_name = follow("q=zoe", None);
    let mut by_digits = follow("q=444%2044&include=details", None);
    let mut of_lines =
        Client::connect_to(&app, "/api/calls/events?number=%2B12025550123&number=%2B12025550124&q=zoe", None);
    call(1, "+14444444444", "Other");
    call(2, "+13333333333", "Zo\u{eb} Example");
    let found = by_name.call().unwrap();
    assert_eq!(found.counterparty.to_string(), "+13333333333");
    assert_eq!(by_digits.data().unwrap()["counterparty"], "+14444444444");
    assert_eq!(of_lines.data().unwrap()["counterparty"], "+13333333333");
    // A client that comes back is not told again, whether it was told of the last call or not.
    call(3, "+14444444444", "Other");
    assert_eq!(by_digits.data().unwrap()["counterparty"], "+14444444444");
    let last = by_digits.last_id.clone();
    let mut back = follow("q=zoe", Some(&last));
    call(4, "+13333333333", "Zo\u{eb} Example");
    assert!(back.call().unwrap().created_at > found.created_at);
    assert_eq!(app.get("/api/calls/+12025550123/events?q=%00").problem().kind, "/problems/bad-parameter");
}

#[test]
fn every_client_sees_every_call_of_its_number_once_and_in_order() {
    const NUMBERS: u64 = 10;
    const SECONDS: u32 = 3;
    const EACH: usize = 100 * SECONDS as usize;
    let app = TestApp::new();
    let clients: Vec<_> =
        (0..100).map(|i| Client::connect(&app, &format!("+1202555{:04}", i % NUMBERS), None)).collect();
    let listening = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'calls events'";
    wait_until(|| app.database().count(listening) == 1);
    std::thread::scope(|scope| {
        let readers: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(place, mut client)| {
                let app = &app;
                scope.spawn(move || {
                    // Every third one is cut off in the middle, and comes back.
                    let mut calls = client.calls(if place % 3 == 0 { EACH / 2 } else { EACH });
                    if calls.len() < EACH {
                        let number = format!("+1202555{:04}", place as u64 % NUMBERS);
                        client = Client::connect(app, &number, Some(&client.last_id));
                        calls.extend(client.calls(EACH - calls.len()));
                    }
                    calls
                })
            })
            .collect();
        // Two writers, each 50 transactions a second of 10 calls, so that transactions cross.
        for writer in 0..2 {
            let database = app.database();
            scope.spawn(move || write(&database.url, writer, SECONDS * 50));
        }
        for reader in readers {
            let calls = reader.join().unwrap();
            assert_grow(&calls);
            assert_eq!(times(&calls).len(), EACH);
        }
    });
    assert_eq!(app.database().count(listening), 1);
    assert_eq!(app.database().count("SELECT count(*) FROM calls"), 1000 * i64::from(SECONDS));
    app.stop();
}

/// Stores one call of each of ten numbers in a transaction, 50 times a second.
fn write(url: &str, writer: u32, transactions: u32) {
    let mut connection = PgConnection::establish(url).unwrap();
    let start = Instant::now();
    for transaction in 0..transactions {
        let second = transaction * 2 + writer;
        let insert = format!(
            "INSERT INTO calls (number, counterparty, created_at, type)
             SELECT 12025550000 + i, 13333333333, timestamptz '2024-01-31Z' + interval '{second} s', 'Missed Inbound'
             FROM generate_series(0, 9) AS i"
        );
        connection
            .transaction(|connection| {
                diesel::sql_query(storing(&insert)).execute(connection)?;
                diesel::sql_query(NOTIFY).execute(connection)
            })
            .unwrap();
        std::thread::sleep((Duration::from_millis(20) * (transaction + 1)).saturating_sub(start.elapsed()));
    }
}

#[test]
fn a_call_that_is_committed_late_is_not_lost_to_who_comes_back() {
    let app = TestApp::new();
    let database = app.database();
    let insert_at = |second: u32| {
        format!(
            "INSERT INTO calls (number, counterparty, created_at, type)
             VALUES (12025550123, 13333333333, timestamptz '2024-01-31Z' + interval '{second} s', 'Missed Inbound')"
        )
    };
    let mut client = Client::connect(&app, "+12025550123", None);
    let mut first = PgConnection::establish(&database.url).unwrap();
    diesel::sql_query("BEGIN").execute(&mut first).unwrap();
    diesel::sql_query(storing(&insert_at(1))).execute(&mut first).unwrap();
    std::thread::scope(|scope| {
        // It takes an id, and waits for the first one's lock.
        let second = scope.spawn(|| database.store_calls(&insert_at(2)).unwrap());
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        wait_until(|| database.count(waiting) == 1);
        diesel::sql_query(storing(&insert_at(3))).execute(&mut first).unwrap();
        diesel::sql_query(NOTIFY).execute(&mut first).unwrap();
        diesel::sql_query("COMMIT").execute(&mut first).unwrap();
        second.join().unwrap();
    });
    let calls = client.calls(3);
    assert_grow(&calls);
    let seconds: Vec<_> = calls.iter().map(|call| call.created_at.timestamp() % 60).collect();
    assert_eq!(seconds, [1, 3, 2]);
    let mut back = Client::connect(&app, "+12025550123", Some(&calls[1].id));
    assert_eq!(back.calls(1), calls[2..]);
}

#[test]
fn who_comes_back_gets_what_was_missed_even_after_a_restart() {
    let app = TestApp::new();
    let mut client = Client::connect(&app, "+12025550123", None);
    let nothing_yet = client.last_id.clone();
    insert(app.database(), 12025550123, 0, 1);
    client.call().unwrap();
    let after_one = client.last_id.clone();
    insert(app.database(), 12025550123, 1, 1500);
    let app = app.kill().start_again();
    for (id, missed) in [(nothing_yet, 1501), (after_one, 1500)] {
        let mut client = Client::connect(&app, "+12025550123", Some(&id));
        let mut calls = client.calls(missed);
        insert(app.database(), 12025550123, 2000 + u32::try_from(missed).unwrap(), 1);
        calls.extend(client.call());
        assert_grow(&calls);
        assert_eq!(times(&calls).len(), missed + 1);
        app.database().execute("DELETE FROM calls WHERE created_at >= '2024-01-31T00:30:00Z'").unwrap();
    }
}

#[test]
fn a_lost_connection_to_the_database_loses_no_call() {
    let app = TestApp::new();
    let mut client = Client::connect(&app, "+12025550123", None);
    insert(app.database(), 12025550123, 0, 1);
    client.call().unwrap();
    app.database().refuse_connections();
    app.database().accept_connections();
    insert(app.database(), 12025550123, 1, 1);
    assert_eq!(client.call().unwrap().created_at.timestamp() % 60, 1);
}

#[test]
fn a_client_that_does_not_read_is_dropped_and_holds_nobody_up() {
    let app = TestApp::with(&["--followers", "2"]);
    let mut slow = Client::connect(&app, "+12025550123", None);
    let mut reader = Client::connect(&app, "+12025550123", None);
    // Far more than sockets hold.
    insert(app.database(), 12025550123, 0, 80_000);
    assert_eq!(times(&reader.calls(80_000)).len(), 80_000);
    // Its place is free when it is let go.
    let place_is_free = || {
        let mut stream = TcpStream::connect(app.address.trim_start_matches("http://")).unwrap();
        stream.write_all(b"GET /api/calls/1001/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        status == *b"HTTP/1.1 200"
    };
    wait_until(place_is_free);
    let mut told = 0;
    while slow.call().is_some() {
        told += 1;
    }
    assert!(told < 80_000, "{told}");
}

#[test]
fn more_clients_than_may_are_sent_away() {
    let app = TestApp::with(&["--followers", "1"]);
    let _first = Client::connect(&app, "+12025550123", None);
    let answer = app.get("/api/calls/+12025550123/events");
    assert_eq!((answer.problem().status, answer.header("retry-after")), (503, "30"));
    assert_eq!(answer.problem().kind, "/problems/too-many-followers");
}

#[test]
fn a_request_that_cannot_be_followed_says_why() {
    let app = TestApp::new();
    let answer = app.get_with("/api/calls/+12025550123/events", &[("Last-Event-ID", "yesterday")]);
    assert_eq!((answer.problem().status, answer.problem().found.as_deref()), (400, Some("yesterday")));
    assert_eq!(app.get("/api/calls/hello/events").problem().kind, "/problems/not-a-number");
    app.database().refuse_connections();
    assert_eq!(app.get("/api/calls/+12025550123/events").problem().kind, "/problems/unavailable");
}

#[test]
fn streams_end_when_the_server_is_asked_to_stop() {
    let app = TestApp::new();
    let clients: Vec<_> = (0..5).map(|_| Client::connect(&app, "+12025550123", None)).collect();
    let (sender, receiver) = mpsc::channel();
    for mut client in clients {
        let sender = sender.clone();
        std::thread::spawn(move || sender.send(client.call().is_none()));
    }
    let start = Instant::now();
    app.stop();
    assert!(start.elapsed() < Duration::from_secs(8), "the requests were broken off");
    for _ in 0..5 {
        assert!(receiver.recv().unwrap());
    }
}
