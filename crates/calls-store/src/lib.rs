//! Calls as PostgreSQL keeps them. Knows neither HTTP nor a command line.
//!
//! In reading order:
//!
//! - [`server`]: where PostgreSQL is; [`migrations`]: its layout, and `upgrade` from that of version 0.1;
//!   [`distribution`]: how Citus distributes it.
//! - [`keys`], [`columns`], [`rows`]: the types of rows. `schema`: the tables.
//! - [`parties`]: who is on a line; [`labels`]: those without an E.164 number, kept in memory.
//! - [`pool`]: connections for what takes its time; [`hot`]: for plain pages and single calls; [`address`]:
//!   how both read a connection string; [`deadlines`]: how long anything may take.
//! - [`failure`]: why PostgreSQL refused a query, for logs.
//! - [`filter`] and [`list`]: pages of a history; [`merged`]: of several at once.
//!   [`directory`]: which numbers there are; [`occurrences`]: who occurs in
//!   the histories of others, and [`lister`], which keeps that current.
//! - [`names`]: whose number it is; [`contacts`]: address books; [`search`]: parties by a part of their name
//!   or number; [`details`]: what else pages say of calls on demand.
//! - [`returned`]: whether a missed call was returned.
//! - [`counts`]: counts of long histories; [`counter`] keeps them current; `spans`: their calls by time;
//!   [`summary`] is made of them, in the days and hours of [`zones`].
//! - [`callbacks`]: whom to call back; [`notes`]: on calls; [`lines`]: sets of numbers.
//! - [`insertion`]: new calls; [`import`]: from the records of a call log to rows; [`imported_files`] and
//!   [`last_imports`]: logs that were read; [`idempotency`]: kept answers.
//! - [`listener`]: hears of new calls.
//! - [`erasure`] and [`purge`]: calls that go for good.
//! - [`backup`] and [`restore`]: all of it as one file, and back.
//! - [`postgres_upgrade`]: to another major version of PostgreSQL.
//! - [`made_up`]: believable calls of nobody.

pub mod address;
pub mod backup;
pub mod callbacks;
pub mod columns;
pub mod contacts;
pub mod counter;
pub mod counts;
pub mod deadlines;
pub mod details;
pub mod directory;
pub mod distribution;
pub mod erasure;
pub mod failure;
pub mod filter;
pub mod hot;
pub mod idempotency;
pub mod import;
pub mod imported_files;
pub mod insertion;
pub mod keys;
pub mod labels;
pub mod last_imports;
mod libpq_options;
mod like;
pub mod lines;
pub mod list;
pub mod listener;
pub mod lister;
pub mod made_up;
pub mod merged;
pub mod migrations;
pub mod names;
pub mod notes;
pub mod occurrences;
pub mod parties;
pub mod pool;
mod pooler;
pub mod postgres_upgrade;
pub mod purge;
pub mod restore;
pub mod returned;
pub mod rows;
mod schema;
pub mod search;
mod seen;
pub mod server;
mod spans;
pub mod summary;
mod upgrade;
pub mod zones;

pub use upgrade::settle;
