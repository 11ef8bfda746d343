//! Servers for a test run.
//!
//! Most tests need one database on any server: [`cluster_url`] and [`database_url`]. Those that stop, lose or
//! copy a server, or connect to it by TLS, start one of their own:
//!
//! - [`Primary`] and [`Standby`]: streaming replication and failover
//! - [`TlsServer`]: TLS with certificates made for the test
//! - [`Pgbouncer`]: connection pooling in transaction mode, in front of any server
//! - [`Server`]: what primary, standby and TLS server have in common
//! - [`make_certificate`]: a certificate for another server
//! - [`query()`]: a statement through `psql`
//!
//! Each server is stopped and removed when its value is dropped, and also when the test's process is killed.
//! Functions here panic where others return an error: a test can do no better.

mod certificates;
mod pgbouncer;
mod port;
mod psql;
mod replication;
mod server;
mod shared;
mod tls;

pub use certificates::make_certificate;
pub use pgbouncer::Pgbouncer;
pub use psql::query;
pub use replication::{Primary, Standby};
pub use server::{Server, several_hosts};
pub use shared::{SETUP_VARIABLE, VARIABLE, cluster_url, create_database, database_url, drop_database};
pub use tls::TlsServer;

/// The value, or a panic that says what failed.
#[track_caller]
fn expect<T>(result: Result<T, crate::Error>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
