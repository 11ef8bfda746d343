//! The Calls API and its command line.
//!
//! In reading order:
//!
//! - [`cli`]: the commands of the binary `calls`, one file each in `commands/`.
//! - [`database`]: where PostgreSQL is, its connections and its migrations.
//! - [`routes`]: the whole HTTP surface on one screen, a file per noun in `routes/`.
//! - [`calls`], [`parties`]: rows and queries.
//! - [`page_loader`]: pages that are asked for at the same time, read together.
//! - [`details`]: what else is known of a call.
//! - [`summary`]: what a history comes to, in the zones of [`zones`].
//! - [`credentials`]: who may send calls in; [`idempotency`]: the answers to them, kept.
//! - [`events`]: new calls, told to those who follow a history.
//! - [`import`]: from the records of a call log to rows.
//! - [`erasure`]: calls that go for good.
//! - [`history`]: believable made-up calls.
//! - [`rate_limit`]: how often one client may ask.
//! - [`metrics`]: what is counted.
//! - [`problem`]: how the API says no.
//! - [`page`]: the built page, inside the binary.

pub mod calls;
pub mod cli;
mod commands;
mod composed;
pub mod credentials;
pub mod database;
pub mod details;
pub mod erasure;
pub mod events;
pub mod history;
pub mod idempotency;
pub mod import;
pub mod metrics;
pub mod page;
pub mod page_loader;
pub mod parties;
pub mod problem;
pub mod rate_limit;
pub mod routes;
mod schema;
pub mod summary;
pub mod zones;
