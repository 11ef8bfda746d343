//! Finds the installed PostgreSQL and its version.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// Programs that a folder must contain; the first one reports the version.
const NEEDED: [&str; 3] = ["postgres", "initdb", "psql"];

/// Programs for backup and restore, likewise.
const FOR_BACKUPS: [&str; 3] = ["pg_dump", "pg_restore", "psql"];

/// The first major version that supports all settings used here.
const OLDEST: u32 = 14;

/// Variable with the folder to use, instead of all others.
const OVERRIDE: &str = "CALLS_POSTGRES_BIN";

/// Environment variables that PostgreSQL's programs inherit: paths, libraries, time zone.
const PASSED_ON: [&str; 7] =
    ["PATH", "HOME", "TMPDIR", "TZ", "TZDIR", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// Folders where packages install the programs. `*` is a version; the newest is tried first.
const USUAL_PLACES: [&str; 9] = [
    "/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
    "/usr/pgsql-*/bin",                                   // PostgreSQL's own packages for Fedora, RHEL
    "/usr/libexec/postgresql*",                           // Alpine
    "/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin",                    // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",    // Homebrew on Linux
    "/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
    "/opt/local/lib/postgresql*/bin",                     // MacPorts
    "/usr/local/pgsql/bin",                               // built from source
];

/// A folder with PostgreSQL's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    folder: PathBuf,
    major: u32,
}

/// All installed versions, most preferred first; at least one.
#[derive(Debug, Clone)]
pub(crate) struct Installed(Vec<Binaries>);

impl Installed {
    /// Finds the installed versions.
    pub(crate) fn find() -> Result<Installed, Error> {
        let (installed, mut looked_in) = find_all(&NEEDED);
        if installed.is_empty() {
            looked_in.extend(usual_places_without_a_match());
            return Err(Error::MissingBinaries { looked_in });
        }
        Ok(Installed(installed))
    }

    /// The newest version.
    pub(crate) fn newest(&self) -> Binaries {
        let Installed(all) = self;
        all.iter().max_by_key(|each| each.major).unwrap_or(&all[0]).clone()
    }

    /// Adds a folder, which is preferred.
    pub(crate) fn with(mut self, folder: &Path) -> Result<Installed, Error> {
        let Installed(all) = &mut self;
        match examine(folder, &NEEDED) {
            Ok(major) => all.insert(0, Binaries { folder: folder.to_path_buf(), major }),
            Err(reason) => {
                let looked_in = vec![format!("  {}: {reason}", folder.display())];
                return Err(Error::MissingBinaries { looked_in });
            }
        }
        Ok(self)
    }

    /// One version only.
    pub(crate) fn only(binaries: &Binaries) -> Installed {
        Installed(vec![binaries.clone()])
    }

    /// The programs for a cluster of the major version `needed`, or the best for a new cluster. `cluster` is
    /// for the error message.
    pub(crate) fn fitting(&self, needed: Option<u32>, cluster: &Path) -> Result<Binaries, Error> {
        let Installed(all) = self;
        let needed = needed.unwrap_or(all[0].major);
        all.iter().find(|each| each.major == needed).cloned().ok_or_else(|| {
            let found: Vec<String> =
                all.iter().map(|each| format!("{} ({})", each.major, each.folder.display())).collect();
            Error::VersionNotInstalled { folder: cluster.to_path_buf(), needed, found: found.join(", ") }
        })
    }
}

impl Binaries {
    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The major version.
    pub(crate) fn major(&self) -> u32 {
        self.major
    }

    /// The oldest version with `pg_dump`, `pg_restore` and `psql` that can dump a server of this major
    /// version.
    pub(crate) fn for_backups(server: u32) -> Result<Binaries, Error> {
        let (mut found, looked_in) = find_all(&FOR_BACKUPS);
        found.sort_by_key(Binaries::major);
        let newest = found.last().map(Binaries::major);
        let fitting = found.into_iter().find(|each| each.major >= server);
        fitting.ok_or(Error::MissingClient { server, newest, looked_in })
    }

    /// Whether `pg_dump`, `pg_restore` and `psql` are in this folder.
    pub(crate) fn check_for_backups(&self) -> Result<(), Error> {
        examine(&self.folder, &FOR_BACKUPS).map(|_| ()).map_err(|reason| {
            let looked_in = vec![format!("  {}: {reason}", self.folder.display())];
            Error::MissingClient { server: self.major, newest: None, looked_in }
        })
    }

    /// A command for one of the programs, with no input, and only the environment that programs need to run:
    /// a `PGPORT` or `PGDATA` is meant for another server, and secrets of this process must not reach the
    /// server's user.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.stdin(Stdio::null()).env_clear().env("LC_ALL", "C");
        let needed = |(name, _): &(OsString, _)| PASSED_ON.iter().any(|passed| name == *passed);
        command.envs(std::env::vars_os().filter(needed));
        command
    }
}

/// The installed major versions of PostgreSQL and their folders, most preferred first.
///
/// # Errors
/// [`Error::MissingBinaries`].
pub fn installed() -> Result<Vec<(u32, PathBuf)>, Error> {
    let Installed(all) = Installed::find()?;
    Ok(all.into_iter().map(|each| (each.major, each.folder)).collect())
}

/// Folders that contain all `programs`, most preferred first, and the problems with the others.
fn find_all(programs: &[&str]) -> (Vec<Binaries>, Vec<String>) {
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (origin, folder) in candidates(programs[0]) {
        if !seen.insert(folder.clone()) {
            continue;
        }
        match examine(&folder, programs) {
            Ok(major) => found.push(Binaries { folder, major }),
            Err(reason) => refused.push(format!("  {} ({origin}): {reason}", folder.display())),
        }
    }
    (found, refused)
}

/// Folders in which `program` may be, with the way they were found, most preferred first.
fn candidates(program: &str) -> Vec<(&'static str, PathBuf)> {
    if let Some(folder) = std::env::var_os(OVERRIDE).filter(|folder| !folder.is_empty()) {
        return vec![(OVERRIDE, PathBuf::from(folder))];
    }
    let mut all: Vec<(&'static str, PathBuf)> = Vec::new();
    let path = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&path).filter(|folder| folder.is_absolute()) {
        // Resolves a link to the program, to find the folder with all of them.
        if let Ok(program) = folder.join(program).canonicalize() {
            all.push(("PATH", folder));
            all.extend(program.parent().map(|folder| ("PATH", folder.to_path_buf())));
        }
    }
    all.extend(pg_config().map(|folder| ("pg_config --bindir", folder)));
    for pattern in USUAL_PLACES {
        all.extend(expand(pattern).into_iter().map(|folder| ("installed package", folder)));
    }
    all
}

/// Output of `pg_config --bindir`.
fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(text.trim())).filter(|folder| folder.is_absolute())
}

/// Existing folders that match a pattern with at most one `*`, highest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return Some(PathBuf::from(pattern)).filter(|folder| folder.is_dir()).into_iter().collect();
    };
    let Some((parent, prefix)) = before.rsplit_once('/') else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.split('.').next()?.parse().ok()?;
            let folder = PathBuf::from(format!("{parent}/{name}{after}"));
            folder.is_dir().then_some((version, folder))
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The major version of the PostgreSQL in `folder`, or why it cannot be used.
fn examine(folder: &Path, programs: &[&str]) -> Result<u32, String> {
    let missing: Vec<&str> =
        programs.iter().copied().filter(|program| !is_program(&folder.join(program))).collect();
    if !missing.is_empty() {
        return Err(format!("no {}", missing.join(", no ")));
    }
    let program = programs[0];
    let output = Command::new(folder.join(program))
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program} --version: {error}"))?;
    // A program that cannot run prints an error of the dynamic linker.
    let said = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
    let text = String::from_utf8_lossy(said);
    match major(&text) {
        Some(major) if major >= OLDEST => Ok(major),
        Some(major) => Err(format!("expected PostgreSQL {OLDEST} or later, but found {major}")),
        None => Err(format!("expected a version from {program} --version, but found {:?}", text.trim())),
    }
}

/// Parses the major version from `postgres (PostgreSQL) 15.14 (Debian 15.14-1)` or `17beta1`.
fn major(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// For the error message: patterns without a match.
fn usual_places_without_a_match() -> Vec<String> {
    if std::env::var_os(OVERRIDE).is_some_and(|folder| !folder.is_empty()) {
        return Vec::new();
    }
    let mut lines = vec!["  the folders in PATH, pg_config --bindir".to_owned()];
    lines.extend(
        USUAL_PLACES.into_iter().filter(|place| expand(place).is_empty()).map(|place| format!("  {place}")),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("something else 3\n"), None);
    }

    #[test]
    fn a_pattern_matches_the_highest_version_first() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9", "15", "16"] {
            fs::create_dir_all(root.path().join(format!("pg-{version}/bin"))).unwrap();
        }
        fs::create_dir_all(root.path().join("pg-17")).unwrap();
        let pattern = format!("{}/pg-*/bin", root.path().display());
        let names: Vec<String> = expand(&pattern).iter().map(|found| found.display().to_string()).collect();
        let expected: Vec<String> =
            ["16", "15", "9"].iter().map(|version| pattern.replace('*', version)).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_folder_is_examined_for_its_programs_and_their_version() {
        let root = tempfile::tempdir().unwrap();
        let program = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        program("initdb", "");
        program("postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 12.22'\n");
        assert_eq!(examine(root.path(), &NEEDED), Err("no psql".to_owned()));
        program("psql", "");
        assert_eq!(
            examine(root.path(), &NEEDED),
            Err("expected PostgreSQL 14 or later, but found 12".to_owned())
        );
        program("postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 18.1'\n");
        assert_eq!(examine(root.path(), &NEEDED), Ok(18));
    }

    #[test]
    fn a_cluster_gets_the_binaries_of_its_version_and_a_new_one_the_first() {
        let of = |major: u32| Binaries { folder: PathBuf::from(format!("/{major}")), major };
        let installed = Installed(vec![of(16), of(15)]);
        let cluster = Path::new("/data/postgres");
        assert_eq!(installed.fitting(None, cluster).unwrap(), of(16));
        assert_eq!(installed.fitting(Some(15), cluster).unwrap(), of(15));
        let error = installed.fitting(Some(14), cluster).unwrap_err().to_string();
        assert!(error.contains("by PostgreSQL 14, but only 16 (/16), 15 (/15) is installed"), "{error}");
    }
}
