//! Files are recognised by their content, and compressed ones and folders are read as they are.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use calls_import::{Format, Item, Options, Progress, ReadError, Reason, Unreadable, detect, open, read_any};
use flate2::Compression;
use flate2::write::GzEncoder;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::support::{fixture, outline, own, path, record, without_details};

/// Every fixture that is a call log, and its format.
const FIXTURES: [(&str, Format); 51] = [
    ("asterisk/assembled-16col.csv", Format::AsteriskCsv),
    ("asterisk/assembled-17col-uniqueid.csv", Format::AsteriskCsv),
    ("asterisk/assembled-18col.csv", Format::AsteriskCsv),
    ("asterisk/assembled-21col.csv", Format::AsteriskCsv),
    ("asterisk/assembled-freepbx-export.csv", Format::FreepbxCsv),
    ("freeswitch/cdr_csv/assembled-example-template.csv", Format::FreeswitchCsv),
    ("freeswitch/json_cdr/assembled-answered-urlencoded.cdr.json", Format::FreeswitchJson),
    ("freeswitch/xml_cdr/assembled-answered.cdr.xml", Format::FreeswitchXml),
    ("twilio/assembled-calls-list.json", Format::TwilioJson),
    ("twilio/assembled-page.json", Format::TwilioJson),
    ("twilio/assembled-page-empty.json", Format::TwilioJson),
    ("twilio/assembled-single-call.json", Format::TwilioJson),
    ("twilio/assembled-single-canceled.json", Format::TwilioJson),
    ("twilio/assembled-call-log.csv", Format::TwilioCsv),
    ("android-sms-backup-restore/assembled-all-types.xml", Format::AndroidXml),
    ("android-sms-backup-restore/mobilecombackup-to_process-00-calls-test.xml", Format::AndroidXml),
    ("sms-ie/assembled-calls.json", Format::SmsIeJson),
    ("sms-ie/assembled-calls.ndjson", Format::SmsIeJson),
    ("fossify-phone/assembled-call_history.json", Format::FossifyJson),
    ("google-voice/assembled/Example - Voicemail - 2018-08-09T10_11_12Z.html", Format::GoogleVoice),
    ("ios-call-history/assembled-imazing-header.csv", Format::IphoneCsv),
    ("generic/assembled-wazo-cdr-export.csv", Format::GenericCsv),
    ("generic/assembled-simple-calls.csv", Format::GenericCsv),
    ("generic/assembled-german-semicolon.csv", Format::GenericCsv),
    ("fritzbox/assembled-7-columns.csv", Format::FritzboxCsv),
    ("fritzbox/assembled-8-columns.csv", Format::FritzboxCsv),
    ("fritzbox/assembled-tr064.xml", Format::FritzboxXml),
    ("fritzbox/assembled-tr064-short.xml", Format::FritzboxXml),
    ("fusionpbx/assembled-archive.csv", Format::FusionpbxCsv),
    ("fusionpbx/assembled-few-columns.csv", Format::FusionpbxCsv),
    ("logger/assembled-logs.csv", Format::LoggerCsv),
    ("logger/assembled-logs.json", Format::LoggerJson),
    ("logger/assembled-snake-case.json", Format::LoggerJson),
    ("3cx/assembled-header.csv", Format::ThreecxCdr),
    ("3cx/assembled-cdr.log", Format::ThreecxCdr),
    ("teams/assembled-calling-plans.csv", Format::TeamsCsv),
    ("teams/assembled-direct-routing.csv", Format::TeamsCsv),
    ("cisco/assembled-cdr.csv", Format::CiscoCdr),
    ("cisco/assembled-odd-rows.csv", Format::CiscoCdr),
    ("grandstream/assembled-api.csv", Format::GrandstreamCsv),
    ("grandstream/assembled-page.csv", Format::GrandstreamCsv),
    ("grandstream/assembled-cdr-root.json", Format::GrandstreamJson),
    ("grandstream/assembled-cdr.json", Format::GrandstreamJson),
    ("yeastar/assembled-p-series.csv", Format::YeastarCsv),
    ("yeastar/assembled-s-series.csv", Format::YeastarCsv),
    ("ringcentral/assembled-page.json", Format::RingcentralJson),
    ("ringcentral/assembled-single.json", Format::RingcentralJson),
    ("telnyx/assembled-api.csv", Format::TelnyxCsv),
    ("telnyx/assembled-portal.csv", Format::TelnyxCsv),
    ("zoom/assembled-call-log.json", Format::ZoomJson),
    ("zoom/assembled-call-history.json", Format::ZoomJson),
];

fn options() -> Options {
    own("+12025550199")
}

/// The items of a stream whose format is to be found out.
fn found_out(bytes: &[u8]) -> (Option<Format>, Vec<Item>) {
    let opened = read_any(bytes, None, &options()).expect("a known format");
    let items = opened.items.map(|item| without_details(item.expect("the file is read to its end")));
    (opened.format, items.collect())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("bytes are written");
    encoder.finish().expect("bytes are written")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (number, (name, bytes)) in files.iter().enumerate() {
        let methods = [CompressionMethod::Deflated, CompressionMethod::Stored];
        writer
            .start_file(*name, SimpleFileOptions::default().compression_method(methods[number % 2]))
            .expect("bytes are written");
        writer.write_all(bytes).expect("bytes are written");
    }
    writer.finish().expect("bytes are written").into_inner()
}

#[test]
fn every_fixture_is_recognised_plain_gzipped_and_in_utf_16() {
    for (name, format) in FIXTURES {
        let bytes = fs::read(path(name)).unwrap();
        assert_eq!(detect(&bytes), Ok(format), "{name}");
        let expected = (Some(format), fixture(format, &options(), name));
        assert_eq!(found_out(&bytes), expected, "{name}");
        assert_eq!(found_out(&gzip(&bytes)), expected, "{name}");
        let text = format!("\u{feff}{}", String::from_utf8(bytes).unwrap());
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(found_out(&utf16), expected, "{name}");
        // Without its mark.
        assert_eq!(found_out(&utf16[2..]), expected, "{name}");
        let big_endian: Vec<u8> = text[3..].encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(found_out(&big_endian), expected, "{name}");
    }
}

#[test]
fn tables_whose_lines_end_in_cr_alone_are_read() {
    for (name, format) in FIXTURES.into_iter().filter(|(name, _)| name.ends_with(".csv")) {
        let text = fs::read_to_string(path(name)).unwrap().replace("\r\n", "\n").replace('\n', "\r");
        assert_eq!(found_out(text.as_bytes()), (Some(format), fixture(format, &options(), name)), "{name}");
    }
}

#[test]
fn a_table_in_windows_1252_is_read_as_one_in_utf_8() {
    for text in [
        "Datum;Anrufer;Angerufener;Gesprächsdauer;Ergebnis\n12.03.2026 16:00:00;1001;1002;0:01:15;angenommen\n",
        "Début;Appelant;Appelé;Durée;État\n12/03/2026 16:00:00;1001;1002;0:01:15;répondu\n",
        "Fecha y hora,Origen,Destino,Duración\n12/03/2026 16:00:00,1001,1002,75\n",
    ] {
        let windows_1252: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let expected = (
            Some(Format::GenericCsv),
            vec![
                record(2, "1001 > 1002", "2026-03-12T16:00:00Z", Some("75.0")),
                record(2, "1002 < 1001", "2026-03-12T16:00:00Z", Some("75.0")),
            ],
        );
        assert_eq!(found_out(text.as_bytes()), expected, "{text}");
        assert_eq!(found_out(&windows_1252), expected, "{text}");
    }
}

#[test]
fn every_google_voice_file_is_recognised_also_one_of_text_messages() {
    for folder in ["assembled", "wjcarpenter"] {
        for entry in fs::read_dir(path(&format!("google-voice/{folder}"))).unwrap() {
            let file = entry.unwrap().path();
            assert_eq!(detect(&fs::read(&file).unwrap()), Ok(Format::GoogleVoice), "{}", file.display());
        }
    }
}

#[test]
fn formats_without_a_fixture_are_recognised() {
    for (text, format) in [
        ("id,created_at,counterparty,type,duration\n", Format::CallsCsv),
        ("\u{feff}owner,id,created_at,counterparty,type,duration\r\n", Format::CallsCsv),
        (
            r#"{"id":"7","created_at":"2024-01-31T10:00:00Z","counterparty":"1","type":"Missed Inbound"}"#,
            Format::CallsNdjson,
        ),
        (
            "{\"sid\":\"CA1\",\"status\":\"busy\",\"direction\":\"inbound\"}\n{\"sid\":\"CA2\"}\n",
            Format::TwilioNdjson,
        ),
        (
            r#""""A"" <1>","1","2","c","ch","","Dial","","2026-03-02 08:00:00","","2026-03-02 08:03:41","221","0","BUSY","DOC","","1.0","","0""#,
            Format::AsteriskCustomCsv,
        ),
        (
            r#"[{"Sid":"CA1","From":"+1","To":"+2","Status":"busy","Direction":"inbound"}]"#,
            Format::TwilioJson,
        ),
        ("Incoming,11/03/2026 09:00,00:01:15,+49 30 555001,Example A\n", Format::IphoneCsv),
    ] {
        assert_eq!(detect(text.as_bytes()), Ok(format), "{text}");
    }
}

#[test]
fn a_file_of_no_known_format_is_refused() {
    for bytes in [&b"hello\n"[..], &gzip(b"hello\n")] {
        let error = read_any(bytes, None, &options()).err().expect("an error");
        assert!(matches!(error, ReadError::UnknownFormat(Unreadable::Text)), "{error}");
    }
}

#[test]
fn what_is_no_log_is_named_whatever_format_it_is_said_to_have() {
    let xlsx =
        zip(&[("docProps/app.xml", b"<a/>"), ("xl/workbook.xml", b"<a/>"), ("[Content_Types].xml", b"<a/>")]);
    let ods = zip(&[("mimetype", b"x"), ("content.xml", b"<a/>"), ("META-INF/manifest.xml", b"<a/>")]);
    for (bytes, expected) in [
        (&xlsx[..], Unreadable::Xlsx),
        (&ods, Unreadable::Ods),
        (b"%PDF-1.7\n1 0 obj\n", Unreadable::Pdf),
        (b"\xFD7zXZ\0\0\x04", Unreadable::Compressed("xz", "xz -d")),
        (&gzip(b"%PDF-1.7\n"), Unreadable::Pdf),
    ] {
        for format in [None, Some(Format::AsteriskCsv)] {
            let error = read_any(bytes, format, &options()).err().expect("an error");
            assert!(matches!(&error, ReadError::UnknownFormat(kind) if *kind == expected), "{error}");
        }
    }
}

#[test]
fn a_file_of_another_kind_than_its_format_is_refused() {
    let xml = fs::read(path("android-sms-backup-restore/assembled-all-types.xml")).unwrap();
    let error =
        read_any(&xml[..], Some(Format::AsteriskCsv), &options()).err().expect("an error").to_string();
    assert_eq!(
        error,
        "not a file of the format asterisk-csv: expected a table, but found a file of the format android-xml"
    );
}

#[test]
fn the_files_of_a_zip_archive_are_read_one_after_another() {
    let xml = fs::read(path("android-sms-backup-restore/assembled-all-types.xml")).unwrap();
    let csv = fs::read(path("generic/assembled-simple-calls.csv")).unwrap();
    let archive = zip(&[
        ("backup/calls.xml", &xml),
        ("backup/list.csv", &csv),
        ("backup/ring.mp3", b"ID3"),
        ("__MACOSX/backup/._list.csv", b"?"),
        ("backup/notes.txt", b"hello"),
    ]);
    let (format, items) = found_out(&archive);
    assert_eq!(format, None);
    let mut expected =
        fixture(Format::AndroidXml, &options(), "android-sms-backup-restore/assembled-all-types.xml");
    expected.extend(fixture(Format::GenericCsv, &options(), "generic/assembled-simple-calls.csv"));
    let (last, first) = items.split_last().unwrap();
    assert_eq!(first, expected);
    assert_eq!(
        outline(std::slice::from_ref(last)),
        [
            "3: backup/notes.txt: expected a call log, but found a text that is no call log known here (if it is one, \
             name its format with --format)"
        ]
    );
}

#[test]
fn a_zip_entry_with_a_wrong_checksum_is_reported() {
    let csv = fs::read(path("generic/assembled-simple-calls.csv")).unwrap();
    let mut archive = zip(&[("a.mp3", b""), ("list.csv", &csv)]);
    let at = archive.windows(4).position(|bytes| bytes == b",61,").unwrap();
    archive[at + 1] = b'7';
    let (_, items) = found_out(&archive);
    assert!(outline(&items).last().unwrap().ends_with("the checksum of a zip entry is wrong"), "{items:?}");
}

#[test]
fn a_file_of_no_calls_has_none_whatever_its_format() {
    for text in ["", "\n", "\u{feff}\r\n", "[]", "[\n]\n"] {
        assert_eq!(found_out(text.as_bytes()), (None, Vec::new()), "{text:?}");
        assert_eq!(found_out(&gzip(text.as_bytes())), (None, Vec::new()), "{text:?}");
    }
}

#[test]
fn a_damaged_file_of_an_archive_costs_itself_alone() {
    let sample = fs::read(path("asterisk/assembled-16col.csv")).expect("a fixture");
    let half = gzip(&sample);
    let archive =
        zip(&[("logs/a.csv.gz", &half[..half.len() / 2]), ("logs/b.csv", &sample), ("logs/c.csv", b"")]);
    let (_, items) = found_out(&archive);
    let lines = outline(&items);
    assert!(lines.iter().any(|line| line.contains("logs/a.csv.gz: ")), "{lines:?}");
    assert!(lines.iter().filter(|line| line.ends_with(": record")).count() >= 19, "{lines:?}");
}

#[test]
fn a_truncated_gzip_file_ends_with_an_error() {
    let whole = gzip(&fs::read(path("asterisk/assembled-16col.csv")).unwrap());
    let opened = read_any(&whole[..whole.len() - 20], Some(Format::AsteriskCsv), &options());
    let failed = match opened {
        Ok(opened) => opened.items.last().is_some_and(|item| item.is_err()),
        Err(_) => true,
    };
    assert!(failed);
}

/// Google Voice's fixtures in the order of their names: what each of them gives.
fn takeout() -> Vec<Item> {
    let root = path("google-voice");
    let mut files = Vec::new();
    for folder in ["assembled", "wjcarpenter"] {
        let mut names: Vec<_> = fs::read_dir(root.join(folder))
            .expect("a folder")
            .map(|entry| entry.expect("a file").file_name())
            .collect();
        names.sort();
        files.extend(names.into_iter().map(|name| format!("{folder}/{}", name.display())));
    }
    let mut items = Vec::new();
    for (number, name) in (1..).zip(files) {
        for item in fixture(Format::GoogleVoice, &options(), &format!("google-voice/{name}")) {
            items.push(match item {
                Item::Record(mut record) => {
                    record.position = number;
                    Item::Record(record)
                }
                Item::Skipped(mut skipped) => {
                    skipped.position = number;
                    skipped.reason = Reason::InFile(name.clone(), "file", Box::new(skipped.reason));
                    Item::Skipped(skipped)
                }
                joined => joined,
            });
        }
    }
    items
}

fn read_path(path: &Path, format: Option<Format>) -> (Vec<Item>, u64) {
    let progress = Progress::default();
    let opened = open(path, format, &options(), &progress).expect("a file or folder");
    let items = opened.items.map(|item| without_details(item.expect("the file is read to its end")));
    (items.collect(), progress.bytes())
}

#[test]
fn google_voice_is_read_from_a_folder_and_from_an_archive() {
    let expected = takeout();
    let count = |of: fn(&Item) -> bool| expected.iter().filter(|item| of(item)).count();
    assert_eq!(count(|item| matches!(item, Item::Record(_))), 14);
    assert_eq!(count(|item| matches!(item, Item::Skipped(_))), 1);

    let root = path("google-voice");
    assert_eq!(read_path(&root, Some(Format::GoogleVoice)).0, expected);

    let mut files = Vec::new();
    for folder in ["assembled", "wjcarpenter"] {
        let mut paths: Vec<_> =
            fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for file in paths {
            let name = file.strip_prefix(&root).unwrap().display().to_string();
            files.push((name, fs::read(&file).unwrap()));
        }
    }
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let archive = zip(&files);
    assert_eq!(found_out(&archive), (None, expected.clone()));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("takeout.zip");
    fs::write(&file, &archive).unwrap();
    assert_eq!(read_path(&file, Some(Format::GoogleVoice)), (expected, archive.len() as u64));
}

#[test]
fn a_folder_of_one_file_a_call_is_read_by_the_names_of_its_files() {
    let (items, bytes) = read_path(&path("freeswitch"), None);
    let mut expected = Vec::new();
    let mut length = 0;
    for (name, format) in [
        ("cdr_csv/assembled-example-template.csv", Format::FreeswitchCsv),
        ("cdr_csv/assembled-quotes-and-hidden.csv", Format::FreeswitchCsv),
        ("json_cdr/assembled-answered-urlencoded.cdr.json", Format::FreeswitchJson),
        ("json_cdr/assembled-unanswered-plain.cdr.json", Format::FreeswitchJson),
        ("xml_cdr/assembled-answered.cdr.xml", Format::FreeswitchXml),
        ("xml_cdr/assembled-unanswered.cdr.xml", Format::FreeswitchXml),
    ] {
        let name = format!("freeswitch/{name}");
        expected.extend(fixture(format, &options(), &name));
        length += fs::metadata(path(&name)).unwrap().len();
    }
    let records: Vec<Item> = items.into_iter().filter(|item| matches!(item, Item::Record(_))).collect();
    assert_eq!(records, expected);
    assert!(bytes >= length);
}
