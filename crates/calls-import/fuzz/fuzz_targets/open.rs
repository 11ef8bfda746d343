//! A file whose format is to be found out, as it is and wrapped by gzip, by zip, and in UTF-16. Its first
//! byte says how it is wrapped.

#![no_main]

use std::io::{Cursor, Write};

use calls_import::{Format, Item, RawParty, read, read_any};
use calls_import_fuzz::{items, options};
use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

type Found = (Option<Format>, Vec<Result<Item, String>>);

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((how, file)) = data.split_first() else { return };
    let is_plain = ![&b"\x1f\x8b"[..], b"PK", b"\xff\xfe", b"\xfe\xff"].iter().any(|sign| file.starts_with(sign));
    // Nor is it in Windows-1252 or UTF-16, has lines that end in CR, or is a table in a frame.
    let has_frame = file.split(|byte| *byte == b'\n').take(2).any(|line| line.trim_ascii().starts_with(b"+-"))
        || file.split(|byte| *byte == b'\n').nth(1).is_some_and(|line| line.trim_ascii().starts_with(b"-"));
    let is_utf8 = std::str::from_utf8(file).is_ok();
    let is_read_as_it_is = is_utf8 && !file.contains(&0) && !file.contains(&b'\r') && !has_frame;
    let plain = open(file);
    if let Some((Some(format), found)) = plain.as_ref().filter(|_| is_plain && is_read_as_it_is) {
        assert!(*found == items(read(*format, &options(), file)), "{format}: {found:?}");
    }
    if !is_plain {
        return;
    }
    match how % 4 {
        0 => assert_eq!(open(&gzip(file, usize::from(*how))), plain),
        1 => {
            let whole = gzip(file, usize::from(*how));
            _ = open(&whole[..whole.len() - whole.len().min(usize::from(*how))]);
        }
        2 => same_in_utf16(file, how & 4 == 0),
        _ => same_in_zip(file, plain, how & 4 == 0),
    }
});

fn open(file: &[u8]) -> Option<Found> {
    let opened = read_any(file, None, &options()).ok()?;
    Some((opened.format, items(opened.items)))
}

/// Two members one after the other, as `cat one.gz two.gz` makes it.
fn gzip(file: &[u8], at: usize) -> Vec<u8> {
    let (one, other) = file.split_at(file.len().min(at));
    let member = |part| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).and_then(|()| encoder.finish()).expect("a vector takes all")
    };
    [member(one), member(other)].concat()
}

fn same_in_utf16(file: &[u8], big_endian: bool) {
    let Ok(text) = std::str::from_utf8(file) else { return };
    let bytes = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
    let marked = format!("\u{feff}{text}");
    let encoded: Vec<u8> = marked.encode_utf16().flat_map(bytes).collect();
    assert_eq!(open(&encoded), open(marked.as_bytes()));
}

/// In a folder of an archive a file has the same records. What it is counted by may be the file.
fn same_in_zip(file: &[u8], plain: Option<Found>, deflated: bool) {
    let method = if deflated { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_directory("Takeout/Voice", options).expect("a folder");
    writer.start_file("Takeout/Voice/calls.txt", options).expect("a file");
    writer.write_all(file).expect("a vector takes all");
    let archive = writer.finish().expect("an archive").into_inner();
    let Some((format, found)) = open(&archive) else { panic!("an archive is opened") };
    assert_eq!(format, None);
    let records = |items: &[Result<Item, String>]| -> Vec<(RawParty, RawParty, i64)> {
        let record = |item: &Result<Item, String>| match item {
            Ok(Item::Record(record)) => Some((
                record.owner.clone(),
                record.counterparty.clone(),
                record.created_at.timestamp_micros(),
            )),
            _ => None,
        };
        items.iter().filter_map(record).collect()
    };
    let expected = plain.map(|(_, items)| records(&items)).unwrap_or_default();
    assert_eq!(records(&found), expected);
}
