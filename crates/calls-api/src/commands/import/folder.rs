//! The files of a watched folder, and which of them have stopped growing.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest as _, Sha256};

/// Metadata of a file. A difference means that the file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Length of the write-ahead log, if the file is an SQLite database.
    beside: Option<u64>,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let beside = fs::metadata(write_ahead_log(path)).ok().map(|metadata| metadata.len());
        Ok(Self { length: metadata.len(), modified: metadata.modified().ok(), beside })
    }
}

fn write_ahead_log(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// SHA-256 of a file and, for an SQLite database, of its write-ahead log.
pub(super) fn digest(path: &Path) -> io::Result<Vec<u8>> {
    let mut digest = Sha256::new();
    let beside = write_ahead_log(path);
    for path in std::iter::once(path).chain(beside.is_file().then_some(beside.as_path())) {
        let mut file = File::open(path)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => digest.update(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(digest.finalize().to_vec())
}

/// The files of a folder, as of the last scan.
pub(super) struct Folder {
    path: PathBuf,
    settle: Duration,
    seen: HashMap<PathBuf, Seen>,
}

struct Seen {
    stamp: Stamp,
    since: Instant,
    is_done: bool,
}

/// Files of a folder that are to be read.
pub(super) struct Found {
    /// Files that have not changed for long enough and are yet to be read, in the order of their names.
    pub settled: Vec<(PathBuf, Stamp)>,
    /// Whether there are others that may still change.
    pub has_unsettled: bool,
}

impl Folder {
    pub(super) fn new(path: &Path, settle: Duration) -> Self {
        Self { path: path.to_owned(), settle, seen: HashMap::new() }
    }

    /// Looks at all files.
    pub(super) fn look(&mut self) -> io::Result<Found> {
        let mut files = calls_import::list_files(&self.path)?;
        files.retain(|file| !is_temporary(file.strip_prefix(&self.path).unwrap_or(file)));
        let now = Instant::now();
        let mut before = std::mem::take(&mut self.seen);
        let mut found = Found { settled: Vec::new(), has_unsettled: false };
        for file in files {
            // It may be gone again.
            let Ok(stamp) = Stamp::of(&file) else { continue };
            let known = before.remove(&file).filter(|seen| seen.stamp == stamp);
            let seen = known.unwrap_or(Seen { stamp, since: now, is_done: false });
            if !seen.is_done {
                let is_settled = now.duration_since(seen.since) >= self.settle;
                found.has_unsettled |= !is_settled;
                if is_settled {
                    found.settled.push((file.clone(), stamp));
                }
            }
            self.seen.insert(file, seen);
        }
        Ok(found)
    }

    /// Notes that a file needs not be read again unless it changes.
    pub(super) fn done(&mut self, file: &Path) {
        if let Some(seen) = self.seen.get_mut(file) {
            seen.is_done = true;
        }
    }
}

/// Whether a name is one that programs give to a file which they have not finished, or hides it.
fn is_temporary(path: &Path) -> bool {
    const ENDS: [&str; 12] = [
        ".part",
        ".partial",
        ".filepart",
        ".tmp",
        ".temp",
        ".crdownload",
        ".download",
        ".opdownload",
        ".swp",
        ".lock",
        ".!sync",
        ".aria2",
    ];
    let names = || {
        path.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy().to_lowercase()),
            _ => None,
        })
    };
    names().any(|name| name.starts_with(['.', '~']))
        || names().next_back().is_none_or(|name| {
            let name = name.as_str();
            name.ends_with('~')
                || (name.starts_with('#') && name.ends_with('#'))
                || ENDS.iter().any(|end| name.ends_with(end))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_unfinished_files_are_passed_over() {
        for name in [
            ".syncthing.calls.xml.tmp",
            "~syncthing~calls.xml.tmp",
            "calls.xml.part",
            "calls.xml.filepart",
            "calls.csv~",
            "~$calls.csv",
            "Calls.CSV.Crdownload",
            "#calls.csv#",
            ".stversions/calls.xml",
            "phone/.hidden/calls.xml",
        ] {
            assert!(is_temporary(Path::new(name)), "{name}");
        }
        for name in ["calls.xml", "phone/calls-2026.xml.gz", "Master.csv", "part", "a~b.csv"] {
            assert!(!is_temporary(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn a_file_is_settled_when_it_has_not_changed_between_two_looks() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("calls.csv");
        fs::write(&file, "a").unwrap();
        let mut looked = Folder::new(folder.path(), Duration::ZERO);
        assert_eq!(looked.look().unwrap().settled.len(), 1);
        looked.done(&file);
        assert!(looked.look().unwrap().settled.is_empty());
        fs::write(&file, "ab").unwrap();
        assert_eq!(looked.look().unwrap().settled.len(), 1);
        let mut slow = Folder::new(folder.path(), Duration::from_secs(3600));
        let found = slow.look().unwrap();
        assert!(found.settled.is_empty() && found.has_unsettled);
    }

    #[test]
    fn a_digest_is_of_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        fs::write(&one, "calls").unwrap();
        fs::write(&other, "calls").unwrap();
        assert_eq!(digest(&one).unwrap(), digest(&other).unwrap());
        fs::write(folder.path().join("one-wal"), "more").unwrap();
        assert_ne!(digest(&one).unwrap(), digest(&other).unwrap());
    }
}
