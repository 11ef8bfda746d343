//! The Calls API and its command line.
//!
//! In reading order:
//!
//! - [`cli`]: the commands of the binary `calls`, one file each in `commands/`. No module imports them.
//! - [`configuration`]: the configuration file.
//! - [`routes`]: the table of all routes, and a file per noun in `routes/` with its handlers. They read and
//!   write calls through the crate `calls-store`.
//! - [`app`]: state that the handlers share.
//! - [`problem`]: errors, as problem details.
//! - `conditional`: conditional requests.
//! - [`details`]: details of calls.
//! - `addresses`: paths of a number.
//! - [`base_path`]: the path below which everything is served.
//! - [`request_id`]: request ids.
//! - [`hosts`]: host names that requests may be addressed to.
//! - [`clients`]: identification of clients, and limits per client.
//! - [`rate_limit`]: rate limit per client.
//! - [`credentials`]: credentials of those who send calls.
//! - [`reads`]: the choice between replica and primary.
//! - [`events`]: event streams.
//! - `intake`: imports of call logs, from the command line or over HTTP.
//! - [`listen`]: addresses and sockets that the server listens on.
//! - [`metrics`]: metrics for Prometheus.
//! - [`supervisor`]: notifications to systemd.
//! - [`assets`]: the built page, inside the binary.

mod addresses;
pub mod app;
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
