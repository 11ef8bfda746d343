//! Joins the entries of a call.
//!
//! A telephone system writes several entries for a call that rings at several phones, waits in a queue or is
//! transferred. They are close together, because all are written when the call ends. So entries wait in a
//! window of bounded length for others with the same key (a linked ID, or the ID of a parent). An entry after
//! the end of the window becomes a call of its own.

use std::collections::{HashMap, VecDeque};

use crate::error::ReadError;
use crate::record::{Items, Out, Reason, items};

/// Result of reading an entry.
pub(crate) enum Entry<T> {
    /// A leg at this position, with the keys that it shares with others of its call. Without keys it is a
    /// call of its own.
    Leg(u64, T, Vec<String>),
    /// Not a leg, with the reason.
    Skipped(u64, Reason),
    /// Neither, and the file continues.
    Nothing,
    End,
}

/// The items of a file whose calls have several entries. `next` reads an entry; `put` adds the records of a
/// call from its legs, in the order of the file.
pub(crate) fn join<'a, T: 'a>(
    window: usize,
    mut next: impl FnMut() -> Result<Entry<T>, ReadError> + 'a,
    mut put: impl FnMut(Vec<T>, &mut Out) -> Result<(), Reason> + 'a,
) -> Items<'a> {
    let mut waiting = Window { slots: VecDeque::new(), before: 0, by_key: HashMap::new() };
    let (mut ended, mut error) = (false, None);
    items(move |out| {
        if !ended {
            match next() {
                Ok(Entry::Leg(position, leg, keys)) => waiting.push(position, leg, keys),
                Ok(Entry::Skipped(position, reason)) => {
                    waiting.slots.push_back(Slot::Skipped(position, reason))
                }
                Ok(Entry::Nothing) => {}
                Ok(Entry::End) => ended = true,
                Err(failed) => (ended, error) = (true, Some(failed)),
            }
        }
        if waiting.slots.len() > window || ended {
            let Some(slot) = waiting.pop() else {
                // Waiting legs come before the error at the end of the file.
                return error.take().map_or(Ok(!ended), Err);
            };
            give(slot, &mut put, out);
        }
        Ok(true)
    })
}

fn give<T>(slot: Slot<T>, put: &mut impl FnMut(Vec<T>, &mut Out) -> Result<(), Reason>, out: &mut Out) {
    match slot {
        Slot::Call(position, legs, _) => {
            out.at(position);
            if let Err(reason) = put(legs, out) {
                out.skip(reason);
            }
        }
        Slot::Joined(position) => {
            out.at(position);
            out.join();
        }
        Slot::Skipped(position, reason) => {
            out.at(position);
            out.skip(reason);
        }
    }
}

/// Waiting entries, in the order of the file.
struct Window<T> {
    slots: VecDeque<Slot<T>>,
    /// Number of slots removed at the front.
    before: usize,
    /// Number of the slot with the call of a key.
    by_key: HashMap<String, usize>,
}

enum Slot<T> {
    /// The position of a call's first entry, and its legs and keys so far.
    Call(u64, Vec<T>, Vec<String>),
    Joined(u64),
    Skipped(u64, Reason),
}

impl<T> Window<T> {
    fn push(&mut self, position: u64, leg: T, keys: Vec<String>) {
        let known = keys.iter().find_map(|key| self.by_key.get(key).copied());
        let slot = known.unwrap_or(self.before + self.slots.len());
        let mut added = Vec::new();
        for key in keys {
            if !self.by_key.contains_key(&key) {
                self.by_key.insert(key.clone(), slot);
                added.push(key);
            }
        }
        match known.and_then(|known| self.slots.get_mut(known - self.before)) {
            Some(Slot::Call(_, legs, keys)) => {
                legs.push(leg);
                keys.append(&mut added);
                self.slots.push_back(Slot::Joined(position));
            }
            _ => self.slots.push_back(Slot::Call(position, vec![leg], added)),
        }
    }

    fn pop(&mut self) -> Option<Slot<T>> {
        let slot = self.slots.pop_front()?;
        self.before += 1;
        if let Slot::Call(_, _, keys) = &slot {
            for key in keys {
                self.by_key.remove(key);
            }
        }
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Item;

    /// Joins legs, each a letter that is its key, and tells the items.
    fn joined(window: usize, legs: &str) -> Vec<String> {
        let mut entries = (1..).zip(legs.chars().map(String::from).collect::<Vec<_>>());
        let next = move || {
            Ok(entries.next().map_or(Entry::End, |(position, leg)| match leg.as_str() {
                "!" => Entry::Skipped(position, "bad".into()),
                "-" => Entry::Leg(position, leg, Vec::new()),
                _ => Entry::Leg(position, leg.clone(), vec![leg]),
            }))
        };
        let put = |legs: Vec<String>, _: &mut Out| Err(legs.concat().into());
        let text = |item: Result<Item, ReadError>| match item.expect("no error") {
            Item::Skipped(skipped) => format!("{}: {}", skipped.position, skipped.reason),
            Item::Joined { position } => format!("{position}: joined"),
            Item::Record(_) => unreachable!(),
        };
        join(window, next, put).map(text).collect()
    }

    #[test]
    fn entries_with_the_same_key_are_one_call_at_the_position_of_the_first() {
        assert_eq!(joined(9, "ab!a"), ["1: aa", "2: b", "3: bad", "4: joined"]);
        assert_eq!(joined(9, "--"), ["1: -", "2: -"]);
    }

    #[test]
    fn an_entry_behind_the_window_is_a_call_by_itself() {
        assert_eq!(joined(2, "abca"), ["1: a", "2: b", "3: c", "4: a"]);
        assert_eq!(joined(3, "abca"), ["1: aa", "2: b", "3: c", "4: joined"]);
    }
}
