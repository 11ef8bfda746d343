//! The crate against a real PostgreSQL, mostly through processes that come and go.
//!
//! - `harness`: processes that use a cluster, and how to look at what is left of them
//! - `sharing`: join, leave, and who stops the server
//! - `recovery`: what kill -9 leaves behind
//! - `folders`: places and owners of the data
//! - `throwaway`: clusters for tests
//! - `servers`: servers of a test's own that end with it
//! - `replication`, `tls`, `pgbouncer`: what each kind of them is for
//! - `errors`: what people read when it does not work

// `cfg(test)` always holds here; it tells clippy that helpers may unwrap like the tests.
#[cfg(test)]
mod errors;
#[cfg(test)]
mod folders;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod pgbouncer;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod replication;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod throwaway;
#[cfg(test)]
mod tls;
