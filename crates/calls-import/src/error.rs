//! Errors that end the reading of a file.

use std::io;

use crate::format::Format;
use crate::unreadable::Unreadable;

/// An error that ends the reading of a file. A problem with a single entry is a [`Skipped`](crate::Skipped)
/// instead.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be read.
    #[error("cannot read the file")]
    Io(#[from] io::Error),
    /// The file does not have the format.
    #[error("not a file of the format {format}: expected {expected}, but found {found}")]
    NotTheFormat {
        /// The format it was read as.
        format: Format,
        /// Something that every file of the format contains.
        expected: String,
        /// The part found instead.
        found: String,
    },
    /// The format is unknown, or the file is not a call log. Describes what it seems to be.
    #[error("expected a call log, but found {0}")]
    UnknownFormat(Unreadable),
    /// The format does not contain the owner, and none was given.
    #[error("a file of the format {0} does not say whose calls it lists: name the number with --own")]
    OwnMissing(Format),
    /// Nothing in the file shows whether its dates begin with the day or the month.
    #[error(
        "expected dates whose day and month can be told apart, but found {first:?}, which is {day_first} or \
         {month_first}: name the order with --dates day-first or --dates month-first"
    )]
    DatesUndecided {
        /// The first ambiguous date in the file.
        first: String,
        /// Reading with the day first, as `3 February 2026`.
        day_first: String,
        /// Reading with the month first.
        month_first: String,
    },
    /// Columns were mapped for a format with known columns.
    #[error("columns can only be named with --map for a file of the format generic-csv, but found {0}")]
    ColumnsNotWanted(Format),
}
