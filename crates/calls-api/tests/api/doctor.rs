//! `calls doctor`.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use serde_json::Value;

use crate::backup::folder;
use crate::test_app::{TestApp, TestDatabase, bare, calls};

/// The findings by their checks: status, and what mends it.
fn findings(output: &Output) -> BTreeMap<String, (String, String)> {
    let all: Vec<Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |it: Value| (text(&it["check"]), (text(&it["status"]), text(&it["mend"])));
    all.into_iter().map(row).collect()
}

#[track_caller]
fn assert_found(output: &Output, check: &str, status: &str, mend: &str) {
    let findings = findings(output);
    let found = findings.get(check).unwrap_or_else(|| panic!("{findings:?}"));
    assert!(found.0 == status && found.1.contains(mend), "{check}: {found:?}");
}

#[test]
fn a_running_server_is_well_and_each_line_says_so() {
    let app = TestApp::new();
    let address = app.address.trim_start_matches("http://").to_owned();
    let output = app.database().calls(&["doctor", "--json", "--bind", &address]);
    assert!(output.status.success(), "{output:?}");
    for check in
        ["postgresql", "database", "layout", "locale", "clock", "backups by", "port", "public URL", "proxy"]
    {
        assert_found(&output, check, "ok", "");
    }
    assert_found(&output, "backups", "warn", "--backup-to");
    let lines = app.database().calls(&["doctor", "--bind", &address]);
    let text = String::from_utf8(lines.stdout).unwrap();
    assert!(text.contains("`calls serve` answers") && text.ends_with("0 failures, 1 warnings\n"), "{text}");
}

#[test]
fn what_is_wrong_comes_with_the_command_that_mends_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let database = TestDatabase::new();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')").unwrap();
    let output =
        database.calls(&["doctor", "--json", "--bind", &port, "--public-url", "http://localhost/calls"]);
    assert_eq!(output.status.code(), Some(1));
    assert_found(&output, "port", "fail", "calls serve --bind 127.0.0.1:");
    assert_found(&output, "layout", "fail", "newer version");
    assert_found(&output, "public URL", "warn", "https://localhost");

    let empty = TestDatabase::empty();
    let output =
        empty.calls(&["doctor", "--json", "--bind", "0.0.0.0:0", "--public-url", "https://localhost"]);
    assert_found(&output, "layout", "warn", "calls migrate");
    assert_found(&output, "proxy", "warn", "--trusted-proxy");
    let output = empty.calls(&["doctor", "--json", "--bind", "0.0.0.0:0"]);
    assert_found(&output, "public URL", "warn", "--public-url");

    let gone = calls(&["doctor", "--json", "--database-url", "postgres://127.0.0.1:1/calls"]);
    assert_eq!(gone.status.code(), Some(1));
    assert_found(&gone, "database", "fail", "");
}

#[test]
fn a_data_folder_is_looked_at_and_nothing_is_made_in_it() {
    let folder = folder();
    let data_dir = folder.path().join("calls");
    let doctor = |bin: Option<&str>| {
        let mut command =
            bare(&["doctor", "--json", "--bind", "127.0.0.1:0", "--data-dir", data_dir.to_str().unwrap()]);
        command.envs(bin.map(|bin| ("CALLS_POSTGRES_BIN", bin)));
        command.output().unwrap()
    };
    assert_found(&doctor(None), "database", "ok", "");
    assert!(!data_dir.exists());
    assert_found(&doctor(folder.path().to_str()), "postgresql", "fail", "apt-get install postgresql");
    fs::create_dir_all(data_dir.join("postgres")).unwrap();
    fs::write(data_dir.join("postgres/PG_VERSION"), "9\n").unwrap();
    fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o777)).unwrap();
    let output = doctor(None);
    assert_found(&output, "data folder", "warn", "chmod go-rw");
    assert_found(&output, "database", "fail", "calls upgrade-postgres");
    assert_eq!(output.status.code(), Some(1));
}
