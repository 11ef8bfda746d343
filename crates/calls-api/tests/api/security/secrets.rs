//! Secrets where others can read them: in errors, in the process list, in the environment of other programs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cdr::TOKEN;
use crate::post::post;
use crate::test_app::{TestApp, calls};

#[test]
fn no_error_of_a_database_url_has_a_part_of_its_password() {
    for url in [
        "postgres://me:hunter2/secret@127.0.0.1:1/calls",
        "postgres://me:hunter2@secret@127.0.0.1:1/calls",
        "postgres://me:hunter2?secret@127.0.0.1:1/calls",
        "postgres://me:hunter2%secret@127.0.0.1:1/calls",
        "postgres://me:hunter2%00secret@127.0.0.1:1/calls",
        "postgres://me@127.0.0.1:1/calls?password=hunter2&secret",
        "host=127.0.0.1 port=1 password=hunter2 secret",
        "host=127.0.0.1 port=1 password='hunter2 secret",
        "host=127.0.0.1 port=1 password=hunter2 secret=1",
    ] {
        let output = calls(&["migrate", "--database-url", url]);
        assert!(!output.status.success(), "{url}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!error.contains("hunter2") && !error.contains("secret"), "{url}: {error}");
        assert!(error.contains("DATABASE_URL") && error.contains("expected"), "{error}");
    }
}

#[test]
fn the_private_postgresql_does_not_inherit_the_environment() {
    let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let data_dir = folder.path().join("calls");
    let variables = [("CALLS_INGEST_TOKEN", TOKEN), ("SOME_SECRET", "another-secret")];
    let options = ["--bind", "127.0.0.1:0", "--data-dir", data_dir.to_str().unwrap()];
    let app = TestApp::start_with_variables(&options, &variables);
    assert_eq!(app.get("/api/calls/+12025550123").status, 200);
    let pid = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap().trim();
    let output =
        std::process::Command::new("ps").args(["eww", "-o", "command=", "-p", pid]).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("postgres") && shown.contains("LC_ALL=C"), "{shown}");
    assert!(!shown.contains(TOKEN) && !shown.contains("another-secret"), "{shown}");
    app.stop();
}

#[test]
fn secrets_are_read_from_files_so_that_no_process_list_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let token = file("token", &format!("  {TOKEN}\r\n"));
    let auth_token = file("twilio", "0123456789abcdef0123456789abcdef\n");
    let app = TestApp::with(&[
        "--ingest-token-file",
        &token,
        "--twilio-auth-token-file",
        &auth_token,
        "--public-url",
        "https://calls.example.com",
    ]);
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    assert_eq!(post(&app, "/api/calls", &headers, b"[]").status, 200);
    assert_eq!(crate::cdr::callback(&app, &crate::cdr::ended("completed")).json()["added"], 1);

    let missing = folder.path().join("missing");
    for (options, expected) in [
        (vec!["--ingest-token-file", missing.to_str().unwrap()], "cannot read"),
        (vec!["--ingest-token-file", &file("short", "short\n")], "--ingest-token-file: expected at least 16"),
        (vec!["--ingest-token-file", &token, "--ingest-token", TOKEN], "but found both"),
    ] {
        let mut arguments = vec!["serve"];
        arguments.extend(&options);
        let output = calls(&arguments);
        assert!(!output.status.success(), "{options:?}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(expected) && !error.contains(TOKEN), "{error}");
    }
}
