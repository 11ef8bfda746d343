//! `calls export`.

use std::fs::{self, File};

use parquet::file::reader::{FileReader as _, SerializedFileReader};

use crate::backup::{fail, folder, succeed};
use crate::test_app::{TestApp, TestDatabase};

fn app() -> TestApp {
    let app = TestApp::new();
    app.database().add_party("sip", "sip:a,b@example.com");
    for (time, counterparty, kind, duration) in [
        ("2024-01-31T10:00:00Z", "+13333333333", "Completed Inbound", Some(37_400)),
        ("2024-01-31T11:00:00Z", "sip:a,b@example.com", "Missed Inbound", None),
        ("2024-02-01T10:00:00.5Z", "withheld", "Missed Inbound", None),
    ] {
        app.call("+12025550123", time, counterparty, kind, duration);
    }
    app.call("+12025550124", "2024-01-31T10:00:00Z", "+12025550123", "Missed Outbound", None);
    app
}

#[test]
fn an_export_of_a_number_has_the_bytes_of_the_api() {
    let app = app();
    for format in ["csv", "ndjson"] {
        for (filter, query) in [(None, ""), (Some("type=Missed Inbound"), "&type=Missed%20Inbound")] {
            let answer = app.get(&format!("/api/calls/+12025550123?format={format}{query}")).body;
            let mut arguments = vec!["export", "+1 202 555 0123", "--format", format];
            arguments.extend(filter.iter().flat_map(|filter| ["--filter", filter]));
            assert_eq!(succeed(app.database().calls(&arguments)), answer);
            assert!(answer.lines().count() >= 2, "{answer}");
        }
    }
}

#[test]
fn an_export_of_everything_says_whose_each_call_is_and_is_read_back() {
    let app = app();
    let folder = folder();
    let file = folder.path().join("calls.ndjson");
    let path = file.to_str().unwrap();
    assert_eq!(succeed(app.database().calls(&["export", "--format", "ndjson", "--output", path])), "");
    let text = fs::read_to_string(&file).unwrap();
    let owners: Vec<&str> = text.lines().map(|line| &line[..24]).collect();
    let of = |number: &str| format!("{{\"owner\":\"{number}\",");
    let expected = [of("+12025550123"), of("+12025550123"), of("+12025550123"), of("+12025550124")];
    assert_eq!(owners, expected);
    let csv = succeed(app.database().calls(&["export"]));
    assert!(csv.starts_with("owner,id,created_at,") && csv.lines().count() == 5, "{csv}");
    let copy = TestDatabase::new();
    succeed(copy.calls(&["import", path]));
    assert_eq!(copy.count("SELECT count(*) FROM calls"), 4);
    let copied = TestApp::on(copy, &[]);
    let without_ids = |app: &TestApp| {
        let text = app.get("/api/calls/+12025550123?format=csv").body;
        text.lines()
            .filter_map(|line| line.split_once(','))
            .map(|(_, rest)| rest.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(without_ids(&copied), without_ids(&app));
}

#[test]
fn parquet_has_the_columns_of_csv_with_their_types() {
    let app = app();
    let folder = folder();
    let file = folder.path().join("calls.parquet");
    succeed(app.database().calls(&["export", "--format", "parquet", "--output", file.to_str().unwrap()]));
    let reader = SerializedFileReader::new(File::open(&file).unwrap()).unwrap();
    let rows: Vec<String> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[2].contains(r#"owner: "+12025550123""#) && rows[2].contains("duration: 37.4"), "{rows:?}");
    assert!(rows[2].contains("created_at: 2024-01-31 10:00:00"), "{rows:?}");
    assert!(
        rows[0].contains(r#"counterparty: "withheld""#) && rows[0].contains("duration: null"),
        "{rows:?}"
    );
    let header = app.get("/api/calls/+12025550123?format=csv").body.lines().next().unwrap().to_owned();
    let columns =
        reader.metadata().file_metadata().schema_descr().columns().iter().map(|it| it.name().to_owned());
    assert_eq!(columns.collect::<Vec<_>>().join(","), format!("owner,{header}"));
}

#[test]
fn an_unknown_filter_is_named_and_leaves_no_file() {
    let database = TestDatabase::new();
    let folder = folder();
    let file = folder.path().join("calls.csv");
    let output = ["--output", file.to_str().unwrap()];
    let said = fail(database.calls(&[["export", "--filter", "colour=red"].as_slice(), &output].concat()));
    assert!(said.contains("colour"), "{said}");
    let said = fail(database.calls(&[["export", "hello?"].as_slice(), &output].concat()));
    assert!(said.contains("hello"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
