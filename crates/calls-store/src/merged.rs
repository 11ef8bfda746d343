//! Pages of several histories as one list, newest first: ordered by time, number and id, all descending.

use chrono::{DateTime, Utc};

use crate::keys::{CallId, PartyKey};
use crate::rows::Position;

/// A position in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Time of the call.
    pub created_at: DateTime<Utc>,
    /// Owner of the history.
    pub number: PartyKey,
    /// Its id.
    pub id: CallId,
}

impl Place {
    /// The position of a call in the history of `number`.
    pub fn of(number: PartyKey, Position { created_at, id }: Position) -> Self {
        Self { created_at, number, id }
    }

    /// The position in one of the histories at which the list continues. Of calls at the same time, those of
    /// higher numbers come before.
    pub fn within(&self, number: PartyKey) -> Position {
        let id = match number.cmp(&self.number) {
            std::cmp::Ordering::Less => CallId(i64::MAX),
            std::cmp::Ordering::Equal => self.id,
            std::cmp::Ordering::Greater => CallId(i64::MIN),
        };
        Position { created_at: self.created_at, id }
    }
}

/// A page of one history, newest first; `next` is set if the history continues.
#[derive(Debug)]
pub struct Part<T> {
    /// Owner of the history.
    pub number: PartyKey,
    /// Its calls.
    pub rows: Vec<T>,
    /// Position up to which it was read, if the history continues.
    pub next: Option<Position>,
}

/// The first `limit` rows of several pages, each with its number, and the position to continue at. The result
/// is shorter if the list cannot be continued past the end of a page.
pub fn merge<T>(
    parts: Vec<Part<T>>,
    limit: usize,
    position: impl Fn(&T) -> Position,
) -> (Vec<(PartyKey, T)>, Option<Place>) {
    // After the newest end of a page, calls of that history may come before the rest.
    let end = parts.iter().filter_map(|part| Some(Place::of(part.number, part.next?))).max();
    let mut rows: Vec<(Place, PartyKey, T)> = Vec::with_capacity(limit);
    for Part { number, rows: of_one, .. } in parts {
        let with_place = of_one.into_iter().map(|row| (Place::of(number, position(&row)), number, row));
        rows.extend(with_place.filter(|(place, ..)| end.is_none_or(|end| *place >= end)));
    }
    rows.sort_unstable_by_key(|(place, ..)| std::cmp::Reverse(*place));
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = if has_more { rows.last().map(|(place, ..)| *place) } else { end };
    (rows.into_iter().map(|(_, number, row)| (number, row)).collect(), next)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn place((second, number, id): (i64, i64, i64)) -> Place {
        let created_at = DateTime::from_timestamp(second, 0).unwrap_or_default();
        Place { created_at, number: PartyKey(number), id: CallId(id) }
    }

    /// A page of one history, as the store reads it.
    fn page(all: &BTreeSet<Place>, number: PartyKey, after: Option<Place>, limit: usize) -> Part<Position> {
        let after = after.map(|after| after.within(number));
        let position = |place: &Place| Position { created_at: place.created_at, id: place.id };
        let behind = |row: &Position| {
            after.is_none_or(|after| (row.created_at, row.id) < (after.created_at, after.id))
        };
        let own = all.iter().rev().filter(|place| place.number == number).map(position).filter(behind);
        let mut rows: Vec<Position> = own.take(limit + 1).collect();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().copied().filter(|_| has_more);
        Part { number, rows, next }
    }

    proptest! {
        #[test]
        fn merged_pages_neither_repeat_nor_drop_a_call_while_others_come_in(
            first in proptest::collection::btree_set((0..6_i64, -3..4_i64, 1..9_i64), 0..60),
            later in proptest::collection::vec((0..6_i64, -3..4_i64, 9..99_i64), 0..30),
            limits in proptest::collection::vec((1..7_usize, 1..7_usize), 1..9),
        ) {
            let first: BTreeSet<Place> = first.into_iter().map(place).collect();
            let mut all = first.clone();
            let mut later = later.into_iter().map(place);
            let (mut seen, mut after) = (Vec::new(), None);
            for (limit, of_one) in limits.into_iter().cycle() {
                // A slow search returns fewer rows than requested.
                let parts = (-3..4).map(|number| page(&all, PartyKey(number), after, of_one)).collect();
                let (rows, next) = merge(parts, limit, |row: &Position| *row);
                seen.extend(rows.into_iter().map(|(number, row)| Place::of(number, row)));
                all.extend(later.by_ref().take(3));
                after = next;
                if next.is_none() {
                    break;
                }
            }
            prop_assert!(seen.is_sorted_by(|one, next| one > next), "{seen:?}");
            let seen: BTreeSet<Place> = seen.into_iter().collect();
            prop_assert!(first.is_subset(&seen), "{:?}", first.difference(&seen));
            prop_assert!(seen.is_subset(&all));
        }
    }
}
