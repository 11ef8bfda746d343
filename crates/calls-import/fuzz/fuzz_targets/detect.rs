//! The first bytes of any file.

#![no_main]

libfuzzer_sys::fuzz_target!(|first_bytes: &[u8]| {
    if let Err(kind) = calls_import::detect(first_bytes) {
        assert!(!kind.to_string().is_empty());
    }
});
