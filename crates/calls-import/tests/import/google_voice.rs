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
        (" - Voicemail - 2012-03-17T18_16_32Z.html", call("< withheld", "2012-03-17T18:16:32Z", None)),
        (
            "+12025550130 - Received - 2021-12-11T18_20_31Z.html",
            call("< +12025550130", "2021-12-11T18:20:31.619Z", Some("5.0")),
        ),
        (
            "+14045550102 - Placed - 2019-03-01T16_28_19Z.html",
            call("> +14045550102", "2019-03-01T16:28:19Z", Some("42.0")),
        ),
        (
            "+14065550172 - Missed - 2020-10-27T04_45_56Z.html",
            call("< +14065550172", "2020-10-27T04:45:56Z", None),
        ),
        (
            "+17015550147 - Voicemail - 2022-03-09T08_01_50Z.html",
            call("< +17015550147", "2022-03-09T08:01:50.940Z", None),
        ),
        (
            "+18085550103 - Placed - 2021-04-01T16_28_19Z.html",
            call("> +18085550103", "2021-04-01T16:28:19Z", Some("42.0")),
        ),
        ("- Received - 2011-10-28T16_04_26Z.html", call("< withheld", "2011-10-28T16:04:26Z", Some("5.0"))),
        ("174074978 - Missed - 2021-03-31T20_32_17Z.html", call("< 174074978", "2021-03-31T20:32:17Z", None)),
    ] {
        assert_eq!(read(&format!("lbeder-merger/{name}")), expected, "{name}");
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
    assert_eq!(read("psanford/missedcall.html"), call("< +66666", "2009-09-18T00:26:41Z", None));
    assert_eq!(read("psanford/voicemail.html"), call("< +11111111111", "2018-07-23T16:23:31Z", None));
}

#[test]
fn text_messages_are_passed_over() {
    assert_eq!(read("assembled/Example - Text - 2026-03-03T00_40_00Z.html"), []);
}

#[test]
fn the_number_of_the_telephone_must_be_given() {
    assert!(error(Format::GoogleVoice, &Options::default(), b"<div class=\"haudio\">").ends_with("--own"));
}
