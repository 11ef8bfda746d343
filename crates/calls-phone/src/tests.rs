use super::*;

fn party(text: &str) -> String {
    parse(text, None).map_or_else(|error| error.reason.to_owned(), |party| party.to_string())
}

fn party_in(region: &str, text: &str) -> String {
    parse(text, Some(region.parse().unwrap()))
        .map_or_else(|error| error.reason.to_owned(), |party| party.to_string())
}

#[test]
fn a_spelling_means_the_same_again_and_something_else_in_another_region() {
    for _ in 0..2 {
        assert_eq!(party_in("US", "(202) 555-0123"), "+12025550123");
        assert_eq!(party_in("DE", "(202) 555-0123"), "+492025550123");
        assert_eq!(party_in("DE", "030 123456"), "+4930123456");
        assert_eq!(party("+4930123456"), "+4930123456");
    }
}

#[test]
fn every_official_example_spelling_agrees_with_libphonenumber() {
    let table = include_str!("../tests/fixtures/phone-numbers.tsv");
    let mut rows = 0;
    for row in table.lines().skip(1) {
        let [region, input, e164, valid, international, national] =
            row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let region = Some(region.parse().unwrap()).filter(|_| region != "001");
        let party = parse(input, region).unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(party.to_string(), e164, "{row}");
        let info = describe(&party);
        assert_eq!(info.e164.unwrap().to_string(), e164, "{row}");
        assert_eq!(info.international, international, "{row}");
        assert_eq!(info.national, national, "{row}");
        assert_eq!((info.kind != NumberKind::Unassigned).to_string(), valid, "{row}");
        assert_eq!(parse(e164, None).unwrap(), party, "{row}");
        rows += 1;
    }
    assert_eq!(rows, 4364);
}

#[test]
fn any_spelling_finds_a_number() {
    for text in [
        "+12025550123",
        "+1 (202) 555-0123",
        " +1.202.555.0123 ",
        "＋１ 202 555 0123",
        "0012025550123",
        "001 202 555 0123",
        "tel:+1-202-555-0123",
        "tel:555-0123;phone-context=+1202",
        "12025550123",
        "+1 202 555 0123 ext. 7",
    ] {
        assert_eq!(party(text), "+12025550123", "{text}");
    }
    assert_eq!(party_in("US", "(202) 555-0123"), "+12025550123");
    assert_eq!(party_in("US", "011 49 30 12345678"), "+493012345678");
    assert_eq!(party_in("DE", "030 12345678"), "+493012345678");
    assert_eq!(party_in("DE", "00493012345678"), "+493012345678");
}

#[test]
fn a_possible_number_is_accepted_though_nobody_has_it() {
    assert_eq!(party("+13333333333"), "+13333333333");
    assert_eq!(party("0014444444444"), "+14444444444");
    assert_eq!(party_in("DE", "+13333333333"), "+13333333333");
    assert_eq!(party_in("US", "3333333333"), "+13333333333");
    let info = describe(&parse("+13333333333", None).unwrap());
    assert_eq!(info.international, "+1 333-333-3333");
    assert_eq!(info.kind, NumberKind::Unassigned);
    assert_eq!(info.country, None);
}

#[test]
fn the_numbers_that_another_library_spoils_stay_what_they_are() {
    assert_eq!(party("+78001234567"), "+78001234567");
    assert_eq!(party_in("US", "+18002123456"), "+18002123456");
}

#[test]
fn an_extension_is_not_taken_for_a_number() {
    for text in ["1001", "*97", "72000", "112", "#31#"] {
        assert_eq!(party(text), text);
        assert_eq!(party_in("DE", text), text);
        assert_eq!(party_in("US", text), text);
    }
    assert_eq!(party_in("DE", "30123"), "30123");
    assert_eq!(party_in("AD", "712345"), "+376712345");
}

#[test]
fn other_signs_between_digits_are_not_dropped() {
    for text in ["tel:273;phone-context=E520;phone-contel:2+2", "tel:tel:12025550123", "1tel:2025550123"] {
        assert_eq!(party(text), NOT_DIALLABLE, "{text}");
    }
    for text in ["0.5", "1 001", "1e3", "1_001", "1001x", "1/2", "30-12", "½"] {
        assert_eq!(party(text), NOT_DIALLABLE, "{text}");
        assert_eq!(party_in("DE", text), NOT_DIALLABLE, "{text}");
    }
    for text in ["1x2025550123", "12,025,550,123"] {
        assert_eq!(party(text), NEEDS_COUNTRY_CODE, "{text}");
    }
    assert_eq!(party("١٠٠١"), "1001");
    for text in ["1 202.555.0123", "1/202/555\u{2011}0123", "1\u{a0}(202) 555 0123"] {
        assert_eq!(party(text), "+12025550123", "{text}");
    }
    assert_eq!(party_in("AD", "712 345"), "+376712345");
}

#[test]
fn a_national_number_without_a_region_is_not_made_somebody_elses() {
    assert_eq!(party("0301234567"), NEEDS_COUNTRY_CODE);
    // With a plus it would be a possible number of Egypt.
    assert_eq!(party("2025550123"), NEEDS_COUNTRY_CODE);
    assert_eq!(party("13333333333"), NEEDS_COUNTRY_CODE);
}

#[test]
fn mexican_numbers_lose_what_was_dialled_before_them() {
    for text in [
        "+52 1 55 5555 0123",
        "+52 (1) 55 5555 0123",
        "005215555550123",
        "+52 044 55 5555 0123",
        "5215555550123",
    ] {
        assert_eq!(party(text), "+525555550123", "{text}");
    }
    for text in ["01 55 5555 0123", "044 55 5555 0123", "045 55 5555 0123", "55 5555 0123"] {
        assert_eq!(party_in("MX", text), "+525555550123", "{text}");
    }
    assert_eq!(party("+52 1 55 5555 012"), "+521555555012");
}

#[test]
fn letters_are_keys_where_that_is_an_assigned_number() {
    for text in ["1-800-FLOWERS", "1-800-flowers", "1 800 FLOWERS", "+1-800-FLOWERS"] {
        assert_eq!(party(text), "+18003569377", "{text}");
        assert_eq!(party_in("US", text), "+18003569377", "{text}");
    }
    assert_eq!(party_in("US", "800-FLOWERS"), "+18003569377");
    assert_eq!(party_in("US", "1-888-GO-FEDEX"), "+18884633339");
    for text in ["FLOWERS", "1001 Example", "101 FLOWERS"] {
        assert_eq!(party_in("US", text), NOT_DIALLABLE, "{text}");
    }
}

#[test]
fn digits_that_may_lack_an_area_code_are_nobodys_number() {
    for (region, text) in
        [("DE", "5550123"), ("DE", "55501234"), ("AT", "5550123"), ("GB", "5550123"), ("IT", "5550123")]
    {
        assert_eq!(party_in(region, text), MAY_BE_LOCAL, "{region} {text}");
    }
    assert_eq!(party_in("US", "5550123"), MAY_BE_LOCAL);
    assert_eq!(party_in("DE", "030 5550123"), "+49305550123");
    assert_eq!(party_in("DE", "1701234567"), "+491701234567");
    assert_eq!(party_in("NO", "22334455"), "+4722334455");
}

#[test]
fn what_cannot_be_a_number_says_why() {
    assert_eq!(party(""), NOT_DIALLABLE);
    assert_eq!(party("hello"), NOT_DIALLABLE);
    assert_eq!(party("call 2025550123"), NOT_DIALLABLE);
    assert_eq!(party("+"), NOT_DIALLABLE);
    assert_eq!(party("+1"), NOT_DIALLABLE);
    assert_eq!(party("+12"), NOT_DIALLABLE);
    assert_eq!(party("+1202"), TOO_SHORT);
    assert_eq!(party("+999123456789"), NO_SUCH_COUNTRY_CODE);
    assert_eq!(party("+1202555012345678"), TOO_LONG);
    assert_eq!(party(&"1".repeat(400)), TOO_LONG);
    assert_eq!(party("*1234567"), NOT_DIALLABLE);
    let error = parse(&"x".repeat(200), None).unwrap_err();
    assert_eq!(error.found.len(), 64);
}

#[test]
fn a_party_is_understood_again_by_its_own_text() {
    for text in ["00000000\u{7f}7000030000000*8", "0000000007", "+49 00 30 12345678", "+39 06 698 12345"] {
        for region in ["DE", "IT", "US"] {
            let region = Some(region.parse().unwrap());
            if let Ok(party) = parse(text, region) {
                assert_eq!(parse(&party.to_string(), region), Ok(party), "{text}");
            }
        }
    }
    assert_eq!(party("+49 00 30 12345678"), "+493012345678");
    assert_eq!(party("+39 06 698 12345"), "+390669812345");
}

#[test]
fn a_region_is_two_letters() {
    assert!("us".parse::<Region>().is_ok());
    assert!("Germany".parse::<Region>().unwrap_err().contains("\"Germany\""));
}

#[test]
fn the_digit_for_an_outside_line_is_no_part_of_a_number_in_north_america() {
    let us = "US".parse().ok();
    for (dialled, expected) in [
        ("912025550124", "12025550124"),
        ("92025550124", "2025550124"),
        ("901149301234567", "01149301234567"),
        ("911", "911"),
        ("9", "9"),
        ("2025550124", "2025550124"),
        ("912025550124x", "912025550124x"),
    ] {
        assert_eq!(without_outside_line(dialled, us), expected);
    }
    assert_eq!(without_outside_line("912025550124", None), "912025550124");
    assert_eq!(without_outside_line("912025550124", "IN".parse().ok()), "912025550124");
}

#[test]
fn digits_that_begin_with_the_code_of_their_country_are_a_number_whose_plus_was_lost() {
    for (digits, region, expected) in [
        ("4915155501234", "DE", "+4915155501234"),
        ("491515550123", "DE", "+491515550123"),
        ("4930555001", "DE", "+4930555001"),
        ("442079460123", "GB", "+442079460123"),
        ("33199005501", "FR", "+33199005501"),
        // Who dials the area code 0491 dials its 0 too.
        ("0491515550123", "DE", "+49491515550123"),
        // These are dialled as they are.
        ("12025550123", "US", "+12025550123"),
        ("481234567", "PL", "+48481234567"),
    ] {
        let party = parse(digits, region.parse().ok()).unwrap();
        assert_eq!(party.to_string(), expected, "{digits} {region}");
    }
}
