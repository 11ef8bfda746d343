//! Rows of pages: which of them are the same, and how a list's fresh head joins what is known of the list.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use crate::value::Value;

/// A page that can say which rows it has.
pub trait Rows: Clone {
    /// One row. An `Arc` keeps its identity as long as the row is equal.
    type Row: Value;
    /// Identity of a row.
    type Id: Eq + Hash;

    /// The rows, in the list's order. Borrowed where the page has them so, else made for this call.
    fn rows(&self) -> Cow<'_, [Self::Row]>;
    /// The identity of a row: the same in every answer.
    fn id(row: &Self::Row) -> Self::Id;
    /// The same page (its cursor above all) with other rows.
    fn with_rows(&self, rows: Vec<Self::Row>) -> Self;

    /// Position of the row with this identity. A page that builds its rows on demand can tell it without
    /// them.
    fn position(&self, id: &Self::Id) -> Option<usize> {
        self.rows().iter().position(|row| Self::id(row) == *id)
    }
}

/// Joins a list's fresh head to the pages known, where the two meet.
///
/// `fetched` are pages from the head on, without a gap between them; `has_ended` says that the list has no
/// more. They meet the known pages where the last row fetched is a known one. Then the result is what the
/// server would have answered for the whole list, as far as anybody can know:
///
/// - the fetched rows, all of them and in their order. Known rows in their midst that were not fetched again
///   are gone from the list;
/// - then the known rows after the last one fetched.
///
/// No row is there twice. A row that is equal to the known one is the known one, so an `Arc` keeps its
/// identity. `None` where the last row is not known: what comes after it is not known either, and the head
/// must be followed further.
pub fn splice<P: Rows>(known: &[P], fetched: &[P], has_ended: bool) -> Option<Vec<P>> {
    if has_ended {
        return Some(keep_rows(known, fetched));
    }
    let last = fetched.iter().rev().find_map(|page| page.rows().last().map(P::id))?;
    let place = |(index, page): (usize, &P)| Some((index, page.position(&last)?));
    let (index, row) = known.iter().enumerate().find_map(place)?;
    // Pages after this one were not fetched, and a list may have many.
    let mut pages = keep_rows(&known[..=index], fetched);
    let head = pages.pop()?;
    let rows = [&head.rows()[..], &known[index].rows()[row + 1..]].concat();
    pages.push(known[index].with_rows(rows));
    pages.extend_from_slice(&known[index + 1..]);
    Some(pages)
}

/// The same pages, made of the known rows where these are equal.
pub(crate) fn keep_rows<P: Rows>(known: &[P], pages: &[P]) -> Vec<P> {
    let rows = known.iter().flat_map(|page| page.rows().into_owned());
    let old: HashMap<P::Id, P::Row> = rows.map(|row| (P::id(&row), row)).collect();
    let keep = |row: &P::Row| old.get(&P::id(row)).filter(|old| *old == row).unwrap_or(row).clone();
    pages.iter().map(|page| page.with_rows(page.rows().iter().map(keep).collect())).collect()
}
