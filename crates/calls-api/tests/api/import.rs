use std::path::PathBuf;
use std::process::Output;

use crate::test_app::{TestApp, TestDatabase};

fn sample(name: &str) -> String {
    fixture(&format!("asterisk/{name}"))
}

fn fixture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../calls-import/tests/fixtures");
    folder.join(name).to_str().unwrap().to_owned()
}

fn import(database: &TestDatabase, file: &str, options: &[&str]) -> Output {
    let mut arguments = vec!["import", file, "--format", "asterisk-csv"];
    arguments.extend(options);
    database.calls(&arguments)
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The line with the counts.
fn counts(output: &Output) -> String {
    said(output).lines().next().unwrap_or_default().to_owned() + "\n"
}

/// `time counterparty type duration` of each call, newest first.
fn history(app: &TestApp, number: &str) -> Vec<String> {
    let calls = app.get(&format!("/calls/{number}")).json();
    let text = |call: &serde_json::Value, key: &str| call[key].as_str().unwrap_or("-").to_owned();
    let line = |call| ["created_at", "counterparty", "type", "duration"].map(|key| text(call, key)).join(" ");
    calls.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn each_party_of_an_asterisk_call_gets_it_in_its_history() {
    let app = TestApp::new();
    let output = import(app.database(), &sample("assembled-16col.csv"), &["--zone", "UTC"]);
    assert_eq!(counts(&output), "20 records of asterisk-csv read, 20 added, 0 already there, 0 skipped\n");
    assert_eq!(
        history(&app, "1001"),
        [
            // It answered what was dialled as +49 30 98765432.
            "2026-03-02T10:00:00Z +493012345678 Completed Inbound 725.0",
            "2026-03-02T09:15:02Z 1002 Missed Inbound -",
            "2026-03-02T08:10:00Z 1003 Missed Outbound -",
            "2026-03-02T08:00:00Z 1002 Completed Outbound 215.0",
        ]
    );
    assert_eq!(
        history(&app, "1003"),
        [
            "2026-03-02T11:00:00Z unknown Missed Outbound -",
            "2026-03-02T10:30:00Z *97 Completed Outbound 72.0",
            "2026-03-02T08:10:00Z 1001 Missed Inbound -",
        ]
    );
    assert_eq!(
        history(&app, "+49301234567"),
        ["2026-03-02T09:22:10Z 1002 Missed Inbound -", "2026-03-02T09:20:00Z 1002 Missed Inbound -"]
    );
    assert_eq!(
        history(&app, "+493098765432"),
        ["2026-03-02T10:00:00Z +493012345678 Completed Inbound 725.0"]
    );
    assert_eq!(
        history(&app, "+493012345678"),
        ["2026-03-02T10:00:00Z +493098765432 Completed Outbound 725.0"]
    );
    assert_eq!(
        history(&app, "1004"),
        [
            "2026-03-03T12:00:00Z +33155500123 Missed Outbound -",
            "2026-03-03T07:59:58Z +18005550100 Completed Outbound 2690.0"
        ]
    );
}

#[test]
fn every_variant_of_the_file_gives_the_same_calls_and_none_twice() {
    let database = TestDatabase::new();
    let mut reports = Vec::new();
    for file in
        ["assembled-16col.csv", "assembled-17col-uniqueid.csv", "assembled-18col.csv", "assembled-21col.csv"]
    {
        for _ in 0..2 {
            reports.push(counts(&import(&database, &sample(file), &[])));
        }
    }
    assert_eq!(reports.remove(0), "20 records of asterisk-csv read, 20 added, 0 already there, 0 skipped\n");
    for report in reports {
        assert_eq!(report, "20 records of asterisk-csv read, 0 added, 20 already there, 0 skipped\n");
    }
    assert_eq!(database.count("SELECT count(*) FROM calls"), 20);
}

#[test]
fn local_times_are_read_in_the_zone() {
    let app = TestApp::new();
    said(&import(app.database(), &sample("assembled-16col.csv"), &["--zone", "America/New_York"]));
    assert_eq!(
        history(&app, "+493098765432"),
        ["2026-03-02T15:00:00Z +493012345678 Completed Inbound 725.0"]
    );
    let output = import(app.database(), &sample("assembled-16col.csv"), &["--zone", "Mars/Olympus"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_bad_line_is_reported_with_its_number_and_reason_and_skipped() {
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Master.csv");
    let good = std::fs::read_to_string(sample("assembled-16col.csv")).unwrap();
    let mut lines: Vec<&str> = good.lines().take(3).collect();
    let national = lines[0].replace("\"1002\"", "\"0301234567\"");
    let no_date = lines[0].replace("2026-03-02 08:00:00", "yesterday");
    lines.insert(1, "not,a,call");
    lines.insert(3, &no_date);
    lines.push(&national);
    std::fs::write(&file, lines.join("\r\n")).unwrap();

    let output = import(&database, file.to_str().unwrap(), &[]);
    assert_eq!(counts(&output), "8 records of asterisk-csv read, 7 added, 1 already there, 2 skipped\n");
    let errors = String::from_utf8(output.stderr).unwrap();
    let errors: Vec<&str> = errors.lines().collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    for (error, (line, found)) in errors.iter().zip([(2, "but found 3"), (4, "yesterday")]) {
        assert!(error.contains(&format!("Master.csv: line {line} skipped: expected ")), "{error}");
        assert!(error.contains(found), "{error}");
    }
    // Without a country the national number is a text. With it, it is understood; what is there is not added
    // again.
    let text = "SELECT count(*) FROM other_parties WHERE kind = 'text' AND label = '0301234567'";
    assert_eq!(database.count(text), 1);
    let output = import(&database, file.to_str().unwrap(), &["--region", "DE"]);
    assert_eq!(counts(&output), "9 records of asterisk-csv read, 2 added, 7 already there, 2 skipped\n");

    let output = import(&database, file.to_str().unwrap(), &["--on-error", "stop"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("stopped at the first entry"), "{output:?}");
}

#[test]
fn a_dry_run_stores_nothing_and_needs_no_database() {
    let output = crate::test_app::calls(&[
        "import",
        &sample("assembled-21col.csv"),
        "--format",
        "asterisk-csv",
        "--dry-run",
        "--database-url",
        "postgres://127.0.0.1:1/calls",
    ]);
    assert_eq!(counts(&output), "20 records of asterisk-csv read, 0 skipped, none stored (dry run)\n");
}

#[test]
fn a_file_or_format_that_is_not_there_is_named() {
    let database = TestDatabase::new();
    let output = import(&database, "/nowhere/Master.csv", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with("calls: cannot import /nowhere/Master.csv: cannot read the file: No such file"),
        "{output:?}"
    );
    let output = database.calls(&["import", "x.csv", "--format", "asterix"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("asterisk-csv"), "{output:?}");
}

#[test]
fn the_format_is_found_out_by_what_is_in_the_file() {
    let database = TestDatabase::new();
    let output = database.calls(&["import", &sample("assembled-18col.csv")]);
    assert_eq!(counts(&output), "20 records of asterisk-csv read, 20 added, 0 already there, 0 skipped\n");
    let output = database.calls(&["import", &fixture("twilio/assembled-calls-list.json")]);
    assert!(said(&output).contains(" records of twilio-json read"), "{output:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("poem.txt");
    std::fs::write(&file, "Roses are red").unwrap();
    let output = database.calls(&["import", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--format"), "{output:?}");
}

#[test]
fn a_log_without_an_owner_asks_for_it() {
    let app = TestApp::new();
    let file = fixture("android-sms-backup-restore/assembled-all-types.xml");
    let output = app.database().calls(&["import", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--own"), "{output:?}");
    said(&app.database().calls(&["import", &file, "--own", "+12025550123", "--region", "US"]));
    assert!(!history(&app, "+12025550123").is_empty());
}

#[test]
fn a_call_that_two_systems_saw_is_one_call() {
    let app = TestApp::new();
    said(&import(app.database(), &sample("assembled-16col.csv"), &[]));
    let seen_by_phone = |second: &str| {
        format!(
            "{{\"owner\":\"1001\",\"created_at\":\"2026-03-02T08:00:{second}Z\",\"counterparty\":\"1002\",\
             \"type\":\"Completed Outbound\",\"duration\":\"214.0\"}}\n"
        )
    };
    for (second, expected) in [("02", "0 added, 1 already there"), ("03", "1 added, 0 already there")] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("phone.ndjson");
        std::fs::write(&file, seen_by_phone(second)).unwrap();
        let output = app.database().calls(&["import", file.to_str().unwrap()]);
        assert!(said(&output).contains(expected), "{output:?}");
    }
    // Two calls in one log, a second apart, are two, also when it is read again.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("phone.ndjson");
    std::fs::write(&file, seen_by_phone("30") + &seen_by_phone("31")).unwrap();
    for expected in ["2 added, 0 already there", "0 added, 2 already there"] {
        let output = app.database().calls(&["import", file.to_str().unwrap()]);
        assert!(said(&output).contains(expected), "{output:?}");
    }
}

#[test]
fn the_records_of_an_import_can_be_imported_again() {
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.ndjson");
    let report = folder.path().join("report.json");
    let (records, report) = (records.to_str().unwrap(), report.to_str().unwrap());
    said(&import(&database, &sample("assembled-16col.csv"), &["--dry-run", "--records", records]));
    assert_eq!(std::fs::read_to_string(records).unwrap().lines().count(), 20);
    let output = database.calls(&["import", records, "--report", report]);
    assert_eq!(counts(&output), "20 records of calls-ndjson read, 20 added, 0 already there, 0 skipped\n");
    said(&import(&database, &sample("assembled-16col.csv"), &["--report", report]));
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(
        (&report["read"], &report["added"], &report["already_there"]),
        (&20.into(), &0.into(), &20.into())
    );
    assert_eq!(database.count("SELECT count(*) FROM calls"), 20);
}

#[test]
fn a_row_that_is_repeated_is_one_record_also_in_a_dry_run() {
    let folder = tempfile::tempdir().unwrap();
    let (file, records) = (folder.path().join("Master.csv"), folder.path().join("records.ndjson"));
    std::fs::write(&file, std::fs::read_to_string(sample("assembled-16col.csv")).unwrap().repeat(2)).unwrap();
    let arguments = ["import", file.to_str().unwrap(), "--dry-run", "--records", records.to_str().unwrap()];
    let output = crate::test_app::calls(&arguments);
    assert_eq!(counts(&output), "40 records of asterisk-csv read, 0 skipped, none stored (dry run)\n");
    assert_eq!(std::fs::read_to_string(records).unwrap().lines().count(), 20);
}

/// A log of ours of so many calls, one each second, with one counterparty.
fn calls_of_each_second(count: i64) -> String {
    let line = |second: i64| {
        let at = chrono::DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
        format!(
            "{{\"owner\":\"+12025550123\",\"created_at\":\"{}\",\"counterparty\":\"+13333333333\",\"type\":\"Missed Inbound\"}}\n",
            at.to_rfc3339()
        )
    };
    (0..count).map(line).collect()
}

#[test]
fn an_import_that_is_killed_loses_and_doubles_nothing() {
    const CALLS: i64 = 180_000;
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.ndjson");
    std::fs::write(&file, calls_of_each_second(CALLS)).unwrap();
    let arguments = ["import", file.to_str().unwrap(), "--database-url", &database.url];
    let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_calls")).args(arguments).spawn().unwrap();
    while database.count("SELECT count(*) FROM calls") == 0 {
        assert!(import.try_wait().unwrap().is_none_or(|status| status.success()), "the import failed");
    }
    import.kill().unwrap();
    import.wait().unwrap();
    let kept = database.count("SELECT count(*) FROM calls");
    assert!(kept < CALLS && kept % 5_000 == 0, "a part of a batch was stored: {kept}");
    let output = database.calls(&arguments[..2]);
    let expected = format!("{} added, {kept} already there", CALLS - kept);
    assert!(said(&output).contains(&expected), "{output:?}");
    assert_eq!(database.count("SELECT count(*) FROM calls"), CALLS);
}

#[test]
fn a_row_that_comes_again_after_many_others_is_one_call() {
    // More than an import remembers, so that the database has to tell.
    const CALLS: i64 = 140_000;
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.ndjson");
    let calls = calls_of_each_second(CALLS);
    let first = calls.lines().next().unwrap();
    std::fs::write(&file, format!("{calls}{first}\n")).unwrap();
    let output = database.calls(&["import", file.to_str().unwrap()]);
    assert!(said(&output).contains(" 140000 added, 1 already there"), "{output:?}");
    assert_eq!(database.count("SELECT count(*) FROM calls"), CALLS);
}

#[test]
fn two_imports_of_one_log_at_once_store_each_call_once() {
    const CALLS: i64 = 20_000;
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.ndjson");
    std::fs::write(&file, calls_of_each_second(CALLS)).unwrap();
    let imports = [(); 2].map(|()| {
        std::process::Command::new(env!("CARGO_BIN_EXE_calls"))
            .args(["import", file.to_str().unwrap(), "--database-url", &database.url])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    });
    let outputs = imports.map(|import| import.wait_with_output().unwrap());
    let added = |output: &Output| -> i64 {
        said(output).split_once(" read, ").unwrap().1.split_once(" added").unwrap().0.parse().unwrap()
    };
    assert_eq!(outputs.iter().map(added).sum::<i64>(), CALLS, "{outputs:?}");
    assert_eq!(database.count("SELECT count(*) FROM calls"), CALLS);
}
