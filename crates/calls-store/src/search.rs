//! Search terms: a part of a name, a number, an extension or a SIP address.

use std::collections::HashSet;

use calls_phone::Digits;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use crate::counts;
use crate::filter::Counterparties;
use crate::keys::{CallId, PartyKey};
use crate::like::escape_like;

/// Search terms. Empty terms match all parties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Search {
    text: String,
    digits: Vec<Digits>,
}

impl Search {
    /// A text, and the digits of the numbers it may be a part of.
    pub fn new(text: &str, digits: Vec<Digits>) -> Self {
        Self { text: text.trim().to_owned(), digits }
    }

    /// Whether all parties match.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// LIKE patterns that a matching name all contains: the words of the text.
    pub(crate) fn words(&self) -> Vec<String> {
        self.text.split_whitespace().map(|word| format!("%{}%", escape_like(word))).collect()
    }

    /// LIKE patterns of which the digits of a matching number have one.
    pub(crate) fn numbers(&self) -> Vec<String> {
        let pattern = |digits: &Digits| match digits {
            Digits::Beginning(digits) => format!("{digits}%"),
            Digits::Anywhere(digits) => format!("%{digits}%"),
        };
        self.digits.iter().map(pattern).collect()
    }

    /// The digits of [`Search::numbers`].
    pub(crate) fn digits(&self) -> impl Iterator<Item = &str> {
        self.digits.iter().map(|digits| match digits {
            Digits::Beginning(digits) | Digits::Anywhere(digits) => digits.as_str(),
        })
    }

    /// Condition: a name contains all words, given the number of the parameter with their patterns. The
    /// folding is the same as that of the column (see the migration `keep_address_books`).
    ///
    /// Words of at least three letters are found by an index of all groups of three letters in names (see the
    /// migration `index_names`).
    pub(crate) fn named_like(&self, parameter: u8) -> String {
        const FOLDED: &str = "replace(translate(lower(regexp_replace(normalize(word, NFKD), \
             '[\\u0300-\\u036f]', '', 'g')), 'øłđħı', 'oldhi'), 'ß', 'ss')";
        let words = format!("FROM unnest(${parameter}::text[]) AS word");
        let all = format!("names.folded LIKE ALL (ARRAY(SELECT {FOLDED} {words}))");
        if !self.text.split_whitespace().any(has_groups) {
            return all;
        }
        // Without the wildcards around a word. A word with an escaped character is left to LIKE.
        let groups =
            format!("SELECT unnest(name_groups(btrim({FOLDED}, '%'))) {words} WHERE strpos(word, '\\') = 0");
        format!("({all} AND name_groups(names.folded) @> ARRAY({groups}))")
    }

    /// LIKE pattern for an extension, a short code or a SIP address: digits without separators.
    pub(crate) fn label(&self) -> String {
        let digits = || self.text.chars().filter(char::is_ascii_digit).collect::<String>();
        let text = if self.digits.is_empty() { self.text.clone() } else { digits() };
        format!("%{}%", escape_like(&text))
    }
}

/// Whether a word contains groups of three letters for the index.
fn has_groups(word: &str) -> bool {
    const GROUP: usize = 3;
    word.chars().count() >= GROUP && !word.contains(['%', '_', '\\'])
}

/// The parties among these that match a search.
pub fn among(
    connection: &mut PgConnection,
    parties: &[PartyKey],
    search: &Search,
) -> QueryResult<HashSet<PartyKey>> {
    let found =
        format!("SELECT counterparty FROM unnest($1) AS known (counterparty) WHERE {}", is_found(search, 2));
    let rows: Vec<Counterparty> = diesel::sql_query(found)
        .bind::<Array<BigInt>, _>(parties)
        .bind::<Array<Text>, _>(search.numbers())
        .bind::<Array<Text>, _>(search.words())
        .bind::<Text, _>(search.label())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.counterparty).collect())
}

#[derive(QueryableByName)]
struct Counterparty {
    #[diesel(sql_type = BigInt)]
    counterparty: PartyKey,
}

/// Condition: the column `counterparty` matches, given the number of the first of three parameters: patterns
/// of digits, patterns of a name's words, and the pattern of a label.
fn is_found(search: &Search, first: u8) -> String {
    format!(
        "(counterparty > 0 AND counterparty::text LIKE ANY (${first})
            OR counterparty IN (SELECT party FROM names WHERE {})
            OR counterparty IN (SELECT number FROM other_parties WHERE label ILIKE ${}))",
        search.named_like(first + 1),
        first + 2
    )
}

/// The counterparties of a history that match a search.
pub fn counterparties(
    connection: &mut PgConnection,
    owner: PartyKey,
    search: &Search,
) -> QueryResult<Counterparties> {
    // A counted history has a list of its counterparties, except those of its newest calls.
    let until = counts::progress(connection, owner)?.map(|counts| counts.until);
    let known = match until {
        Some(_) => {
            "SELECT counterparty FROM counterparty_counts WHERE number = $1
             UNION SELECT counterparty FROM calls WHERE number = $1 AND id > $2"
        }
        None => "SELECT DISTINCT counterparty FROM calls WHERE number = $1 AND $2::bigint IS NOT NULL",
    };
    let found = format!(
        "SELECT counterparty FROM ({known}) AS known WHERE {} ORDER BY counterparty",
        is_found(search, 3)
    );
    let rows: Vec<Counterparty> = diesel::sql_query(found)
        .bind::<BigInt, _>(owner)
        .bind::<BigInt, _>(until.unwrap_or(CallId(0)))
        .bind::<Array<Text>, _>(search.numbers())
        .bind::<Array<Text>, _>(search.words())
        .bind::<Text, _>(search.label())
        .load(connection)?;
    Ok(Counterparties(rows.into_iter().map(|row| (row.counterparty, row.counterparty)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_in_a_pattern_means_itself() {
        let search = Search::new(" 100% o_n \\ ", Vec::new());
        assert_eq!(search.words(), ["%100\\%%", "%o\\_n%", "%\\\\%"]);
        assert_eq!(search.label(), "%100\\% o\\_n \\\\%");
        assert!(Search::new("  ", Vec::new()).is_empty());
    }

    #[test]
    fn digits_find_an_extension_however_they_are_grouped() {
        let digits = vec![Digits::Beginning("49".to_owned()), Digits::Anywhere("10".to_owned())];
        let search = Search::new("10-01", digits);
        assert_eq!(
            (search.label().as_str(), search.numbers()),
            ("%1001%", vec!["49%".to_owned(), "%10%".to_owned()])
        );
    }
}
