//! A record that is sent in. What is refused is refused in a few words; a call is the same call when it is
//! written again.

#![no_main]

use calls_api::routes::fuzzing;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for region in [None, "DE".parse().ok()] {
        match fuzzing::record(text, region) {
            Ok(record) => assert_eq!(fuzzing::record(&record, region).as_ref(), Ok(&record)),
            Err(refusal) => assert!(!refusal.is_empty() && refusal.len() < 2000, "{refusal}"),
        }
    }
});
