//! Address books in, people out.

// Tells clippy that the helpers are tests too.
#![cfg(test)]

mod formats;
mod hostile;
mod spellings;

use calls_contacts::{Format, Item, Person, ReadError};

/// The entries of an address book.
fn read(bytes: &[u8]) -> Result<(Format, Vec<Item>), ReadError> {
    let mut items = Vec::new();
    let format = calls_contacts::read(bytes, |item| items.push(item))?;
    Ok((format, items))
}

/// A person as one line: the name, and each number with its label.
fn line(person: &Person) -> String {
    let numbers = person.numbers.iter().map(|number| match &number.label {
        Some(label) => format!("{} ({label})", number.text),
        None => number.text.clone(),
    });
    std::iter::once(person.name.clone()).chain(numbers).collect::<Vec<_>>().join(" | ")
}

/// The entries of an address book as lines: those that could not be read say why.
fn lines(bytes: &[u8]) -> Vec<String> {
    let (_, items) = read(bytes).unwrap();
    let shown = |item: &Item| match item {
        Ok(person) => line(person),
        Err(skipped) => format!("{}: {}", skipped.position, skipped.reason),
    };
    items.iter().map(shown).collect()
}
