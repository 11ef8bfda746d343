//! Kinds of logs that people have, each as a few lines: other languages, quoting, clocks and columns.

use calls_import::{Options, read_any};

use crate::support::own;
use crate::told;

/// Records of a log whose format is detected, without the details.
fn told(text: &str, options: &Options) -> Vec<String> {
    let opened = read_any(text.as_bytes(), None, options).expect("a call log");
    let items: Vec<_> = opened.items.map(|item| item.expect("the log is read to its end")).collect();
    told::lines(&items)
}

fn phone() -> Options {
    own("+12025550199")
}

#[test]
fn a_log_of_asterisk_may_be_separated_by_semicolons() {
    let text = "\"\";\"+12025550123\";\"1001\";\"c\";\"\"\"Example A\"\" <+12025550123>\";\"SIP/trunk-1\";\"SIP/1001-2\";\
                \"Dial\";\"SIP/1001,20\";\"2026-03-02 08:00:00\";\"2026-03-02 08:00:05\";\"2026-03-02 08:01:10\";70;65;\
                \"ANSWERED\";\"DOCUMENTATION\";\"1772438400.1\";\"\"\n";
    assert_eq!(
        told(text, &Options::default()),
        [
            "1: +12025550123 > 1001 2026-03-02T08:00:00Z 65.0 answered ring 5.0",
            "1: 1001 < +12025550123 2026-03-02T08:00:00Z 65.0 answered ring 5.0 name Example A",
        ]
    );
}

#[test]
fn a_table_may_stand_in_the_frame_that_mysql_prints() {
    let text = "+---------------------+--------------+------+----------+---------+-------------+\n\
                | calldate            | src          | dst  | duration | billsec | disposition |\n\
                +---------------------+--------------+------+----------+---------+-------------+\n\
                | 2026-03-02 08:00:00 | +12025550123 | 1001 |       70 |      65 | ANSWERED    |\n\
                +---------------------+--------------+------+----------+---------+-------------+\n";
    assert_eq!(
        told(text, &Options::default()),
        [
            "4: +12025550123 > 1001 2026-03-02T08:00:00Z 65.0 answered ring 5.0",
            "4: 1001 < +12025550123 2026-03-02T08:00:00Z 65.0 answered ring 5.0",
        ]
    );
}

#[test]
fn a_zone_may_be_abbreviated_and_a_date_be_written_in_many_ways() {
    for (start, expected) in [
        ("2026-03-02 08:00:00 EST", "2026-03-02T13:00:00Z"),
        ("2026-07-02 08:00:00 PDT", "2026-07-02T15:00:00Z"),
        ("Mon Mar 2 08:00:00 CET 2026", "2026-03-02T07:00:00Z"),
        ("\"Mar 2, 2026, 8:00:00 AM EST\"", "2026-03-02T13:00:00Z"),
        ("20260302T080000Z", "2026-03-02T08:00:00Z"),
        ("20260302080000", "2026-03-02T08:00:00Z"),
        ("2026\u{5e74}3\u{6708}2\u{65e5} 08:00", "2026-03-02T08:00:00Z"),
        ("02-Mar-26 08.00.00", "2026-03-02T08:00:00Z"),
        ("\"2. M\u{e4}rz 2026, 08:00\"", "2026-03-02T08:00:00Z"),
    ] {
        let text = format!("Start Time,Number,Direction,Duration\n{start},+12025550123,in,65\n");
        let expected = format!("2: +12025550199 < +12025550123 {expected} 65.0");
        assert_eq!(told(&text, &phone()), [expected], "{start}");
    }
    let text = "Start Time,Number,Direction,Duration\n2026-03-02 08:00:00 CST,+12025550123,in,65\n";
    assert_eq!(
        told(text, &phone()),
        ["2: skipped: expected a time of a zone that --zone or its abbreviation tells, but found \
          \"2026-03-02 08:00:00 CST\""]
    );
}

#[test]
fn date_and_time_may_stand_in_columns_of_any_name() {
    for header in ["Date,Start Time", "Call Date,Call Time", "Date,Time", "Fecha,Hora", "Data,Godzina"] {
        for date in ["2026-03-02,08:00:00", "2026-03-02,8:00 AM"] {
            let text = format!("{header},Number,Direction,Duration\n{date},+12025550123,in,65\n");
            let expected = "2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0";
            assert_eq!(told(&text, &phone()), [expected], "{text}");
        }
    }
    // A start time may have the date too, and evidence for its order.
    let text = "Date,Start Time,Number,Direction,Duration\n\
                03/02/2026,03/02/2026 08:00,+12025550123,in,65\n\
                03/15/2026,03/15/2026 08:00,+12025550123,in,65\n";
    assert_eq!(
        told(text, &phone()),
        [
            "2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0",
            "3: +12025550199 < +12025550123 2026-03-15T08:00:00Z 65.0",
        ]
    );
}

#[test]
fn a_comma_that_is_not_quoted_does_not_move_what_is_behind_it() {
    let text = "Number,Name,Date,Duration,Type\n+12025550123,Example, A,2026-03-02 08:00:00,65,in\n";
    assert_eq!(told(text, &phone()), ["2: skipped: expected 5 columns, but found 6"]);
    // A delimiter at the end of each row is one thing, a field another.
    let text = "Number,Date,Duration,Type\n+12025550123,2026-03-02 08:00:00,65,in,\n";
    assert_eq!(told(text, &phone()), ["2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0"]);
}

#[test]
fn a_mailbox_that_answered_is_nobody() {
    let text = "Call Time,Caller ID,Destination,Status,Ringing,Talking\n\
                2026-03-02 08:00:00,Example A (+12025550123),Reception (101),Answered,00:00:05,00:01:05\n\
                2026-03-02 09:00:00,+12025550124,Voice Mail (999),Answered,00:00:15,00:00:10\n";
    assert_eq!(
        told(text, &Options::default()),
        [
            "2: +12025550123 > 101 2026-03-02T08:00:00Z 65.0 answered ring 5.0 name Reception",
            "2: 101 < +12025550123 2026-03-02T08:00:00Z 65.0 answered ring 5.0 name Example A",
            "3: +12025550124 > 999 2026-03-02T09:00:00Z missed voicemail ring 15.0 name Voice Mail",
            "3: 999 < +12025550124 2026-03-02T09:00:00Z missed voicemail ring 15.0",
        ]
    );
}

#[test]
fn a_number_dialled_from_outside_has_the_call_of_a_3cx_too() {
    let text = "Call 1,0f,00:01:05,2026/03/02 08:00:00,2026/03/02 08:00:05,2026/03/02 08:01:10,TerminatedBySrc,\
                +12025550123,Ext.101,Line.10000,Ext.101,+12025550199,,,Ext.101,,\n";
    assert_eq!(
        told(text, &Options::default()),
        [
            "1: +12025550123 > +12025550199 2026-03-02T08:00:00Z 65.0 answered ring 5.0 via 101",
            "1: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0 answered ring 5.0 via 101",
            "1: 101 < +12025550123 2026-03-02T08:00:00Z 65.0 answered ring 5.0 via +12025550199",
        ]
    );
}

#[test]
fn a_fritzbox_may_leave_the_area_code_of_its_number_out() {
    let text = "Typ;Datum;Name;Rufnummer;Nebenstelle;Eigene Rufnummer;Dauer\n\
                1;02.03.26 08:15;Example A;030123456;;Internet: 5550100;0:02\n";
    assert_eq!(
        told(text, &own("0305550100")),
        ["2: 0305550100 < 030123456 2026-03-02T08:15:00Z 120.0 answered name Example A"]
    );
}

#[test]
fn a_date_of_android_may_be_in_seconds() {
    let text = "<calls><call number=\"+12025550123\" duration=\"5\" date=\"1772438400\" type=\"1\"/></calls>";
    assert_eq!(told(text, &phone()), ["1: +12025550199 < +12025550123 2026-03-02T08:00:00Z 5.0 answered"]);
}

#[test]
fn headings_of_google_voice_are_no_names() {
    let page = |name: &str| {
        format!(
            "<html><body><div class=\"haudio\"><span class=\"fn\">Missed call from {name}</span>\
             <a class=\"tel\" href=\"tel:+12025550123\"><span class=\"fn\">{name}</span></a>\
             <abbr class=\"published\" title=\"2026-03-02T08:00:00.000Z\">Mar 2</abbr>\
             <a rel=\"tag\" href=\"http://www.google.com/voice#missed\">Missed</a></div></body></html>"
        )
    };
    let expected = "1: +12025550199 < +12025550123 2026-03-02T08:00:00Z missed";
    assert_eq!(told(&page(""), &phone()), [expected.to_owned()]);
    assert_eq!(told(&page("Example A"), &phone()), [format!("{expected} name Example A")]);
}

#[test]
fn headers_and_words_may_be_in_other_languages() {
    for (header, row) in [
        ("Data;Godzina;Rodzaj;Numer;Czas trwania", "2026-03-02;08:00:00;Przychodz\u{105}ce;+12025550123;65"),
        ("Datum;Tijd;Richting;Nummer;Duur", "02-03-2026;08:00:00;Inkomend;+12025550123;00:01:05"),
        ("Data;Ora;Tipo;Numero;Durata", "02/03/2026;08:00:00;In entrata;+12025550123;65"),
        ("Fecha y hora;Tipo;N\u{fa}mero;Duraci\u{f3}n", "02/03/2026 08:00;Entrante;+12025550123;1 min 5 s"),
        ("Date et heure;Sens;Num\u{e9}ro;Dur\u{e9}e", "02/03/2026 08:00;Entrant;+12025550123;1 min 5 s"),
    ] {
        let text = format!("{header}\n{row}\n");
        let expected = "2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0";
        assert_eq!(told(&text, &phone()), [expected], "{header}");
    }
}

#[test]
fn a_column_may_say_that_its_times_are_of_utc() {
    let text = "Date/Time (UTC),Number,Direction,Duration (secs)\n2026-03-02 08:00:00,+12025550123,in,65\n";
    let options = Options { zone: chrono_tz::Europe::Berlin, ..phone() };
    assert_eq!(told(text, &options), ["2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0"]);
}

#[test]
fn the_talk_counts_and_not_the_whole_call() {
    let text = "Start,Number,Direction,Total Duration,Billable Duration\n\
                2026-03-02 08:00:00,+12025550123,in,70,65\n";
    assert_eq!(told(text, &phone()), ["2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0 ring 5.0"]);
}

#[test]
fn a_call_that_nobody_is_named_for_was_not_answered() {
    let text = "Start,Number,Direction,Duration,Answered by\n\
                2026-03-02 08:00:00,+12025550123,in,65,Example B\n\
                2026-03-02 09:00:00,+12025550123,in,20,\n";
    assert_eq!(
        told(text, &phone()),
        [
            "2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0",
            "3: +12025550199 < +12025550123 2026-03-02T09:00:00Z missed",
        ]
    );
}

#[test]
fn a_column_with_a_name_gives_way_to_one_with_the_number() {
    let text = "Call Date,Caller ID,Source,Destination,Duration,Disposition\n\
                2026-03-02 08:00:00,Example A,+12025550123,1001,65,ANSWERED\n\
                2026-03-02 09:00:00,,+12025550124,1001,0,NO ANSWER\n\
                2026-03-02 10:00:00,Anonymous,+12025550124,1001,0,NO ANSWER\n";
    let told = told(text, &Options::default());
    let callers: Vec<&str> =
        told.iter().filter_map(|line| line.split_once(" < ")).map(|(_, rest)| rest).collect();
    assert_eq!(
        callers,
        [
            "+12025550123 2026-03-02T08:00:00Z 65.0 answered name Example A",
            "+12025550124 2026-03-02T09:00:00Z missed no_answer",
            "withheld 2026-03-02T10:00:00Z missed no_answer",
        ]
    );
}

#[test]
fn a_report_may_begin_with_lines_about_itself() {
    let table = "Date;Direction;Number;Duration\n2026-03-02 08:00:00;in;+12025550123;65\n";
    let expected = "2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0";
    assert_eq!(told(table, &phone()), [expected]);
    let report = format!("Calls of Example\nfrom 1 March to 31 March\n\n{table}");
    assert_eq!(told(&report, &phone()), [expected.replace("2:", "5:")]);
    // The order of dates is that of the whole table here too.
    let rows = "03/02/2026 08:00;in;+12025550123;65\n03/15/2026 08:00;in;+12025550123;65\n";
    let report = format!("Calls of Example\nDate;Direction;Number;Duration\n{rows}");
    assert_eq!(told(&report, &phone())[0], expected.replace("2:", "3:"));
}

#[test]
fn where_nothing_else_tells_only_calls_that_are_called_missed_were() {
    let text = "Number,Type,Date\n+12025550123,Incoming,2026-03-02 08:00:00\n\
                +12025550123,Missed,2026-03-02 09:00:00\n+12025550123,Outgoing,2026-03-02 10:00:00\n";
    assert_eq!(
        told(text, &phone()),
        [
            "2: +12025550199 < +12025550123 2026-03-02T08:00:00Z completed",
            "3: +12025550199 < +12025550123 2026-03-02T09:00:00Z missed",
            "4: +12025550199 > +12025550123 2026-03-02T10:00:00Z completed",
        ]
    );
}

#[test]
fn the_only_column_of_numbers_has_the_other_side_of_a_known_telephone() {
    for column in ["Callee", "Caller", "To", "From"] {
        let text =
            format!("Direction,{column},Date,Duration\nIncoming,+12025550123,2026-03-02 08:00:00,65\n");
        let expected = "2: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0";
        assert_eq!(told(&text, &phone()), [expected], "{column}");
    }
}

#[test]
fn a_group_that_is_called_by_its_name_is_kept() {
    let text = "Time,Call From,Call To,Call Duration,Talk Duration,Status,Trunk,Communication Type\n\
                2026-03-02 08:05:00,+12025550123,Ring Group 6200,00:00:20,00:00:00,NO ANSWER,T1,Inbound\n";
    assert_eq!(
        told(text, &Options::default()),
        ["2: +12025550123 > Ring Group 6200 2026-03-02T08:05:00Z missed no_answer"]
    );
}

#[test]
fn a_list_of_another_system_is_not_taken_for_that_of_an_app() {
    let expected = ["1: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0"];
    for text in [
        r#"{"log":[{"number":"+12025550123","type":"1","date":"1772438400000","duration":"65"}]}"#,
        r#"[{"number":"+12025550123","type":"INCOMING","date":"2026-03-02T08:00:00Z","duration":65}]"#,
        r#"[{"from":"+12025550123","to":"+12025550199","direction":"inbound","startTime":"2026-03-02T08:00:00Z",
             "result":"","duration":65}]"#,
        r#"{"call_logs":[{"number":"+12025550123","direction":"inbound","date":"2026-03-02 08:00","duration":65}]}"#,
        "<calls><call><direction>incoming</direction><number>+12025550123</number>\
         <time>2026-03-02T08:00:00Z</time><duration>65</duration></call></calls>",
        "<log><call><caller>+12025550123</caller><called>+12025550199</called><type>inbound</type>\
         <date>2026-03-02 08:00</date><duration>65</duration></call></log>",
    ] {
        assert_eq!(told(text, &phone()), expected, "{text}");
    }
}

#[test]
fn a_mapping_names_the_values_of_a_list() {
    let text =
        r#"{"calls":[{"who":{"no":"+12025550123"},"whom":"1001","when":"2026-03-02T08:00:00Z","secs":65}]}"#;
    let map = "from=who no,to=whom,start=when,duration=secs".parse().expect("a mapping");
    assert_eq!(
        told(text, &Options { columns: map, ..Options::default() }),
        [
            "1: +12025550123 > 1001 2026-03-02T08:00:00Z 65.0",
            "1: 1001 < +12025550123 2026-03-02T08:00:00Z 65.0",
        ]
    );
}

#[test]
fn dates_of_a_list_need_evidence_too() {
    let list = |second: &str| {
        format!(
            r#"[{{"number":"+12025550123","type":"in","date":"03/02/2026 08:00","duration":65}},
                {{"number":"+12025550123","type":"in","date":"{second} 08:00","duration":65}}]"#
        )
    };
    assert_eq!(
        told(&list("03/15/2026"), &phone()),
        [
            "1: +12025550199 < +12025550123 2026-03-02T08:00:00Z 65.0",
            "2: +12025550199 < +12025550123 2026-03-15T08:00:00Z 65.0",
        ]
    );
    let undecided = read_any(list("04/02/2026").as_bytes(), None, &phone()).expect("a call log").items.next();
    let error = undecided.expect("an error").expect_err("no evidence").to_string();
    assert!(error.contains("3 February 2026 or 2 March 2026"), "{error}");
}

#[test]
fn the_zone_of_a_call_goes_before_the_named_one() {
    for (header, start, expected) in [
        ("Start,Time Zone", "2026-03-02 08:00:00,America/New_York", "2026-03-02T13:00:00Z"),
        ("Start,UTC Offset", "2026-03-02 08:00:00,+05:30", "2026-03-02T02:30:00Z"),
        ("Start,Time Zone", "2026-03-02 08:00:00,", "2026-03-02T07:00:00Z"),
        ("Start (PT),Site", "2026-03-02 08:00:00,x", "2026-03-02T16:00:00Z"),
        ("Start (local),Site", "2026-03-02 08:00:00,x", "2026-03-02T07:00:00Z"),
    ] {
        let options = Options { zone: chrono_tz::Europe::Berlin, ..phone() };
        let text = format!("{header},Number,Direction,Duration\n{start},+12025550123,in,65\n");
        let expected = format!("2: +12025550199 < +12025550123 {expected} 65.0");
        assert_eq!(told(&text, &options), [expected], "{text}");
    }
    let text = "Start,Time Zone,Number,Direction,Duration\n2026-03-02 08:00:00,Mars,+12025550123,in,65\n";
    assert_eq!(
        told(text, &phone()),
        ["2: skipped: expected a time zone such as Europe/Berlin, but found \"Mars\""]
    );
}
