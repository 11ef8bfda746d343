use std::path::PathBuf;
use std::process::Output;

use crate::test_app::{TestApp, TestDatabase};

fn sample(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../calls-import/tests/fixtures/asterisk");
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
    assert_eq!(said(&output), "19 records read, 19 added, 0 already there, 0 skipped\n");
    assert_eq!(
        history(&app, "1001"),
        [
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
            reports.push(said(&import(&database, &sample(file), &[])));
        }
    }
    assert_eq!(reports.remove(0), "19 records read, 19 added, 0 already there, 0 skipped\n");
    for report in reports {
        assert_eq!(report, "19 records read, 0 added, 19 already there, 0 skipped\n");
    }
    assert_eq!(database.count("SELECT count(*) FROM calls"), 19);
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
    assert_eq!(output.status.code(), Some(2));
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
    assert_eq!(said(&output), "6 records read, 6 added, 0 already there, 3 skipped\n");
    let errors = String::from_utf8(output.stderr).unwrap();
    let errors: Vec<&str> = errors.lines().collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    for (error, (line, found)) in errors.iter().zip([(2, "but found 3"), (4, "yesterday"), (6, "0301234567")]) {
        assert!(error.contains(&format!("Master.csv: line {line} skipped: expected ")), "{error}");
        assert!(error.contains(found), "{error}");
    }
    // With the country named, the number is understood; what is there already is not added again.
    let output = import(&database, file.to_str().unwrap(), &["--region", "DE"]);
    assert_eq!(said(&output), "8 records read, 2 added, 6 already there, 2 skipped\n");

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
    assert_eq!(said(&output), "19 records read, 0 skipped, none stored (dry run)\n");
}

#[test]
fn a_file_or_format_that_is_not_there_is_named() {
    let database = TestDatabase::new();
    let output = import(&database, "/nowhere/Master.csv", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("calls: cannot read /nowhere/Master.csv: "),
        "{output:?}"
    );
    let output = database.calls(&["import", "x.csv", "--format", "asterix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("asterisk-csv"), "{output:?}");
}
