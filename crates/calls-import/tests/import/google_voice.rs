//! Google Voice's files give the records that their calls stand for.

use calls_import::{Format, Item, Options};

use crate::support::{error, fixture, own, record, skipped};

fn read(name: &str) -> Vec<Item> {
    fixture(Format::GoogleVoice, &own("+12025550199"), &format!("google-voice/{name}"))
}

fn call(parties: &str, time: &str, duration: Option<&str>) -> [Item; 1] {
    [record(1, &format!("+12025550199 {parties}"), time, duration)]
}

#[test]
fn reformatted_files_are_read() {
    for (name, expected) in [
        (" - Received - 2022-05-06T17_00_01Z.html", call("< withheld", "2022-05-06T17:00:01Z", Some("9.0"))),
        // The duration is the message's.
        (" - Voicemail - 2022-05-06T18_30_00Z.html", call("< withheld", "2022-05-06T18:30:00Z", None)),
        (
            "+12025550141 - Received - 2022-05-04T16_10_11Z.html",
            call("< +12025550141", "2022-05-04T16:10:11.250Z", Some("65.0")),
        ),
        (
            "+12025550142 - Placed - 2020-02-03T11_12_13Z.html",
            call("> +12025550142", "2020-02-03T11:12:13Z", Some("3602.0")),
        ),
        (
            "+12025550143 - Missed - 2020-02-04T11_12_13Z.html",
            call("< +12025550143", "2020-02-04T11:12:13Z", None),
        ),
        (
            "+12025550144 - Voicemail - 2022-05-07T08_01_50Z.html",
            call("< +12025550144", "2022-05-07T08:01:50.940Z", None),
        ),
        (
            "+12025550145 - Placed - 2021-04-01T16_28_19Z.html",
            call("> +12025550145", "2021-04-01T16:28:19Z", None),
        ),
        ("174074978 - Missed - 2021-03-31T20_32_17Z.html", call("< 174074978", "2021-03-31T20:32:17Z", None)),
    ] {
        assert_eq!(read(&format!("assembled/{name}")), expected, "{name}");
    }
}

#[test]
fn files_as_google_writes_them_are_read() {
    for (name, expected) in [
        (" - Placed - 2013-07-29T20_56_11Z.html", call("> withheld", "2013-07-29T20:56:11Z", Some("2.0"))),
        (
            "+17323215555 - Missed - 2016-11-22T17_57_49Z.html",
            call("< +17323215555", "2016-11-22T17:57:49Z", None),
        ),
        // Nobody answered: it lasted no second.
        (
            "+17323216666 - Placed - 2011-09-03T20_12_00Z.html",
            call("> +17323216666", "2011-09-03T20:12:00Z", None),
        ),
        (
            "17323211010 - Received - 2018-07-30T22_31_33Z.html",
            call("< +17323211010", "2018-07-30T22:31:33Z", Some("771.0")),
        ),
    ] {
        assert_eq!(read(&format!("wjcarpenter/{name}")), expected, "{name}");
    }
}

#[test]
fn the_recording_of_a_call_is_no_call_of_its_own() {
    assert_eq!(
        read("wjcarpenter/Albert Einstein - Recorded - 2019-05-22T18_18_56Z.html"),
        [skipped(1, "expected a call, but found the recording of one")]
    );
}

#[test]
fn files_that_are_not_well_formed_are_read() {
    assert_eq!(
        read("assembled/Example - Missed - 2010-06-05T04_03_02Z.html"),
        call("< +55555", "2010-06-05T04:03:02Z", None)
    );
    assert_eq!(
        read("assembled/Example - Voicemail - 2018-08-09T10_11_12Z.html"),
        call("< +12025550146", "2018-08-09T10:11:12Z", None)
    );
}

#[test]
fn text_messages_are_passed_over() {
    assert_eq!(read("assembled/Example - Text - 2026-03-03T00_40_00Z.html"), []);
}

#[test]
fn the_number_of_the_telephone_must_be_given() {
    assert!(error(Format::GoogleVoice, &Options::default(), b"<div class=\"haudio\">").ends_with("--own"));
}
