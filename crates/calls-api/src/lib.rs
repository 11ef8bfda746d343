//! The Calls API and its command line.
//!
//! In reading order:
//!
//! - [`cli`]: the commands of the binary `calls`, one file each in `commands/`. Nothing imports them.
//! - [`configuration`]: the file that options can stand in.
//! - [`routes`]: the whole HTTP surface on one screen, a file per noun in `routes/`. The calls themselves are
//!   the business of the crate `calls-store`.
//! - `conditional`: requests about what the client has already.
//! - [`details`]: what else is known of a call.
//! - [`base_path`]: the path below which everything is served.
//! - [`request_id`]: what an answer, its problem and its log lines have in common.
//! - [`clients`]: who a client is, and how much of something one client may have.
//! - [`credentials`]: who may send calls in.
//! - [`events`]: new calls, told to those who follow a history.
//! - `intake`: call logs that are read into the database, by the command line or over HTTP.
//! - [`hosts`]: host names that requests may be addressed to.
//! - [`listen`]: addresses and sockets that the server listens on.
//! - [`rate_limit`]: how often one client may ask.
//! - [`reads`]: whether a replica or the primary answers.
//! - [`metrics`]: what is counted.
//! - [`problem`]: how the API says no.
//! - [`supervisor`]: what systemd is told.
//! - [`assets`]: the built page, inside the binary.

pub mod assets;
pub mod base_path;
pub mod cli;
pub mod clients;
mod commands;
mod conditional;
pub mod configuration;
pub mod credentials;
pub mod details;
pub mod events;
pub mod hosts;
mod intake;
pub mod listen;
pub mod metrics;
pub mod problem;
pub mod rate_limit;
pub mod reads;
pub mod request_id;
pub mod routes;
pub mod supervisor;
