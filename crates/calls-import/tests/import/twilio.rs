//! Twilio's files give the records that their calls stand for.

use calls_import::{Format, Options};

use crate::support::{error, fixture, items, joined, outline, record, skipped};

fn list(name: &str) -> Vec<calls_import::Item> {
    fixture(Format::TwilioJson, &Options::default(), &format!("twilio/{name}"))
}

#[test]
fn a_list_gives_a_record_for_each_call_that_has_ended() {
    assert_eq!(
        list("assembled-calls-list.json"),
        [
            record(1, "+12025550100 < +12025550143", "2026-03-12T15:00:00Z", Some("61.0")),
            // Who was dialled by the call before has a call from its caller.
            record(1, "+12025550145 < +12025550143", "2026-03-12T15:10:00Z", None),
            record(2, "+12025550100 > +12025550144", "2026-03-12T15:05:00Z", Some("7.0")),
            joined(3),
            record(4, "+12025550100 > +12025550146", "2026-03-12T15:11:00Z", None),
            record(5, "+12025550100 > +12025550147", "2026-03-12T15:12:00Z", None),
            // It was never dialled, so it has only the time when it was made.
            record(6, "+12025550100 > +12025550148", "2026-03-12T15:13:00Z", None),
            skipped(7, "expected a call that has ended, but found \"queued\""),
            skipped(8, "expected a call that has ended, but found \"ringing\""),
            skipped(9, "expected a call that has ended, but found \"in-progress\""),
            record(10, "+12025550100 < client:example", "2026-03-12T15:20:00Z", Some("12.0")),
        ]
    );
}

#[test]
fn a_page_and_a_single_call_are_read() {
    // Its start and end are a minute apart: the duration counts.
    let outbound = record(1, "+12025550151 > +12025550152", "2026-03-03T10:00:02Z", Some("4.0"));
    assert_eq!(
        list("assembled-page.json"),
        [outbound.clone(), record(2, "+12025550151 < +12025550153", "2026-03-03T11:00:01Z", Some("3.0"))]
    );
    assert_eq!(list("assembled-page-empty.json"), []);
    assert_eq!(list("assembled-single-call.json"), [outbound]);
    assert_eq!(
        list("assembled-single-canceled.json"),
        [record(1, "+12025550151 < +12025550154", "2026-03-03T12:00:01Z", None)]
    );
}

#[test]
fn a_bulk_export_has_a_call_on_each_line() {
    let mut number = 0;
    let mut call = |status: &str, from: &str, duration: &str| {
        number += 1;
        format!(
            r#"{{"sid":"CA{number}","status":"{status}","direction":"inbound","from":"{from}","to":"+12025550100","start_time":"2026-03-12T15:00:00Z","duration":{duration}}}"#
        )
    };
    let text = [
        call("completed", "+266696687", "\"61\""),
        call("completed", "+7378742833", "\"\""),
        call("completed", "+2562533", "null"),
        call("no-answer", "+8656696", "\"0\""),
        call("busy", "86282452253", "15"),
        call("completed", "sip:alice@example.com", "\"1\""),
        call("resting", "+12025550143", "\"1\""),
        call("completed", "+12025550143", "\"soon\""),
        "{\"sid\":\"CA1\"}".to_owned(),
        call("completed", "+12025550143", "\"1\"").replace("+12025550100", "client:example"),
        call("completed", "+12025550143", "\"1\"").replace("inbound", "trunking-terminating"),
    ]
    .join("\n\n");
    assert_eq!(
        items(Format::TwilioNdjson, &Options::default(), text.as_bytes()),
        [
            record(1, "+12025550100 < withheld", "2026-03-12T15:00:00Z", Some("61.0")),
            completed_without_duration(3),
            completed_without_duration(5),
            record(7, "+12025550100 < unknown", "2026-03-12T15:00:00Z", None),
            record(9, "+12025550100 < unknown", "2026-03-12T15:00:00Z", None),
            record(11, "+12025550100 < sip:alice@example.com", "2026-03-12T15:00:00Z", Some("1.0")),
            skipped(13, "expected a status such as completed or no-answer, but found \"resting\""),
            skipped(15, "expected a duration such as 75, 0:01:15 or PT1M15S, but found \"soon\""),
            skipped(17, "expected a value of \"status\", but found none"),
            skipped(19, "expected an owner that is a number, extension or SIP address, but found none"),
            record(21, "+12025550143 > +12025550100", "2026-03-12T15:00:00Z", Some("1.0")),
        ]
    );
}

fn completed_without_duration(line: u64) -> calls_import::Item {
    let calls_import::Item::Record(call) =
        record(line, "+12025550100 < withheld", "2026-03-12T15:00:00Z", Some("1.0"))
    else {
        unreachable!()
    };
    calls_import::Item::Record(calls_import::Record { duration: None, ..call })
}

#[test]
fn a_csv_file_is_read_by_the_names_of_its_columns() {
    assert_eq!(
        fixture(Format::TwilioCsv, &Options::default(), "twilio/assembled-call-log.csv"),
        [
            record(2, "+12025550100 < +12025550143", "2026-03-12T15:00:00Z", Some("61.0")),
            record(2, "+12025550145 < +12025550143", "2026-03-12T15:10:00Z", None),
            record(3, "+12025550100 > +12025550144", "2026-03-12T15:05:00Z", Some("7.0")),
            joined(4),
            record(5, "+12025550100 > +12025550146", "2026-03-12T15:11:00Z", None),
        ]
    );
    let other = "FROM,TO,DIRECTION,STATUS,START_TIME,DURATION\r\n+12025550143,+12025550100,Incoming,Completed,2026-03-12 15:00:00 UTC,61\r\n+12025550143,+12025550100,Outgoing Dial,No Answer,15:00:00 UTC 2026-03-12,\r\n";
    assert_eq!(
        outline(&items(Format::TwilioCsv, &Options::default(), other.as_bytes())),
        ["2: record", "3: record"]
    );
    assert_eq!(
        error(Format::TwilioCsv, &Options::default(), b"From,To\n"),
        "not a file of the format twilio-csv: expected a column \"direction\", but found a first line without it"
    );
}

#[test]
fn a_status_callback_tells_when_its_call_ended() {
    let text = r#"{"CallSid":"CA1","From":"+12025550143","To":"+12025550100","CallStatus":"completed","Direction":"inbound","Timestamp":"Thu, 12 Mar 2026 15:01:01 +0000","CallDuration":"61"}"#;
    assert_eq!(
        items(Format::TwilioJson, &Options::default(), text.as_bytes()),
        [record(1, "+12025550100 < +12025550143", "2026-03-12T15:00:00Z", Some("61.0"))]
    );
}
