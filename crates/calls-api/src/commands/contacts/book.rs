//! Result of reading an address book: numbers with names, and the entries that were refused.

use std::collections::BTreeMap;

use calls_contacts::Item;
use calls_phone::{self as phone, Region};
use calls_store::contacts::{Entry, Replaced};
use clap::builder::{StringValueParser, TypedValueParser};

/// Parser for the name of an address book.
pub(super) fn name() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().try_map(|text| {
        let text = text.trim().to_owned();
        let is_right = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_right { Ok(text) } else { Err("expected a name of 1 to 100 characters") }
    })
}

/// Numbers and refused entries of an address book.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Entries with a name.
    pub people: usize,
    /// Numbers with names.
    pub entries: Vec<Entry>,
    /// Number of refused entries and numbers, by reason.
    refused: BTreeMap<String, usize>,
}

impl Read {
    /// Adds an entry.
    pub fn add(&mut self, item: Item, region: Option<Region>) {
        let person = match item {
            Ok(person) => person,
            Err(skipped) => return self.refuse("entries", skipped.reason),
        };
        self.people += 1;
        for number in person.numbers {
            match phone::parse(&number.text, region) {
                Ok(party) => {
                    self.entries.push(Entry { party, name: person.name.clone(), label: number.label });
                }
                Err(error) => self.refuse("numbers", error.reason),
            }
        }
    }

    fn refuse(&mut self, what: &str, reason: &str) {
        *self.refused.entry(format!("{what}: {reason}")).or_default() += 1;
    }

    /// Number of refused entries and numbers, a line for each reason, most frequent first.
    pub fn refusals(&self) -> Vec<String> {
        let mut refused: Vec<_> = self.refused.iter().collect();
        refused.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        refused.into_iter().map(|(reason, count)| format!("refused {count} {reason}")).collect()
    }

    /// Summary in one line.
    pub fn line(&self, replaced: Option<Replaced>) -> String {
        let Self { people, refused, .. } = self;
        let refused: usize = refused.values().sum();
        match replaced {
            Some(Replaced { numbers, added, changed, removed }) => format!(
                "{people} people read, {numbers} numbers with names: {added} new, {changed} changed, {removed} removed; \
                 {refused} refused"
            ),
            None => format!(
                "{people} people read, {} numbers with names, {refused} refused, none stored (dry run)",
                self.entries.len()
            ),
        }
    }
}
