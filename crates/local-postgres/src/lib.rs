//! A private PostgreSQL for one program: found, created, started, shared and stopped by the processes that
//! use it.
//!
//! ```no_run
//! # fn main() -> Result<(), local_postgres::Error> {
//! let cluster = local_postgres::Cluster::open(&local_postgres::default_data_dir()?)?;
//! cluster.ensure_database("calls")?;
//! println!("{}", cluster.url("calls"));
//! cluster.leave()
//! # }
//! ```
//!
//! # Who stops the server
//! A server lives exactly as long as a process holds a shared `flock` on `users.lock` in its data folder. The
//! kernel drops that lock with the process, however it ends, so `kill -9` counts as leaving. Each user has a
//! *keeper*: a tiny forked child that waits for the exclusive lock, which it gets when the last user is gone,
//! and then stops the server.
//!
//! # What is alive
//! The server and all of its processes inherit an open file that is locked exclusively (`server.lock`). If
//! that lock can be taken, nothing of the server lives, whatever `postmaster.pid` says; so a process number
//! that now belongs to somebody else stops nobody from starting. The same lock makes two processes that start
//! at once take turns.
//!
//! # Map
//! - [`Cluster`]: the way in: open, join, databases, leave
//! - `binaries`: where the installed PostgreSQL is, and which version
//! - `account`: the unprivileged user that a server started by root runs as
//! - `layout`: the files of a data folder and who may enter them
//! - `url`: connection URLs
//! - `lock`: `flock` on a file
//! - `recipe`: where a new server's data comes from, and every server's settings
//! - `server`: initdb, start, ready, and how the arguments come about
//! - `memory`: how much memory a server keeps pages in
//! - `stop`: the end of a server, in calls that are safe after `fork`
//! - `descriptors`: open files that a child must not have
//! - [`init`]: what the first process of a container has to do
//! - `keeper`: the forked child that outlives its user
//! - `database`: create, ensure and drop a database through `psql`
//! - [`testing`]: servers for a test run
//! - [`Programs`]: `pg_dump`, `pg_restore` and `psql`, for backups
//! - [`Upgrade`]: to another major version
//! - [`Error`]: what can go wrong, in words for the person at the terminal

mod account;
mod binaries;
mod cluster;
mod database;
mod descriptors;
mod error;
pub mod init;
mod keeper;
mod layout;
mod lock;
mod memory;
mod programs;
mod recipe;
mod server;
mod stop;
pub mod testing;
mod upgrade;
mod url;

pub use account::{user_name, user_of_server};
pub use binaries::installed;
pub use cluster::Cluster;
pub use error::Error;
pub use layout::{default_data_dir, has_cluster};
pub use programs::Programs;
pub use upgrade::{Upgrade, free_space};
