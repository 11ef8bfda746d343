//! A database of its own for each test, and a `calls serve` on it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use calls_model::Problem;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use local_postgres::testing;
use serde_json::Value;

pub const CALLS: &str = env!("CARGO_BIN_EXE_calls");
const TEMPLATE: &str = "calls_template";

/// A database with all migrations applied, dropped in the end.
pub struct TestDatabase {
    pub url: String,
    name: String,
}

impl TestDatabase {
    pub fn new() -> Self {
        let name = Self::unused_name();
        let mut connection = maintenance();
        // One test migrates the template, the others wait for it.
        sql(&mut connection, "SELECT pg_advisory_lock(1)");
        // A database of its own, so that a template that was begun is no template.
        let is_ready = format!("SELECT FROM pg_database WHERE datname = '{TEMPLATE}_ready'");
        if diesel::sql_query(is_ready).execute(&mut connection).unwrap() == 0 {
            testing::drop_database(TEMPLATE, |statement| sql(&mut connection, statement));
            testing::create_database(TEMPLATE, None, |statement| sql(&mut connection, statement));
            let migrate = calls(&["migrate", "--database-url", &database_url(TEMPLATE)]);
            assert!(migrate.status.success(), "{migrate:?}");
            sql(&mut connection, &format!("CREATE DATABASE {TEMPLATE}_ready"));
        }
        sql(&mut connection, "SELECT pg_advisory_unlock(1)");
        testing::create_database(&name, Some(TEMPLATE), |statement| sql(&mut connection, statement));
        Self { url: database_url(&name), name }
    }

    /// An empty database, without any table.
    pub fn empty() -> Self {
        let name = Self::unused_name();
        testing::create_database(&name, None, |statement| sql(&mut maintenance(), statement));
        Self { url: database_url(&name), name }
    }

    fn unused_name() -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs SQL and says how many rows it touched.
    pub fn execute(&self, query: &str) -> QueryResult<usize> {
        diesel::sql_query(query).execute(&mut self.connect())
    }

    /// Stores calls as a write does (see [`storing`]), tells those who follow their histories, and says how
    /// many it were.
    pub fn store_calls(&self, statement: &str) -> QueryResult<usize> {
        let mut connection = self.connect();
        let rows = diesel::sql_query(storing(statement)).execute(&mut connection)?;
        diesel::sql_query(NOTIFY).execute(&mut connection)?;
        Ok(rows)
    }

    /// The key of an extension, SIP address or text, which gets a row if it has none.
    pub fn add_party(&self, kind: &str, label: &str) -> i64 {
        let number =
            if kind == "text" { "nextval('other_party_number') - 4611686018427387904" } else { "DEFAULT" };
        let row = format!(
            "INSERT INTO other_parties (number, kind, label) VALUES ({number}, '{kind}', '{label}') \
             ON CONFLICT DO NOTHING"
        );
        self.execute(&row).unwrap();
        self.count(&format!("SELECT number AS count FROM other_parties WHERE label = '{label}'"))
    }

    /// One number.
    pub fn count(&self, query: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        diesel::sql_query(query).get_result::<Row>(&mut self.connect()).unwrap().count
    }

    /// Ends all connections and lets nobody in again.
    pub fn refuse_connections(&self) {
        let name = &self.name;
        let mut connection = maintenance();
        sql(&mut connection, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        sql(&mut connection, &end);
    }

    pub fn accept_connections(&self) {
        sql(&mut maintenance(), &format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name));
    }

    fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// Runs a command of the binary on this database.
    pub fn calls(&self, arguments: &[&str]) -> Output {
        let mut all = arguments.to_vec();
        all.extend(["--database-url", &self.url]);
        calls(&all)
    }
}

/// Tells whoever follows a history.
pub const NOTIFY: &str = "SELECT pg_notify('calls', '')";

/// The statement that stores calls as a write does, with the lock of each history and ids from its version,
/// for `INSERT INTO calls (columns) rows`, in which a type is its text.
pub fn storing(statement: &str) -> String {
    let (columns, rows) =
        statement.trim_start().strip_prefix("INSERT INTO calls (").unwrap().split_once(')').unwrap();
    let of = |column: &str| if columns.contains(column) { column.to_owned() } else { "NULL".to_owned() };
    format!(
        "WITH new AS MATERIALIZED (
             SELECT row_number() OVER () AS n, number::bigint, counterparty::bigint, created_at::timestamptz,
                    {}::integer AS duration_ms, coalesce({}::integer, 0) AS disposition,
                    {}::integer AS ring_ms, {}::bigint AS via,
                    array_position(ARRAY['Completed Inbound', 'Missed Inbound', 'Completed Outbound',
                                         'Missed Outbound'], type::text) AS type
             FROM ({rows}) AS rows ({columns})
         ), history AS (
             INSERT INTO histories (number, version, calls, epoch, last_call)
             SELECT number, now.micros + count(*), count(*), now.micros, max(created_at)
             FROM new, (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros) AS now
             GROUP BY number, now.micros ORDER BY number
             ON CONFLICT (number) DO UPDATE
             SET version = histories.version + excluded.calls, calls = histories.calls + excluded.calls,
                 last_call = greatest(histories.last_call, excluded.last_call)
             RETURNING number, version
         )
         INSERT INTO calls (number, id, counterparty, created_at, duration_ms, type, disposition, ring_ms, via)
         SELECT number, version - count(*) OVER owner + row_number() OVER (owner ORDER BY n), counterparty,
                created_at, duration_ms, type, disposition, ring_ms, via
         FROM new JOIN history USING (number) WINDOW owner AS (PARTITION BY number)",
        of("duration_ms"),
        of("disposition"),
        of("ring_ms"),
        of("via")
    )
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        testing::drop_database(&self.name, |statement| sql(&mut maintenance(), statement));
    }
}

/// Runs the binary with nothing in its environment that could change what it does.
pub fn calls(arguments: &[&str]) -> Output {
    bare(arguments).stdin(Stdio::null()).output().unwrap()
}

/// The binary with nothing in its environment that could change what it does.
pub fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(CALLS);
    without_settings(&mut command);
    command.args(arguments);
    command
}

pub fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_ours = text.starts_with("CALLS_") && text != "CALLS_POSTGRES_BIN";
        if is_ours || ["DATABASE_URL", "RUST_LOG"].contains(&&*text) {
            command.env_remove(name);
        }
    }
    // Nor does a file that is installed on this machine.
    command.env("CALLS_CONFIG", "");
}

fn database_url(name: &str) -> String {
    testing::database_url(&testing::cluster_url(), name)
}

fn maintenance() -> PgConnection {
    PgConnection::establish(&testing::cluster_url()).unwrap()
}

fn sql(connection: &mut PgConnection, query: &str) {
    diesel::sql_query(query).execute(connection).unwrap_or_else(|error| panic!("{query}: {error}"));
}

/// A running `calls serve`.
pub struct TestApp {
    pub address: String,
    /// The admin address, if one was asked for.
    pub admin: Option<String>,
    /// There until the server is killed.
    database: Option<TestDatabase>,
    process: Child,
    log: Option<JoinHandle<String>>,
}

/// An answer, whatever its status.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The problem, after checking that the answer is one in every respect.
    pub fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let problem: Problem = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem.status, self.status);
        problem
    }
}

impl TestApp {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(options: &[&str]) -> Self {
        Self::on(TestDatabase::new(), options)
    }

    /// Serves a database, on a port that is free.
    pub fn on(database: TestDatabase, options: &[&str]) -> Self {
        Self::at(database, "127.0.0.1:0", options)
    }

    fn at(database: TestDatabase, bind: &str, options: &[&str]) -> Self {
        let mut arguments = vec!["--bind", bind, "--database-url", &database.url];
        // A busy machine is no fault; tests of deadlines say which one they mean.
        if !options.contains(&"--deadline") {
            arguments.extend(["--deadline", "5"]);
        }
        arguments.extend(options);
        let mut app = Self::start(&arguments);
        app.database = Some(database);
        app
    }

    /// Runs `calls serve` with these options alone, on a database that is not one of the tests'.
    pub fn start(options: &[&str]) -> Self {
        let mut command = bare(&["serve"]);
        command.args(options);
        Self::spawn(command)
    }

    /// Runs `calls serve` with these options, and with variables of the environment.
    pub fn start_with_variables(options: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = bare(&["serve"]);
        command.args(options).envs(variables.iter().copied());
        Self::spawn(command)
    }

    /// Serves a database by a process whose soft and hard limit on open files are these.
    pub fn with_open_files(soft: u32, hard: u32, options: &[&str]) -> Self {
        let database = TestDatabase::new();
        let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
        let mut command = Command::new("/bin/sh");
        without_settings(&mut command);
        command.args([
            "-c",
            &script,
            CALLS,
            "serve",
            "--bind",
            "127.0.0.1:0",
            "--database-url",
            &database.url,
        ]);
        command.args(options);
        let mut app = Self::spawn(command);
        app.database = Some(database);
        app
    }

    /// Runs a command that serves, and waits until it listens.
    pub fn spawn(mut command: Command) -> Self {
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let stderr = process.stderr.take().unwrap();
        let log = Some(std::thread::spawn(move || read_all(stderr)));
        let mut admin = None;
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().and_then(Result::ok).expect("the server says where it listens");
            match (line.strip_prefix("listening on "), line.strip_prefix("admin on ")) {
                (Some(address), _) => break address.to_owned(),
                (None, Some(address)) => admin = Some(address.to_owned()),
                (None, None) => panic!("{line:?}"),
            }
        };
        Self { address, admin, database: None, process, log }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The most memory that the server had so far, in MB; where the system does not tell, what it has now.
    pub fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        let now = || Command::new("ps").args(["-o", "rss=", "-p", &self.pid().to_string()]).output().unwrap();
        let kilobytes = peak.map_or_else(|| String::from_utf8(now().stdout).unwrap(), str::to_owned);
        kilobytes.trim().parse::<usize>().unwrap() / 1024
    }

    pub fn database(&self) -> &TestDatabase {
        self.database.as_ref().unwrap()
    }

    /// One call of `owner`. Times are RFC 3339.
    pub fn call(
        &self,
        owner: &str,
        created_at: &str,
        counterparty: &str,
        call_type: &str,
        duration_ms: Option<i32>,
    ) {
        let duration = duration_ms.map_or("NULL".to_owned(), |ms| ms.to_string());
        let key = |party: &str| match party.strip_prefix('+') {
            Some(digits) => digits.to_owned(),
            None => format!("(SELECT number FROM other_parties WHERE label = '{party}')"),
        };
        let query = format!(
            "INSERT INTO calls (number, counterparty, created_at, type, duration_ms)
             VALUES ({}, {}, '{created_at}', '{call_type}', {duration})",
            key(owner),
            key(counterparty)
        );
        assert_eq!(self.database().store_calls(&query).unwrap(), 1);
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers)
    }

    /// From the admin address.
    pub fn get_admin(&self, path: &str) -> Answer {
        fetch("GET", &format!("{}{path}", self.admin.as_ref().expect("an admin address")), &[]).unwrap()
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        fetch(method, &format!("{}{path}", self.address), headers).unwrap()
    }

    /// Ends the server at once, so that nobody listens at its address. The calls stay.
    pub fn kill(mut self) -> KilledApp {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        KilledApp { database: self.database.take().unwrap(), address: self.address.clone() }
    }

    /// Waits until the server has ended, and checks that it ended well.
    pub fn wait(mut self) {
        assert!(self.process.wait().unwrap().success());
    }

    /// Ends the server like Ctrl-C does, checks that it ends well, and returns its log.
    pub fn stop(mut self) -> String {
        let interrupted =
            Command::new("kill").args(["-INT", &self.process.id().to_string()]).status().unwrap();
        assert!(interrupted.success());
        assert!(self.process.wait().unwrap().success());
        self.log.take().unwrap().join().unwrap()
    }
}

/// A transaction that holds a lock until it is dropped.
pub struct Lock {
    _connection: PgConnection,
}

impl Lock {
    pub fn take(url: &str, statement: &str) -> Self {
        let mut connection = PgConnection::establish(url).unwrap();
        sql(&mut connection, "BEGIN");
        sql(&mut connection, statement);
        Self { _connection: connection }
    }
}

/// One request, on a connection of its own.
pub fn fetch(method: &str, url: &str, headers: &[(&str, &str)]) -> Result<Answer, ureq::Error> {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.allow_non_standard_methods(true).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(()).unwrap())?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = String::from_utf8(response.body_mut().read_to_vec()?).unwrap_or_default();
    Ok(Answer { status, headers, body })
}

/// Data of a killed server.
pub struct KilledApp {
    database: TestDatabase,
    address: String,
}

impl KilledApp {
    /// The calls alone.
    pub fn into_database(self) -> TestDatabase {
        self.database
    }

    /// Serves the same calls at the same address again.
    pub fn start_again(self) -> TestApp {
        TestApp::at(self.database, self.address.trim_start_matches("http://"), &[])
    }
}

fn read_all(stderr: ChildStderr) -> String {
    std::io::read_to_string(stderr).unwrap()
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Fails only if the process is gone already.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
