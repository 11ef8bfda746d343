//! The parameters of a list. What is refused is refused in a problem that fits into an answer; what is not
//! means the same when it is written again, as in the links to other pages.

#![no_main]

use calls_api::routes::fuzzing;

libfuzzer_sys::fuzz_target!(|query: &str| {
    for region in [None, "DE".parse().ok()] {
        match fuzzing::query(query, region) {
            Ok(read) => {
                assert_eq!(fuzzing::query(&read.next, region).map(|again| again.meaning), Ok(read.meaning));
            }
            Err(problem) => assert!(!problem.is_empty() && problem.len() < 2000, "{problem}"),
        }
    }
});
