//! The contract between the Calls API and everybody who reads it: the page in this workspace and REST
//! clients alike. Pure types, no I/O, builds for `wasm32-unknown-unknown`.
//!
//! In reading order:
//!
//! - `parties`: who is on a line. [`Party`], [`PartyKind`], [`E164`], [`ParseError`].
//! - `calls`: one call of a history. [`Call`], [`CallType`], [`Disposition`], [`CallDuration`], [`DetailedCall`].
//! - `numbers`: what is known of a number. [`NumberInfo`], [`NumberKind`], [`HistoryInfo`],
//!   [`OccurrenceInfo`], [`RecentDays`].
//! - `people`: one person's calls, whom to call back, notes, lines. [`PersonSummary`], [`CallbackQueue`], [`Note`],
//!   [`LineSet`].
//! - `summary`: what a history comes to. [`Summary`] and its parts, [`TalkTime`].
//! - [`filter`]: which calls the page shows, in its addresses and in the API's parameters. [`day`]: the calendar.
//!   [`query`]: query strings.
//! - `fallback`: what the page has before it asks. [`Fallback`].
//! - `problem`: how the API says no. [`Problem`] (RFC 9457).
//! - [`requests`]: what can be asked.
//! - `text`: how digits are written.
//! - `schema`: the JSON schemas of types that are one text, with the feature `schema`.

mod calls;
pub mod day;
mod fallback;
pub mod filter;
mod numbers;
mod parties;
mod people;
mod problem;
pub mod query;
pub mod requests;
#[cfg(feature = "schema")]
mod schema;
mod summary;
mod text;

pub use calls::{
    Call, CallDetails, CallDuration, CallType, CounterpartyDetails, DetailedCall, Direction, Disposition,
    Outcome,
};
pub use fallback::Fallback;
pub use numbers::{HistoryInfo, NumberInfo, NumberKind, OccurrenceInfo, PartOfDay, RecentDays};
pub use parties::{E164, ParseError, Party, PartyKind};
pub use people::{
    BestTimes, Callback, CallbackChange, CallbackQueue, CallbackState, HourAnswers, LineCall, LineSet,
    MonthCount, Note, NoteChange, PersonSummary, UnidentifiedCallers, WeekdayAnswers,
};
pub use problem::Problem;
pub use summary::{
    CallCounts, CounterpartyCount, Coverage, DayCount, DispositionCount, HourOfWeekCount, InboundAnswers,
    MissedInbound, OutboundAnswers, PreviousPeriod, Summary, TalkTime,
};
