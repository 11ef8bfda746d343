//! Address books and what is found by them.

use std::fs;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::test_app::{TestApp, TestDatabase};

const BOOK: &str = "\
BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Oma Hilde\r\nTEL;TYPE=HOME:030 12345678\r\nTEL;TYPE=CELL:0170 1234505\r\nEND:VCARD\r\n\
BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jörg Größer\r\nTEL;TYPE=WORK:+1 202 555 0123\r\nTEL:zzz\r\nTEL:1\r\nEND:VCARD\r\n\
BEGIN:VCARD\r\nVERSION:3.0\r\nTEL:+12025550199\r\nEND:VCARD\r\n";

/// A file in a folder of its own.
pub fn file(name: &str, content: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

/// Imports an address book of Germany.
pub fn import(database: &TestDatabase, content: &str, options: &[&str]) -> Output {
    let (_folder, path) = file("book.vcf", content);
    database.calls(&[&["contacts", "import", &path, "--region", "DE"], options].concat())
}

pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The command's complaint, which is an error and one line.
pub fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Asks until the answer is as it should be: who occurs in histories is listed in the background.
fn eventually(app: &TestApp, path: &str, is_right: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let answer = app.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let found = answer.json();
        if is_right(&found) {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{path}: {found}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn numbers(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|entry| entry["number"].as_str().unwrap()).collect()
}

/// The counterparties of a list of calls.
fn counterparties(app: &TestApp, path: &str) -> Vec<String> {
    let answer = app.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    let calls = answer.json();
    calls.as_array().unwrap().iter().map(|call| call["counterparty"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_import_says_what_it_read_and_what_it_refused() {
    let database = TestDatabase::new();
    let output = import(&database, BOOK, &[]);
    assert_eq!(
        stdout(&output),
        "2 people read, 4 numbers with names: 4 new, 0 changed, 0 removed; 2 refused\n"
    );
    let refused = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        refused,
        "refused 1 entries: expected a name, but found none\nrefused 1 numbers: it is no number\n"
    );
    assert_eq!(
        stdout(&database.calls(&["contacts", "list", "--book", "contacts"])),
        "1\t\tJörg Größer\n+12025550123\twork\tJörg Größer\n\
         +491701234505\tmobile\tOma Hilde\n+493012345678\thome\tOma Hilde\n"
    );
    let books = stdout(&database.calls(&["contacts", "list"]));
    assert!(books.starts_with("contacts: 2 people, 4 numbers with names, read 20"), "{books}");
}

#[test]
fn an_import_that_is_run_again_updates_its_own_book_alone() {
    let database = TestDatabase::new();
    stdout(&import(&database, BOOK, &["--book", "home"]));
    stdout(&import(&database, BOOK, &["--book", "work"]));
    assert_eq!(
        stdout(&import(&database, BOOK, &["--book", "home"])),
        "2 people read, 4 numbers with names: 0 new, 0 changed, 0 removed; 2 refused\n"
    );
    let changed = BOOK.replace("Oma Hilde", "Hilde Muster").replace("TEL:1\r\n", "TEL:2\r\n");
    assert_eq!(
        stdout(&import(&database, &changed, &["--book", "home"])),
        "2 people read, 4 numbers with names: 1 new, 2 changed, 1 removed; 2 refused\n"
    );
    let count = |condition: &str| database.count(&format!("SELECT count(*) FROM names WHERE {condition}"));
    assert_eq!(count("book = 'home' AND name = 'Hilde Muster'"), 2);
    assert_eq!(count("book = 'work' AND name = 'Oma Hilde'"), 2);
    assert_eq!(
        stdout(&database.calls(&["contacts", "remove", "--book", "home"])),
        "4 numbers lost their names of the address book home\n"
    );
    assert_eq!((count("book = 'home'"), count("book = 'work'")), (0, 4));
    let again = complaint(&database.calls(&["contacts", "remove", "--book", "home"]));
    assert!(again.contains("but found \"home\""), "{again}");
}

#[test]
fn what_is_no_address_book_changes_nothing() {
    let database = TestDatabase::new();
    stdout(&import(&database, BOOK, &[]));
    for wrong in ["", "just a text", "BEGIN:VCARD\nFN:A\nEND:VCARD\n", "Name,Phone\n"] {
        complaint(&import(&database, wrong, &[]));
    }
    let missing = complaint(&database.calls(&["contacts", "import", "/nowhere.vcf"]));
    assert_eq!(missing.matches("os error").count(), 1, "the cause is told once: {missing}");
    let dry = stdout(&import(&database, "BEGIN:VCARD\nFN:A\nTEL:2\nEND:VCARD\n", &["--dry-run"]));
    assert_eq!(dry, "1 people read, 1 numbers with names, 0 refused, none stored (dry run)\n");
    assert_eq!(database.count("SELECT count(*) FROM names"), 4);
}

#[test]
fn a_folder_of_several_files_is_one_book() {
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    write("a.vcf", BOOK);
    write(
        "b.csv",
        "First Name,Last Name,Phone 1 - Label,Phone 1 - Value\nAnna,Beispiel,Mobile,030 12345678\n",
    );
    write(
        "c.xml",
        "<phonebooks><phonebook><contact><person><realName>Fritz</realName></person><telephony><number type=\"home\">**610</number></telephony></contact></phonebook></phonebooks>",
    );
    write("d.csv", "a,b\n1,2\n");
    write("notes.txt", "not an address book");
    let output =
        database.calls(&["contacts", "import", &folder.path().display().to_string(), "--region", "DE"]);
    assert_eq!(
        stdout(&output),
        "4 people read, 5 numbers with names: 5 new, 0 changed, 0 removed; 2 refused\n"
    );
    assert!(String::from_utf8(output.stderr).unwrap().contains("d.csv left out"));
    assert_eq!(
        database.count(
            "SELECT count(*) FROM names WHERE name = 'Oma Hilde / Anna Beispiel' AND party = 493012345678"
        ),
        1
    );
}

/// A database with a book, and calls of one owner with those in it and others.
fn app_with_names() -> TestApp {
    let app = TestApp::with(&["--region", "DE"]);
    app.database().add_party("local", "1001");
    app.database().add_party("sip", "sip:alice@example.com");
    let others = [
        "+491701234505",
        "+493012345678",
        "+12025550123",
        "+491701234509",
        "1001",
        "sip:alice@example.com",
        "withheld",
    ];
    for (minute, other) in others.into_iter().enumerate() {
        app.call("+4940123456", &format!("2026-03-01T10:0{minute}:00Z"), other, "Missed Inbound", None);
    }
    stdout(&import(app.database(), BOOK, &[]));
    app
}

#[test]
fn a_history_is_searched_by_names_and_by_any_digits_in_any_spelling() {
    let app = app_with_names();
    for (q, found) in [
        ("oma", &["+493012345678", "+491701234505"][..]),
        ("HILDE%20oma", &["+493012345678", "+491701234505"]),
        ("grosser", &["+12025550123"]),
        ("jorg%20GR%C3%96%C3%9FER", &["+12025550123"]),
        ("0170%201234509", &["+491701234509"]),
        ("0170", &["+491701234509", "+491701234505"]),
        ("1234509", &["+491701234509"]),
        ("%2B49170", &["+491701234509", "+491701234505"]),
        ("0049%2030", &["+493012345678"]),
        ("(202)%20555", &["+12025550123"]),
        ("100", &["1001"]),
        ("alice", &["sip:alice@example.com"]),
        ("nobody", &[]),
        ("%25", &[]),
        ("_", &[]),
        ("hilde%20grosser", &[]),
    ] {
        assert_eq!(counterparties(&app, &format!("/api/calls/+4940123456?q={q}")), found, "{q}");
        let summary = app.get(&format!("/api/calls/+4940123456/summary?q={q}")).json();
        assert_eq!(summary["calls"], found.len(), "{q}");
        let csv = app.get(&format!("/api/calls/+4940123456?format=csv&q={q}")).body;
        assert_eq!(csv.lines().count(), found.len() + 1, "{q}");
    }
    assert_eq!(counterparties(&app, "/api/calls/+4940123456?q=").len(), 7);
    assert_eq!(counterparties(&app, "/api/calls/+4940123456?q=oma&counterparty=%2B4930*"), ["+493012345678"]);
    assert_eq!(counterparties(&app, "/api/calls/+4940123456?q=oma&counterparty=1001"), [""; 0]);
    let pages = app.get("/api/calls/+4940123456?q=oma&limit=1");
    assert!(pages.header("link").contains("q=oma"), "{}", pages.header("link"));
    let wrong = app.get("/api/calls/+4940123456?q=%00").problem();
    assert_eq!(wrong.kind, "/problems/bad-parameter");
}

#[test]
fn a_search_is_answered_anew_when_names_have_changed() {
    let app = app_with_names();
    let path = "/api/calls/+4940123456?q=oma";
    let first = app.get(path);
    let tag = first.header("etag").to_owned();
    assert_eq!(app.get_with(path, &[("If-None-Match", &tag)]).status, 304);
    stdout(&import(app.database(), &BOOK.replace("Oma", "Tante"), &[]));
    let second = app.get_with(path, &[("If-None-Match", &tag)]);
    assert_eq!((second.status, second.body.as_str()), (200, "[]"));
}

#[test]
fn the_directory_has_names_and_in_a_search_everybody_who_occurs() {
    let app = app_with_names();
    app.call("+12025550123", "2026-03-02T10:00:00Z", "+491701234505", "Completed Outbound", Some(1000));
    let owners = app.get("/api/numbers").json();
    assert_eq!(
        owners,
        json!([
            {"number": "+12025550123", "name": "Jörg Größer", "label": "work", "owner": true, "calls": 1,
             "last_call": "2026-03-02T10:00:00Z", "missed": 0, "to_call_back": 0,
             "details": {"international": "+1 202-555-0123", "national": "(202) 555-0123", "country": "US"}},
            {"number": "+4940123456", "owner": true, "calls": 7, "last_call": "2026-03-01T10:06:00Z",
             "missed": 7, "to_call_back": 6,
             "details": {"international": "+49 40 123456", "national": "040 123456", "country": "DE"}}
        ])
    );
    let found = eventually(&app, "/api/numbers?q=oma", |found| found[0]["calls"] == 2);
    assert_eq!(
        found,
        json!([
            {"number": "+491701234505", "name": "Oma Hilde", "label": "mobile", "owner": false, "calls": 2,
             "last_call": "2026-03-02T10:00:00Z",
             "details": {"international": "+49 170 1234505", "national": "0170 1234505", "country": "DE"}},
            {"number": "+493012345678", "name": "Oma Hilde", "label": "home", "owner": false, "calls": 1,
             "last_call": "2026-03-01T10:01:00Z",
             "details": {"international": "+49 30 12345678", "national": "030 12345678", "country": "DE"}}
        ])
    );
    for (q, found) in [
        ("1234509", &["+491701234509"][..]),
        ("0170%201234509", &["+491701234509"]),
        ("5550123", &["+12025550123"]),
        ("509", &["+491701234509"]),
        ("grosser", &["+12025550123"]),
        ("1001", &["1001"]),
        ("ALICE", &["sip:alice@example.com"]),
        ("withheld", &[]),
        ("nobody", &[]),
    ] {
        assert_eq!(numbers(&app.get(&format!("/api/numbers?q={q}")).json()), found, "{q}");
    }
}

#[test]
fn the_directory_is_sorted_by_name_page_by_page() {
    let app = app_with_names();
    let all = "/api/numbers?q=1&sort=name";
    eventually(&app, all, |found| numbers(found).len() == 6);
    for limit in 1..4 {
        let (mut path, mut found) = (format!("{all}&limit={limit}"), Vec::new());
        loop {
            let answer = app.get(&path);
            found.extend(numbers(&answer.json()).into_iter().map(str::to_owned));
            match answer.header("link").split_once('>') {
                Some((next, _)) => path = next[1..].to_owned(),
                None => break,
            }
        }
        assert_eq!(
            found,
            ["+12025550123", "+491701234505", "+493012345678", "1001", "+4940123456", "+491701234509"],
            "{limit}"
        );
    }
}

#[test]
fn a_number_says_whose_histories_it_occurs_in() {
    let app = app_with_names();
    for hour in [11, 12] {
        let at = format!("2026-03-01T{hour}:00:00Z");
        app.call("+12025550123", &at, "+491701234509", "Missed Inbound", None);
    }
    let info = eventually(&app, "/api/numbers/+491701234509", |info| {
        info["occurs_in"].as_array().is_some_and(|histories| histories.len() == 2)
    });
    assert_eq!(
        info["occurs_in"],
        json!([
            {"number": "+12025550123", "name": "Jörg Größer", "calls": 2, "last_call": "2026-03-01T12:00:00Z",
             "details": {"international": "+1 202-555-0123", "national": "(202) 555-0123", "country": "US"}},
            {"number": "+4940123456", "calls": 1, "last_call": "2026-03-01T10:03:00Z",
             "details": {"international": "+49 40 123456", "national": "040 123456", "country": "DE"}}
        ])
    );
    assert_eq!(app.get("/api/numbers/+493099999999").json()["occurs_in"], Value::Null);
}

#[test]
fn without_a_directory_nobody_can_be_looked_for_over_all_numbers() {
    let app = TestApp::with(&["--no-directory"]);
    app.call("+4940123456", "2026-03-01T10:00:00Z", "+12025550123", "Missed Inbound", None);
    stdout(&import(app.database(), BOOK, &[]));
    assert_eq!(app.get("/api/numbers?q=oma").status, 404);
    let info = app.get("/api/numbers/+12025550123").json();
    assert_eq!(info["occurs_in"], Value::Null);
    // In one history it is as before.
    assert_eq!(counterparties(&app, "/api/calls/+4940123456?q=5550123"), ["+12025550123"]);
}

#[test]
fn who_is_erased_has_no_name_and_occurs_nowhere() {
    let app = app_with_names();
    eventually(&app, "/api/numbers?q=1234505", |found| numbers(found) == ["+491701234505"]);
    let erased = app.database().calls(&["erase", "+491701234505"]);
    assert!(erased.status.success(), "{erased:?}");
    assert_eq!(app.database().count("SELECT count(*) FROM names WHERE party = 491701234505"), 0);
    assert_eq!(app.database().count("SELECT count(*) FROM occurrences WHERE party = 491701234505"), 0);
    eventually(&app, "/api/numbers?q=oma", |found| numbers(found) == ["+493012345678"]);
    assert_eq!(numbers(&app.get("/api/numbers?q=1234505").json()), [""; 0]);
    assert_eq!(counterparties(&app, "/api/calls/+4940123456?q=oma"), ["+493012345678"]);
}

#[test]
fn names_are_in_no_line_of_the_log() {
    let app = app_with_names();
    for path in ["/api/numbers?q=Hilde", "/api/calls/+4940123456?q=Hilde", "/api/numbers/+493012345678"] {
        assert_eq!(app.get(path).status, 200);
    }
    let log = app.stop();
    assert!(log.contains("/api/numbers"), "{log}");
    assert!(!log.contains("Hilde") && !log.contains("12345678"), "{log}");
}
