//! The project's own exports are read again.

use calls_import::{Format, Options};

use crate::support::{detailed, details, error, items, outline, own, record, skipped};

#[test]
fn our_csv_is_read_with_and_without_owners() {
    let rows = [
        "7,2024-01-31T10:00:00Z,+13333333333,Completed Inbound,37.4",
        "8,2024-01-31T11:00:00.250Z,withheld,Missed Inbound,",
        "9,2024-01-31T12:00:00Z,sip:alice@example.com,Completed Outbound,0.0",
        "10,2024-01-31T12:00:00Z,unknown,Missed Outbound,5.0",
        "11,2024-01-31T12:00:00Z,*97,Missed,",
    ];
    let expected = [
        record(2, "1001 < +13333333333", "2024-01-31T10:00:00Z", Some("37.4")),
        record(3, "1001 < withheld", "2024-01-31T11:00:00.250Z", None),
        record(4, "1001 > sip:alice@example.com", "2024-01-31T12:00:00Z", Some("0.0")),
        skipped(5, "expected a missed call without a duration, but found \"5.0\""),
        skipped(
            6,
            "expected \"Completed Inbound\", \"Missed Inbound\", \"Completed Outbound\" or \"Missed Outbound\", \
             but found \"Missed\"",
        ),
    ];
    let without = format!("id,created_at,counterparty,type,duration\r\n{}\r\n", rows.join("\r\n"));
    assert_eq!(items(Format::CallsCsv, &own("1001"), without.as_bytes()), expected);
    assert!(error(Format::CallsCsv, &Options::default(), without.as_bytes()).ends_with("--own"));
    let with = format!("owner,id,created_at,counterparty,type,duration\n1001,{}\n", rows.join("\n1001,"));
    assert_eq!(items(Format::CallsCsv, &own("1002"), with.as_bytes()), expected);
}

#[test]
fn our_ndjson_is_read_with_and_without_owners() {
    let calls = [
        r#""id":"7","created_at":"2024-01-31T10:00:00Z","counterparty":"+13333333333","type":"Completed Inbound","duration":"37.4"}"#,
        r#""id":"8","created_at":"2024-01-31T11:00:00Z","counterparty":"+14444444444","type":"Missed Outbound"}"#,
        r#""id":"9","counterparty":"+14444444444","type":"Missed Outbound"}"#,
    ];
    let expected = [
        record(1, "1001 < +13333333333", "2024-01-31T10:00:00Z", Some("37.4")),
        record(2, "1001 > +14444444444", "2024-01-31T11:00:00Z", None),
        skipped(3, "expected a member \"created_at\", but found none"),
    ];
    let without = calls.map(|call| format!("{{{call}\n")).concat();
    assert_eq!(items(Format::CallsNdjson, &own("1001"), without.as_bytes()), expected);
    assert!(error(Format::CallsNdjson, &Options::default(), without.as_bytes()).ends_with("--own"));
    let with = calls.map(|call| format!("{{\"owner\":\"1001\",{call}\n")).concat();
    assert_eq!(items(Format::CallsNdjson, &own("1002"), with.as_bytes()), expected);
}

#[test]
fn a_call_of_the_model_reads_back_as_it_was() {
    let call: calls_model::Call = serde_json::from_str(
        r#"{"id":"7","created_at":"2024-01-31T10:00:00.123456Z","counterparty":"72000","type":"Completed Outbound","duration":"0.125"}"#,
    )
    .unwrap();
    let text = serde_json::to_string(&call).unwrap();
    assert_eq!(
        items(Format::CallsNdjson, &own("1001"), text.as_bytes()),
        [record(1, "1001 > 72000", "2024-01-31T10:00:00.123456Z", Some("0.125"))]
    );
}

#[test]
fn what_is_no_type_is_named_by_its_beginning() {
    let text = format!(
        "owner,created_at,counterparty,type,duration\n1001,2024-01-31T10:00:00Z,1002,{},\n",
        "Missed ".repeat(1000)
    );
    let found = outline(&items(Format::CallsCsv, &Options::default(), text.as_bytes()));
    assert!(found[0].starts_with("2: expected \"Completed Inbound\", "), "{found:?}");
    assert!(found[0].len() < 300, "{found:?}");
}

#[test]
fn details_of_our_exports_are_read_again() {
    let csv = "owner,id,created_at,counterparty,type,duration,disposition,ring_time,name,via\n\
        1001,7,2024-01-31T10:00:00Z,+13333333333,Missed Inbound,,answered_elsewhere,12.5,\"Example, One\",600\n\
        1001,8,2024-01-31T11:00:00Z,Example Two,Completed Outbound,5.0,,,,\n\
        1001,9,2024-01-31T11:00:00Z,1002,Completed Outbound,5.0,busy,,,\n\
        1001,10,2024-01-31T11:00:00Z,1002,Missed Outbound,,late,,,\n";
    let found = detailed(Format::CallsCsv, &Options::default(), csv.as_bytes());
    assert_eq!(details(&found), ["answered_elsewhere rang 12.5 \"Example, One\" via 600", ""]);
    assert_eq!(
        outline(&found)[2..],
        [
            "4: expected a disposition of a call that is Completed Outbound, but found \"busy\"",
            "5: expected answered, no_answer, busy, rejected, blocked, voicemail, answered_elsewhere, cancelled or failed, \
             but found \"late\"",
        ]
    );
    let ndjson = r#"{"owner":"1001","created_at":"2024-01-31T10:00:00Z","counterparty":"+13333333333","type":"Missed Inbound","disposition":"voicemail","ring_time":"20.0","name":"Example One","via":"600"}"#;
    let found = detailed(Format::CallsNdjson, &Options::default(), ndjson.as_bytes());
    assert_eq!(details(&found), ["voicemail rang 20.0 \"Example One\" via 600"]);
}

#[test]
fn an_e_mail_address_stays_one_and_a_name_stays_in_its_line() {
    let csv = "owner,created_at,counterparty,type,duration,name\r\n\
               1001,2024-01-31T10:00:00Z,example@example.com,Missed Inbound,,\"Example\nA\"\r\n\
               1001,2024-01-31T11:00:00Z,sip:example@example.com,Missed Inbound,,\r\n";
    assert_eq!(
        crate::told::text(Format::CallsCsv, &Options::default(), csv),
        [
            "2: 1001 < example@example.com 2024-01-31T10:00:00Z missed name Example A",
            "4: 1001 < sip:example@example.com 2024-01-31T11:00:00Z missed",
        ]
    );
}
