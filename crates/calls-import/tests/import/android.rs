//! The files of Android apps give the records that their calls stand for.

use calls_import::{Format, Item, Options};

use crate::support::{error, fixture, items, outline, own, record, skipped};

const OWN: &str = "+49305550199";

/// The calls of the assembled samples, of which each app leaves out some.
fn assembled(position: u64, call: u32) -> Item {
    let missed = |number: &str, time: &str| record(position, &format!("{OWN} < {number}"), time, None);
    match call {
        1 => record(position, "+49305550199 < +4930555001", "2026-03-11T08:00:00.123Z", Some("75.0")),
        2 => record(position, "+49305550199 > +4930555002", "2026-03-11T09:00:00.123Z", Some("30.0")),
        3 => record(position, "+49305550199 > +4930555002", "2026-03-11T09:01:40.123Z", None),
        4 => missed("+4930555003", "2026-03-11T09:03:20.123Z"),
        5 => missed("+4930555004", "2026-03-11T09:05:00.123Z"),
        6 => missed("+4930555005", "2026-03-11T09:06:40.123Z"),
        7 => missed("+4930555006", "2026-03-11T09:08:20.123Z"),
        8 => record(position, "+49305550199 < +4930555007", "2026-03-11T09:10:00.123Z", Some("40.0")),
        _ => missed("withheld", "2026-03-11T09:11:40.123Z"),
    }
}

#[test]
fn sms_backup_and_restore_gives_a_record_for_each_call() {
    let found = fixture(Format::AndroidXml, &own(OWN), "android-sms-backup-restore/assembled-all-types.xml");
    assert_eq!(found, (1..=9).map(|call| assembled(u64::from(call), call)).collect::<Vec<_>>());
}

#[test]
fn an_archive_of_2014_gives_a_record_for_each_call() {
    let call = |position, parties: &str, time, duration| {
        record(position, &format!("+15555550100 {parties}"), time, duration)
    };
    let found = fixture(
        Format::AndroidXml,
        &own("+15555550100"),
        "android-sms-backup-restore/mobilecombackup-archive-calls.xml",
    );
    assert_eq!(
        found,
        [
            call(1, "< 5555550000", "2014-09-16T15:31:45.425Z", None),
            call(2, "< 5555550001", "2014-09-18T15:24:10.787Z", Some("43.0")),
            call(3, "< 5555550003", "2014-09-19T20:45:16.747Z", None),
            call(4, "< 5555550004", "2014-09-20T13:33:25.294Z", Some("39.0")),
            call(5, "> 5555550004", "2014-09-21T20:32:48.231Z", Some("130.0")),
            call(6, "< 5555550008", "2014-10-21T21:57:04.905Z", None),
            call(7, "> 5555550008", "2014-10-21T22:39:12.037Z", Some("142.0")),
            call(8, "> +15555550013", "2014-11-03T22:34:13.956Z", Some("33.0")),
            call(9, "> +15555550015", "2014-11-03T23:33:39.663Z", Some("22.0")),
            call(10, "< 5555550016", "2014-12-02T00:37:08.929Z", None),
            call(11, "> 5555550017", "2014-12-03T16:37:41.510Z", Some("123.0")),
            call(12, "> 5555550018", "2014-12-03T19:23:57.883Z", Some("505.0")),
            call(13, "> 5555550019", "2014-12-04T03:32:27.773Z", Some("86.0")),
            call(14, "< 5555550027", "2015-04-16T14:50:19.560Z", None),
            call(15, "< 5555550028", "2015-04-16T22:29:06.465Z", None),
            call(16, "< 5555550001", "2015-04-18T01:15:42.235Z", Some("1001.0")),
        ]
    );
}

#[test]
fn a_backup_has_as_many_calls_as_follow_whatever_its_count_says() {
    let call = |position, parties: &str, time, duration| {
        record(position, &format!("+15555550100 {parties}"), time, duration)
    };
    let found = fixture(
        Format::AndroidXml,
        &own("+15555550100"),
        "android-sms-backup-restore/mobilecombackup-to_process-00-calls-test.xml",
    );
    assert_eq!(
        found,
        [
            call(1, "> +15555550013", "2014-11-03T22:34:13.956Z", Some("33.0")),
            call(2, "> +15555550015", "2014-11-03T23:33:03.749Z", Some("20.0")),
            call(3, "> +15555550015", "2014-11-03T23:33:39.663Z", Some("22.0")),
            call(4, "< 5555550016", "2014-12-02T00:37:08.929Z", None),
            call(5, "> 5555550017", "2014-12-03T16:37:41.510Z", Some("123.0")),
            call(6, "> 5555550018", "2014-12-03T19:23:57.883Z", Some("505.0")),
            call(7, "> +15555550013", "2014-12-03T23:21:06.955Z", Some("43.0")),
            call(8, "> 5555550019", "2014-12-04T03:32:27.773Z", Some("86.0")),
            call(9, "< 5555550027", "2015-04-16T14:50:19.560Z", None),
            call(10, "< 5555550028", "2015-04-16T22:29:06.465Z", None),
            call(11, "> 5555550029", "2015-04-17T21:06:13.088Z", Some("36.0")),
            call(12, "< 5555550001", "2015-04-18T01:15:42.235Z", Some("1001.0")),
        ]
    );
}

#[test]
fn a_broken_call_element_is_skipped_and_the_next_one_is_read() {
    let text = r#"<calls count="5">
        <call number="1" duration="15" date="1773216000123" type="3" contact_name="&#55357;&#56832; a &amp; b > c" />
        <call number="+4930555001 duration="75" <call number="+4930555001" duration="x" date="1773216000123" type="1" />
        <call number="+4930555001" duration="75" date="never" type="1"></call>
        <call number="+4930555001" duration="75" date="1773216000123" type="12" />
        <call duration="75" date="1773216000123" type="1" />
        <call number="null" duration="0" date="1773216000123" type="5" presentation="null""#;
    assert_eq!(
        items(Format::AndroidXml, &own(OWN), text.as_bytes()),
        [
            record(1, "+49305550199 < 1", "2026-03-11T08:00:00.123Z", None),
            skipped(2, "expected the end of a tag, but found none"),
            skipped(3, "expected a duration in seconds, but found \"x\""),
            skipped(4, "expected a time as a count since 1970, but found \"never\""),
            skipped(5, "expected a type from 1 to 7, but found \"12\""),
            skipped(6, "expected an attribute \"number\", but found none"),
            skipped(7, "expected the end of a tag, but found none"),
        ]
    );
}

#[test]
fn sms_import_export_gives_a_record_for_each_call_and_knows_its_own_number() {
    for name in ["sms-ie/assembled-calls.json", "sms-ie/assembled-calls.ndjson"] {
        let found = fixture(Format::SmsIeJson, &Options::default(), name);
        assert_eq!(found, (1..=9).map(|call| assembled(u64::from(call), call)).collect::<Vec<_>>(), "{name}");
    }
    let found = fixture(Format::SmsIeJson, &own("1001"), "sms-ie/assembled-calls.json");
    assert_eq!(found[0], record(1, "1001 < +4930555001", "2026-03-11T08:00:00.123Z", Some("75.0")));
}

#[test]
fn fossify_gives_a_record_for_each_call() {
    let found = fixture(Format::FossifyJson, &own(OWN), "fossify-phone/assembled-call_history.json");
    let calls = [9, 8, 7, 6, 4, 3, 2, 1];
    assert_eq!(found, (1..).zip(calls).map(|(position, call)| assembled(position, call)).collect::<Vec<_>>());
}

#[test]
fn older_fossify_files_have_seconds_and_groups_that_begin_with_the_outer_call() {
    let call = |number: &str, start: u64, rest: &str| {
        format!(r#"{{"phoneNumber":"{number}","startTS":{start},"duration":75,"type":1{rest}}}"#)
    };
    let group = [
        call("+4930555001", 1_773_216_000, ""),
        call("+4930555001", 1_773_215_900, ""),
        call("+4930555001", 1_773_215_800, ""),
    ]
    .join(",");
    let text = format!(
        "[{},{},{}]",
        call("+4930555001", 1_773_216_000, &format!(",\"groupedCalls\":[{group}]")),
        call("-2", 1_773_215_700, ",\"isUnknownNumber\":true,\"groupedCalls\":null,\"neighbourIDs\":[4]"),
        r#"{"phoneNumber":"+4930555001","duration":75,"type":1}"#,
    );
    assert_eq!(
        items(Format::FossifyJson, &own(OWN), text.as_bytes()),
        [
            record(1, "+49305550199 < +4930555001", "2026-03-11T08:00:00Z", Some("75.0")),
            record(1, "+49305550199 < +4930555001", "2026-03-11T07:58:20Z", Some("75.0")),
            record(1, "+49305550199 < +4930555001", "2026-03-11T07:56:40Z", Some("75.0")),
            record(2, "+49305550199 < withheld", "2026-03-11T07:55:00Z", Some("75.0")),
            skipped(3, "expected a member \"startTS\", but found none"),
        ]
    );
}

#[test]
fn without_the_number_of_the_telephone_nothing_is_read() {
    for (format, text) in [
        (
            Format::AndroidXml,
            r#"<calls><call number="1" duration="15" date="1773216000123" type="3"/></calls>"#,
        ),
        (Format::FossifyJson, r#"[{"phoneNumber":"1","startTS":1773216000123,"duration":75,"type":1}]"#),
        (Format::SmsIeJson, r#"[{"number":"1","date":"1773216000123","duration":"75","type":"1"}]"#),
    ] {
        assert_eq!(
            error(format, &Options::default(), text.as_bytes()),
            format!(
                "a file of the format {format} does not say whose calls it lists: name the number with --own"
            )
        );
        assert_eq!(outline(&items(format, &own(OWN), text.as_bytes())), ["1: record"]);
    }
}
