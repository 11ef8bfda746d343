//! Call detail records of telephone systems give each side its record.

use calls_import::{Format, Options};

use crate::support::{error, own};
use crate::told;

fn options() -> Options {
    Options { zone: chrono_tz::Europe::Berlin, ..own("+12025550199") }
}

#[test]
fn fusionpbx_gives_the_dialled_number_and_the_extension_their_records() {
    assert_eq!(
        told::fixture(Format::FusionpbxCsv, &options(), "fusionpbx/assembled-archive.csv"),
        [
            "2: +12025550123 > +12025550100 2026-03-02T08:00:00Z 60.0 answered ring 5.0 via 101",
            "2: +12025550100 < +12025550123 2026-03-02T08:00:00Z 60.0 answered ring 5.0 name Ex \"Nick\" Ample via 101",
            "2: 101 < +12025550123 2026-03-02T08:00:00Z 60.0 answered ring 5.0 name Ex \"Nick\" Ample via +12025550100",
            "3: +12025550124 > +12025550100 2026-03-02T09:00:00Z missed cancelled via 101",
            "3: +12025550100 < +12025550124 2026-03-02T09:00:00Z missed cancelled name Example via 101",
            "3: 101 < +12025550124 2026-03-02T09:00:00Z missed cancelled name Example via +12025550100",
            "4: 101 > 12025550125 2026-03-02T10:00:00Z 20.0 answered ring 5.0",
            "4: 12025550125 < 101 2026-03-02T10:00:00Z 20.0 answered ring 5.0 name Ex",
            "5: 101 > 102 2026-03-02T11:00:00Z missed voicemail",
            "5: 102 < 101 2026-03-02T11:00:00Z missed voicemail name Ex",
            "6: skipped: expected the first leg of a call, but found its second one",
        ]
    );
}

#[test]
fn fusionpbx_is_read_with_few_columns() {
    assert_eq!(
        told::fixture(Format::FusionpbxCsv, &options(), "fusionpbx/assembled-few-columns.csv"),
        [
            "2: +12025550123 > +12025550100 2026-03-02T08:00:00Z 61.0 answered",
            "2: +12025550100 < +12025550123 2026-03-02T08:00:00Z 61.0 answered name Example",
            "3: +12025550100 < withheld 2026-03-02T09:00:00Z missed busy via 101",
            "3: 101 < withheld 2026-03-02T09:00:00Z missed busy via +12025550100",
            "4: 101 > +12025550125 2026-03-02T10:00:00Z missed no_answer",
            "4: +12025550125 < 101 2026-03-02T10:00:00Z missed no_answer",
        ]
    );
}

#[test]
fn a_3cx_file_may_have_a_header() {
    assert_eq!(
        told::fixture(Format::ThreecxCdr, &options(), "3cx/assembled-header.csv"),
        [
            "2: +12025550123 > 102 2026-03-02T07:00:00Z 70.0 answered ring 5.0",
            "2: 102 < +12025550123 2026-03-02T07:00:00Z 70.0 answered ring 5.0",
            "3: 101 > 102 2026-03-02T08:00:00Z missed cancelled ring 20.0",
            "3: 102 < 101 2026-03-02T08:00:00Z missed cancelled ring 20.0",
        ]
    );
}

#[test]
fn a_3cx_file_without_a_header_tells_queues_and_mailboxes() {
    assert_eq!(
        told::fixture(Format::ThreecxCdr, &options(), "3cx/assembled-cdr.log"),
        [
            "1: +12025550123 > 800 2026-03-02T07:00:00Z 70.0 answered ring 5.0 name Sales via 102",
            "1: 800 < +12025550123 2026-03-02T07:00:00Z 70.0 answered ring 5.0 name Example A via 102",
            "1: 102 < +12025550123 2026-03-02T07:00:00Z 70.0 answered ring 5.0 name Example A via 800",
            "2: 101 > 102 2026-03-02T08:00:00Z missed cancelled ring 20.0 name Example B",
            "2: 102 < 101 2026-03-02T08:00:00Z missed cancelled ring 20.0 name Example C",
            "3: +12025550124 > 102 2026-03-02T09:00:00Z missed voicemail ring 20.0",
            "3: 102 < +12025550124 2026-03-02T09:00:00Z missed voicemail ring 20.0",
            "4: skipped: expected a time such as 2026-03-02 08:00:00, but found \"\"",
            "5: 101 > +12025550125 2026-03-02T10:00:00Z 9.0 answered ring 3.0",
            "5: +12025550125 < 101 2026-03-02T10:00:00Z 9.0 answered ring 3.0",
        ]
    );
}

#[test]
fn cisco_says_by_causes_why_nobody_answered() {
    assert_eq!(
        told::fixture(Format::CiscoCdr, &options(), "cisco/assembled-cdr.csv"),
        [
            "3: 1001 > 1002 2026-03-02T08:00:00Z 61.0 answered ring 5.0",
            "3: 1002 < 1001 2026-03-02T08:00:00Z 61.0 answered ring 5.0",
            "4: 1001 > 1002 2026-03-02T09:00:00Z missed cancelled ring 20.0",
            "4: 1002 < 1001 2026-03-02T09:00:00Z missed cancelled ring 20.0",
            "5: +12025550123 > 1002 2026-03-02T10:00:00Z 10.0 answered ring 15.0 via 1003",
            "5: 1002 < +12025550123 2026-03-02T10:00:00Z missed answered_elsewhere ring 15.0 via 1003",
            "5: 1003 < +12025550123 2026-03-02T10:00:00Z 10.0 answered ring 15.0 via 1002",
            "6: 1001 > +12025550124 2026-03-02T11:00:00Z missed busy ring 1.0",
            "6: +12025550124 < 1001 2026-03-02T11:00:00Z missed busy ring 1.0",
        ]
    );
}

#[test]
fn cisco_rows_without_a_start_are_skipped() {
    assert_eq!(
        told::fixture(Format::CiscoCdr, &options(), "cisco/assembled-odd-rows.csv"),
        [
            "3: skipped: expected a time in dateTimeOrigination, but found none",
            "4: 1002 < unknown 2026-03-02T09:00:00Z 3.0 answered ring 0.0",
            "5: +12025550123 > +12025550100 2026-03-02T10:00:00Z 10.0 answered ring 4.0 via 1003",
            "5: +12025550100 < +12025550123 2026-03-02T10:00:00Z 10.0 answered ring 4.0 via 1003",
            "5: 1003 < +12025550123 2026-03-02T10:00:00Z 10.0 answered ring 4.0 via +12025550100",
        ]
    );
}

#[test]
fn grandstream_csv_is_read_in_spite_of_bare_quotes_and_commas() {
    assert_eq!(
        told::fixture(Format::GrandstreamCsv, &options(), "grandstream/assembled-api.csv"),
        [
            "2: 1001 > 1002 2026-03-02T07:00:00Z 6.0 answered ring 3.0",
            "2: 1002 < 1001 2026-03-02T07:00:00Z 6.0 answered ring 3.0 name Example A",
            "3: +12025550123 > 6400 2026-03-02T08:00:00Z 61.0 answered ring 5.0 via 1003",
            "3: 6400 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0 name Example via 1003",
            "3: 1003 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0 name Example via 6400",
            "4: 1001 > 1002 2026-03-02T09:00:00Z missed no_answer ring 20.0",
            "4: 1002 < 1001 2026-03-02T09:00:00Z missed no_answer ring 20.0 name Example A",
            "5: +12025550124 > 1002 2026-03-02T10:00:00Z missed voicemail ring 20.0",
            "5: 1002 < +12025550124 2026-03-02T10:00:00Z missed voicemail ring 20.0",
        ]
    );
}

#[test]
fn grandstream_pages_have_other_names_for_the_columns() {
    assert_eq!(
        told::fixture(Format::GrandstreamCsv, &options(), "grandstream/assembled-page.csv"),
        [
            "2: 1001 > 1002 2026-03-02T07:00:00Z 6.0 answered ring 3.0",
            "2: 1002 < 1001 2026-03-02T07:00:00Z 6.0 answered ring 3.0 name Example A",
            "3: +12025550123 > 6500 2026-03-02T08:00:00Z missed no_answer ring 45.0",
            "3: 6500 < +12025550123 2026-03-02T08:00:00Z missed no_answer ring 45.0",
        ]
    );
}

#[test]
fn the_legs_of_a_grandstream_call_are_one_call() {
    assert_eq!(
        told::fixture(Format::GrandstreamJson, &options(), "grandstream/assembled-cdr-root.json"),
        [
            "1: 1001 > 1002 2026-03-02T07:00:00Z 6.0 answered ring 3.0",
            "1: 1002 < 1001 2026-03-02T07:00:00Z 6.0 answered ring 3.0 name Example A",
            "2: +12025550123 > 6400 2026-03-02T08:00:00Z 61.0 answered ring 5.0 via 1002",
            "2: 6400 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0 via 1002",
            "2: 1003 < +12025550123 2026-03-02T08:00:00Z missed answered_elsewhere ring 5.0 via 6400",
            "2: 1002 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0 via 6400",
        ]
    );
}

#[test]
fn older_grandstream_firmware_names_the_list_otherwise() {
    assert_eq!(
        told::fixture(Format::GrandstreamJson, &options(), "grandstream/assembled-cdr.json"),
        [
            "1: 5300 > 5301 2026-03-02T07:00:00Z 6.0 answered ring 3.0",
            "1: 5301 < 5300 2026-03-02T07:00:00Z 6.0 answered ring 3.0 name pn01",
            "2: 5300 > 5301 2026-03-02T08:00:00Z missed busy ring 5.0",
            "2: 5301 < 5300 2026-03-02T08:00:00Z missed busy ring 5.0",
        ]
    );
}

#[test]
fn yeastar_parties_have_their_names() {
    assert_eq!(
        told::fixture(Format::YeastarCsv, &options(), "yeastar/assembled-p-series.csv"),
        [
            "2: 1001 > 1002 2026-03-02T07:00:00Z 61.0 answered ring 5.0 name Example B",
            "2: 1002 < 1001 2026-03-02T07:00:00Z 61.0 answered ring 5.0 name Example",
            "3: +12025550123 > +12025550100 2026-03-02T08:00:00Z missed no_answer ring 20.0 name Example B via 1002",
            "3: +12025550100 < +12025550123 2026-03-02T08:00:00Z missed no_answer ring 20.0 via 1002",
            "3: 1002 < +12025550123 2026-03-02T08:00:00Z missed no_answer ring 20.0 via +12025550100",
            "4: 1001 > +12025550124 2026-03-02T09:00:00Z 20.0 answered ring 5.0",
            "4: +12025550124 < 1001 2026-03-02T09:00:00Z 20.0 answered ring 5.0 name Example",
            "5: +12025550125 > +12025550100 2026-03-02T10:00:00Z missed voicemail ring 0.0 name Voicemail 1002 via *21002",
            "5: +12025550100 < +12025550125 2026-03-02T10:00:00Z missed voicemail ring 0.0 via *21002",
            "5: *21002 < +12025550125 2026-03-02T10:00:00Z missed voicemail ring 0.0 via +12025550100",
        ]
    );
}

#[test]
fn yeastar_lengths_may_be_written_as_a_clock_does() {
    assert_eq!(
        told::fixture(Format::YeastarCsv, &options(), "yeastar/assembled-s-series.csv"),
        [
            "2: 1001 > 1002 2026-03-02T07:00:00Z 61.0 answered",
            "2: 1002 < 1001 2026-03-02T07:00:00Z 61.0 answered name Example",
            "3: 1001 > 1002 2026-03-02T08:00:00Z missed busy",
            "3: 1002 < 1001 2026-03-02T08:00:00Z missed busy",
            "4: skipped: expected a status such as ANSWERED or NO ANSWER, but found \"odd\"",
        ]
    );
}

#[test]
fn the_order_of_a_date_is_found_in_its_column() {
    let list = |first: &str, second: &str| {
        format!(
            "Time,Call From,Call To,Talk Duration,Status\n{first},1001,1002,5,ANSWERED\n{second},1001,1003,5,ANSWERED\n"
        )
    };
    let lines =
        told::text(Format::YeastarCsv, &options(), &list("03/02/2026 08:00:00", "03/13/2026 08:00:00"));
    assert_eq!(lines[0], "2: 1001 > 1002 2026-03-02T07:00:00Z 5.0 answered");
    let undecided = list("03/02/2026 08:00:00", "03/04/2026 08:00:00");
    let error = error(Format::YeastarCsv, &options(), undecided.as_bytes());
    assert!(error.contains("--dates"), "{error}");
}
