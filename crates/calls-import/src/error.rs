//! Why a file cannot be read any further.

use std::io;

use crate::format::Format;
use crate::unreadable::Unreadable;

/// The end of a file before its end. What is wrong with a single entry is a
/// [`Skipped`](crate::Skipped) instead.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be read.
    #[error("cannot read the file")]
    Io(#[from] io::Error),
    /// The file is not of the format at all.
    #[error("not a file of the format {format}: expected {expected}, but found {found}")]
    NotTheFormat {
        /// The format it was read as.
        format: Format,
        /// The part that every file of the format has.
        expected: String,
        /// The part found instead.
        found: String,
    },
    /// The file begins as none that is known, or is no log whatever its format. Holds what it seems to be.
    #[error("expected a call log, but found {0}")]
    UnknownFormat(Unreadable),
    /// The format leaves out whose calls these are, and nobody said it.
    #[error("a file of the format {0} does not say whose calls it lists: name the number with --own")]
    OwnMissing(Format),
    /// Nothing in the file tells whether its dates begin with the day or with the month.
    #[error(
        "expected dates whose day and month can be told apart, but found {first:?}, which is {day_first} or \
         {month_first}: name the order with --dates day-first or --dates month-first"
    )]
    DatesUndecided {
        /// The first date of the file that could be either.
        first: String,
        /// Reading with the day first, as `3 February 2026`.
        day_first: String,
        /// Reading with the month first.
        month_first: String,
    },
    /// Columns were named for a file of a format whose columns are known.
    #[error("columns can only be named with --map for a file of the format generic-csv, but found {0}")]
    ColumnsNotWanted(Format),
}
