//! Calls that an import has already added, so that PostgreSQL need not be asked about calls that are
//! certainly new.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::insertion::{NaturalKey, NewCall};
use crate::keys::{PartyKey, Version};

/// Histories that a writer has created, without writes by others.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// Versions of the histories.
    versions: HashMap<PartyKey, Version>,
    /// Calls of the histories.
    calls: Seen,
}

impl Own {
    /// Whether a call is certainly new to its history, which has this version.
    pub(crate) fn lacks(&self, call: &NewCall, version: Version) -> bool {
        self.versions.get(&call.number) == Some(&version) && !self.calls.may_contain(&call.natural_key())
    }

    /// Adds calls of one history that were stored after a version.
    pub(crate) fn add(&mut self, calls: &[NewCall], before: Version, is_new: bool) {
        let Some(owner) = calls.first().map(|call| call.number) else { return };
        if is_new || self.versions.get(&owner) == Some(&before) {
            self.versions.insert(owner, Version(before.0 + calls.len() as i64));
            calls.iter().for_each(|call| self.calls.insert(&call.natural_key()));
        } else {
            self.versions.remove(&owner);
        }
    }
}

/// A Bloom filter of natural keys, of 8 MB. With five million keys its false positive rate is some two
/// percent, and grows with more.
#[derive(Debug)]
struct Seen {
    hasher: RandomState,
    words: Vec<u64>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { hasher: RandomState::new(), words: vec![0; 1 << Self::BITS_OF_WORD] }
    }
}

impl Seen {
    const BITS_OF_WORD: u32 = 20;
    /// Bits that are set per key, in one word.
    const MARKS: u32 = 4;

    /// Adds a key.
    fn insert(&mut self, key: &NaturalKey) {
        let (word, marks) = self.place(key);
        self.words[word] |= marks;
    }

    /// False only if the key was never added.
    fn may_contain(&self, key: &NaturalKey) -> bool {
        let (word, marks) = self.place(key);
        self.words[word] & marks == marks
    }

    /// The index of the key's word, and its bits there.
    fn place(&self, key: &NaturalKey) -> (usize, u64) {
        let hash = self.hasher.hash_one(key);
        let marks = (0..Self::MARKS).fold(0, |marks, mark| marks | 1 << (hash >> (6 * mark) & 63));
        ((hash >> (u64::BITS - Self::BITS_OF_WORD)) as usize, marks)
    }
}

#[cfg(test)]
mod tests {
    use calls_model::CallType;
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::keys::PartyKey;

    #[test]
    fn a_key_that_was_put_in_is_there_and_hardly_any_other() {
        let key = |n: i64| {
            let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(n / 2);
            (PartyKey(1), at, PartyKey(2 + n % 2), CallType::MissedInbound)
        };
        let mut seen = Seen::default();
        assert!(!seen.may_contain(&key(0)));
        (0..10_000).for_each(|n| seen.insert(&key(n)));
        assert!((0..10_000).all(|n| seen.may_contain(&key(n))));
        let others = (10_000..20_000).filter(|n| seen.may_contain(&key(*n))).count();
        assert!(others < 100, "{others}");
    }
}
