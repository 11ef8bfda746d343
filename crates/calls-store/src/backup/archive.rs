//! The file format of backups.
//!
//! An archive of `pg_dump`, whose readers ignore any data after its last part, with:
//!
//! ```text
//! archive   pg_dump's custom format
//! manifest  JSON, see Manifest
//! footer    89 bytes: "CALLS-BACKUP 1 ", the manifest's length (8 hexadecimal digits), " ",
//!           the SHA-256 of archive, manifest and the footer before it (64 hexadecimal digits), "\n"
//! ```

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Start of a footer. The digit is the version of this format.
const MAGIC: &str = "CALLS-BACKUP 1 ";
/// Length of a footer before its digest, in bytes.
const BEFORE_DIGEST: usize = MAGIC.len() + 8 + 1;
/// Length of a footer, in bytes.
const FOOTER: usize = BEFORE_DIGEST + 64 + 1;
/// Maximum length of a manifest, in bytes.
const LONGEST_MANIFEST: u64 = 1024 * 1024;

/// Number of rows by table. Names are quoted and qualified.
pub type Rows = BTreeMap<String, u64>;

/// Content of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of Calls that made the backup.
    pub calls: String,
    /// Newest migration of the database.
    pub layout: String,
    /// Time of the snapshot.
    pub made_at: DateTime<Utc>,
    /// Major version of the PostgreSQL server.
    pub postgres: u32,
    /// Number of rows of each table.
    pub rows: Rows,
}

impl Manifest {
    /// Number of calls. Version 0.1 has them in a table of the same name.
    pub fn calls_count(&self) -> u64 {
        self.rows.get("public.calls").copied().unwrap_or_default()
    }
}

/// Appends manifest and footer to an archive, and flushes it to disk.
pub(super) fn seal(path: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let text = serde_json::to_vec(manifest).context("cannot write the manifest")?;
    let seal = || -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).append(true).open(path)?;
        let mut digest = Sha256::new();
        io::copy(&mut BufReader::new(&mut file), &mut digest)?;
        let start = format!("{MAGIC}{:08x} ", text.len());
        digest.update(&text);
        digest.update(&start);
        file.write_all(&text)?;
        writeln!(file, "{start}{}", hexadecimal(&digest.finalize()))?;
        file.sync_all()
    };
    seal().with_context(|| format!("cannot write {}", path.display()))
}

/// Whether a file ends with the footer of a backup.
pub fn is_backup(path: &Path) -> bool {
    File::open(path).is_ok_and(|mut file| footer(&mut file).is_ok())
}

/// Reads a whole backup and verifies its digest.
///
/// # Errors
/// The file is not a backup, or is truncated or damaged.
pub fn read(path: &Path) -> anyhow::Result<Manifest> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let (start, expected) =
        footer(&mut file).with_context(|| format!("{shown} is no whole backup of Calls"))?;
    let length = file.metadata()?.len() - FOOTER as u64;
    let manifest_length = u64::from_str_radix(&start[MAGIC.len()..BEFORE_DIGEST - 1], 16)
        .ok()
        .filter(|bytes| *bytes <= length.min(LONGEST_MANIFEST))
        .with_context(|| format!("{shown} is damaged: expected the length of a manifest"))?;
    file.rewind()?;
    let mut digest = Sha256::new();
    let copied = io::copy(&mut BufReader::with_capacity(1 << 20, &mut file).take(length), &mut digest);
    copied.with_context(|| format!("cannot read {shown}"))?;
    digest.update(&start);
    let found = hexadecimal(&digest.finalize());
    ensure!(found == expected, "{shown} is damaged: expected the SHA-256 {expected}, but found {found}");
    file.seek(SeekFrom::Start(length - manifest_length))?;
    let mut text = Vec::new();
    file.take(manifest_length).read_to_end(&mut text)?;
    serde_json::from_slice(&text).with_context(|| format!("cannot understand the manifest of {shown}"))
}

/// The footer before the digest, and the digest.
fn footer(file: &mut File) -> anyhow::Result<(String, String)> {
    let mut bytes = [0; FOOTER];
    let there = file.metadata()?.len() >= FOOTER as u64;
    if there {
        file.seek(SeekFrom::End(-(FOOTER as i64)))?;
        file.read_exact(&mut bytes)?;
    }
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    if !there || !text.starts_with(MAGIC) || !text.ends_with('\n') {
        bail!("expected its end to be \"{}\" and a digest: it is cut off, or another file", MAGIC.trim_end());
    }
    let (start, digest) = text.split_at(BEFORE_DIGEST);
    Ok((start.to_owned(), digest.trim_end_matches('\n').to_owned()))
}

/// The tables whose number of rows differs, with both numbers.
pub(crate) fn difference(expected: &Rows, found: &Rows) -> String {
    let tables: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let of = |rows: &Rows, table: &String| rows.get(table).map_or("none".to_owned(), u64::to_string);
    let differing = tables.into_iter().filter(|table| expected.get(*table) != found.get(*table));
    let lines: Vec<String> = differing
        .map(|table| format!("{table}: expected {}, but found {}", of(expected, table), of(found, table)))
        .collect();
    lines.join("; ")
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("calls.backup");
        std::fs::write(&path, "PGDMP and so on").unwrap();
        let manifest = Manifest {
            calls: "0.2.0".to_owned(),
            layout: "20261127000009".to_owned(),
            made_at: "2026-11-27T19:00:00Z".parse().unwrap(),
            postgres: 15,
            rows: Rows::from([("public.calls".to_owned(), 12)]),
        };
        seal(&path, &manifest).unwrap();
        assert_eq!(read(&path).unwrap(), manifest);
        path
    }

    #[test]
    fn a_changed_bit_anywhere_and_a_cut_anywhere_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = backup(folder.path());
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            std::fs::write(&path, &bytes).unwrap();
            assert!(read(&path).is_err(), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(read(&path).is_err(), "cut at {at}");
        }
        std::fs::write(&path, &whole).unwrap();
        assert!(read(&path).is_ok() && is_backup(&path));
    }

    #[test]
    fn what_is_appended_makes_it_no_backup() {
        let folder = tempfile::tempdir().unwrap();
        let path = backup(folder.path());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.push(b'\n');
        std::fs::write(&path, bytes).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("no whole backup"));
        assert!(!is_backup(&path));
    }
}
