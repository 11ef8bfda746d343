//! `calls doctor`.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::backup::folder;
use crate::test_app::{CALLS, TestApp, TestDatabase, bare, calls, without_settings};

/// The user `nobody`, of whom no file is.
const NOBODY: u32 = 65534;

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
    assert_found(&gone, "database", "fail", "pg_isready");
    let missing = empty.url.rsplit_once('/').unwrap().0.to_owned() + "/no_such_database";
    let output = calls(&["doctor", "--json", "--database-url", &missing]);
    assert_found(&output, "database", "fail", "createdb");
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

#[test]
fn a_clock_that_is_behind_the_newest_call_is_told() {
    let app = TestApp::new();
    let later = (chrono::Utc::now() + chrono::TimeDelta::days(400)).to_rfc3339();
    app.call("+12025550123", &later, "+13333333333", "Missed Inbound", None);
    let output = app.database().calls(&["doctor", "--json", "--bind", "127.0.0.1:0"]);
    assert_found(&output, "clock", "warn", "timedatectl");
}

#[test]
fn a_folder_that_this_user_may_not_use_is_a_failure_with_the_command_that_gives_it() {
    let folder = folder();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write everywhere, so it becomes somebody else.
    let binary = folder.path().join("calls");
    fs::hard_link(CALLS, &binary).or_else(|_| fs::copy(CALLS, &binary).map(|_| ())).unwrap();
    let doctor = |data_dir: &Path| {
        let mut command = Command::new(&binary);
        without_settings(&mut command);
        command.args(["doctor", "--json", "--bind", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    };
    for data_dir in [closed.clone(), closed.join("new")] {
        let output = doctor(&data_dir);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_found(&output, "data folder", "fail", data_dir.to_str().unwrap());
        assert!(!findings(&output).contains_key("database"), "{output:?}");
    }
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_found(&doctor(&file), "data folder", "fail", "--data-dir");
    let migrated = calls(&["migrate", "--data-dir", file.to_str().unwrap()]);
    let said = String::from_utf8(migrated.stderr).unwrap();
    assert_eq!(said.matches("os error").count(), 1, "the cause is told once: {said}");
}

#[test]
fn a_cluster_that_others_may_enter_comes_with_its_cure() {
    let folder = folder();
    let data_dir = folder.path().join("calls");
    let data_dir = data_dir.to_str().unwrap();
    let migrated = calls(&["migrate", "--data-dir", data_dir]);
    assert!(migrated.status.success(), "{migrated:?}");
    let cluster = format!("{data_dir}/postgres");
    fs::set_permissions(&cluster, fs::Permissions::from_mode(0o777)).unwrap();
    let output = calls(&["doctor", "--json", "--bind", "127.0.0.1:0", "--data-dir", data_dir]);
    assert_found(&output, "database", "fail", &format!("chmod 700 {cluster}"));
}

#[test]
fn the_way_in_by_the_public_url_is_tried() {
    let app = TestApp::with(&["--base-path", "/calls-app"]);
    let doctor = |url: &str| {
        let bind = app.address.trim_start_matches("http://");
        app.database().calls(&["doctor", "--json", "--bind", bind, "--public-url", url])
    };
    assert_found(&doctor(&format!("{}/calls-app", app.address)), "way in", "ok", "");
    // A path that is not Calls'.
    let output = doctor(&format!("{}/calls-app/other", app.address));
    assert_found(&output, "way in", "fail", "--base-path /calls-app/other");
    assert_found(&doctor("http://127.0.0.1:1/calls-app"), "way in", "warn", "start the proxy");
    app.database().refuse_connections();
    assert_found(&doctor(&format!("{}/calls-app", app.address)), "way in", "fail", "database");
    app.database().accept_connections();
}
