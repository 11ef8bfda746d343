//! A file of a generic CSV format. Its first line is the mapping, where it is one.

#![no_main]

use calls_import::{Columns, Format, Options};
use calls_import_fuzz::{options, read_with};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (first, rest) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or_default());
    let map = std::str::from_utf8(first).ok().and_then(|text| text.parse::<Columns>().ok());
    let (columns, file) = match map {
        Some(columns) => (columns, &rest[1.min(rest.len())..]),
        None => (Columns::default(), data),
    };
    read_with(Format::GenericCsv, &Options { columns, ..options() }, file);
});
