//! Call logs of hosted systems and providers give the customer's side its record.

use calls_import::{Format, Options};

use crate::support::own;
use crate::told;

fn options() -> Options {
    Options { zone: chrono_tz::Europe::Berlin, ..own("+12025550199") }
}

#[test]
fn teams_calling_plans() {
    assert_eq!(
        told::fixture(Format::TeamsCsv, &options(), "teams/assembled-calling-plans.csv"),
        [
            "2: +12025550100 > +12025550123 2026-03-02T08:00:00Z 61.0 answered",
            "3: +12025550100 < +12025550124 2026-03-02T09:00:00Z 30.0 answered",
            "4: +12025550100 < unknown 2026-03-02T10:00:00Z missed",
            "5: +12025550101 < +12025550125 2026-03-02T11:00:00Z 600.0 answered",
        ]
    );
}

#[test]
fn teams_direct_routing_tells_when_the_call_was_offered() {
    assert_eq!(
        told::fixture(Format::TeamsCsv, &options(), "teams/assembled-direct-routing.csv"),
        [
            "2: +12025550100 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0",
            "3: +12025550100 > +12025550124 2026-03-02T09:00:00Z missed busy ring 20.0",
            "4: +12025550100 > +12025550125 2026-03-02T10:00:00Z 30.0 answered ring 4.0",
            "5: skipped: expected a type such as user_in or dr_out, but found \"sideways\"",
        ]
    );
}

#[test]
fn a_page_of_ringcentral() {
    assert_eq!(
        told::fixture(Format::RingcentralJson, &options(), "ringcentral/assembled-page.json"),
        [
            "1: +12025550100 < +12025550123 2026-03-02T08:00:00Z 61.0 answered name Example A via 101",
            "2: +12025550100 < withheld 2026-03-02T09:00:00Z missed voicemail",
            "3: +12025550100 > +12025550124 2026-03-02T10:00:00Z 20.0 answered name Example C via 101",
            "4: skipped: expected a call, but found \"Fax\"",
            "5: 101 > 102 2026-03-02T12:00:00Z 9.0 answered name Example D",
            "5: 102 < 101 2026-03-02T12:00:00Z 9.0 answered name Example B",
        ]
    );
}

#[test]
fn a_single_call_of_ringcentral() {
    assert_eq!(
        told::fixture(Format::RingcentralJson, &options(), "ringcentral/assembled-single.json"),
        ["1: +12025550100 > +12025550123 2026-03-02T08:00:00Z missed cancelled",]
    );
}

#[test]
fn telnyx_from_its_api() {
    assert_eq!(
        told::fixture(Format::TelnyxCsv, &options(), "telnyx/assembled-api.csv"),
        [
            "2: +12025550100 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0",
            "3: +12025550100 > +12025550124 2026-03-02T09:00:00Z missed busy",
            "4: +12025550100 < withheld 2026-03-02T10:00:00Z missed cancelled",
        ]
    );
}

#[test]
fn telnyx_from_its_portal() {
    assert_eq!(
        told::fixture(Format::TelnyxCsv, &options(), "telnyx/assembled-portal.csv"),
        [
            "2: +12025550100 < +12025550123 2026-03-02T07:00:00Z 61.0 answered ring 5.0",
            "3: +12025550100 > +12025550124 2026-03-02T08:00:00Z missed",
            "3: +12025550124 < +12025550100 2026-03-02T08:00:00Z missed",
        ]
    );
}

#[test]
fn zoom_call_log() {
    assert_eq!(
        told::fixture(Format::ZoomJson, &options(), "zoom/assembled-call-log.json"),
        [
            "1: +12025550100 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0 name Example A via 101",
            "1: 101 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0 name Example A via +12025550100",
            "2: +12025550100 < +12025550124 2026-03-02T09:00:00Z missed answered_elsewhere via 101",
            "2: 101 < +12025550124 2026-03-02T09:00:00Z missed answered_elsewhere via +12025550100",
            "3: 101 > +12025550125 2026-03-02T10:00:00Z missed no_answer name Example C",
            "4: skipped: expected a result such as Call connected or Missed, but found \"Odd\"",
        ]
    );
}

#[test]
fn zoom_call_history() {
    assert_eq!(
        told::fixture(Format::ZoomJson, &options(), "zoom/assembled-call-history.json"),
        [
            "1: +12025550100 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0 name Example A via 101",
            "1: 101 < +12025550123 2026-03-02T08:00:00Z 61.0 answered ring 5.0 name Example A via +12025550100",
            "2: 101 > 102 2026-03-02T09:00:00Z missed cancelled name Example D",
        ]
    );
}
