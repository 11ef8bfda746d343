//! The spellings of a number. A party that was understood is understood again by its canonical text, and can
//! be described.

#![no_main]

use calls_phone::{self as phone, Region};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let regions: [Option<Region>; 4] = [None, "US".parse().ok(), "DE".parse().ok(), "IT".parse().ok()];
    for region in regions {
        match phone::parse(text, region) {
            Ok(party) => {
                let canonical = party.to_string();
                assert_eq!(canonical.parse().as_ref(), Ok(&party));
                assert_eq!(phone::parse(&canonical, region).as_ref(), Ok(&party), "{canonical}");
                assert!(!phone::describe(&party).international.is_empty());
            }
            Err(error) => {
                assert!(error.found.chars().count() <= 64);
                assert!(!error.to_string().is_empty());
            }
        }
    }
});
