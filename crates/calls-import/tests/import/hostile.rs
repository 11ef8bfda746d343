//! No file does harm: whatever it holds, reading comes to an end, without a panic and without much memory.

use std::fs;
use std::io::{self, BufReader, Read, Write as _};

use calls_import::{Format, Item, Options, RawParty, ReadError, detect, read_any};
use calls_model::Outcome;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::support::{own, path};

const SAMPLES: [&str; 28] = [
    "fritzbox/assembled-8-columns.csv",
    "fritzbox/assembled-tr064.xml",
    "fusionpbx/assembled-archive.csv",
    "logger/assembled-logs.csv",
    "3cx/assembled-cdr.log",
    "teams/assembled-direct-routing.csv",
    "cisco/assembled-cdr.csv",
    "grandstream/assembled-cdr-root.json",
    "yeastar/assembled-p-series.csv",
    "ringcentral/assembled-page.json",
    "telnyx/assembled-api.csv",
    "zoom/assembled-call-log.json",
    "ios-call-history/assembled-CallHistory.storedata",
    "asterisk/assembled-21col.csv",
    "asterisk/assembled-freepbx-export.csv",
    "freeswitch/cdr_csv/assembled-example-template.csv",
    "freeswitch/json_cdr/assembled-answered-urlencoded.cdr.json",
    "freeswitch/xml_cdr/assembled-answered.cdr.xml",
    "twilio/assembled-calls-list.json",
    "twilio/assembled-call-log.csv",
    "android-sms-backup-restore/assembled-all-types.xml",
    "sms-ie/assembled-calls.json",
    "fossify-phone/assembled-call_history.json",
    "google-voice/assembled/Example - Voicemail - 2018-08-09T10_11_12Z.html",
    "ios-call-history/assembled-imazing-header.csv",
    "generic/assembled-wazo-cdr-export.csv",
    "generic/assembled-simple-calls.csv",
    "generic/assembled-german-semicolon.csv",
];

/// Reads bytes as every format there is, and checks what must hold of every item.
fn read_as_everything(bytes: &[u8]) {
    let options = Options { zone: chrono_tz::Europe::Berlin, ..own("+12025550199") };
    for (format, _) in Format::ALL {
        check(calls_import::read(format, &options, bytes), bytes.len());
    }
    let detected = detect(bytes);
    assert!(detected.err().is_none_or(|kind| !kind.to_string().is_empty()));
    if let Ok(opened) = read_any(bytes, None, &options) {
        check(opened.items, usize::MAX / 8);
    }
}

fn check(items: calls_import::Items, most: usize) {
    let mut count = 0;
    let mut ended = false;
    for item in items {
        assert!(!ended, "an error is the last item");
        count += 1;
        match item {
            Ok(Item::Record(record)) => {
                assert!(matches!(record.owner, RawParty::Text(_)));
                assert!(record.duration.is_none() || record.call_type.outcome() == Outcome::Completed);
                assert!(
                    record.disposition.is_none_or(|disposition| disposition.fits(record.call_type.outcome()))
                );
                assert!(record.position > 0);
            }
            Ok(Item::Skipped(skipped)) => {
                assert!(skipped.position > 0 && !skipped.reason.to_string().is_empty());
            }
            Ok(Item::Joined { position }) => assert!(position > 0),
            Err(_) => ended = true,
        }
    }
    assert!(count <= 2 * most + 2, "{count} items of {most} bytes");
}

/// A sample that was cut, patched, or had a part of it repeated or replaced by another one's.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let sample = || select(&SAMPLES[..]).prop_map(|name| fs::read(path(name)).expect("a fixture"));
    let patch = prop::collection::vec((any::<Index>(), any::<u8>()), 0..8);
    (sample(), sample(), patch, any::<[Index; 4]>(), any::<bool>()).prop_map(
        |(mut bytes, other, patch, cuts, splice)| {
            for (at, byte) in patch {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let range = |of: &[u8], first: usize| {
                let (one, two) = (cuts[first].index(of.len()), cuts[first + 1].index(of.len()));
                one.min(two)..one.max(two)
            };
            let (removed, added) = (range(&bytes, 0), range(&other, 2));
            let added = if splice { other[added].to_vec() } else { Vec::new() };
            bytes.splice(removed, added);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn arbitrary_text_of_the_signs_that_formats_use_does_no_harm(text in "[<>/&;#{}\\[\\]\":,\\\\\n\r=' 0-9a-fx!?-]{0,400}") {
        read_as_everything(text.as_bytes());
    }

    #[test]
    fn mutated_samples_do_no_harm(bytes in mutated()) {
        read_as_everything(&bytes);
    }
}

/// A file of so many bytes that repeats a text, after another text.
fn endless(first: &'static str, repeated: &'static str, length: u64) -> impl Read {
    struct Repeat(&'static [u8], usize);
    impl Read for Repeat {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            for byte in buffer.iter_mut() {
                *byte = self.0[self.1];
                self.1 = (self.1 + 1) % self.0.len();
            }
            Ok(buffer.len())
        }
    }
    first.as_bytes().chain(Repeat(repeated.as_bytes(), 0).take(length))
}

#[test]
fn what_never_ends_is_skipped_and_not_kept() {
    const LENGTH: u64 = 3 << 20;
    for (format, first, repeated) in [
        (Format::AsteriskCsv, "\"", "x"),
        (Format::AsteriskCsv, "", "\"\n"),
        (Format::FreeswitchCsv, "\"", "x\",\""),
        (Format::GenericCsv, "from,to,start,duration\n\"", "x,"),
        (Format::TwilioJson, "{\"a\":\"", "x"),
        (Format::TwilioJson, "", "{\"a\":"),
        (Format::FossifyJson, "[", "["),
        (Format::AndroidXml, "<calls><call number=\"", "x"),
        (Format::FreeswitchXml, "<cdr>", "<a>"),
        (Format::GoogleVoice, "<div class=\"haudio\">", "x"),
    ] {
        let reader = BufReader::new(endless(first, repeated, LENGTH));
        let items: Vec<_> = calls_import::read(format, &own("1001"), reader).collect();
        let longest = items.iter().map(|item| match item {
            Ok(Item::Skipped(skipped)) => skipped.reason.to_string().len(),
            Ok(Item::Joined { .. }) => 0,
            Err(ReadError::NotTheFormat { .. }) => 0,
            other => panic!("{format}: {other:?}"),
        });
        assert!(longest.max().unwrap_or_default() < 1000, "{format}");
    }
}

#[test]
fn an_empty_file_has_no_calls() {
    for (format, _) in Format::ALL.into_iter().filter(|(format, _)| *format != Format::GoogleVoice) {
        for text in ["", "\n", "\u{feff}"] {
            let items: Vec<_> = calls_import::read(format, &own("1001"), text.as_bytes()).collect();
            let xml = matches!(format, Format::AndroidXml | Format::FreeswitchXml | Format::FritzboxXml);
            assert!(items.is_empty() || (xml && !text.is_empty()), "{format} {text:?}: {items:?}");
        }
    }
}

#[test]
fn a_file_that_is_not_of_the_format_at_all_is_refused() {
    let text = b"a,b,c\n1,2,3\n";
    let refused = Format::ALL.map(|(format, _)| {
        let mut items = calls_import::read(format, &own("1001"), &text[..]);
        match items.next() {
            Some(Err(ReadError::NotTheFormat { .. })) => items.next().is_none(),
            // These have neither a header nor a frame, so each line is looked at by itself.
            Some(Ok(Item::Skipped(_))) => matches!(
                format,
                Format::AsteriskCsv
                    | Format::AsteriskCustomCsv
                    | Format::AvayaSmdr
                    | Format::FreeswitchCsv
                    | Format::GoogleVoice
            ),
            _ => false,
        }
    });
    assert_eq!(refused, [true; Format::ALL.len()]);
}

#[test]
fn a_long_file_without_a_single_call_is_refused_before_its_end() {
    let formats = [Format::AsteriskCsv, Format::AsteriskCustomCsv, Format::AvayaSmdr, Format::FreeswitchCsv];
    for format in formats {
        let reader = BufReader::new(endless("", "hello\n", 1 << 20));
        let mut items: Vec<_> = calls_import::read(format, &Options::default(), reader).collect();
        assert!(matches!(items.pop(), Some(Err(ReadError::NotTheFormat { .. }))), "{format}");
        assert_eq!(items.len(), 1000, "{format}");
        assert!(items.iter().all(|item| matches!(item, Ok(Item::Skipped(_)))), "{format}");
    }
}

#[test]
fn an_error_of_the_reader_ends_the_file() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    for (format, _) in Format::ALL {
        let mut items = calls_import::read(format, &own("1001"), BufReader::new(Broken));
        assert!(matches!(items.next(), Some(Err(ReadError::Io(_)))), "{format}");
        assert!(items.next().is_none(), "{format}");
    }
}

#[test]
fn an_archive_inside_of_another_does_not_fill_the_disk() {
    // 200 MB of zeros that begin like a zip archive, in 200 kB.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"PK\x03\x04").unwrap();
    io::copy(&mut io::repeat(0).take(200_000_000), &mut packed).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 250_000);
    match read_any(&packed[..], None, &Options::default()) {
        Err(ReadError::Io(error)) => {
            assert!(error.to_string().contains("expected at most 100 times as many bytes"), "{error}");
        }
        other => panic!("{:?}", other.err()),
    }
}
