//! The counterparties with the most calls of a history, for each set of types that a filter can have.
//!
//! New calls only increase counts, so the new first ten are among the old ones and the counterparties of the
//! new calls. When calls are removed, the history is counted again.

use calls_model::{CallType, Summary};

use crate::columns::TypeColumn;
use crate::keys::PartyKey;
use crate::rows::CallColumns;

/// Totals of a counterparty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The counterparty.
    pub counterparty: PartyKey,
    /// Its calls of each type, in the order of [`CallType::ALL`].
    pub calls: [i64; 4],
    /// Milliseconds of inbound and of outbound calls.
    pub ms: [i64; 2],
}

/// A set of types: one bit each, the lowest for the first of [`CallType::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeSet(u8);

/// Number of non-empty sets.
const SETS: u8 = 15;

impl TypeSet {
    /// The set of some types.
    pub fn of(types: &[CallType]) -> Self {
        Self(types.iter().fold(0, |set, call_type| set | 1 << (TypeColumn(*call_type).code() - 1)))
    }

    /// All non-empty sets.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=SETS).map(Self)
    }

    /// The intersection of two sets.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the set contains the type at this position of [`CallType::ALL`].
    pub fn has(self, position: usize) -> bool {
        self.0 & 1 << position != 0
    }
}

impl Entry {
    /// Adds a call.
    pub(crate) fn add(&mut self, call: &CallColumns) {
        let position = usize::from(call.call_type.code().unsigned_abs()) - 1;
        self.calls[position] += 1;
        self.ms[position / 2] += i64::from(call.duration_ms.unwrap_or_default());
    }

    /// Adds another entry of the same counterparty.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.calls.iter_mut().zip(other.calls).for_each(|(calls, more)| *calls += more);
        self.ms.iter_mut().zip(other.ms).for_each(|(ms, more)| *ms += more);
    }

    /// Number of calls of some types.
    pub fn count(&self, types: TypeSet) -> i64 {
        (0..4).filter(|position| types.has(*position)).map(|position| self.calls[position]).sum()
    }

    /// Talk time of some types, in milliseconds.
    pub fn ms_of(&self, types: TypeSet) -> i64 {
        [(0, self.ms[0]), (2, self.ms[1])]
            .iter()
            .filter(|(position, _)| types.has(*position))
            .map(|(_, ms)| ms)
            .sum()
    }
}

/// Lists of [`Summary::TOP_COUNTERPARTIES`] entries, one per set of types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Top {
    entries: Vec<Entry>,
}

impl Top {
    /// The list for a set of types: most calls first, then by key.
    pub fn list(&self, types: TypeSet) -> Vec<Entry> {
        let mut list: Vec<Entry> =
            self.entries.iter().copied().filter(|entry| entry.count(types) > 0).collect();
        list.sort_unstable_by_key(|entry| (std::cmp::Reverse(entry.count(types)), entry.counterparty));
        list.truncate(Summary::TOP_COUNTERPARTIES);
        list
    }

    /// Updates counterparties with their new totals.
    pub fn take_in(&mut self, changed: impl IntoIterator<Item = Entry>) {
        let mut all: std::collections::HashMap<PartyKey, Entry> =
            self.entries.drain(..).map(|entry| (entry.counterparty, entry)).collect();
        all.extend(changed.into_iter().map(|entry| (entry.counterparty, entry)));
        self.entries = all.into_values().collect();
        // Drops entries that are in no list any more.
        let mut listed: Vec<Entry> = TypeSet::all().flat_map(|types| self.list(types)).collect();
        listed.sort_unstable_by_key(|entry| entry.counterparty);
        listed.dedup();
        self.entries = listed;
    }

    /// Encodes each entry as seven little-endian numbers of eight bytes.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let numbers = |entry: &Entry| {
            let [first, second, third, fourth] = entry.calls;
            [entry.counterparty.0, first, second, third, fourth, entry.ms[0], entry.ms[1]]
        };
        self.entries.iter().flat_map(numbers).flat_map(i64::to_le_bytes).collect()
    }

    pub(crate) fn unpack(packed: &[u8]) -> Self {
        let (numbers, _) = packed.as_chunks::<8>();
        let numbers: Vec<i64> = numbers.iter().copied().map(i64::from_le_bytes).collect();
        let entries =
            numbers.as_chunks::<7>().0.iter().map(|[counterparty, a, b, c, d, inbound, outbound]| Entry {
                counterparty: PartyKey(*counterparty),
                calls: [*a, *b, *c, *d],
                ms: [*inbound, *outbound],
            });
        Self { entries: entries.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(counterparty: i64, calls: [i64; 4]) -> Entry {
        Entry { counterparty: PartyKey(counterparty), calls, ms: [calls[0] * 10, calls[2] * 100] }
    }

    #[test]
    fn the_lists_are_those_of_all_counterparties_taken_in() {
        let all: Vec<Entry> =
            (1..200).map(|n| entry(n, [n * 7 % 23, n * 5 % 31, n * 3 % 17, n * 11 % 41])).collect();
        let (mut one_by_one, mut at_once) = (Top::default(), Top::default());
        at_once.take_in(all.clone());
        // First with fewer calls, then with all of them.
        for entry in &all {
            one_by_one.take_in([Entry { calls: entry.calls.map(|calls| calls / 2), ..*entry }]);
        }
        all.chunks(7).for_each(|some| one_by_one.take_in(some.iter().copied()));
        for types in TypeSet::all() {
            let mut expected = all.clone();
            expected.sort_by_key(|entry| (std::cmp::Reverse(entry.count(types)), entry.counterparty));
            expected.truncate(10);
            assert_eq!(one_by_one.list(types), expected, "{types:?}");
            assert_eq!(at_once.list(types), expected, "{types:?}");
        }
        assert_eq!(Top::unpack(&at_once.pack()), at_once);
    }

    #[test]
    fn who_has_no_call_of_a_type_is_not_listed_for_it() {
        let mut top = Top::default();
        top.take_in([entry(1, [3, 0, 0, 0])]);
        let types = TypeSet::of(&[CallType::MissedInbound]);
        assert_eq!(top.list(types), []);
        let [listed] = top.list(TypeSet::of(&[CallType::CompletedInbound]))[..] else { panic!() };
        assert_eq!((listed.count(types), listed.ms_of(TypeSet::of(&CallType::ALL))), (0, 30));
    }
}
