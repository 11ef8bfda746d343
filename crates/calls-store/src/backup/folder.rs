//! A folder of backups, of which the newest are kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, NaiveDateTime, Utc};

use super::Watch;
use super::archive::Manifest;
use crate::server::Server;

/// Suffix of the names of unfinished files, which begin with a dot.
pub(super) const UNFINISHED: &str = ".unfinished";

/// Format of the names, such as `calls-20260131T100000Z.backup`, in UTC. Names sort by time.
const NAME: &str = "calls-%Y%m%dT%H%M%SZ.backup";

/// Backs up the database of `server` into a new file in `folder`, then removes all backups except the newest
/// `keep`.
///
/// # Errors
/// As [`write`](super::write). Nothing is removed then.
pub fn write(
    server: &Server,
    folder: &Path,
    keep: usize,
    watch: Watch,
) -> anyhow::Result<(PathBuf, Manifest)> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let path = folder.join(Utc::now().format(NAME).to_string());
    let manifest = super::write(server, &path, watch)?;
    remove_old(folder, keep)
        .with_context(|| format!("cannot remove old backups from {}", folder.display()))?;
    Ok((path, manifest))
}

/// The backups in a folder by the times in their names, oldest first.
///
/// # Errors
/// The folder cannot be read. A missing folder is empty.
pub fn list(folder: &Path) -> io::Result<Vec<(DateTime<Utc>, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        found.extend(entry.file_name().to_str().and_then(time_of).map(|time| (time, entry.path())));
    }
    found.sort();
    Ok(found)
}

fn time_of(name: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(name, NAME).ok().map(|time| time.and_utc())
}

/// Removes old backups, and unfinished files of killed processes.
fn remove_old(folder: &Path, keep: usize) -> io::Result<()> {
    let all = list(folder)?;
    for (_, path) in &all[..all.len().saturating_sub(keep.max(1))] {
        fs::remove_file(path)?;
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().and_then(|name| name.strip_prefix('.')?.strip_suffix(UNFINISHED));
        let age = || entry.metadata()?.modified()?.elapsed().map_err(io::Error::other);
        // Another process may be writing a file that was modified recently.
        if name.and_then(time_of).is_some() && age().is_ok_and(|age| age.as_secs() > 3600) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "calls-20260101T000000Z.backup",
            "calls-20260102T000000Z.backup",
            "calls-20251231T235959Z.backup",
            "calls-2026.backup",
            "notes.txt",
            ".calls-20260101T000000Z.backup.unfinished",
        ];
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_old(folder.path(), 2).unwrap();
        let left = |name: &&str| folder.path().join(name).exists();
        let expected = [0, 1, 3, 4, 5].map(|index: usize| names[index]);
        assert_eq!(names.into_iter().filter(left).collect::<Vec<_>>(), expected);
        // Never the last one.
        remove_old(folder.path(), 0).unwrap();
        let newest = list(folder.path()).unwrap().pop().unwrap();
        assert_eq!(newest.0.to_rfc3339(), "2026-01-02T00:00:00+00:00");
    }
}
