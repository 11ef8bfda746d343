use calls_model::Disposition;

use super::*;

fn call(id: &str, at: &str, party: &str, details: Option<(&str, &str, Option<&str>)>) -> DetailedCall {
    let counterparty = details.map(|(international, national, country)| CounterpartyDetails {
        international: international.to_owned(),
        national: national.to_owned(),
        country: country.map(str::to_owned),
    });
    DetailedCall {
        call: Call {
            id: id.to_owned(),
            created_at: at.parse().unwrap(),
            counterparty: party.parse().unwrap(),
            call_type: CallType::CompletedInbound,
            duration: CallDuration::from_ms(37_400),
        },
        details: CallDetails { counterparty, ..CallDetails::default() },
    }
}

/// Calls of all kinds, the odd ones among them.
fn all_kinds() -> Vec<DetailedCall> {
    let us = Some(("+1 202-555-0123", "(202) 555-0123", Some("US")));
    let at = "2024-01-31T10:00:00Z";
    let mut missed = call("9", at, "+12025550124", us);
    missed.call.call_type = CallType::MissedInbound;
    missed.call.duration = None;
    missed.details.returned_at = Some("2024-02-01T10:00:00.000001Z".parse().unwrap());
    let mut returned_before = missed.clone();
    returned_before.details.returned_at = Some("2023-02-01T10:00:00Z".parse().unwrap());
    let mut voicemail = missed.clone();
    voicemail.details.disposition = Some(Disposition::Voicemail);
    voicemail.details.name = Some("Ada #1".to_owned());
    voicemail.details.ring_time = CallDuration::from_ms(7000);
    vec![
        call("10", at, "+12025550123", us),
        voicemail,
        missed,
        returned_before,
        call("8", "2024-01-31T09:00:00.123456Z", "+493012345678", None),
        call("7", at, "+493012345678", Some(("+49 30 12345678", "030 12345678", Some("DE")))),
        call("7", at, "+5491123456789", Some(("+54 9 11 2345-6789", "011 15-2345-6789", Some("AR")))),
        call("6", at, "+80012345678", Some(("+800 1234 5678", "1234 5678", None))),
        call("5", at, "withheld", None),
        call("4", at, "1001", None),
        call("4", at, "#97", None),
        call("3", at, "sip:alice@example.com", None),
        // Calls that no difference can express: JSON.
        call("7f3a", at, "unknown", None),
        call("007", at, "+999999999999999999", None),
        call("2", "2024-01-31T10:00:00.000000001Z", "+1", None),
        call("2", "2016-12-31T23:59:60Z", "+1", None),
        call("1", at, "+12025550123", Some(("#1", "one", None))),
        call("18446744073709551615", "-99999-01-01T00:00:00Z", "+1", None),
        call("0", "+99999-01-01T00:00:00.5Z", "+999999999999999999", None),
        call("1", at, "+12025550123", us),
    ]
}

/// So many calls as a switchboard has them: to the microsecond, with half as many parties in four
/// countries.
fn switchboard(calls: u64) -> Vec<DetailedCall> {
    let call = |index: u64| {
        let random = index * 48_271 % 2_147_483_647;
        let line = 1_000_000 + random % (calls / 2) * 7919 % 9_000_000;
        let text = line.to_string();
        let (party, international, national, country) = match random % 4 {
            0 => (format!("+1202{line}"), format!("+1 202-{text}"), format!("(202) {text}"), "US"),
            1 => (format!("+4930{line}"), format!("+49 30 {text}"), format!("030 {text}"), "DE"),
            2 => (format!("+331{line}"), format!("+33 1 {text}"), format!("01 {text}"), "FR"),
            _ => (format!("+44207{line}"), format!("+44 20 7{text}"), format!("020 7{text}"), "GB"),
        };
        let at_us = 1_700_000_000_000_000 - (index * 300_000_000 + random % 250_000_000).cast_signed();
        let at = DateTime::from_timestamp_micros(at_us).unwrap();
        let party_details = Some((&*international, &*national, Some(country)));
        let mut call = call(&(calls - index).to_string(), "2024-01-31T10:00:00Z", &party, party_details);
        call.call.created_at = at;
        call.call.duration = CallDuration::from_ms((random % 600_000).cast_signed());
        if random.is_multiple_of(3) {
            call.call.call_type = CallType::MissedInbound;
            call.call.duration = None;
            call.details.returned_at = at
                .checked_add_signed(chrono::TimeDelta::microseconds((random % 90_000_000_000).cast_signed()));
        }
        call
    };
    (0..calls).map(call).collect()
}

#[test]
fn calls_of_all_kinds_are_whole_again() {
    for calls in [all_kinds(), switchboard(2000), Vec::new()] {
        let packed = PackedCalls::new(&calls);
        assert_eq!((packed.len(), packed.is_empty()), (calls.len(), calls.is_empty()));
        assert_eq!(packed.iter().collect::<Vec<_>>(), calls);
        assert_eq!(packed, PackedCalls::new(&calls));
    }
}

#[test]
fn some_of_them_are_found_by_place_and_by_id() {
    let calls = all_kinds();
    let packed = PackedCalls::new(&calls);
    for (place, call) in calls.iter().enumerate() {
        assert_eq!(packed.get(place).as_ref(), Some(call));
        let first = calls.iter().position(|other| other.call.id == call.call.id);
        assert_eq!(packed.position(&call.call.id), first);
        assert_eq!(packed.range(place..calls.len() + 5).collect::<Vec<_>>(), calls[place..]);
    }
    assert_eq!((packed.get(calls.len()), packed.position("77"), packed.position("")), (None, None, None));
    assert_eq!(packed.range(3..3).count(), 0);
}

#[test]
fn a_hundred_thousand_calls_take_less_than_two_megabytes() {
    let calls = switchboard(100_000);
    let bytes: usize = calls.chunks(500).map(|page| PackedCalls::new(page).bytes.len()).sum();
    assert!(bytes < 2_000_000, "{bytes} bytes");
}

#[test]
fn a_number_lends_its_digits_to_its_spellings() {
    for (text, digits, masked) in [
        ("+49 30 12345678", 493_012_345_678, "+## ## ########"),
        ("030 12345678", 493_012_345_678, "0## ########"),
        ("(202) 555-0123", 12_025_550_123, "(###) ###-####"),
        ("011 15-2345-6789", 5_491_123_456_789, "01# #5-####-####"),
        ("none", 7, "none"),
        ("0", 0, "0"),
    ] {
        assert_eq!(mask(text, digits).as_deref(), Some(masked), "{text}");
        assert_eq!(fill(masked, digits), text);
    }
    assert_eq!(mask("#1", 1), None);
}
