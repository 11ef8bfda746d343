use calls_contacts::{Person, ReadError};
use proptest::prelude::*;

use crate::{lines, read};

#[test]
fn one_bad_entry_costs_only_itself() {
    assert_eq!(
        lines(include_bytes!("../fixtures/broken.vcf")),
        [
            "Before | +12025550131",
            "2: expected END:VCARD, but found the next BEGIN:VCARD",
            "3: expected a name, but found none",
            "After | +12025550133",
            "5: expected END:VCARD, but found the end of the file"
        ]
    );
}

#[test]
fn what_is_no_address_book_is_refused_without_a_word_of_what_is_in_it() {
    for (bytes, found) in [
        (&b""[..], "an empty file"),
        (b"id,created_at,counterparty\n1,2,+12025550123\n", "a header without such columns"),
        (b"<html><body>Oma Hilde</body></html>", "another kind of XML or HTML"),
        (b"\x89PNG\r\n\0\0", "another kind of text"),
    ] {
        let error = read(bytes).unwrap_err();
        assert!(matches!(error, ReadError::UnknownFormat(_)), "{error}");
        assert!(error.to_string().contains(found), "{error}");
        assert!(!error.to_string().contains("Hilde") && !error.to_string().contains("+1202"), "{error}");
    }
}

#[test]
fn a_phonebook_that_breaks_off_is_an_error_and_not_a_shorter_book() {
    let whole = include_str!("../fixtures/fritzbox.xml");
    let cut = &whole[..whole.find("03012345680").unwrap()];
    assert!(matches!(read(cut.as_bytes()), Err(ReadError::BrokenXml(_))));
}

#[test]
fn a_photo_without_an_end_and_a_name_without_an_end_take_no_memory() {
    let photo = format!("BEGIN:VCARD\nPHOTO:{}\nFN:A\nTEL:1001\nEND:VCARD\n", "A".repeat(20_000_000));
    assert_eq!(lines(photo.as_bytes()), ["A | 1001"]);
    let name = format!("BEGIN:VCARD\nFN:{}\nEND:VCARD\n", "A".repeat(1_000_000));
    assert_eq!(lines(name.as_bytes()), ["1: expected at most 256 KiB of names and numbers, but found more"]);
    let long = format!("BEGIN:VCARD\nFN:{}\nEND:VCARD\n", "Ä".repeat(1_000));
    assert_eq!(read(long.as_bytes()).unwrap().1[0].as_ref().unwrap().name, "Ä".repeat(Person::MAX_NAME));
}

#[test]
fn a_quote_without_an_end_is_one_entry() {
    let open = format!("Name,Phone\nA,1001\nB,\"{}\n", "x\n".repeat(300_000));
    assert_eq!(
        lines(open.as_bytes()),
        ["A | 1001", "2: expected a row of at most 256 KiB, but found more: a quote without an end?"]
    );
}

proptest! {
    #[test]
    fn no_bytes_end_the_program(
        head in prop::sample::select(vec![
            "BEGIN:VCARD\n", "Name,Phone\n", "<phonebooks><contact>", "First Name;Telefon\n", "",
        ]),
        pieces in proptest::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "FN:", "N;", "TEL", ";TYPE=", "\"", ":", ";", ",", "=", "\n", "\r\n ", "=\r\n", "END:VCARD\n",
                    "BEGIN:VCARD\n", "ENCODING=QUOTED-PRINTABLE", "CHARSET=", "<number type=\"", "</contact>",
                    "<realName>", "&amp;", "&#x", "<![CDATA[", "]]>", "+49", "\u{fffd}", "VALUE=uri:", "base64,",
                ]).prop_map(|text| text.as_bytes().to_vec()),
                proptest::collection::vec(any::<u8>(), 0..8),
            ],
            0..40,
        )
    ) {
        let bytes = [head.as_bytes(), &pieces.concat()].concat();
        if let Ok((_, items)) = read(&bytes) {
            for person in items.into_iter().flatten() {
                let length = person.name.chars().count();
                prop_assert!((1..=Person::MAX_NAME).contains(&length));
                prop_assert!(!person.name.contains(char::is_control));
                prop_assert!(person.numbers.len() <= Person::MAX_NUMBERS);
            }
        }
    }
}
