//! PostgreSQL stops, dies and comes back while requests come in.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use local_postgres::Cluster;

use crate::cdr::{JSON_CDR, TOKEN, freeswitch};
use crate::pace::Pace;
use crate::post::post;
use crate::test_app::{Answer, TestApp, bare, calls, fetch, storing};

const PATH: &str = "/api/calls/+13333333333";

/// Clients that ask without a pause.
struct Load {
    stop: Arc<AtomicBool>,
    answers: Arc<Mutex<Vec<Answered>>>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Debug, Clone, Copy)]
struct Answered {
    at: Instant,
    took: Duration,
    /// 0 if there was none.
    status: u16,
}

impl Load {
    fn start(address: &str, clients: usize) -> Self {
        let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let client = |_| {
            let (stop, answers, url) = (stop.clone(), answers.clone(), format!("{address}{PATH}"));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    let status = fetch("GET", &url, &[]).map_or(0, |answer| answer.status);
                    let at = Instant::now();
                    answers.lock().unwrap().push(Answered { at, took: at - start, status });
                }
            })
        };
        let clients = (0..clients).map(client).collect();
        Self { stop, answers, clients }
    }

    /// When the answer came, the `count`th with this status of those after `since`.
    fn wait_for(&self, status: u16, count: usize, since: Instant) -> Instant {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let answers = self.answers.lock().unwrap().clone();
            let mut found = answers.iter().filter(|answer| answer.at >= since && answer.status == status);
            if let Some(answer) = found.nth(count - 1) {
                return answer.at;
            }
            assert!(Instant::now() < deadline, "no {count} answers {status} among {} answers", answers.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(self) -> Vec<Answered> {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().unwrap();
        }
        let answers = self.answers.lock().unwrap();
        answers.clone()
    }
}

fn signal(name: &str, processes: &[u32]) {
    let processes: Vec<String> = processes.iter().map(u32::to_string).collect();
    assert!(Command::new("kill").arg(format!("-{name}")).args(&processes).status().unwrap().success());
}

fn postmaster(data_dir: &Path) -> u32 {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    text.lines().next().unwrap().trim().parse().unwrap()
}

/// The postmaster and all that it has started, but for the connection that asks.
fn processes(cluster: &Cluster) -> Vec<u32> {
    #[derive(QueryableByName)]
    struct Process {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        pid: i32,
    }
    let mut connection = PgConnection::establish(&cluster.url("postgres")).unwrap();
    let others = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
    let others: Vec<Process> = diesel::sql_query(others).load(&mut connection).unwrap();
    let others = others.into_iter().map(|process| process.pid.try_into().unwrap());
    [postmaster(cluster.data_dir())].into_iter().chain(others).collect()
}

#[test]
fn a_database_that_stops_and_dies_under_load_costs_503s_and_nothing_else() {
    let cluster = Cluster::throwaway().unwrap();
    cluster.create_database("calls", None).unwrap();
    let url = cluster.url("calls");
    let seeded = calls(&["seed", "--database-url", &url, "--numbers", "20", "--calls", "2000"]);
    assert!(seeded.status.success(), "{seeded:?}");
    let app = TestApp::start(&["--bind", "127.0.0.1:0", "--database-url", &url, "--connections", "4"]);
    let page = app.get(PATH).body;
    let (pace, load) = (Pace::watch(), Load::start(&app.address, 16));
    load.wait_for(200, 100, Instant::now());

    // Stopped: nothing breaks, nothing answers.
    let stopped = processes(&cluster);
    let since = Instant::now();
    signal("STOP", &stopped);
    // Longer than anybody may wait for an answer.
    load.wait_for(503, 48, since);
    let resumed = Instant::now();
    signal("CONT", &stopped);
    let recovered = load.wait_for(200, 20, resumed) - resumed;
    pace.check(recovered);

    // Killed, and started again.
    let since = Instant::now();
    signal("KILL", &[postmaster(cluster.data_dir())]);
    load.wait_for(503, 20, since);
    cluster.ensure_running().unwrap();
    let restarted = Instant::now();
    let recovered = load.wait_for(200, 20, restarted) - restarted;
    pace.check(recovered);

    let mut answers = load.end();
    let unexpected: Vec<_> = answers.iter().filter(|answer| ![200, 503].contains(&answer.status)).collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
    answers.sort_by_key(|answer| answer.took);
    // Also those whose query ran when the server was stopped.
    pace.check(answers.last().unwrap().took);
    assert_eq!(app.get(PATH).body, page, "nothing is lost");
    let log = app.stop();
    assert!(!log.contains("3333333333"), "{log}");
    cluster.leave().unwrap();
}

#[test]
fn the_private_postgresql_is_started_again_when_it_was_killed() {
    let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let data_dir = folder.path().join("calls");
    let app = TestApp::start(&["--bind", "127.0.0.1:0", "--data-dir", data_dir.to_str().unwrap()]);
    assert_eq!(app.get(PATH).status, 200);
    let killed = postmaster(&data_dir);
    signal("KILL", &[killed]);
    let deadline = Instant::now() + Duration::from_secs(90);
    while app.get(PATH).status != 200 || postmaster(&data_dir) == killed {
        assert!(Instant::now() < deadline, "it never came back");
    }
    app.stop();
}

/// The processes whose parent is `parent`, with their states as `ps` writes them.
fn children(parent: &str) -> Vec<(String, String)> {
    let output =
        Command::new("ps").args(["-A", "-o", "ppid=", "-o", "pid=", "-o", "stat="]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    rows.filter(|row| row[0] == parent).map(|row| (row[1].clone(), row[2].clone())).collect()
}

#[test]
fn the_first_process_of_a_container_waits_for_its_orphans_and_ends_in_order() {
    // A container's process number 1, without a container.
    let unshare = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if !Command::new("unshare")
        .args(unshare)
        .arg("true")
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
    {
        eprintln!("not tested: this user may not make a PID namespace");
        return;
    }
    let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let data_dir = folder.path().join("calls");
    let mut command = Command::new("unshare");
    command.args(unshare).arg(bare(&[]).get_program());
    command.args(["serve", "--bind", "127.0.0.1:0", "--data-dir", data_dir.to_str().unwrap()]);
    let app = TestApp::spawn(command);
    assert_eq!(app.get(PATH).status, 200);
    let (first, _) = children(&app.pid().to_string()).remove(0);
    let is_orphan =
        |pid: &str| Command::new("ps").args(["-o", "command=", "-p", pid]).output().unwrap().stdout;
    let server = || {
        let all = children(&first).into_iter();
        let mut servers = all.filter(|(pid, _)| String::from_utf8_lossy(&is_orphan(pid)).contains("-D "));
        servers.next().map(|(pid, _)| pid)
    };
    let killed = server().expect("the server is an orphan");
    signal("KILL", &[killed.parse().unwrap()]);
    let deadline = Instant::now() + Duration::from_secs(20);
    while app.get(PATH).status != 200 || server().is_none_or(|pid| pid == killed) {
        assert!(Instant::now() < deadline, "it never came back");
    }
    let zombies: Vec<_> = children(&first).into_iter().filter(|(_, state)| state.starts_with('Z')).collect();
    assert_eq!(zombies, []);
    signal("TERM", &[first.parse().unwrap()]);
    app.wait();
    assert!(!data_dir.join("postgres/postmaster.pid").exists(), "the server was not shut down");
}

#[test]
fn more_waiting_requests_than_configured_are_refused_at_once() {
    let app = TestApp::with(&[
        "--connections",
        "1",
        "--waiting",
        "1",
        "--admin-bind",
        "127.0.0.1:0",
        "--deadline",
        "1.7",
    ]);
    assert_eq!(app.get(PATH).status, 200);
    // Reads of the calls wait for this lock.
    let url = app.database().url.clone();
    let lock = crate::test_app::Lock::take(&url, "LOCK TABLE calls, histories");
    let ask = || {
        let url = format!("{}{PATH}", app.address);
        std::thread::spawn(move || {
            let start = Instant::now();
            (fetch("GET", &url, &[]).unwrap(), start.elapsed())
        })
    };
    let pace = Pace::watch();
    let running = ask();
    wait_for(&app, "database_connections{state=\"in_use\"} 1");
    let waiting = ask();
    wait_for(&app, "database_waiting_requests 1");
    let (refused, at_once) = ask().join().unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (503, "2"));
    for slow in [running, waiting] {
        let (answer, took) = slow.join().unwrap();
        assert_eq!(answer.problem().kind, "/problems/unavailable");
        assert!(at_once < took, "{at_once:?}, {took:?}");
        pace.check(took);
    }
    // PostgreSQL has given the statement up by itself.
    wait_for(&app, "database_connections{state=\"in_use\"} 0");
    drop(lock);
    assert_eq!(app.get(PATH).status, 200);
}

#[test]
fn an_export_whose_database_stops_in_the_middle_is_broken_off() {
    let cluster = Cluster::throwaway().unwrap();
    cluster.create_database("calls", None).unwrap();
    let url = cluster.url("calls");
    let app = TestApp::start(&["--bind", "127.0.0.1:0", "--database-url", &url, "--connections", "1"]);
    // Far more than the batches and the sockets' buffers take, while nobody reads.
    const CALLS: usize = 300_000;
    let insert = format!(
        "INSERT INTO calls (number, counterparty, created_at, type) SELECT 13333333333, 12025550123, \
         timestamptz '2020-01-01 00:00:00+00' + n * interval '1 min', 'Missed Inbound' \
         FROM generate_series(1, {CALLS}) AS n"
    );
    let mut connection = PgConnection::establish(&url).unwrap();
    assert_eq!(diesel::sql_query(storing(&insert)).execute(&mut connection).unwrap(), CALLS);
    drop(connection);

    let address = app.address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let host = "Host: localhost\r\nAccept: application/x-ndjson\r\nConnection: close";
    write!(stream, "GET {PATH} HTTP/1.1\r\n{host}\r\n\r\n").unwrap();
    // Longer than it takes to break off.
    stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    let mut start = [0; 1000];
    stream.read_exact(&mut start).unwrap();
    assert!(start.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&start));
    let (pace, stopped) = (Pace::watch(), processes(&cluster));
    signal("STOP", &stopped);
    let since = Instant::now();
    let mut rest = Vec::new();
    // A connection that was reset is broken off as well.
    let _ = stream.read_to_end(&mut rest);
    let took = since.elapsed();
    signal("CONT", &stopped);
    let lines =
        |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"id")).count();
    assert!(!rest.ends_with(b"\r\n0\r\n\r\n"), "the end of a whole answer");
    assert!((1..CALLS - 1).contains(&lines(&rest)), "{} calls", lines(&rest));
    pace.check(took);

    wait_until_it_answers(&app);
    let whole = app.get_with(&format!("{PATH}?limit=10"), &[("Accept", "application/x-ndjson")]);
    assert_eq!((whole.status, lines(whole.body.as_bytes())), (200, 10));
    app.stop();
    cluster.leave().unwrap();
}

#[test]
fn whoever_sends_calls_to_a_database_that_has_stopped_is_soon_told_to_come_again() {
    const RECORD: &str = r#"[{"owner": "+13333333333", "created_at": "2024-01-31T10:00:00Z",
                              "counterparty": "1001", "type": "Missed Inbound"}]"#;
    let cluster = Cluster::throwaway().unwrap();
    cluster.create_database("calls", None).unwrap();
    let url = cluster.url("calls");
    // One connection, for of several one could still be made while the others are stopped.
    let server = ["--bind", "127.0.0.1:0", "--database-url", &url, "--connections", "1"];
    let options = [server.as_slice(), &["--ingest-token", TOKEN]].concat();
    let app = TestApp::start(&options);
    let bearer = format!("Bearer {TOKEN}");
    let send: [&dyn Fn() -> Answer; 2] = [
        &|| {
            let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
            post(&app, "/api/calls", &headers, RECORD.as_bytes())
        },
        &|| freeswitch(&app, "application/json", JSON_CDR),
    ];
    wait_until_it_answers(&app);
    let (pace, stopped) = (Pace::watch(), processes(&cluster));
    signal("STOP", &stopped);
    let answers = send.map(|send| {
        let start = Instant::now();
        (send(), start.elapsed())
    });
    signal("CONT", &stopped);
    for (answer, took) in answers {
        assert_eq!(answer.problem().kind, "/problems/unavailable");
        assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
        pace.check(took);
    }
    wait_until_it_answers(&app);
    assert_eq!(app.get(PATH).body.trim(), "[]", "what was given up is not done");
    for send in send {
        let answer = send();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(app.get(PATH).json().as_array().unwrap().len(), 1);
    assert_eq!(app.get("/api/calls/+12025550123").json().as_array().unwrap().len(), 1);
    app.stop();
    cluster.leave().unwrap();
}

fn wait_until_it_answers(app: &TestApp) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while app.get(PATH).status != 200 {
        assert!(Instant::now() < deadline, "it never answers");
    }
}

fn wait_for(app: &TestApp, metric: &str) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !app.get_admin("/metrics").body.contains(metric) {
        assert!(Instant::now() < deadline, "never: {metric}");
    }
}
