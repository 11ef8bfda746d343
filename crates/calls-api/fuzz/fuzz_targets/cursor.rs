//! A cursor is written as it was read.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(written) = calls_api::routes::fuzzing::cursor(text) {
        assert!(written.eq_ignore_ascii_case(text), "{written} from {text}");
    }
});
