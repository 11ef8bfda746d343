//! Any CSV with a header gives the records that its rows stand for.

use calls_import::{Format, Options};

use crate::support::{error, fixture, items, own, record, skipped};

fn mapped(map: &str) -> Options {
    Options { columns: map.parse().expect("a mapping"), ..Options::default() }
}

#[test]
fn columns_are_found_by_their_usual_names() {
    assert_eq!(
        fixture(Format::GenericCsv, &Options::default(), "generic/assembled-simple-calls.csv"),
        [
            record(2, "+12025550100 < +12025550143", "2026-03-12T15:00:00Z", Some("61.0")),
            record(3, "+12025550100 > +12025550144", "2026-03-12T15:05:00Z", Some("7.0")),
            record(4, "+12025550100 > +12025550145", "2026-03-12T15:10:00Z", None),
            record(5, "+12025550100 < +12025550146", "2026-03-12T15:11:00Z", None),
        ]
    );
}

#[test]
fn german_lists_have_semicolons_and_day_and_time_apart() {
    let expected = [
        record(2, "+4930555777 < +4930555001", "2026-03-12T15:00:00Z", Some("61.0")),
        record(3, "+4930555777 > +4930555002", "2026-03-12T15:05:00Z", Some("7.0")),
        record(4, "+4930555777 < +4930555003", "2026-03-12T15:10:00Z", None),
    ];
    let map = "start=Datum,time=Uhrzeit,direction=Richtung,counterparty=Rufnummer,owner=Eigene Rufnummer,duration=Dauer,status=Status";
    for options in [Options::default(), mapped(map)] {
        let options = Options { zone: chrono_tz::Europe::Berlin, ..options };
        assert_eq!(fixture(Format::GenericCsv, &options, "generic/assembled-german-semicolon.csv"), expected);
    }
}

#[test]
fn an_internal_call_is_one_of_both_sides() {
    assert_eq!(
        fixture(Format::GenericCsv, &Options::default(), "generic/assembled-wazo-cdr-export.csv"),
        [
            record(2, "7687 > 3378", "2026-03-23T00:00:00Z", Some("87.0")),
            record(2, "3378 < 7687", "2026-03-23T00:00:00Z", Some("87.0")),
            record(3, "7867 > 8733", "2026-03-23T11:11:11Z", None),
        ]
    );
}

#[test]
fn a_line_that_tells_excel_the_delimiter_is_passed_over() {
    let text = "sep=;\r\n\r\nfrom;to;start;duration;direction\r\n\
                1001;*97;2026-03-12 15:00:00.1234567;0:05;outbound\r\n";
    assert_eq!(calls_import::detect(text.as_bytes()), Ok(Format::GenericCsv));
    assert_eq!(
        items(Format::GenericCsv, &Options::default(), text.as_bytes()),
        [record(4, "1001 > *97", "2026-03-12T15:00:00.123456Z", Some("5.0"))]
    );
}

#[test]
fn a_mapping_names_what_the_header_does_not_tell() {
    let text = "Who;Whom;Day;Secs\n1001;1002;03/12/2026 15:00;5\n1001;1003;03/12/2026 15:10;0\n1001;1003;12.03.2026 15:10;0\n";
    let options = mapped("from=Who,to=Whom,start=Day,duration=Secs,format=%m/%d/%Y %H:%M");
    assert_eq!(
        items(Format::GenericCsv, &options, text.as_bytes()),
        [
            record(2, "1001 > 1002", "2026-03-12T15:00:00Z", Some("5.0")),
            record(2, "1002 < 1001", "2026-03-12T15:00:00Z", Some("5.0")),
            record(3, "1001 > 1003", "2026-03-12T15:10:00Z", None),
            record(3, "1003 < 1001", "2026-03-12T15:10:00Z", None),
            skipped(4, "expected a time of the format %m/%d/%Y %H:%M, but found \"12.03.2026 15:10\""),
        ]
    );
    let error = error(Format::GenericCsv, &mapped("from=Nobody"), text.as_bytes());
    assert!(error.contains("expected a column \"Nobody\""), "{error}");
}

#[test]
fn the_owner_is_the_given_number_where_the_file_has_none() {
    let text = "Date,Type,Number,Duration\n2026-03-12 15:00:00,Incoming,+12025550143,5\n2026-03-12 15:01:00,Missed,Anonymous,\n2026-03-12 15:01:00,,1,\n";
    assert_eq!(
        items(Format::GenericCsv, &own("+12025550100"), text.as_bytes()),
        [
            record(2, "+12025550100 < +12025550143", "2026-03-12T15:00:00Z", Some("5.0")),
            record(3, "+12025550100 < withheld", "2026-03-12T15:01:00Z", None),
            skipped(4, "expected a status or a duration, but found neither"),
        ]
    );
    assert!(error(Format::GenericCsv, &Options::default(), text.as_bytes()).ends_with("--own"));
    let sides = "from,to,start,duration\n+1 202 555 0100,1002,2026-03-12 15:00:00,5\n1002,12025550100,2026-03-12 15:00:00,5\n";
    assert_eq!(
        items(Format::GenericCsv, &own("+12025550100"), sides.as_bytes()),
        [
            record(2, "+1 202 555 0100 > 1002", "2026-03-12T15:00:00Z", Some("5.0")),
            record(3, "12025550100 < 1002", "2026-03-12T15:00:00Z", Some("5.0")),
        ]
    );
}

#[test]
fn a_file_without_what_a_call_needs_is_refused() {
    for (text, missing) in [
        ("a,b\n", "expected columns \"from\" and \"to\", or \"counterparty\" and \"direction\""),
        ("from,to\n", "expected a column \"start\""),
        ("from,to,start\n", "expected a column \"status\", \"duration\" or \"direction\""),
    ] {
        let error = error(Format::GenericCsv, &own("1001"), text.as_bytes());
        assert!(error.contains(missing), "{error}");
    }
}
