use std::path::Path;

use serde_json::Value;

use crate::test_app::TestApp;

/// Run the tests with the environment variable `UPDATE_SNAPSHOTS=1` to write it again, and read what changed.
const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/openapi.json");

fn document() -> Value {
    let answer = TestApp::new().get("/api/openapi.json");
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    answer.json()
}

#[test]
fn the_description_is_the_one_that_was_read_and_committed() {
    let document = TestApp::new().get("/api/openapi.json").body;
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(Path::new(SNAPSHOT), &document).unwrap();
    }
    let committed = std::fs::read_to_string(SNAPSHOT).unwrap();
    assert!(document == committed, "{SNAPSHOT} differs; UPDATE_SNAPSHOTS=1 writes it again");
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn the_api_takes_exactly_the_parameters_that_are_described() {
    let app = TestApp::new();
    let document = app.get("/api/openapi.json").json();
    for path in ["/api/calls/{number}", "/api/calls/{number}/summary"] {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap().clone();
        let described = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let described: Vec<&str> = described.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        let refusal = app.get(&format!("{}?no-such=1", path.replace("{number}", "+13333333333"))).problem();
        let expected = refusal.expected.unwrap();
        let taken: Vec<&str> = expected.strip_prefix("one of the parameters ").unwrap().split(", ").collect();
        assert_eq!(described, taken, "{path}");
    }
}

#[test]
fn the_examples_of_the_description_work() {
    let app = TestApp::new();
    let document = app.get("/api/openapi.json").json();
    let mut tried = 0;
    // Streams of events do not end.
    let ends = |(path, _): &(&String, &Value)| !path.ends_with("/events");
    for (path, operations) in document["paths"].as_object().unwrap().iter().filter(ends) {
        for parameter in operations["get"]["parameters"].as_array().into_iter().flatten() {
            let schema = &parameter["schema"];
            let kinds = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
            let examples =
                kinds.iter().flat_map(|kind| kind["examples"].as_array().cloned().unwrap_or_default());
            for example in examples.filter(|_| parameter["in"] == "query") {
                let (name, value) = (parameter["name"].as_str().unwrap(), example.as_str().unwrap());
                let path = path.replace("{number}", "+13333333333").replace("{party}", "+14444444444");
                let lines = if operations["get"]["tags"][0] == "lines" { "number=1001&" } else { "" };
                let answer = app.get(&format!("{path}?{lines}{name}={}", value.replace('+', "%2B")));
                assert_eq!(answer.status, 200, "{path} {name}={value}: {}", answer.body);
                tried += 1;
            }
        }
    }
    assert!(tried >= 10, "{tried}");
}
