#![no_main]

use calls_import::Format;
use calls_import_fuzz::read_format;

libfuzzer_sys::fuzz_target!(|file: &[u8]| read_format(Format::AvayaSmdr, file));
