//! Pages that are asked for at the same time, and so read together.

use std::time::{Duration, Instant};

use crate::test_app::{Answer, TestApp, fetch};

/// A request, by its path and the version that the client has.
type Asked = (String, Option<String>);

/// Histories of different lengths, one of which is empty, all in the visibility map. A connection has a
/// thread at most, so with few of them whoever comes meanwhile waits.
fn app_with_histories(connections: &str) -> TestApp {
    let app = TestApp::with(&["--connections", connections]);
    let rows = "INSERT INTO calls (number, counterparty, created_at, type, duration_ms)
                SELECT 12025550100 + i % 7, CASE WHEN i % 5 = 0 THEN -1 - i % 2 ELSE 13000000000 + i % 100 END,
                       timestamptz '2024-01-31Z' + i / 10 * interval '1 second',
                       CASE i % 3 WHEN 0 THEN 'Missed Inbound' ELSE 'Completed Outbound' END,
                       CASE WHEN i % 3 > 0 THEN i END
                FROM generate_series(1, 20000) AS i WHERE i % 7 < 5 OR i < 100";
    assert!(app.database().store_calls(rows).unwrap() > 500);
    // Commits are asynchronous here, and VACUUM goes by those that are on disk. It also leaves out what
    // another process of the server looks at just then.
    let left_out =
        "SELECT (relpages - relallvisible)::bigint AS count FROM pg_class WHERE oid = 'calls'::regclass";
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        app.database().execute("CHECKPOINT").unwrap();
        app.database().execute("VACUUM (ANALYZE) calls").unwrap();
        if app.database().count(left_out) == 0 {
            return app;
        }
        assert!(Instant::now() < deadline, "VACUUM leaves pages out again and again");
    }
}

/// First pages, later ones, short and long ones, and such that the client knows or knew.
fn questions(app: &TestApp) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for digit in 0..8 {
        let first = format!("/api/calls/+1202555010{digit}");
        let short = format!("{first}?limit=3");
        let answer = app.get(&short);
        let next = answer.header("link").split_once('>').map(|(next, _)| next[1..].to_owned());
        let tag = answer.header("etag").to_owned();
        let tags = format!("\"other\", {tag}, W/\"{}-1\"", env!("CARGO_PKG_VERSION"));
        all.extend([(first.clone(), None), (short.clone(), None), (format!("{first}?limit=1000"), None)]);
        all.extend([
            (short.clone(), Some(tag)),
            (short, Some(tags)),
            (first, Some("\"0.0.0-1\"".to_owned())),
        ]);
        all.extend(next.map(|next| (next, None)));
    }
    all
}

fn ask(app: &TestApp, (path, known): &Asked) -> Answer {
    let header = known.as_deref().map(|known| ("If-None-Match", known));
    fetch("GET", &format!("{}{path}", app.address), header.as_slice()).unwrap()
}

#[test]
fn pages_that_are_asked_for_at_the_same_time_are_those_that_are_asked_for_alone() {
    for connections in ["1", "2"] {
        the_same_answers_as_alone(connections);
    }
}

fn the_same_answers_as_alone(connections: &str) {
    let app = app_with_histories(connections);
    let questions = questions(&app);
    let seen = |answer: Answer| {
        let header = ["etag", "link"].map(|name| answer.header(name).to_owned());
        (answer.status, header, answer.body)
    };
    let alone: Vec<_> = questions.iter().map(|asked| seen(ask(&app, asked))).collect();
    let count = |status: u16| alone.iter().filter(|answer| answer.0 == status).count();
    assert_eq!((count(200), count(304)), (questions.len() - 16, 16));
    std::thread::scope(|scope| {
        for client in 0..12 {
            let (app, questions, alone) = (&app, &questions, &alone);
            scope.spawn(move || {
                for turn in 0..questions.len() * 2 {
                    // Everybody in another order, so that many sorts meet.
                    let position = (client * 17 + turn * (2 * client + 1)) % questions.len();
                    let answer = seen(ask(app, &questions[position]));
                    assert_eq!(answer, alone[position], "{:?}", questions[position]);
                }
            });
        }
    });
}

/// Histories as they were, but for one, whose pages take PostgreSQL a second and a half.
const SLOW: [&str; 3] = [
    "ALTER TABLE histories RENAME TO quick_histories",
    "CREATE FUNCTION take_time(number bigint) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
            IF number = 12025550101 THEN PERFORM pg_sleep(1.5); END IF;
            RETURN true;
        END $$",
    "CREATE VIEW histories AS SELECT * FROM quick_histories WHERE take_time(number)",
];

#[test]
fn a_slow_page_does_not_hold_up_others() {
    let app = app_with_histories("4");
    for change in SLOW {
        app.database().execute(change).unwrap();
    }
    let sleeping = "SELECT count(*) AS count FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'";
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| app.get("/api/calls/+12025550101"));
        let deadline = Instant::now() + Duration::from_secs(90);
        while app.database().count(sleeping) == 0 {
            assert!(Instant::now() < deadline && !slow.is_finished(), "nobody is slow");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(app.get("/api/calls/+12025550102").status, 200);
        assert_eq!(app.database().count(sleeping), 1, "it waited for the slow one");
    });
}

#[test]
fn pages_that_are_read_together_are_read_from_the_index_alone() {
    let app = app_with_histories("1");
    let questions = questions(&app);
    app.database().execute("SELECT pg_stat_reset()").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| questions.iter().for_each(|asked| drop(ask(&app, asked))));
        }
    });
    // PostgreSQL has counted when the connection has ended.
    let database = app.kill().into_database();
    let deadline = Instant::now() + Duration::from_secs(90);
    let scans = "SELECT idx_scan AS count FROM pg_stat_user_indexes WHERE indexrelname = 'calls_history'";
    while database.count(scans) == 0 {
        assert!(Instant::now() < deadline, "nothing was counted");
        std::thread::sleep(Duration::from_millis(20));
    }
    let reads = "SELECT seq_scan + idx_tup_fetch AS count FROM pg_stat_user_tables WHERE relname = 'calls'";
    assert_eq!(database.count(reads), 0);
}
