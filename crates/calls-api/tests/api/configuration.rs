//! The configuration file, and `calls config`.

use std::fs;
use std::path::PathBuf;

use crate::test_app::{TestApp, TestDatabase, bare, calls};

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.toml");
    fs::write(&path, text).unwrap();
    File { _folder: folder, path }
}

impl File {
    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

#[test]
fn options_come_before_variables_and_those_before_the_file() {
    let file =
        file("region = \"DE\"\nbind = \"127.0.0.1:1\"\nwaiting = 7\ncors_origin = [\"https://a.example\"]\n");
    let mut command = bare(&["config", "--config", file.path(), "--bind", "127.0.0.1:2"]);
    command.env("CALLS_WAITING", "8");
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "bind = \"127.0.0.1:2\"  # the option --bind",
        "waiting = \"8\"  # the variable CALLS_WAITING",
        "region = \"DE\"  # the file",
        "cors-origin = [\"https://a.example\"]  # the file",
        "connections = \"8\"  # the default",
        "no-directory = false  # the default",
        "# admin-bind is not set",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.starts_with(&format!("# The file {}\n", file.path())), "{text}");
}

#[test]
fn the_output_of_config_can_be_a_file_and_has_no_secret() {
    let secret = "a-secret-of-some-length";
    let url = format!("postgres://me:{secret}@127.0.0.1:1/calls");
    let first = file(&format!("ingest-token = \"{secret}\"\ndatabase-url = \"{url}\"\nregion = \"US\"\n"));
    let output = calls(&["config", "--config", first.path(), "--twilio-auth-token", secret]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(secret), "{text}");
    for line in [
        "# ingest-token is set by the file",
        "# database-url is set by the file",
        "# twilio-auth-token is set by the option --twilio-auth-token",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let second = file(&text);
    let again = calls(&["config", "--config", second.path()]);
    assert!(again.status.success(), "{again:?}");
    let again = String::from_utf8(again.stdout).unwrap();
    assert!(again.contains("region = \"US\"  # the file"), "{again}");
}

#[test]
fn a_server_takes_its_options_from_the_file() {
    let database = TestDatabase::new();
    let url = file(&format!("{}\n", database.url));
    let options = "bind = \"127.0.0.1:0\"\nno-directory = true\nregion = \"US\"";
    let file = file(&format!("database-url-file = {:?}\n{options}", url.path()));
    let app = TestApp::start(&["--config", file.path()]);
    assert_eq!(app.get("/api/numbers").status, 404);
    assert_eq!(app.get("/api/numbers/2025550123").json()["e164"], "+12025550123");
    drop(app);
    let migrated = calls(&["migrate", "--config", file.path()]);
    assert!(migrated.status.success(), "other commands read it too: {migrated:?}");
}

#[test]
fn what_is_wrong_in_the_file_is_said_with_its_name() {
    for (text, expected) in [
        ("bnd = \"127.0.0.1:0\"", "expected an option of Calls, but found \"bnd\": did you mean \"bind\"?"),
        ("rate-limit = 7", "rate-limit: expected"),
        ("region = [\"US\"]", "region: expected a text or a number, but found array"),
        ("region = \"US\"\nregion = \"DE\"", "line 2: "),
    ] {
        let file = file(text);
        let output = calls(&["serve", "--config", file.path()]);
        assert_eq!(output.status.code(), Some(1), "{text}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(expected) && error.contains(file.path()), "{error}");
    }
    let missing = calls(&["serve", "--config", "/nowhere/calls.toml"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot read /nowhere/calls.toml"));
}
