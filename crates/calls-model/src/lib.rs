//! The contract between the Calls API and its clients: the page in this workspace, and REST clients. Pure
//! types, no I/O, builds for `wasm32-unknown-unknown`.
//!
//! In reading order:
//!
//! - `parties`: the two ends of a call. [`Party`], [`PartyKind`], [`E164`], [`ParseError`].
//! - `calls`: one call of a history. [`Call`], [`CallType`], [`Disposition`], [`CallDuration`],
//!   [`DetailedCall`].
//! - `numbers`: spellings, names and occurrences of a number. [`NumberInfo`], [`NumberKind`],
//!   [`HistoryInfo`], [`OccurrenceInfo`], [`RecentDays`].
//! - `notes`: notes on calls. [`Note`].
//! - `people`: one person's calls, people to call back, lines. [`PersonSummary`], [`CallbackQueue`],
//!   [`LineSet`].
//! - `summary`: counts of a history. [`Summary`] and its parts, [`TalkTime`].
//! - [`filter`]: the filter of the page, in its addresses and in the API's parameters. [`day`]: calendar
//!   days. [`query`]: query strings.
//! - `initial_data`: initial data in the page's HTML. [`InitialData`].
//! - `problem`: errors of the API. [`Problem`] (RFC 9457), [`ProblemKind`].
//! - [`requests`]: all query parameters.
//! - `text`: how digits are written. [`append_number`], [`append_time`].
//! - `schema`: JSON schemas of types that serialize as one string, with the feature `schema`.

mod calls;
pub mod day;
pub mod filter;
mod initial_data;
mod notes;
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
pub use initial_data::InitialData;
pub use notes::{Note, NoteChange};
pub use numbers::{HistoryInfo, NumberInfo, NumberKind, OccurrenceInfo, PartOfDay, RecentDays};
pub use parties::{E164, ParseError, Party, PartyKind};
pub use people::{
    BestTimes, Callback, CallbackChange, CallbackQueue, CallbackState, HourAnswers, LineCall, LineSet,
    MonthCount, PersonSummary, UnidentifiedCallers, WeekdayAnswers,
};
pub use problem::{Problem, ProblemKind};
pub use summary::{
    CallCounts, CounterpartyCount, Coverage, DayCount, DispositionCount, HourOfWeekCount, InboundAnswers,
    MissedInbound, OutboundAnswers, PreviousPeriod, Summary, TalkTime,
};
pub use text::{append_number, append_time};
