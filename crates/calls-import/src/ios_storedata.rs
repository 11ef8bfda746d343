//! `CallHistory.storedata` of an iPhone or a Mac: an SQLite database of Core Data, with a row of
//! `ZCALLRECORD` for each call.
//!
//! The database is only read, and memory holds one row at a time. Changes that are not yet in it are in a
//! file beside it, `-wal` or `-journal`; then both are copied to a temporary folder, where SQLite applies
//! them.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use calls_model::{CallDuration, Direction, Disposition};
use chrono::{DateTime, Utc};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row};
use tempfile::TempDir;

use crate::error::ReadError;
use crate::format::Format;
use crate::lines::MAX_ENTRY_LEN;
use crate::options::Options;
use crate::record::{Items, Out, RawParty, Reason, expected, items};
use crate::sample::SQLITE;
use crate::talk::{Person, Talk};
use crate::time;
use crate::unreadable::Unreadable;

/// Reads the calls of a database from a stream, which is copied to a temporary file.
pub(crate) fn read<'a>(options: &Options, mut reader: impl BufRead + 'a) -> Items<'a> {
    let owner = match options.owner(Format::IosStoredata) {
        Ok(owner) => owner,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    let mut history = None;
    items(move |out| {
        if history.is_none() {
            match copied(&mut reader)? {
                Some(opened) => history = Some(opened),
                None => return Ok(false),
            }
        }
        history.as_mut().map_or(Ok(false), |history| history.put_next(&owner, out))
    })
}

/// Reads the calls of a database in place.
pub(crate) fn open(options: &Options, path: &Path) -> Items<'static> {
    let owner = match options.owner(Format::IosStoredata) {
        Ok(owner) => owner,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    let path = path.to_owned();
    let mut history = None;
    items(move |out| {
        if history.is_none() {
            history = Some(History::open(&path)?);
        }
        history.as_mut().map_or(Ok(false), |history| history.put_next(&owner, out))
    })
}

/// A database copied from a stream. `None` if it is empty.
fn copied(reader: &mut impl BufRead) -> Result<Option<History>, ReadError> {
    let mut head = Vec::new();
    reader.by_ref().take(SQLITE.len() as u64).read_to_end(&mut head)?;
    if head != SQLITE {
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head);
        let is_empty = text.iter().all(u8::is_ascii_whitespace);
        return if is_empty { Ok(None) } else { Err(not_readable("something else".to_owned())) };
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(COPY);
    io::copy(&mut head.as_slice().chain(reader), &mut File::create(&path)?)?;
    let connection = connect(&path, true).map_err(damaged)?;
    History::new(connection, Some(folder)).map(Some)
}

const COPY: &str = "CallHistory.storedata";

/// An open database, and the position in it.
struct History {
    connection: Connection,
    /// Temporary folder of the copy, deleted after the connection is closed.
    _folder: Option<TempDir>,
    /// Keys of the next rows, in reverse.
    keys: Vec<i64>,
    last: Option<i64>,
    position: u64,
}

impl History {
    fn open(path: &Path) -> Result<Self, ReadError> {
        let beside: Vec<PathBuf> = ["-wal", "-journal"].iter().map(|end| with_end(path, end)).collect();
        let is_pending = |path: &PathBuf| fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        if !beside.iter().any(is_pending) {
            return Self::new(connect(path, true).map_err(damaged)?, None);
        }
        let folder = tempfile::tempdir()?;
        let copy = folder.path().join(COPY);
        copy_whole(path, &copy)?;
        Self::new(connect(&copy, false).map_err(damaged)?, Some(folder))
    }

    fn new(connection: Connection, folder: Option<TempDir>) -> Result<Self, ReadError> {
        // A table, and not a view or virtual table, which could execute anything.
        let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name LIKE 'ZCALLRECORD' \
                     AND sql LIKE 'CREATE TABLE%'";
        let found = connection.query_row(table, [], |_| Ok(())).optional().map_err(damaged)?;
        if found.is_none() {
            return Err(ReadError::UnknownFormat(Unreadable::Sqlite));
        }
        Ok(Self { connection, _folder: folder, keys: Vec::new(), last: None, position: 0 })
    }

    /// Adds the records of the next row. False at the end.
    fn put_next(&mut self, owner: &RawParty, out: &mut Out) -> Result<bool, ReadError> {
        if self.keys.is_empty() {
            self.find_keys()?;
        }
        let Some(key) = self.keys.pop() else { return Ok(false) };
        self.position += 1;
        out.at(self.position);
        if let Err(reason) = self.put(key, owner, out) {
            out.skip(reason);
        }
        Ok(true)
    }

    /// Finds the keys of the next rows. Rows are read one by one, so that a damaged one affects no other.
    fn find_keys(&mut self) -> Result<(), ReadError> {
        const MOST: i64 = 500;
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT rowid FROM ZCALLRECORD WHERE ?1 IS NULL OR rowid > ?1 ORDER BY rowid LIMIT ?2",
            )
            .map_err(damaged)?;
        let mut rows = statement.query((self.last, MOST)).map_err(damaged)?;
        while let Some(row) = rows.next().map_err(damaged)? {
            let key: i64 = row.get(0).map_err(damaged)?;
            // A damaged index could contain a cycle.
            if self.last.is_some_and(|last| key <= last) {
                return Err(not_readable("its rows are out of order".to_owned()));
            }
            self.last = Some(key);
            self.keys.push(key);
        }
        self.keys.reverse();
        Ok(())
    }

    fn put(&self, key: i64, owner: &RawParty, out: &mut Out) -> Result<(), Reason> {
        let unreadable =
            |error: rusqlite::Error| Reason::from(format!("expected a readable row, but found: {error}"));
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM ZCALLRECORD WHERE rowid = ?1")
            .map_err(unreadable)?;
        let mut rows = statement.query([key]).map_err(unreadable)?;
        let row = rows.next().map_err(unreadable)?.ok_or("expected a row, but found none")?;
        put(row, owner, out)
    }
}

fn put(row: &Row<'_>, owner: &RawParty, out: &mut Out) -> Result<(), Reason> {
    let created_at = began(number(row, "ZDATE"))?;
    let length = number(row, "ZDURATION")
        .filter(|seconds| (0.0..1e9).contains(seconds))
        // At most 10^12, so it fits.
        .and_then(|seconds| CallDuration::from_ms((seconds * 1000.0) as i64));
    let spoke = length.is_some_and(|length| length.ms() > 0);
    let is_outbound =
        number(row, "ZORIGINATED").ok_or("expected a value of ZORIGINATED, but found none")? != 0.0;
    let is_answered = number(row, "ZANSWERED").map_or(spoke, |answered| answered != 0.0);
    let (direction, talk) = match is_outbound {
        // Whether a call was answered is only stored for inbound ones.
        true => (Direction::Outbound, Talk::by_length(created_at, length, None)),
        false if is_answered => (Direction::Inbound, Talk::new(created_at, Disposition::Answered, length)),
        false => (Direction::Inbound, Talk::missed(created_at)),
    };
    let other = Person { party: party(&text(row, "ZADDRESS")), name: Some(text(row, "ZNAME")) };
    talk.put(direction, owner, &other, None, out)
}

/// A party. WhatsApp writes a number as a user of its own domain.
fn party(address: &str) -> RawParty {
    match address.split_once("@s.whatsapp.net") {
        Some((number, _)) if number.bytes().all(|b| b.is_ascii_digit()) => {
            RawParty::from_text(&format!("+{number}"))
        }
        _ => RawParty::from_text(address),
    }
}

/// The time for a number of seconds since 2001.
fn began(seconds: Option<f64>) -> Result<DateTime<Utc>, Reason> {
    const SINCE_1970: f64 = 978_307_200.0;
    let seconds = seconds.ok_or("expected a value of ZDATE, but found none")?;
    let micros = (seconds + SINCE_1970) * 1e6;
    let time = Some(micros).filter(|micros| (0.0..1e18).contains(micros)).and_then(|micros| {
        // Within the range of an i64, as checked above.
        DateTime::from_timestamp_micros(micros.round() as i64).and_then(time::plausible)
    });
    time.ok_or_else(|| expected("a time as a count of seconds since 2001", &seconds.to_string()).into())
}

/// A number of any SQLite type. `None` if it is null or the column is missing.
fn number(row: &Row<'_>, column: &str) -> Option<f64> {
    match row.get_ref(column).ok()? {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
    .filter(|number| number.is_finite())
}

/// A text, which old versions store as a blob. Empty if it is null or the column is missing.
fn text(row: &Row<'_>, column: &str) -> String {
    match row.get_ref(column) {
        Ok(ValueRef::Text(text) | ValueRef::Blob(text)) => String::from_utf8_lossy(text).trim().to_owned(),
        Ok(ValueRef::Integer(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Opens a database. If no program writes to it, it is neither locked nor modified.
fn connect(path: &Path, is_still: bool) -> rusqlite::Result<Connection> {
    let connection = if is_still {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(format!("file:{}?immutable=1", escaped(path)), flags)?
    } else {
        Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?
    };
    let longest = i32::try_from(MAX_ENTRY_LEN).unwrap_or(i32::MAX);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest)?;
    // Nothing in the schema of a database is trusted.
    connection
        .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")?;
    Ok(connection)
}

/// A path, escaped for a URI.
fn escaped(path: &Path) -> String {
    let mut uri = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Copies a database with its log, if neither is modified meanwhile.
fn copy_whole(path: &Path, copy: &Path) -> Result<(), ReadError> {
    let ends = ["", "-wal", "-journal"];
    let look = || ends.map(|end| fs::metadata(with_end(path, end)).ok().map(|found| state(&found)));
    let before = look();
    for end in ends {
        match fs::copy(with_end(path, end), with_end(copy, end)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && !end.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
    }
    if look() == before {
        Ok(())
    } else {
        Err(not_readable("a program was writing to it: import a copy, or end that program first".to_owned()))
    }
}

/// Attributes that change when a file is written.
fn state(found: &Metadata) -> (u64, Option<std::time::SystemTime>) {
    (found.len(), found.modified().ok())
}

/// The error for a database that SQLite cannot read.
fn damaged(error: rusqlite::Error) -> ReadError {
    let is_missing = error.sqlite_error_code() == Some(ErrorCode::CannotOpen);
    if is_missing { io::Error::other(error.to_string()).into() } else { not_readable(error.to_string()) }
}

fn not_readable(found: String) -> ReadError {
    let expected = "a whole SQLite database".to_owned();
    ReadError::NotTheFormat { format: Format::IosStoredata, expected, found }
}
