//! Exports of an iPhone's calls give the records that their rows stand for.

use calls_import::{Format, Options};

use crate::support::{day_first, error, fixture, items, own, record, without_details};

#[test]
fn imazing_with_a_header() {
    let options = Options { zone: chrono_tz::Europe::Berlin, ..own("+49305550199") };
    assert_eq!(
        fixture(Format::IphoneCsv, &options, "ios-call-history/assembled-imazing-header.csv"),
        [
            record(2, "+49305550199 < +4930555001", "2026-03-11T08:00:00Z", Some("75.0")),
            record(3, "+49305550199 > +4930555002", "2026-03-11T09:00:00Z", Some("30.0")),
            record(4, "+49305550199 < +4930555003", "2026-03-11T09:03:20Z", None),
            record(5, "+49305550199 > +4930555004", "2026-03-11T09:05:00Z", None),
            // FaceTime gives an e-mail address, which is no telephone address, but tells who it was.
            record(6, "+49305550199 < example@example.com", "2026-03-11T09:06:40Z", Some("600.0")),
        ]
    );
}

#[test]
fn imazing_2_without_a_header_and_with_minutes_only() {
    let text = "Incoming,11/03/2026 09:00,00:01:15,\u{202a}+49 30 555001\u{202c},Example A\r\nOutgoing,12/03/2026 10:00,00:00:00,+4930555002,\r\n";
    assert_eq!(
        items(Format::IphoneCsv, &day_first(own("1001")), text.as_bytes()),
        [
            record(1, "1001 < +49 30 555001", "2026-03-11T09:00:00Z", Some("75.0")),
            record(2, "1001 > +4930555002", "2026-03-12T10:00:00Z", None),
        ]
    );
}

#[test]
fn dates_may_have_their_month_first_where_the_file_shows_it() {
    let text = "Call type,Date,Duration,Number,Contact\n\
                Incoming,3/12/2026 4:00 PM,0:01:15,+12025550123,\n\
                Outgoing FaceTime Audio,3/13/2026 4:00 PM,0:00:00,+12025550124,\n";
    let read = |text: &str| -> Vec<calls_import::Item> {
        let opened = calls_import::read_any(text.as_bytes(), None, &own("1001")).unwrap();
        assert_eq!(opened.format, Some(Format::IphoneCsv));
        opened.items.map(|item| without_details(item.unwrap())).collect()
    };
    assert_eq!(
        read(text),
        [
            record(2, "1001 < +12025550123", "2026-03-12T16:00:00Z", Some("75.0")),
            record(3, "1001 > +12025550124", "2026-03-13T16:00:00Z", None),
        ]
    );
}

#[test]
fn iexplorer_with_and_without_a_header() {
    let header = "Contact,Number,Date,Duration,Call Type,Unformatted Number,Number Geo Description\n";
    let rows = "Example A,(202) 555-0123,11/03/2026 09:00:00,1:15,Incoming,+12025550123,\"Washington, DC\"\n\
                ,Unknown,11/03/2026 10:00:00,0:00,Missed,,\n";
    let expected = |first: u64| {
        [
            record(first, "1001 < +12025550123", "2026-03-11T09:00:00Z", Some("75.0")),
            record(first + 1, "1001 < unknown", "2026-03-11T10:00:00Z", None),
        ]
    };
    assert_eq!(
        items(Format::IphoneCsv, &day_first(own("1001")), format!("{header}{rows}").as_bytes()),
        expected(2)
    );
    assert_eq!(items(Format::IphoneCsv, &day_first(own("1001")), rows.as_bytes()), expected(1));
}

#[test]
fn the_number_of_the_telephone_must_be_given() {
    assert!(error(Format::IphoneCsv, &Options::default(), b"Call type,Date\n").ends_with("--own"));
}
