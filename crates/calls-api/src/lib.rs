//! The Calls API and its command line.
//!
//! In reading order:
//!
//! - [`cli`]: the commands of the binary `calls`, one file each in `commands/`.
//! - [`database`]: where PostgreSQL is, its connections and its migrations.
//! - [`routes`]: the whole HTTP surface on one screen, a file per noun in `routes/`.
//! - [`calls`], [`parties`]: rows and queries.
//! - [`phone`]: all that is known of phone numbers.
//! - [`import`]: from the records of a call log to rows.
//! - [`history`]: believable made-up calls.
//! - [`problem`]: how the API says no.
//! - [`page`]: the built page, inside the binary.

pub mod calls;
pub mod cli;
mod commands;
pub mod database;
pub mod history;
pub mod import;
pub mod page;
pub mod parties;
pub mod phone;
pub mod problem;
pub mod routes;
mod schema;
