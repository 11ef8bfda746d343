//! vCards. The crate `calcard` parses cards; this module adds:
//!
//! - splitting a file into cards without photos (see [`cut`](crate::cut)), and decoding the charset of a
//!   card;
//! - quoted-printable UTF-8 without a charset, which calcard takes for ISO 8859-1;
//! - Apple's labels, which are separate properties (`item1.X-ABLabel`).

use std::io::{self, BufRead};

use calcard::vcard::{
    VCard, VCardEntry, VCardParameterName, VCardParameterValue, VCardProperty, VCardType, VCardValue,
};
use calcard::{Entry, Parser};

use crate::cut::{Cards, Cut};
use crate::person::{Item, Number, Person, Skipped};
use crate::text;

pub(crate) fn read(reader: impl BufRead, each: &mut impl FnMut(Item)) -> io::Result<()> {
    let mut cards = Cards::new(reader);
    let mut position = 0;
    while let Some(cut) = cards.next()? {
        position += 1;
        let person = match cut {
            Cut::Card(bytes) => person(&text::decode_card(bytes)),
            Cut::Bad(reason) => Err(reason),
        };
        each(person.map_err(|reason| Skipped { position, reason }));
    }
    Ok(())
}

fn person(card: &str) -> Result<Person, &'static str> {
    let Entry::VCard(card) = Parser::new(card).entry() else {
        return Err("expected the properties of a vCard, but found none");
    };
    let numbers = card.entries.iter().filter_map(|entry| number(&card, entry)).collect();
    Person::new(&name(&card), numbers).ok_or(Skipped::NO_NAME)
}

/// The formatted name, or else the parts of the name, the nickname or the organization.
fn name(card: &VCard) -> String {
    let first = |property: VCardProperty| {
        let found = card.entries.iter().filter(|entry| entry.name == property);
        found.map(|entry| joined(&property, entry)).find(|text| !text.trim().is_empty())
    };
    let properties = [VCardProperty::Fn, VCardProperty::N, VCardProperty::Nickname, VCardProperty::Org];
    properties.into_iter().find_map(first).unwrap_or_default()
}

/// The value of a naming property as one text.
fn joined(property: &VCardProperty, entry: &VCardEntry) -> String {
    let parts: Vec<String> = entry.values.iter().map(value_text).collect();
    match property {
        // Family name; given name; additional names; prefixes; suffixes.
        VCardProperty::N => {
            let order = [3, 1, 2, 0, 4].into_iter().filter_map(|at| parts.get(at)).map(|part| part.trim());
            order.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        VCardProperty::Org => parts.into_iter().next().unwrap_or_default(),
        _ => parts.join(", "),
    }
}

fn value_text(value: &VCardValue) -> String {
    match value {
        VCardValue::Text(text) => text::repair(text).into_owned(),
        VCardValue::Component(texts) => texts.join(" "),
        // A number that was declared an integer.
        VCardValue::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The number in a property, if it has one: a telephone number, or a SIP address of a messenger.
fn number(card: &VCard, entry: &VCardEntry) -> Option<Number> {
    let text = entry.values.first().map(value_text)?;
    match entry.name {
        VCardProperty::Tel => {}
        VCardProperty::Impp if text.starts_with("sip:") || text.starts_with("sips:") => {}
        _ => return None,
    }
    Number::new(&text, &apple_label(card, entry).unwrap_or_else(|| label(entry)))
}

/// The label in a property of the same group. Apple marks labels that it translates: `_$!<Mobile>!$_`.
fn apple_label(card: &VCard, entry: &VCardEntry) -> Option<String> {
    let group = entry.group.as_ref()?;
    let is_label = |other: &&VCardEntry| {
        other.group.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(group))
            && matches!(&other.name, VCardProperty::Other(name) if name.eq_ignore_ascii_case("X-ABLabel"))
    };
    let label = card.entries.iter().find(is_label)?.values.first().map(value_text)?;
    match label.strip_prefix("_$!<").and_then(|label| label.strip_suffix(">!$_")) {
        Some(known) => Some(known.to_lowercase()),
        None => Some(label).filter(|label| !label.trim().is_empty()),
    }
}

/// The label for the types of a property: location and kind of the telephone.
fn label(entry: &VCardEntry) -> String {
    let types = entry.params.iter().filter(|parameter| parameter.name == VCardParameterName::Type);
    let has = |wanted: &VCardType| {
        types
            .clone()
            .any(|parameter| matches!(&parameter.value, VCardParameterValue::Type(found) if found == wanted))
    };
    let place = [(VCardType::Work, "work"), (VCardType::Home, "home")];
    let kind = [
        (VCardType::Fax, "fax"),
        (VCardType::Pager, "pager"),
        (VCardType::Cell, "mobile"),
        (VCardType::MainNumber, "main"),
    ];
    let first = |words: &[(VCardType, &'static str)]| {
        words.iter().find(|(wanted, _)| has(wanted)).map(|(_, word)| *word)
    };
    let words: Vec<&str> = first(&place).into_iter().chain(first(&kind)).collect();
    match words.is_empty() {
        true => other_type(types.map(|parameter| &parameter.value)),
        false => words.join(" "),
    }
}

/// A custom type, except those that say nothing about the number.
fn other_type<'a>(types: impl Iterator<Item = &'a VCardParameterValue>) -> String {
    const SAY_NOTHING: [&str; 8] = ["PREF", "VOICE", "INTERNET", "OTHER", "MSG", "BBS", "MODEM", "X-VOICE"];
    let own = types.filter_map(|value| match value {
        VCardParameterValue::Text(text) => Some(text),
        _ => None,
    });
    let mut own = own.filter(|text| !SAY_NOTHING.iter().any(|known| known.eq_ignore_ascii_case(text)));
    own.next().map(|text| text.trim_start_matches("X-").to_lowercase()).unwrap_or_default()
}
