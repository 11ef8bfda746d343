//! Asterisk's files give the records that their rows stand for.

use calls_import::{Format, Options};

use crate::support::{error, fixture, items, outline, record, skipped};

const MASTERS: [&str; 4] =
    ["assembled-16col.csv", "assembled-17col-uniqueid.csv", "assembled-18col.csv", "assembled-21col.csv"];

#[test]
fn master_csv_gives_a_record_for_each_side_of_a_call() {
    let expected = [
        record(1, "1001 > 1002", "2026-03-02T08:00:00Z", Some("215.0")),
        record(1, "1002 < 1001", "2026-03-02T08:00:00Z", Some("215.0")),
        record(2, "1001 > 1003", "2026-03-02T08:10:00Z", None),
        record(2, "1003 < 1001", "2026-03-02T08:10:00Z", None),
        record(3, "1002 > 1001", "2026-03-02T09:15:02Z", None),
        record(3, "1001 < 1002", "2026-03-02T09:15:02Z", None),
        record(4, "1002 > 0049301234567", "2026-03-02T09:20:00Z", None),
        record(4, "0049301234567 < 1002", "2026-03-02T09:20:00Z", None),
        record(5, "1002 > 0049301234567", "2026-03-02T09:22:10Z", None),
        record(5, "0049301234567 < 1002", "2026-03-02T09:22:10Z", None),
        record(6, "+493012345678 > 493098765432", "2026-03-02T10:00:00Z", Some("725.0")),
        record(6, "493098765432 < +493012345678", "2026-03-02T10:00:00Z", Some("725.0")),
        // The phone of 1001 rang for the number outside.
        record(6, "1001 < +493012345678", "2026-03-02T10:00:00Z", Some("725.0")),
        record(7, "1003 > *97", "2026-03-02T10:30:00Z", Some("72.0")),
        record(7, "*97 < 1003", "2026-03-02T10:30:00Z", Some("72.0")),
        // The dialplan's `h` is nobody.
        record(8, "1003 > unknown", "2026-03-02T11:00:00Z", None),
        record(9, "1004 > 18005550100", "2026-03-03T07:59:58Z", Some("2690.0")),
        record(9, "18005550100 < 1004", "2026-03-03T07:59:58Z", Some("2690.0")),
        record(10, "1004 > +33155500123", "2026-03-03T12:00:00Z", None),
        record(10, "+33155500123 < 1004", "2026-03-03T12:00:00Z", None),
    ];
    for name in MASTERS {
        let path = format!("asterisk/{name}");
        assert_eq!(fixture(Format::AsteriskCsv, &Options::default(), &path), expected, "{name}");
    }
}

#[test]
fn a_bad_line_is_skipped_with_its_number_and_a_reason() {
    let good = r#""","1001","1002","internal","","","","Dial","","2026-03-02 08:00:00",,"2026-03-02 08:03:41",30,0,"BUSY","DOCUMENTATION""#;
    let short = r#""","1001","1002""#;
    let no_time = good.replace("2026-03-02 08:00:00", "yesterday");
    let disposition = good.replace("BUSY", "MAYBE");
    let nobody = good.replace("1001", "s").replace("1002", "h");
    let open = &good[..good.find("nal").expect("the context")];
    let text = [good, short, &no_time, &disposition, &nobody, open, "", good].join("\n");
    let found = outline(&items(Format::AsteriskCsv, &Options::default(), text.as_bytes()));
    assert_eq!(
        found,
        [
            "1: record",
            "1: record",
            "2: expected 16 to 21 columns, but found 3",
            "3: expected a start time such as 2026-03-02 08:00:00, but found \"yesterday\"",
            "4: expected a disposition such as ANSWERED or NO ANSWER, but found \"MAYBE\"",
            "5: expected a caller or a callee, but found neither",
            "6: expected a closing quote, but found none",
            "8: record",
            "8: record",
        ]
    );
}

#[test]
fn an_answered_call_may_last_no_second_and_a_missed_one_may_have_seconds_to_bill() {
    let row = |billsec: u32, disposition: &str| {
        format!(
            r#""","1001","1002","queue","","","","Dial","","2026-03-02 08:00:00","2026-03-02 08:00:01","2026-03-02 08:00:16",16,{billsec},"{disposition}","DOCUMENTATION""#
        )
    };
    let text = format!("\u{feff}{}\r\n{}\r\n", row(0, "ANSWERED"), row(15, "NO ANSWER"));
    assert_eq!(
        items(Format::AsteriskCsv, &Options::default(), text.as_bytes()),
        [
            record(1, "1001 > 1002", "2026-03-02T08:00:00Z", Some("0.0")),
            record(1, "1002 < 1001", "2026-03-02T08:00:00Z", Some("0.0")),
            record(2, "1001 > 1002", "2026-03-02T08:00:00Z", None),
            record(2, "1002 < 1001", "2026-03-02T08:00:00Z", None),
        ]
    );
}

#[test]
fn times_are_read_in_the_zone_and_the_unique_id_settles_which_of_two() {
    let row = |last: &str| {
        format!(
            r#""","1001","h","internal","","","","Dial","","2026-10-25 02:30:00",,"2026-10-25 02:30:30",30,0,"BUSY","DOCUMENTATION"{last}"#
        )
    };
    let rows = [
        row(""),
        row(r#","1792888200.7""#),
        row(r#","1792891800.7""#),
        row(r#","pbx-1792891800.7","note""#),
        row(r#","note""#),
        row(r#","1792891800.7","","1792891800.7",3"#),
        row(r#","","1792891800.7",3"#),
        row(r#","note","","1792891800.7",3"#),
        row(r#","1792891800.7","note","","1792888200.6",3"#),
    ];
    let options = Options { zone: chrono_tz::Europe::Berlin, ..Options::default() };
    let (first, second) = ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
    for (row, time) in rows.iter().zip([first, first, second, second, first, second, second, second, second])
    {
        let found = items(Format::AsteriskCsv, &options, row.as_bytes());
        assert_eq!(found, [record(1, "1001 > unknown", time, None)], "{row}");
    }
}

#[test]
fn freepbx_gives_a_record_for_each_side_of_a_call() {
    let found = fixture(Format::FreepbxCsv, &Options::default(), "asterisk/assembled-freepbx-export.csv");
    assert_eq!(
        found,
        [
            record(2, "101 > 102", "2026-03-05T16:40:11Z", Some("39.0")),
            record(2, "102 < 101", "2026-03-05T16:40:11Z", Some("39.0")),
            record(3, "+493055500111 > 600", "2026-03-05T15:02:00Z", Some("118.0")),
            record(3, "600 < +493055500111", "2026-03-05T15:02:00Z", Some("118.0")),
            // The number that was dialled from outside, and the phone that answered.
            record(3, "493055500999 < +493055500111", "2026-03-05T15:02:00Z", Some("118.0")),
            record(3, "101 < +493055500111", "2026-03-05T15:02:00Z", Some("118.0")),
            record(4, "102 > 0033155500123", "2026-03-05T14:00:00Z", None),
            record(4, "0033155500123 < 102", "2026-03-05T14:00:00Z", None),
            record(5, "102 > 103", "2026-03-05T13:59:00Z", None),
            record(5, "103 < 102", "2026-03-05T13:59:00Z", None),
            record(6, "102 > 999", "2026-03-05T13:58:00Z", None),
            record(6, "999 < 102", "2026-03-05T13:58:00Z", None),
        ]
    );
}

#[test]
fn a_freepbx_file_without_a_needed_column_is_refused() {
    let text = b"calldate,src,dst,duration\n2026-03-05 16:40:11,101,102,3\n";
    assert_eq!(
        error(Format::FreepbxCsv, &Options::default(), text),
        "not a file of the format freepbx-csv: expected a column \"billsec\", but found a first line without it"
    );
    assert_eq!(items(Format::FreepbxCsv, &Options::default(), b""), []);
}

#[test]
fn a_freepbx_row_may_be_shorter_than_the_header_if_what_is_needed_is_there() {
    let text = b"calldate,clid,src,dst,billsec,disposition,uniqueid,userfield\r\n\
        2026-03-05 16:40:11,\"\"\"Private\"\" <>\",,102,39,ANSWERED\r\n\
        2026-03-05 16:40:11,,101,102\r\n";
    assert_eq!(
        items(Format::FreepbxCsv, &Options::default(), text),
        [
            record(2, "102 < withheld", "2026-03-05T16:40:11Z", Some("39.0")),
            skipped(3, "expected a disposition such as ANSWERED or NO ANSWER, but found \"\""),
        ]
    );
}

#[test]
fn cdr_custom_has_its_columns_in_another_order() {
    let text = concat!(
        r#"""Example A"" <1001>","1001","1002","internal","PJSIP/1001-1","PJSIP/1002-2","Dial","PJSIP/1002,30","#,
        r#""2026-03-02 08:00:00","2026-03-02 08:00:06","2026-03-02 08:03:41","221","215","ANSWERED","DOCUMENTATION","","1772438400.0","","0""#,
        "\n",
        // Before Asterisk 1.8 nothing doubled the quotes.
        r#"""Example A" <1001>","1001","*97","internal","PJSIP/1001-1","","VoiceMailMain","","#,
        r#""2026-03-02 08:10:00","","2026-03-02 08:10:30","30.250000","0.000000","NO ANSWER","DOCUMENTATION","","1772439000.2","""#,
        "\n",
    );
    let text = format!("\"{text}");
    assert_eq!(
        items(Format::AsteriskCustomCsv, &Options::default(), text.as_bytes()),
        [
            record(1, "1001 > 1002", "2026-03-02T08:00:00Z", Some("215.0")),
            record(1, "1002 < 1001", "2026-03-02T08:00:00Z", Some("215.0")),
            record(2, "1001 > *97", "2026-03-02T08:10:00Z", None),
            record(2, "*97 < 1001", "2026-03-02T08:10:00Z", None),
        ]
    );
}

#[test]
fn the_two_files_of_the_name_master_csv_are_told_apart() {
    let found = fixture(Format::AsteriskCustomCsv, &Options::default(), "asterisk/assembled-18col.csv");
    assert!(outline(&found)[0].ends_with("(format asterisk-csv)"), "{:?}", found[0]);
    let custom = format!("{}\"2026-03-02 08:00:00\"{}", "\"\",".repeat(8), ",\"\"".repeat(10));
    let found = items(Format::AsteriskCsv, &Options::default(), custom.as_bytes());
    assert!(outline(&found)[0].ends_with("(format asterisk-custom-csv)"), "{:?}", found[0]);
}
