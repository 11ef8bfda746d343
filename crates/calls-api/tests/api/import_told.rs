//! Output of an import on the terminal.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use tempfile::TempDir;

use crate::test_app::{TestDatabase, calls};

/// A file in a folder of its own.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, content).unwrap();
    (folder, file)
}

fn dry_run(name: &str, content: impl AsRef<[u8]>, options: &[&str]) -> Output {
    let (_folder, file) = file(name, content);
    let mut arguments = vec!["import", file.to_str().unwrap(), "--dry-run"];
    arguments.extend(options);
    calls(&arguments)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const HEADER: &str = "from,to,start,duration\n";
const CALL: &str = "+13333333333,+12025550123,2024-01-31 10:00:00,37\n";

#[test]
fn a_log_without_a_single_call_is_a_failure_and_an_empty_one_is_none() {
    let output = dry_run("a.csv", format!("{HEADER}+13333333333,1001,yesterday,5\n"), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("a.csv is a call: expected a time"), "{output:?}");
    for (name, empty) in [("a.csv", ""), ("b.csv", HEADER), ("c.json", "[]")] {
        assert_eq!(dry_run(name, empty, &[]).status.code(), Some(0), "{name}");
    }
}

#[test]
fn a_wrong_option_is_told_once_with_a_suggestion() {
    let log = format!("{HEADER}{}", CALL.repeat(3));
    for (options, told) in [
        (
            ["--zone", "Berlin"],
            "--zone: expected an IANA time zone such as Europe/Berlin, but found \"Berlin\" (did you mean Europe/Berlin?)",
        ),
        (["--region", "Germany"], "did you mean DE?"),
        (["--format", "asterix"], "did you mean asterisk-csv"),
        (["--dates", "mdy"], "did you mean month-first?"),
        (["--own", "hello"], "--own: expected a phone number"),
        (["--map", "caller=A"], "with the keys owner, counterparty, from, to"),
    ] {
        let output = dry_run("a.csv", &log, &options);
        assert_eq!(output.status.code(), Some(1), "{options:?}");
        let errors = errors(&output);
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(errors.contains(told), "{errors}");
    }
    let asterisk = "\"\",\"1001\",\"1002\",\"c\",\"\",\"\",\"\",\"\",\"\",\"2026-03-02 08:00:00\",,\"2026-03-02 08:00:01\",1,0,\"BUSY\",\"D\"\n";
    let output = dry_run("Master.csv", asterisk.repeat(20), &["--format", "freeswitch-csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("it seems to be of the format asterisk-csv"), "{output:?}");
    assert!(errors(&output).lines().count() < 10, "{output:?}");
}

#[test]
fn skipped_lines_are_grouped_by_reason_and_all_are_in_the_report() {
    let bad: String = (0..960).map(|n| format!("+13333333333,1001,2024-01-31 10:00:00,x{n}\n")).collect();
    let (folder, log) = file("a.csv", format!("{HEADER}{CALL}{bad}+13333333333,1001,never,5\n"));
    let report = folder.path().join("report.json");
    let output = calls(&["import", log.to_str().unwrap(), "--dry-run"]);
    let told = errors(&output);
    assert_eq!(told.matches(": line ").count(), 6, "{told}");
    assert!(told.contains("a.csv: 955 more skipped: expected a duration"), "{told}");
    calls(&["import", log.to_str().unwrap(), "--dry-run", "--report", report.to_str().unwrap()]);
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["skipped"].as_array().unwrap().len(), 961);
    assert_eq!((&report["read"], &report["skipped_entries"]), (&2.into(), &961.into()));
    assert_eq!(report["skipped"][0]["position"], 3);
}

#[test]
fn a_file_that_is_no_log_is_called_what_it_is() {
    for (content, kind) in [
        (&b"%PDF-1.7\n"[..], "a PDF document"),
        (b"\xFD7zXZ\0\0\x04", "compressed by xz: unpack it first (xz -d)"),
        (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "an Excel workbook (.xlsx)"),
        (b"SQLite format 3\0\x10\0", "an SQLite database without the table ZCALLRECORD"),
        (b"from,to,start\n1,2,3\n", "a CSV file without a column \"status\", \"duration\" or \"direction\""),
        (b"<html><body>Hello</body></html>", "a web page (HTML)"),
    ] {
        let output = dry_run("log", content, &[]);
        assert_eq!(output.status.code(), Some(1));
        assert!(errors(&output).contains(kind), "{output:?}");
    }
}

#[test]
fn a_folder_goes_on_after_a_bad_file_and_names_it() {
    let (folder, _) = file("b-good.csv", format!("{HEADER}{CALL}"));
    let (folder, phones) = (folder.path(), "number,duration,date,type\n");
    fs::write(
        folder.join("a-phone.xml"),
        "<calls><call number=\"+13333333333\" date=\"1\" type=\"1\"/></calls>",
    )
    .unwrap();
    fs::write(folder.join("c.pdf.bin"), "%PDF-1.7").unwrap();
    fs::write(folder.join("d.csv"), phones).unwrap();
    let output = calls(&["import", folder.to_str().unwrap(), "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = errors(&output);
    assert!(
        told.contains("a-phone.xml: skipped: a file of the format android-xml does not say whose"),
        "{told}"
    );
    assert!(told.contains("c.pdf.bin: skipped: expected a call log, but found a PDF"), "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("2 records read"), "{output:?}");
}

#[test]
fn an_import_ends_with_the_pages_of_the_busiest_and_with_who_is_no_number() {
    let database = TestDatabase::new();
    let mut log = HEADER.to_owned();
    for (owner, calls) in [("+12025550101", 4), ("+12025550102", 3), ("+12025550103", 2), ("+12025550104", 1)]
    {
        for minute in 0..calls {
            log.push_str(&format!("anonymous,{owner},2024-01-31 10:0{minute}:00,5\n"));
        }
    }
    log.push_str("Example Person,+12025550101,2024-01-31 11:00:00,5\n,+12025550101,2024-01-31 12:00:00,5\n");
    let (_folder, file) = file("a.csv", log);
    let output = database.calls(&[
        "import",
        file.to_str().unwrap(),
        "--zone",
        "UTC",
        "--public-url",
        "https://calls.example/",
    ]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[1..],
        [
            "the other party is a text that is no number in 1, unknown in 1, withheld in 10",
            "https://calls.example/calls/+12025550101  6 calls",
            "https://calls.example/calls/+12025550102  3 calls",
            "https://calls.example/calls/+12025550103  2 calls",
        ],
        "{said}"
    );
}
