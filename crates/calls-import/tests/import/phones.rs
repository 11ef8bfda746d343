//! Call lists of telephones and routers give their owner's records.

use calls_import::{Format, Options};

use crate::support::own;
use crate::told;

fn options() -> Options {
    Options { zone: chrono_tz::Europe::Berlin, ..own("+12025550199") }
}

#[test]
fn a_fritzbox_list_of_seven_columns() {
    assert_eq!(
        told::fixture(Format::FritzboxCsv, &options(), "fritzbox/assembled-7-columns.csv"),
        [
            "3: 0305550100 < 0305550111 2026-03-02T07:00:00Z 180.0 answered name Example A",
            "4: 0305550100 < 0305550112 2026-03-02T08:00:00Z missed no_answer",
            "5: 0305550100 > 0305550113 2026-03-02T09:00:00Z 4320.0 answered",
            "6: 0305550100 > 0305550113 2026-03-02T09:30:00Z missed",
            "7: 0305550100 < 0305550114 2026-03-02T10:00:00Z missed blocked",
            "8: 0305550100 < unknown 2026-03-02T11:00:00Z missed voicemail",
            "9: skipped: expected a call that has ended, but found \"9\"",
            "10: skipped: expected a call, but found \"Fax\"",
        ]
    );
}

#[test]
fn a_fritzbox_list_of_eight_columns_has_another_number_for_outbound_calls() {
    assert_eq!(
        told::fixture(Format::FritzboxCsv, &options(), "fritzbox/assembled-8-columns.csv"),
        [
            "3: 0305550100 < 0305550111 2026-03-02T07:00:00Z 180.0 answered name Example A",
            "4: 0305550100 < unknown 2026-03-02T08:00:00Z missed no_answer",
            "5: 0305550100 < 0305550114 2026-03-02T09:00:00Z missed blocked",
            "6: 0305550100 > +12025550123 2026-03-02T10:00:00Z 300.0 answered name Example B",
            "7: 0305550100 > 0305550115 2026-03-02T11:00:00Z missed",
            "8: skipped: expected a direction such as inbound or outbound, but found \"x\"",
            "9: skipped: expected a time such as 2026-03-02 08:00:00, but found \"32.03.26 13:00\"",
        ]
    );
}

#[test]
fn a_fritzbox_list_from_tr_064() {
    assert_eq!(
        told::fixture(Format::FritzboxXml, &options(), "fritzbox/assembled-tr064.xml"),
        [
            "1: 0305550100 < 0305550111 2026-03-02T07:00:00Z 180.0 answered name Example & Son",
            "2: 0305550100 < unknown 2026-03-02T08:00:00Z missed no_answer",
            "3: 0305550100 > 0305550113 2026-03-02T09:00:00Z 4320.0 answered",
            "4: 0305550100 < 0305550114 2026-03-02T10:00:00Z missed blocked",
            "5: 0305550100 < 0305550115 2026-03-02T11:00:00Z missed voicemail",
            "6: skipped: expected a call that has ended, but found \"9\"",
        ]
    );
}

#[test]
fn a_fritzbox_list_that_is_cut_off_costs_its_last_call() {
    assert_eq!(
        told::fixture(Format::FritzboxXml, &options(), "fritzbox/assembled-tr064-short.xml"),
        [
            "1: 0305550100 > 0305550113 2026-03-02T09:00:00Z missed",
            "2: skipped: expected the end of a call, but found the end of the file",
        ]
    );
}

#[test]
fn a_comma_in_a_name_of_logger_moves_what_is_behind_it() {
    assert_eq!(
        told::fixture(Format::LoggerCsv, &options(), "logger/assembled-logs.csv"),
        [
            "2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 61.0 answered name Example",
            "3: +12025550199 < +12025550124 2026-03-02T09:00:00Z missed name Ample, Ex",
            "4: +12025550199 > +12025550125 2026-03-02T10:00:00Z 12.0 answered",
            "5: +12025550199 < +12025550126 2026-03-02T11:00:00Z missed rejected",
            "6: +12025550199 < +12025550127 2026-03-02T11:01:00Z missed blocked",
            "7: +12025550199 < +12025550128 2026-03-02T11:02:00Z missed voicemail",
            "8: +12025550199 > +12025550129 2026-03-02T11:03:00Z 7.0 answered",
            "9: skipped: expected a type such as CallType.incoming, but found \"CallType.unknown\"",
        ]
    );
}

#[test]
fn logger_json() {
    assert_eq!(
        told::fixture(Format::LoggerJson, &options(), "logger/assembled-logs.json"),
        [
            "1: +12025550199 < +12025550123 2026-03-02T08:00:00Z 61.0 answered name Example",
            "2: +12025550199 < +12025550124 2026-03-02T09:00:00Z missed",
            "3: +12025550199 < withheld 2026-03-02T10:00:00Z 0.0 answered",
            "4: skipped: expected a value of \"timestamp\", but found \"null\"",
        ]
    );
}

#[test]
fn the_database_of_an_iphone() {
    assert_eq!(
        told::fixture(Format::IosStoredata, &options(), "ios-call-history/assembled-CallHistory.storedata"),
        [
            "1: +12025550199 < +12025550123 2026-03-02T08:00:00.250Z 61.5 answered name Example A",
            "2: +12025550199 < +12025550124 2026-03-02T09:00:00Z missed",
            "3: +12025550199 > (202) 555-0125 2026-03-02T10:00:00Z 12.0 answered",
            "4: +12025550199 > +12025550126 2026-03-02T11:00:00Z missed",
            "5: +12025550199 < unknown 2026-03-02T12:00:00Z 5.0 answered",
            "6: +12025550199 < sip:example.a@example.com 2026-03-02T13:00:00Z 600.0 answered name Example A",
            "7: +12025550199 > +12025550127 2026-03-02T14:00:00Z 30.0 answered name Example C",
            "8: skipped: expected a value of ZDATE, but found none",
        ]
    );
}

#[test]
fn the_database_of_an_old_iphone() {
    assert_eq!(
        told::fixture(
            Format::IosStoredata,
            &options(),
            "ios-call-history/assembled-old-CallHistory.storedata"
        ),
        [
            "1: +12025550199 < +12025550123 2026-03-02T08:00:00Z 61.0 answered",
            "2: +12025550199 < +12025550124 2026-03-02T09:00:00Z missed",
        ]
    );
}

#[test]
fn a_fritzbox_list_in_english_may_name_two_columns_alike() {
    for header in [
        "Type;Date;Name;Number;Extension;Outgoing Caller ID;Duration",
        "Type;Date;Name;Telephone number;Extension;Telephone number;Duration",
    ] {
        let list = format!("sep=;\n{header}\n2;02.03.26 08:00;;0305550111;;0305550100;0:00\n");
        assert_eq!(calls_import::detect(list.as_bytes()), Ok(Format::FritzboxCsv), "{header}");
        assert_eq!(
            told::text(Format::FritzboxCsv, &options(), &list),
            ["3: 0305550100 < 0305550111 2026-03-02T07:00:00Z missed no_answer"]
        );
    }
}

#[test]
fn a_fritzbox_call_without_an_own_number_is_of_the_one_that_is_given() {
    let list =
        "Typ;Datum;Rufnummer;Nebenstelle;Eigene Rufnummer;Dauer\n3;02.03.26 08:00;0305550111;FON 1;;0:02\n";
    assert_eq!(
        told::text(Format::FritzboxCsv, &options(), list),
        ["2: +12025550199 > 0305550111 2026-03-02T07:00:00Z 120.0 answered"]
    );
    let nobodys = Options { own: None, ..options() };
    assert_eq!(
        told::text(Format::FritzboxCsv, &nobodys, list),
        ["2: skipped: expected an owner, but found none"]
    );
}

#[test]
fn logger_json_may_have_the_names_of_its_csv() {
    assert_eq!(
        told::fixture(Format::LoggerJson, &options(), "logger/assembled-snake-case.json"),
        [
            "1: +12025550199 < +12025550123 2026-03-02T08:00:00Z 61.0 answered name Example A",
            "2: +12025550199 < +12025550124 2026-03-02T09:00:00Z missed blocked",
            "3: +12025550199 < +12025550125 2026-03-02T10:00:00Z missed voicemail",
        ]
    );
}
