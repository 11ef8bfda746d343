//! An SQLite database is read where it lies, whatever its state, and never written to.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use calls_import::{Format, Options, Progress, ReadError, Unreadable, detect, open, read_any};
use rusqlite::Connection;

use crate::support::{own, path};
use crate::told;

const FIXTURE: &str = "ios-call-history/assembled-CallHistory.storedata";

/// The lines of the fixture's calls.
fn expected() -> Vec<String> {
    told::fixture(Format::IosStoredata, &own("1001"), FIXTURE)
}

fn read(path: &Path) -> Result<Vec<String>, ReadError> {
    let opened = open(path, None, &own("1001"), &Progress::default())?;
    assert_eq!(opened.format, Some(Format::IosStoredata));
    let items: Vec<_> = opened.items.collect::<Result<_, _>>()?;
    Ok(told::lines(&items))
}

fn copy(folder: &Path) -> PathBuf {
    let copy = folder.join("Call History #1?.storedata");
    fs::copy(path(FIXTURE), &copy).expect("a fixture");
    copy
}

#[test]
fn a_database_is_the_same_from_a_path_a_stream_and_an_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(read(&copy(folder.path())).expect("calls"), expected());
    let bytes = fs::read(path(FIXTURE)).expect("a fixture");
    assert_eq!(detect(&bytes), Ok(Format::IosStoredata));
    let opened = read_any(&bytes[..], None, &own("1001")).expect("calls");
    let items: Vec<_> = opened.items.map(|item| item.expect("a call")).collect();
    assert_eq!((opened.format, told::lines(&items)), (Some(Format::IosStoredata), expected()));
}

#[test]
fn a_database_is_not_written_to_and_gets_no_files_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = copy(folder.path());
    read(&copy).expect("calls");
    assert_eq!(fs::read(&copy).expect("a file"), fs::read(path(FIXTURE)).expect("a file"));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn what_stands_in_the_log_beside_a_database_is_read_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = copy(folder.path());
    let writer = Connection::open(&copy).expect("a database");
    writer.pragma_update(None, "journal_mode", "wal").expect("a log");
    writer
        .execute("UPDATE ZCALLRECORD SET ZNAME = 'Example in the log' WHERE Z_PK = 1", [])
        .expect("a change");
    let wal = folder.path().join("Call History #1?.storedata-wal");
    assert!(fs::metadata(&wal).expect("a log").len() > 0);
    let lines = read(&copy).expect("calls");
    assert!(lines[0].ends_with("name Example in the log"), "{lines:?}");
    assert_eq!(lines[1..], expected()[1..]);
    drop(writer);
}

#[test]
fn a_transaction_that_was_broken_off_is_undone_in_the_copy_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let original = copy(folder.path());
    let writer = Connection::open(&original).expect("a database");
    writer
        .execute_batch("PRAGMA cache_size = 1; BEGIN; UPDATE ZCALLRECORD SET ZNAME = 'Example';")
        .expect("a change");
    writer.cache_flush().expect("written");
    let left = tempfile::tempdir().expect("a folder");
    for name in ["Call History #1?.storedata", "Call History #1?.storedata-journal"] {
        fs::copy(folder.path().join(name), left.path().join(name)).expect("a copy");
    }
    drop(writer);
    assert_eq!(read(&left.path().join("Call History #1?.storedata")).expect("calls"), expected());
}

#[test]
fn a_damaged_database_ends_with_a_clear_error_or_costs_its_rows() {
    let whole = fs::read(path(FIXTURE)).expect("a fixture");
    for length in [16, 100, 600, 1024, 2048, 3000, whole.len() - 1] {
        let result = read_any(&whole[..length], Some(Format::IosStoredata), &own("1001"));
        let errors: Vec<String> = match result {
            Ok(opened) => opened.items.filter_map(Result::err).map(|error| error.to_string()).collect(),
            Err(error) => vec![error.to_string()],
        };
        assert!(errors.len() <= 1, "{errors:?}");
    }
    let opened = read_any(&whole[..2048], Some(Format::IosStoredata), &own("1001")).expect("a file");
    let error = opened.items.filter_map(Result::err).next().expect("an error").to_string();
    assert!(
        error.starts_with("not a file of the format ios-storedata: expected a whole SQLite database"),
        "{error}"
    );
}

#[test]
fn a_database_of_something_else_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.sqlite");
    Connection::open(&path)
        .and_then(|other| other.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR)"))
        .expect("a database");
    let error = read(&path).expect_err("no calls");
    assert!(matches!(error, ReadError::UnknownFormat(Unreadable::Sqlite)), "{error}");
    let error = read_any(&fs::read(&path).expect("a file")[..], None, &Options::default()).err();
    assert!(matches!(error, Some(ReadError::UnknownFormat(Unreadable::Sqlite))));
}

#[test]
fn a_view_of_that_name_is_not_the_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("view.sqlite");
    let endless = "CREATE VIEW ZCALLRECORD AS \
                   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    Connection::open(&path).and_then(|other| other.execute_batch(endless)).expect("a database");
    let error = read(&path).expect_err("no calls");
    assert!(matches!(error, ReadError::UnknownFormat(Unreadable::Sqlite)), "{error}");
}

#[test]
fn three_gigabytes_are_not_read_into_memory() {
    const LENGTH: u64 = 3 << 30;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = copy(folder.path());
    // A hole, as far as the disk is concerned.
    let file = OpenOptions::new().write(true).open(&copy).expect("a file");
    file.set_len(LENGTH).expect("a long file");
    assert_eq!(read(&copy).expect("calls"), expected());
}

#[test]
fn a_row_that_is_too_long_costs_itself_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = copy(folder.path());
    Connection::open(&copy)
        .and_then(|writer| {
            writer.execute("UPDATE ZCALLRECORD SET ZADDRESS = zeroblob(5000000) WHERE Z_PK = 2", [])
        })
        .expect("a change");
    let lines = read(&copy).expect("calls");
    assert!(lines[1].starts_with("2: skipped: expected a readable row, but found: "), "{lines:?}");
    assert_eq!(lines[2..], expected()[2..]);
}

#[test]
fn the_number_of_the_telephone_must_be_given() {
    let opened = open(&path(FIXTURE), None, &Options::default(), &Progress::default()).expect("a file");
    let error = opened.items.filter_map(Result::err).next().expect("an error").to_string();
    assert!(error.ends_with("--own"), "{error}");
}

#[test]
fn files_beside_a_database_in_a_folder_are_parts_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(folder.path());
    for end in ["-wal", "-shm", "-journal"] {
        File::create(folder.path().join(format!("Call History #1?.storedata{end}"))).expect("a file");
    }
    let opened = open(folder.path(), None, &own("1001"), &Progress::default()).expect("a folder");
    let items: Vec<_> = opened.items.map(|item| item.expect("a call")).collect();
    let records =
        |lines: &[String]| lines.iter().filter(|line| !line.contains("skipped")).cloned().collect::<Vec<_>>();
    assert_eq!(records(&told::lines(&items)), records(&expected()));
}
