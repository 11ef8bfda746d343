//! A database of version 0.1 is brought over, and one of a newer version is left alone.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use local_postgres::testing;

use crate::events::Client;
use crate::test_app::{Lock, TestApp, TestDatabase, bare};

/// The migrations that version 0.1 had.
const VERSION_0_1: [(&str, &str); 6] = [
    ("20261122000001", include_str!("../../../../migrations/2026-11-22-000001_create_calls/up.sql")),
    (
        "20261122000002",
        include_str!("../../../../migrations/2026-11-22-000002_create_idempotency_keys/up.sql"),
    ),
    ("20261122000003", include_str!("../../../../migrations/2026-11-22-000003_notify_of_calls/up.sql")),
    ("20261122000004", include_str!("../../../../migrations/2026-11-22-000004_index_spoken/up.sql")),
    ("20261122000005", include_str!("../../../../migrations/2026-11-22-000005_put_type_before_time/up.sql")),
    ("20261122000006", include_str!("../../../../migrations/2026-11-22-000006_lighten_versions/up.sql")),
];

const MIGRATIONS: &str = "CREATE TABLE __diesel_schema_migrations (
    version varchar(50) PRIMARY KEY NOT NULL, run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)";

/// Calls of numbers, of an extension and of a SIP address, with counterparties of every kind. Its triggers do
/// the rest.
pub const CALLS: &str = "
    INSERT INTO phone_numbers (kind, label) VALUES ('local', '1001'), ('sip', 'sip:alice@example.com');
    INSERT INTO calls (number, counterparty, created_at, type, duration_ms)
    SELECT owner.number, counterparty.number, timestamptz '2024-01-31Z' + i * interval '90 s',
           kind.type, CASE WHEN kind.type::text LIKE 'Completed%' THEN nullif(i * 1000, 3000) END
    FROM (VALUES (12025550123::bigint), (12025550124)) AS numbers (number),
         LATERAL (SELECT numbers.number UNION SELECT number FROM phone_numbers WHERE label LIKE '%1%'
                  UNION SELECT number FROM phone_numbers WHERE kind = 'sip') AS owner,
         LATERAL (SELECT 13333333333::bigint AS number UNION SELECT number FROM phone_numbers WHERE number < 0) AS counterparty,
         unnest(enum_range(NULL::call_type)) AS kind (type), generate_series(1, 5) AS i
    ON CONFLICT DO NOTHING;
    -- A second transaction, so that versions are above some ids.
    INSERT INTO calls (number, counterparty, created_at, type)
    VALUES (12025550123, 13333333334, '2024-02-01Z', 'Missed Inbound');
    DELETE FROM calls WHERE number = 12025550124 AND type = 'Missed Outbound';";

/// Every call as text, with the names of its parties.
pub fn calls_of_0_1(url: &str) -> String {
    let select = "
        SELECT id, coalesce(owner.label, '+' || owner.number), coalesce(other.label, '+' || other.number),
               created_at, duration_ms, type
        FROM calls JOIN phone_numbers AS owner USING (number)
                   JOIN phone_numbers AS other ON other.number = counterparty ORDER BY id";
    testing::query(url, select).unwrap()
}

pub fn calls_of_now(url: &str) -> String {
    let select = "
        SELECT id, coalesce(owner.label, '+' || calls.number), coalesce(other.label, '+' || counterparty),
               created_at, duration_ms,
               (ARRAY['Completed Inbound', 'Missed Inbound', 'Completed Outbound', 'Missed Outbound'])[type]
        FROM calls LEFT JOIN other_parties AS owner USING (number)
                   LEFT JOIN other_parties AS other ON other.number = counterparty ORDER BY id";
    testing::query(url, select).unwrap()
}

pub fn database_of_0_1(calls: &str) -> TestDatabase {
    let database = TestDatabase::empty();
    let mut connection = PgConnection::establish(&database.url).unwrap();
    connection.batch_execute(MIGRATIONS).unwrap();
    for (version, migration) in VERSION_0_1 {
        connection.batch_execute(migration).unwrap();
        let applied = format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')");
        connection.batch_execute(&applied).unwrap();
    }
    connection.batch_execute(calls).unwrap();
    database
}

/// A `calls migrate` that runs.
struct Migration {
    process: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Migration {
    fn start(url: &str) -> Self {
        let mut command = bare(&["migrate", "--database-url", url]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, lines }
    }

    /// Reads until it says this.
    fn wait_for(&mut self, said: &str) {
        let found = self.lines.by_ref().map(Result::unwrap).any(|line| line.contains(said));
        assert!(found, "it ended without {said:?}");
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn succeed(mut self) {
        let said: Vec<String> = self.lines.map(Result::unwrap).collect();
        assert!(self.process.wait().unwrap().success(), "{said:?}");
    }
}

/// Checks what holds for every database.
fn assert_consistent(database: &TestDatabase) {
    let wrong = "
        SELECT count(*) FROM histories FULL JOIN (
            SELECT number, count(*) AS calls, max(id) AS newest, max(created_at) AS last_call FROM calls GROUP BY number
        ) AS counted USING (number)
        WHERE histories.calls IS DISTINCT FROM counted.calls OR version <= newest
              OR histories.last_call IS DISTINCT FROM counted.last_call";
    assert_eq!(database.count(wrong), 0);
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_v1%'";
    assert_eq!(database.count(left), 0);
}

#[test]
fn calls_of_version_0_1_keep_their_ids_times_types_and_labels() {
    let database = database_of_0_1(CALLS);
    let before = calls_of_0_1(&database.url);
    let versions = database.count("SELECT max(history_version) AS count FROM phone_numbers");
    let migrated = database.calls(&["migrate"]);
    assert!(migrated.status.success(), "{migrated:?}");
    assert!(String::from_utf8(migrated.stderr).unwrap().contains("calls of version 0.1"));
    assert_eq!(calls_of_now(&database.url), before);
    assert!(before.lines().count() > 100, "{before}");
    assert_consistent(&database);
    assert_eq!(database.count(&format!("SELECT count(*) FROM histories WHERE version <= {versions}")), 0);
    // The next party has a key that no other has had.
    assert!(database.add_party("local", "1002") < database.add_party("local", "1001"));
    let again = database.calls(&["migrate"]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), "the database is up to date\n");
}

#[test]
fn a_cursor_and_an_event_id_of_version_0_1_still_hold() {
    let database = database_of_0_1(CALLS);
    let position = testing::query(
        &database.url,
        "SELECT lpad(to_hex((extract(epoch FROM created_at) * 1000000)::bigint), 16, '0') || lpad(to_hex(id), 16, '0')
         FROM calls WHERE number = 12025550123 ORDER BY created_at DESC, id DESC OFFSET 10 LIMIT 1",
    );
    let third = database
        .count("SELECT id AS count FROM calls WHERE number = 12025550123 ORDER BY id DESC OFFSET 3 LIMIT 1");
    let number = database.count("SELECT count(*) FROM calls WHERE number = 12025550123");
    // Brings the database over as well.
    let app = TestApp::on(database, &[]);
    let page = app.get(&format!("/api/calls/+12025550123?limit=1000&after={}", position.unwrap()));
    assert_eq!(page.json().as_array().unwrap().len(), usize::try_from(number).unwrap() - 11);
    let mut client = Client::connect(&app, "+12025550123", Some(&third.to_string()));
    app.call("+12025550123", "2024-03-01T10:00:00Z", "withheld", "Missed Inbound", None);
    let ids: Vec<i64> = (0..4).map(|_| client.call().unwrap().id.parse().unwrap()).collect();
    assert!(ids.is_sorted() && ids[0] > third, "{third} {ids:?}");
}

#[test]
fn a_million_calls_are_all_there_after_migrations_that_were_killed() {
    let database = database_of_0_1(
        "INSERT INTO calls (number, counterparty, created_at, type)
         SELECT 12025550000 + i % 100, 13333330000 + i % 999, timestamptz '2020-01-01Z' + i * interval '60 s',
                'Missed Inbound' FROM generate_series(1, 1000000) AS i",
    );
    let digest = "SELECT count(*), sum(hashtextextended(concat_ws(',', number, id, counterparty,
                  extract(epoch FROM created_at), duration_ms), 0)) FROM calls";
    let before = testing::query(&database.url, digest).unwrap();
    for moment in ["moving 1000000 calls", "building index 2"] {
        let mut migration = Migration::start(&database.url);
        migration.wait_for(moment);
        migration.kill();
    }
    // PostgreSQL notices the end of a client when it has something to say to it; until then the next one
    // waits.
    Migration::start(&database.url).succeed();
    assert_eq!(testing::query(&database.url, digest).unwrap(), before);
    assert!(before.starts_with("1000000|"), "{before}");
    assert_consistent(&database);
}

#[test]
fn of_two_migrations_at_once_the_second_says_that_it_waits_and_both_succeed() {
    let database = database_of_0_1(CALLS);
    let before = calls_of_0_1(&database.url);
    let reader = Lock::take(&database.url, "LOCK TABLE calls IN ACCESS SHARE MODE");
    let first = Migration::start(&database.url);
    let waits = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    crate::events::wait_until(|| database.count(waits) == 1);
    let mut second = Migration::start(&database.url);
    second.wait_for("waiting for another process");
    drop(reader);
    first.succeed();
    second.succeed();
    assert_eq!(calls_of_now(&database.url), before);
}

/// Response over a Unix socket, or `None` if there is nobody to connect to.
fn ask(path: &Path, accept: &str) -> Option<String> {
    let mut stream = UnixStream::connect(path).ok()?;
    let head = format!("Host: localhost\r\nAccept: {accept}\r\nAccept-Language: de\r\nConnection: close");
    write!(stream, "GET /calls/+12025550123 HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    Some(response)
}

#[test]
fn readers_of_a_database_that_is_migrated_are_told_to_wait_and_then_get_their_calls() {
    let database = database_of_0_1(CALLS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.sock");
    // Holds the migration up.
    let lock = Lock::take(&database.url, "LOCK TABLE calls IN ACCESS SHARE MODE");
    let bind = format!("unix:{}", path.display());
    let mut command = bare(&["serve", "--bind", &bind, "--database-url", &database.url, "--deadline", "0.1"]);
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let told = server.stderr.take().unwrap();
    let told =
        std::thread::spawn(move || BufReader::new(told).lines().map(Result::unwrap).collect::<Vec<_>>());
    crate::events::wait_until(|| path.exists());
    let json = ask(&path, "application/json").unwrap();
    assert!(json.starts_with("HTTP/1.1 503") && json.contains("retry-after: 2"), "{json}");
    assert!(json.contains("/problems/unavailable") && json.contains("the server is starting"), "{json}");
    let html = ask(&path, "text/html").unwrap();
    assert!(html.starts_with("HTTP/1.1 503") && html.contains("refresh: 2"), "{html}");
    assert!(html.contains("<html lang=\"de\">") && html.contains("Der Server startet."), "{html}");
    drop(lock);
    // Nobody is refused meanwhile.
    let last = RefCell::new(json);
    crate::events::wait_until(|| {
        let response = last.replace(ask(&path, "application/json").unwrap());
        assert!(response.starts_with("HTTP/1.1 503"), "{response}");
        last.borrow().starts_with("HTTP/1.1 200")
    });
    let response = last.into_inner();
    assert!(response.contains("+13333333334"), "{response}");
    let pid = server.id().to_string();
    assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
    assert!(server.wait().unwrap().success());
    let told = told.join().unwrap().join("\n");
    assert!(told.contains("calls of version 0.1 into the layout of this version"), "{told}");
}

#[test]
fn a_database_of_a_newer_version_is_refused_with_both_versions() {
    let database = TestDatabase::new();
    let newest =
        testing::query(&database.url, "SELECT max(version) FROM __diesel_schema_migrations").unwrap();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')").unwrap();
    for command in ["migrate", "serve", "purge"] {
        let arguments: &[&str] = match command {
            "purge" => &["purge", "--older-than", "5y", "--dry-run"],
            "serve" => &["serve", "--bind", "127.0.0.1:0"],
            other => &[other],
        };
        let refused = database.calls(arguments);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(&newest) && said.contains("20991231000001"), "{said}");
    }
}
