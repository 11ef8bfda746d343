//! Each official example spelling of libphonenumber, written as a vCard.

use std::collections::HashMap;

use calls_contacts::Number;

use crate::read;

/// Region, spelling and E.164 number of each row.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let table = include_str!("../../../calls-phone/tests/fixtures/phone-numbers.tsv");
    table.lines().skip(1).map(|row| {
        let mut columns = row.split('\t');
        let mut next = || columns.next().unwrap();
        (next(), next(), next())
    })
}

#[test]
fn the_official_spellings_written_as_vcards_find_their_numbers() {
    let mut books: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    for (region, spelling, e164) in rows() {
        books.entry(region).or_default().push((spelling, e164));
    }
    let (mut found, mut wrong, mut all) = (0, Vec::new(), 0);
    for version in ["2.1", "3.0", "4.0"] {
        for (region, spellings) in &books {
            let parsed = Some(region.parse().unwrap()).filter(|_| *region != "001");
            let card = |(spelling, e164): &(&str, &str)| {
                format!(
                    "BEGIN:VCARD\r\nVERSION:{version}\r\nFN:{e164}\r\nTEL;TYPE=CELL:{spelling}\r\nEND:VCARD\r\n"
                )
            };
            let book: String = spellings.iter().map(card).collect();
            for person in read(book.as_bytes()).unwrap().1 {
                let person = person.unwrap();
                let [Number { text, label }] = &person.numbers[..] else { panic!("{person:?}") };
                assert_eq!(label.as_deref(), Some("mobile"));
                all += 1;
                match calls_phone::parse(text, parsed) {
                    Ok(party) if party.to_string() == person.name => found += 1,
                    Ok(party) => wrong.push(format!("{region} {text}: {party} for {}", person.name)),
                    Err(_) => {}
                }
            }
        }
    }
    assert_eq!(all, 3 * 4364);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(found * 1000 >= all * 999, "{found} of {all}");
}
