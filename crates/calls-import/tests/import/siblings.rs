//! Other files of the kinds of the field reports.

use calls_import::{DateOrder, Format, Item, Options, RawParty, ReadError, read_any};

use crate::support::{own, path, without_details};

fn opened(options: &Options, text: &str) -> Vec<String> {
    let opened = read_any(text.as_bytes(), None, options).expect("a known format");
    opened
        .items
        .map(|item| item.map_or_else(|error| error.to_string(), |item| line(&without_details(item))))
        .collect()
}

fn line(item: &Item) -> String {
    let party = |party: &RawParty| match party {
        RawParty::Text(text) => text.clone(),
        other => format!("{other:?}").to_lowercase(),
    };
    match item {
        Item::Record(record) => format!(
            "{} {} {} {} {}",
            party(&record.owner),
            record.created_at.format("%m-%dT%H:%M"),
            record.call_type,
            party(&record.counterparty),
            record.duration.map(|duration| duration.to_string()).unwrap_or_default()
        )
        .trim_end()
        .to_owned(),
        Item::Skipped(skipped) => format!("{}: {}", skipped.position, skipped.reason),
        Item::Joined { position } => format!("{position}: joined"),
    }
}

/// The months and days of a list whose dates are these.
fn days(options: &Options, dates: &[&str]) -> Result<Vec<String>, String> {
    let rows: String = dates.iter().map(|date| format!("1001,anonymous,\"{date}\",5\n")).collect();
    let text = format!("from,to,start,duration\n{rows}");
    let items = calls_import::read(Format::GenericCsv, options, text.as_bytes());
    items
        .map(|item| match item {
            Ok(Item::Record(record)) => Ok(record.created_at.format("%m-%d").to_string()),
            Ok(other) => Err(line(&other)),
            Err(error) => Err(error.to_string()),
        })
        .collect()
}

fn in_region(region: &str) -> Options {
    Options { region: Some(region.to_owned()), ..Options::default() }
}

#[test]
fn evidence_decides_whether_dates_begin_with_the_day() {
    let none = Options::default();
    for (options, dates, expected) in [
        // A part above 12, far behind the first date.
        (&none, &["3/2/2026 8:00", "3/13/2026 8:00"][..], "03-02"),
        (&none, &["3/2/2026 8:00", "13/2/2026 8:00"], "02-03"),
        (&none, &["3-2-26 8:00", "3-13-26 8:00"], "03-02"),
        // A day of the week.
        (&none, &["Mon 3/2/2026 8:00 AM"], "03-02"),
        (&none, &["lundi 2/3/2026 08:00"], "03-02"),
        (&none, &["Di., 3/2/2026 08:00"], "02-03"),
        // An order that one reading keeps.
        (&none, &["1/2/2026 8:00", "1/3/2026 8:00", "2/1/2026 8:00"], "01-02"),
        (&none, &["1/3/2026 8:00", "2/3/2026 8:00", "1/4/2026 8:00"], "03-01"),
        (&none, &["2/1/2026 8:00", "1/3/2026 8:00", "1/2/2026 8:00"], "02-01"),
        // A country's habit.
        (&in_region("US"), &["3/2/2026 4:02 PM"], "03-02"),
        (&in_region("us"), &["3/2/2026, 4:02 p.m."], "03-02"),
        (&in_region("GB"), &["3/2/2026 16:02"], "02-03"),
        // The same day in both.
        (&none, &["3/3/2026 8:00"], "03-03"),
    ] {
        let found = days(options, dates).unwrap_or_else(|error| panic!("{dates:?}: {error}"));
        assert_eq!(found[0], expected, "{dates:?}");
    }
}

#[test]
fn without_evidence_a_file_is_refused_with_both_readings() {
    let none = Options::default();
    for (options, dates) in [
        (&none, &["3/2/2026 8:00"][..]),
        (&none, &["3/2/2026 4:02 PM", "3/4/2026 4:02 PM", "3/11/2026 4:02 PM"]),
        (&in_region("US"), &["3/2/2026 16:02"]),
        (&in_region("GB"), &["3/2/2026 4:02 PM"]),
        (&in_region("CA"), &["3/2/2026 4:02 PM"]),
        // Both orders occur: a spreadsheet turned some of them round.
        (&none, &["3/2/2026 8:00", "3/13/2026 8:00", "13/3/2026 8:00"]),
    ] {
        let error = days(options, dates).expect_err("no evidence");
        assert!(error.contains("3 February 2026 or 2 March 2026"), "{dates:?}: {error}");
        assert!(error.contains("--dates day-first or --dates month-first"), "{error}");
        for (order, day) in [(DateOrder::DayFirst, "02-03"), (DateOrder::MonthFirst, "03-02")] {
            let decided = Options { dates: Some(order), ..options.clone() };
            assert!(days(&decided, &dates[..1]).is_ok_and(|days| days == [day]), "{dates:?}");
        }
    }
    // A date in another column is no evidence.
    let text = "start,from,to,duration,note\n3/2/2026 8:00,1001,1002,5,13/2/2026\n";
    let mut items = calls_import::read(Format::GenericCsv, &none, text.as_bytes());
    assert!(matches!(items.next(), Some(Err(ReadError::DatesUndecided { .. }))));
}

#[test]
fn evidence_is_found_at_the_end_of_a_long_file_and_of_a_stream() {
    let mut text = "from,to,start,duration\n".to_owned();
    for row in 0..20_000 {
        text.push_str(&format!("1001,anonymous,{}/{}/2026 8:00,{row}\n", 1 + row % 3, 1 + row % 7));
    }
    text.push_str("1001,anonymous,12/31/2026 8:00,5\n");
    let first = |found: Vec<String>| found[1].clone();
    assert_eq!(first(opened(&Options::default(), &text)), "1001 02-02T08:00 Completed Outbound withheld 1.0");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("calls.csv");
    std::fs::write(&file, &text).expect("a file");
    let progress = calls_import::Progress::default();
    let opened = calls_import::open(&file, None, &Options::default(), &progress).expect("a log");
    let items: Result<Vec<_>, _> = opened.items.collect();
    assert_eq!(items.expect("items").len(), 20_001);
    assert_eq!(progress.bytes(), text.len() as u64);
}

#[test]
fn a_spreadsheet_may_have_saved_a_log_again() {
    let header = "calldate;clid;src;dst;channel;dstchannel;lastapp;duration;billsec;disposition;uniqueid";
    let expected =
        ["101 03-02T08:00 Completed Outbound 102 15.0", "102 03-02T08:00 Completed Inbound 101 15.0"];
    for date in ["02.03.2026 08:00", "3/2/2026 8:00", "02/03/2026 08:00:00", "46083,3333333333"] {
        let row = format!(
            "{date};\"\"\"Ex\"\" <101>\";101;102;PJSIP/101-1;PJSIP/102-2;Dial;20;15;ANSWERED;1772438400,1"
        );
        assert_eq!(opened(&Options::default(), &format!("{header}\n{row}\n")), expected, "{date}");
    }
}

#[test]
fn a_mapping_makes_a_file_one_of_any_kind_or_is_refused() {
    let options = |map: &str| Options { columns: map.parse().expect("a mapping"), ..Options::default() };
    let text = "calldate,clid,src,dst,billsec,disposition,when\n2026-03-02 08:00:00,,101,102,5,ANSWERED,2026-03-02 09:00:00\n";
    assert_eq!(opened(&options("start=when"), text)[0], "101 03-02T09:00 Completed Outbound 102 5.0");
    let text = "A|B|C|D (ms)\n1001|1002|2026-03-02 08:00:00|5000\n";
    assert_eq!(
        opened(&options("from=A,to=B,start=C,duration=D (ms)"), text)[0],
        "1001 03-02T08:00 Completed Outbound 1002 5.0"
    );
    let xml = "<calls><call number=\"1\" duration=\"5\" date=\"1772438400000\" type=\"1\"/></calls>";
    for (format, text) in [(None, xml), (Some(Format::FreepbxCsv), text)] {
        let found = read_any(text.as_bytes(), format, &options("start=C"));
        let error = match found {
            Ok(mut opened) => opened.items.next().expect("an error").expect_err("an error"),
            Err(error) => error,
        };
        assert!(matches!(error, ReadError::ColumnsNotWanted(_)), "{error}");
    }
}

#[test]
fn columns_are_told_apart_by_their_words() {
    for (text, expected) in [
        (
            "Caller,Caller Number,Callee,Callee Number,Start Time,Duration\nExample,1001,Other,1002,2026-03-02 08:00:00,61\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "From,To,Date,Total Duration,Talk Duration\n1001,1002,2026-03-02 08:00:00,71,61\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "From,To,Date,Duration (min)\n1001,1002,2026-03-02 08:00:00,1.5\n",
            "1001 03-02T08:00 Completed Outbound 1002 90.0",
        ),
        (
            "From,To,Date,duration_ms\n1001,1002,2026-03-02 08:00:00,61000\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "From,To,Date,Duration (hh:mm)\n1001,1002,2026-03-02 08:00:00,0:02\n",
            "1001 03-02T08:00 Completed Outbound 1002 120.0",
        ),
        (
            "From;To;Date;Duration\n1001;1002;2026-03-02 08:00:00;0,000706018518518519\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "Von;Nach;Datum;Uhrzeit;Dauer\n1001;1002;02.03.2026;08:00;1 Min. 1 Sek.\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "Appelant;Appelé;Date et heure;Durée\n1001;1002;02/03/2026 08:00;61\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "Origen;Destino;Fecha;Duración\n1001;1002;02/03/2026 08:00;61\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "Beller;Gebelde;Datum;Duur\n1001;1002;02-03-2026 08:00;61\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "from\tto\tstart\tduration\n\"Example\" <1001>\t1002\t2026-03-02 08:00:00\t61\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
        (
            "from,to,start,duration\n\"Example\" <1001>,1002,2026-03-02 08:00:00,61\n",
            "1001 03-02T08:00 Completed Outbound 1002 61.0",
        ),
    ] {
        assert_eq!(opened(&Options::default(), text)[0], expected, "{text}");
    }
}

#[test]
fn what_is_no_call_and_what_has_no_length_is_told_from_calls() {
    let text = "Date,From,To,Duration,Service\n2026-03-02 08:00:00,1001,1002,N/A,Voice\n2026-03-02 08:00:00,1001,1002,,Fax\n\
                2026-03-02 08:00:00,1001,1002,1,Text message\n2026-03-02 08:00:00,1001,1002,-1,Phone\n";
    assert_eq!(
        opened(&Options::default(), text),
        [
            "1001 03-02T08:00 Missed Outbound 1002",
            "1002 03-02T08:00 Missed Inbound 1001",
            "3: expected a call, but found \"Fax\"",
            "4: expected a call, but found \"Text message\"",
            "1001 03-02T08:00 Missed Outbound 1002",
            "1002 03-02T08:00 Missed Inbound 1001",
        ]
    );
}

#[test]
fn the_lists_of_an_iphone_are_read_in_other_languages() {
    for text in [
        "Type d'appel;Date;Durée;Numéro;Contact\nEntrant;02/03/2026 08:00:00;00:01:01;1002;Ex\nManqué;02/03/2026 09:00:00;;1003;\n",
        "Tipo de llamada;Fecha;Duración;Número;Contacto\nEntrante;02/03/2026 08:00:00;00:01:01;1002;Ex\nPerdida;02/03/2026 09:00:00;;1003;\n",
        "Anruftyp;Datum;Dauer;Nummer;Kontakt\nEingehend;02.03.2026 08:00:00;00:01:01;1002;Ex\nVerpasst;02.03.2026 09:00:00;;1003;\n",
    ] {
        let found = opened(&own("1001"), text);
        assert_eq!(
            found,
            ["1001 03-02T08:00 Completed Inbound 1002 61.0", "1001 03-02T09:00 Missed Inbound 1003"],
            "{text}"
        );
    }
}

#[test]
fn a_file_that_is_no_log_is_called_what_it_is() {
    let xlsx = std::fs::read(path("field-reports/81-xlsx/calls.xlsx")).expect("a fixture");
    for (bytes, found) in [
        (xlsx.as_slice(), "an Excel workbook (.xlsx)"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\xFD7zXZ\0\0", "a file compressed by xz"),
    ] {
        let error = read_any(bytes, None, &Options::default()).err().expect("an error").to_string();
        assert!(error.contains(found), "{error}");
    }
    let xml = b"<calls><call number=\"1\" duration=\"5\" date=\"1772438400000\" type=\"1\"/></calls>";
    for format in [Format::AsteriskCsv, Format::TwilioJson] {
        let error =
            read_any(&xml[..], Some(format), &Options::default()).err().expect("an error").to_string();
        assert!(error.contains("a file of the format android-xml"), "{error}");
    }
}
