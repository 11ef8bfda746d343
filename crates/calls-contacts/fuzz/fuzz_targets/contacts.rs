#![no_main]

use calls_contacts::{Number, Person};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // An error is an answer.
    let _ = calls_contacts::read(bytes, |item| {
        let Ok(person) = item else { return };
        assert!((1..=Person::MAX_NAME).contains(&person.name.chars().count()));
        assert!(!person.name.contains(char::is_control));
        assert!(person.numbers.len() <= Person::MAX_NUMBERS);
        for number in &person.numbers {
            let label = number.label.as_deref().unwrap_or_default();
            assert!(label.chars().count() <= Number::MAX_LABEL);
            assert!(!number.text.contains(char::is_control));
        }
    });
});
