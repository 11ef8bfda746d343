//! All that a record says of a call, from the log or the sender to the answers and back: how it ended, how
//! long it rang, the other line, and names.

use std::collections::BTreeSet;

use calls_model::{Disposition, Outcome};
use serde_json::{Value, json};

use crate::events::Client;
use crate::ingest::{AUTHORIZATION, JSON, TOKEN};
use crate::post::post;
use crate::test_app::{TestApp, TestDatabase};

const OWNER: &str = "+12025550123";
const OTHER: &str = "+12025550100";
const TIME: &str = "2024-01-31T10:00:00Z";

/// Calls with every member, none, and odd names.
const LOG: &str = r#"{"owner":"+12025550123","created_at":"2024-01-31T10:00:00Z","counterparty":"+12025550100","type":"Completed Inbound","duration":"37.4","disposition":"answered","ring_time":"12.5","name":"Example One","via":"1001"}
{"owner":"+12025550123","created_at":"2024-01-31T11:00:00Z","counterparty":"+12025550101","type":"Missed Inbound","disposition":"voicemail","ring_time":"20.0","name":"=cmd|' /C calc'!A0","via":"+12025550199"}
{"owner":"+12025550123","created_at":"2024-01-31T12:00:00Z","counterparty":"sip:alice@pbx.example","type":"Missed Outbound","name":"'@Alice, \"A\""}
{"owner":"+12025550123","created_at":"2024-01-31T13:00:00Z","counterparty":"1002","type":"Missed Outbound","disposition":"busy","name":"-Zoë","via":"sip:desk@pbx.example"}
{"owner":"+12025550123","created_at":"2024-01-31T14:00:00Z","counterparty":"withheld","type":"Missed Inbound","disposition":"blocked","name":"Nobody"}
{"owner":"+12025550123","created_at":"2024-01-31T15:00:00Z","counterparty":"=Reception","type":"Missed Inbound","name":"Nobody"}
{"owner":"+12025550123","created_at":"2024-01-31T16:00:00Z","counterparty":"+12025550102","type":"Completed Outbound","duration":"1.0","name":"+1 202 555 0102"}
"#;

fn app() -> TestApp {
    TestApp::with(&["--ingest-token", TOKEN])
}

fn send(app: &TestApp, records: &Value) -> Value {
    let answer = post(app, "/api/calls", &[AUTHORIZATION, JSON], records.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn named(created_at: &str, name: &str) -> Value {
    json!({"owner": OWNER, "created_at": created_at, "counterparty": OTHER, "type": "Missed Inbound", "name": name})
}

/// Imports a text, and returns the report of one line.
fn import(database: &TestDatabase, text: &str, options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    std::fs::write(&file, text).unwrap();
    let mut arguments = vec!["import", file.to_str().unwrap()];
    arguments.extend(options);
    let output = database.calls(&arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The details of a history's calls, newest first, without how their counterparties are written.
fn details(app: &TestApp, number: &str) -> Vec<Value> {
    let calls = app.get(&format!("/api/calls/{number}?include=details")).json();
    let mut details: Vec<Value> =
        calls.as_array().unwrap().iter().map(|call| call["details"].clone()).collect();
    for detail in &mut details {
        let members = detail.as_object_mut().unwrap();
        members.remove("counterparty");
        members.remove("returned_at");
    }
    details
}

/// An export without its ids, which no two databases have in common.
fn without_ids(export: &str, format: &str) -> String {
    let without = |line: &str| match format {
        "csv" => line.split_once(',').unwrap().1.to_owned(),
        _ => {
            let mut call: Value = serde_json::from_str(line).unwrap();
            call.as_object_mut().unwrap().remove("id").unwrap();
            call.to_string()
        }
    };
    export.lines().map(|line| without(line) + "\n").collect()
}

#[test]
fn all_that_a_record_says_is_in_the_details() {
    let app = app();
    assert!(import(app.database(), LOG, &["--format", "calls-ndjson"]).contains("7 added"));
    assert_eq!(
        Value::from(details(&app, OWNER)),
        json!([
            {}, {}, {"disposition": "blocked"},
            {"disposition": "busy", "name": "-Zoë", "via": "sip:desk@pbx.example"},
            {"name": "'@Alice, \"A\""},
            {"disposition": "voicemail", "ring_time": "20.0", "name": "=cmd|' /C calc'!A0", "via": "+12025550199"},
            {"disposition": "answered", "ring_time": "12.5", "name": "Example One", "via": "1001"}
        ])
    );
    let plain = app.get(&format!("/api/calls/{OWNER}?limit=1&until=2024-01-31T10:30:00Z")).json()[0].clone();
    let members: Vec<&String> = plain.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["counterparty", "created_at", "duration", "id", "type"],
        "a bare call stays what it is"
    );
}

#[test]
fn an_export_that_is_imported_elsewhere_is_exported_as_the_same() {
    let first = app();
    import(first.database(), LOG, &["--format", "calls-ndjson"]);
    for (format, include) in [("csv", ""), ("ndjson", ""), ("ndjson", "&include=details")] {
        let path = format!("/api/calls/{OWNER}?format={format}{include}");
        let exported = first.get(&path).body;
        let second = app();
        let options = ["--format", &format!("calls-{format}"), "--own", OWNER];
        assert!(import(second.database(), &exported, &options).contains("7 added"), "{exported}");
        assert_eq!(without_ids(&second.get(&path).body, format), without_ids(&exported, format));
        assert_eq!(details(&second, OWNER), details(&first, OWNER), "{path}");
    }
}

#[test]
fn a_spreadsheet_takes_no_name_for_a_formula() {
    let app = app();
    import(app.database(), LOG, &["--format", "calls-ndjson"]);
    let csv = app.get(&format!("/api/calls/{OWNER}?format=csv")).body;
    for field in ["\"'=cmd|' /C calc'!A0\"", "\"'-Zoë\"", "\"''@Alice, \"\"A\"\"\"", ",\"'=Reception\","] {
        assert!(csv.contains(field), "{field} is not in {csv}");
    }
    let header = csv.lines().next().unwrap();
    assert_eq!(header, "id,created_at,counterparty,type,duration,disposition,ring_time,name,via,note,tags");
    let first = csv.lines().last().unwrap();
    assert!(first.ends_with(",37.4,answered,12.5,Example One,1001,,"), "{first}");
}

#[test]
fn the_records_that_an_import_writes_are_those_that_it_stored() {
    let first = app();
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records").to_str().unwrap().to_owned();
    import(first.database(), LOG, &["--format", "calls-ndjson", "--records", &records]);
    let second = app();
    let written = std::fs::read_to_string(&records).unwrap();
    assert!(import(second.database(), &written, &["--format", "calls-ndjson"]).contains("7 added"));
    assert_eq!(details(&second, OWNER), details(&first, OWNER));
    // The words of a log for nobody are no names, and neither is a number's own spelling.
    assert!(!written.contains("Nobody") && !written.contains("+1 202 555 0102"), "{written}");
}

#[test]
fn what_is_sent_of_a_call_is_kept_and_what_contradicts_itself_is_refused() {
    let app = app();
    let mut record = named(TIME, " Example\tOne ");
    record["disposition"] = "no_answer".into();
    record["ring_time"] = 12.5.into();
    record["via"] = "+1 (202) 555-0199".into();
    let plain = json!({"owner": OWNER, "created_at": "2024-01-31T11:00:00Z", "counterparty": "anonymous",
                       "type": "Missed Inbound", "ring_time": "3", "via": "+12025550198"});
    let refused = |member: &str, value: Value| {
        let mut record = record.clone();
        record[member] = value;
        record
    };
    let answer = send(
        &app,
        &json!([
            record,
            plain,
            refused("disposition", "answered".into()),
            refused("disposition", "late".into()),
            refused("ring_time", "soon".into()),
            refused("name", 7.into()),
            refused("via", "withheld".into())
        ]),
    );
    let members: Vec<&str> =
        answer["results"].as_array().unwrap().iter().filter_map(|result| result["member"].as_str()).collect();
    assert_eq!(members, ["disposition", "disposition", "ring_time", "name", "via"], "{answer}");
    assert_eq!(answer["added"], 2);
    // A body of one record takes another way.
    let single = json!([{"owner": OWNER, "created_at": "2024-01-31T12:00:00Z", "counterparty": OTHER,
                         "type": "Missed Inbound", "disposition": "busy", "ring_time": "1.5", "via": "+12025550197"}]);
    assert_eq!(send(&app, &single)["added"], 1);
    assert_eq!(
        Value::from(details(&app, OWNER)),
        json!([
            {"disposition": "busy", "ring_time": "1.5", "name": "ExampleOne", "via": "+12025550197"},
            {"ring_time": "3.0", "via": "+12025550198"},
            {"disposition": "no_answer", "ring_time": "12.5", "name": "ExampleOne", "via": "+12025550199"}
        ])
    );
    assert_eq!(
        app.get(&format!("/api/calls/{OWNER}?counterparty=withheld")).json().as_array().unwrap().len(),
        1
    );
}

#[test]
fn the_latest_call_names_its_party_and_an_address_book_knows_better() {
    let app = app();
    let name = || details(&app, OWNER)[0]["name"].clone();
    send(&app, &json!([named("2024-01-31T12:00:00Z", "Later")]));
    send(&app, &json!([named(TIME, "Earlier")]));
    assert_eq!(name(), "Later");
    let summary = || app.get(&format!("/api/calls/{OWNER}/summary")).json()["top_counterparties"][0].clone();
    assert_eq!(summary()["name"], "Later");
    assert_eq!(summary()["details"]["national"], "(202) 555-0100");
    let paths = [format!("/api/calls/{OWNER}?include=details"), format!("/api/calls/{OWNER}/summary")];
    let tags = || paths.clone().map(|path| app.get(&path).header("etag").to_owned());
    let (before, plain) = (tags(), app.get(&format!("/api/calls/{OWNER}")).header("etag").to_owned());
    for (path, tag) in paths.iter().zip(&before) {
        assert_eq!(app.get_with(path, &[("if-none-match", tag)]).status, 304, "{path}");
    }

    send(
        &app,
        &json!([named(TIME, "Earlier"), {"owner": "+12025550124", "created_at": "2024-02-01T00:00:00Z",
         "counterparty": OTHER, "type": "Missed Inbound", "name": "Latest"}]),
    );
    assert_eq!(name(), "Latest");
    for (path, tag) in paths.iter().zip(&before) {
        assert_eq!(app.get_with(path, &[("if-none-match", tag)]).status, 200, "{path}: its name has changed");
    }
    let unchanged = app.get_with(&format!("/api/calls/{OWNER}"), &[("if-none-match", &plain)]);
    assert_eq!(unchanged.status, 304, "a bare page has no names");

    app.database()
        .execute(
            "INSERT INTO names (party, book, name, label, said_at) VALUES
             (12025550100, 'work', 'Office', 'work', now()), (12025550100, 'family', 'Käthe', 'mobile', now())",
        )
        .unwrap();
    assert_eq!(name(), "Käthe");
    let info = app.get(&format!("/api/numbers/{OTHER}")).json();
    assert_eq!((&info["name"], &info["label"]), (&"Käthe".into(), &"mobile".into()));
    assert_eq!(app.get("/api/numbers/+12025550199").json().get("name"), None);
}

#[test]
fn who_follows_a_history_hears_the_details_if_they_ask_for_them() {
    let app = app();
    let path = format!("/api/calls/{OWNER}/events");
    let mut plain = Client::connect_to(&app, &path, None);
    let mut detailed = Client::connect_to(&app, &format!("{path}?include=details"), None);
    let mut record = named(TIME, "Example One");
    record["disposition"] = "no_answer".into();
    record["via"] = "1001".into();
    send(&app, &json!([record]));
    assert_eq!(plain.data().unwrap().get("details"), None);
    let told = detailed.data().unwrap();
    let listed = app.get(&format!("/api/calls/{OWNER}?include=details")).json()[0].clone();
    assert_eq!(told, listed);
    assert_eq!(told["details"]["name"], "Example One");
    let wrong = app.get(&format!("{path}?include=everything"));
    assert_eq!(wrong.problem().kind, "/problems/bad-parameter");
}

#[test]
fn an_erased_person_has_no_name_and_is_no_other_line() {
    let app = app();
    import(app.database(), LOG, &["--format", "calls-ndjson"]);
    let etag = app.get(&format!("/api/calls/{OWNER}")).header("etag").to_owned();
    let insert =
        "INSERT INTO names (party, book, name, said_at) VALUES (12025550101, 'family', 'Käthe', now())";
    app.database().execute(insert).unwrap();
    for party in ["+12025550101", "+12025550199", "1001", "sip:desk@pbx.example"] {
        let output = app.database().calls(&["erase", party]);
        assert!(output.status.success(), "{output:?}");
    }
    let left = |query: &str| app.database().count(query);
    assert_eq!(left("SELECT count(*) FROM names WHERE party = 12025550101"), 0);
    assert_eq!(left("SELECT count(*) FROM calls WHERE via IS NOT NULL"), 0);
    let labels = "SELECT count(*) FROM other_parties WHERE label IN ('1001', 'sip:desk@pbx.example')";
    assert_eq!(left(labels), 0);
    assert_eq!(left("SELECT count(*) FROM names"), 3);
    let answer = app.get_with(&format!("/api/calls/{OWNER}"), &[("if-none-match", &etag)]);
    assert_eq!(answer.status, 200, "the history has changed");
}

#[test]
fn a_purge_takes_the_names_of_logs_with_the_last_call_and_leaves_address_books() {
    let app = app();
    import(app.database(), LOG, &["--format", "calls-ndjson"]);
    send(&app, &json!([named("2025-01-31T10:00:00Z", "Example One")]));
    let insert =
        "INSERT INTO names (party, book, name, said_at) VALUES (12025550101, 'family', 'Käthe', now())";
    app.database().execute(insert).unwrap();
    let output = app.database().calls(&["purge", "--older-than", "2025-01-01"]);
    assert!(output.status.success(), "{output:?}");
    let left = |query: &str| app.database().count(query);
    assert_eq!(left("SELECT count(*) FROM names"), 2);
    assert_eq!(
        left(
            "SELECT count(*) FROM names WHERE (party, book) IN ((12025550100, ''), (12025550101, 'family'))"
        ),
        2
    );
    // Nobody names the other lines any more.
    assert_eq!(left("SELECT count(*) FROM other_parties WHERE number < -2"), 0);
}

/// A record of each disposition in each direction, of two callers.
fn every_disposition() -> String {
    let dispositions = Disposition::ALL.map(|disposition| disposition.as_str());
    let outcomes = Disposition::ALL
        .map(|disposition| if disposition.fits(Outcome::Completed) { "Completed" } else { "Missed" });
    let both = ["Inbound", "Outbound"].into_iter().zip([10, 11]);
    both.flat_map(|(direction, hour)| {
        dispositions.into_iter().zip(outcomes).zip(0..).map(move |((disposition, outcome), minute)| {
            let length = if outcome == "Completed" { r#","duration":"65.0""# } else { "" };
            format!(
                "{{\"owner\":\"{OWNER}\",\"created_at\":\"2024-01-31T{hour}:{minute:02}:00Z\",\
                 \"counterparty\":\"{OTHER}\",\"type\":\"{outcome} {direction}\"{length},\
                 \"disposition\":\"{disposition}\",\"ring_time\":\"5.0\"}}\n"
            )
        })
    })
    .collect()
}

#[test]
fn each_disposition_survives_an_import_the_details_an_export_and_another_import() {
    let log = every_disposition();
    let first = app();
    assert!(import(first.database(), &log, &["--format", "calls-ndjson"]).contains("18 added"), "{log}");
    let told = details(&first, OWNER);
    let found: BTreeSet<&str> = told.iter().filter_map(|call| call["disposition"].as_str()).collect();
    assert_eq!(found, Disposition::ALL.map(|disposition| disposition.as_str()).into_iter().collect());
    for format in ["csv", "ndjson"] {
        let path = format!("/api/calls/{OWNER}?format={format}");
        let exported = first.get(&path).body;
        let second = app();
        let options = ["--own", OWNER];
        assert!(import(second.database(), &exported, &options).contains("18 added"), "{exported}");
        assert_eq!(details(&second, OWNER), told, "{format}");
        assert_eq!(without_ids(&second.get(&path).body, format), without_ids(&exported, format));
        // Where it came from it is there already.
        assert!(import(first.database(), &exported, &options).contains("18 already there"), "{exported}");
    }
}
