//! The cluster that all tests of a run share.
//!
//! Tests run against the cluster that `TEST_DATABASE_URL` names: any server, by any address that libpq reads.
//! The program `with-postgres` sets it, so that one throwaway cluster serves a whole run: `with-postgres
//! cargo nextest run`. Without it each process makes a cluster of its own, which takes a second or two.
//!
//! # A database per test
//! Migrate once into a template, then copy that for each test; a copy takes some ten milliseconds.
//!
//! 1. Connect to [`cluster_url`] and take an advisory lock (`SELECT pg_advisory_lock(...)`): several test
//!    processes do this.
//! 2. Unless it is there, create the template under a name that says which migrations it holds
//!    (`calls_template_<version>`), connect to it ([`database_url`]), migrate, disconnect, and release the
//!    lock. A template must have no connections when it is copied.
//! 3. For each test: `CREATE DATABASE <unique name> TEMPLATE <template>`, and connect to [`database_url`] of
//!    that name.
//! 4. Drop it with `DROP DATABASE ... WITH (FORCE)` afterwards, or leave it: a throwaway cluster takes it
//!    along.
//!
//! # Servers whose databases need more than `CREATE DATABASE`
//! A database of Citus is one on each node, with the extension in it. `TEST_DATABASE_SETUP` names a program
//! that knows: it is run as `PROGRAM create NAME [TEMPLATE]` and `PROGRAM drop NAME` (see [`create_database`]
//! and [`drop_database`]).

use std::process::Command;
use std::sync::OnceLock;

use crate::Cluster;

/// The variable that names the cluster to test against.
pub const VARIABLE: &str = "TEST_DATABASE_URL";

/// The URL of the maintenance database `postgres` of the cluster to test against.
///
/// That is `TEST_DATABASE_URL`, else a throwaway cluster that ends with this process.
///
/// # Panics
/// If a throwaway cluster is needed and cannot be made: a test can do no better.
pub fn cluster_url() -> String {
    // Never dropped. The cluster's keeper cleans up when the process ends.
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    if let Some(url) = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty()) {
        return url;
    }
    let make =
        || Cluster::throwaway().unwrap_or_else(|error| panic!("no PostgreSQL to test against: {error}"));
    CLUSTER.get_or_init(make).url("postgres")
}

/// The variable that names a program which makes and drops databases.
pub const SETUP_VARIABLE: &str = "TEST_DATABASE_SETUP";

/// Makes a database of [`cluster_url`], as a copy of `template` if there is one: by the program that
/// `TEST_DATABASE_SETUP` names, else by `execute`, which runs a statement.
///
/// # Panics
/// If the program fails.
pub fn create_database(name: &str, template: Option<&str>, execute: impl FnOnce(&str)) {
    let arguments: Vec<&str> = ["create", name].into_iter().chain(template).collect();
    if !is_set_up(&arguments) {
        let template = template.map_or_else(String::new, |template| format!(" TEMPLATE {template}"));
        execute(&format!("CREATE DATABASE {name}{template}"));
    }
}

/// Drops a database that [`create_database`] has made, and ends its connections.
///
/// # Panics
/// If the program fails.
pub fn drop_database(name: &str, execute: impl FnOnce(&str)) {
    if !is_set_up(&["drop", name]) {
        execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    }
}

/// Runs the program that `TEST_DATABASE_SETUP` names, and says whether there is one.
fn is_set_up(arguments: &[&str]) -> bool {
    let Some(program) = std::env::var_os(SETUP_VARIABLE).filter(|program| !program.is_empty()) else {
        return false;
    };
    let done = Command::new(&program).args(arguments).output();
    let done = done.unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
    assert!(
        done.status.success(),
        "{} {arguments:?}: {}",
        program.display(),
        String::from_utf8_lossy(&done.stderr)
    );
    true
}

/// The connection string `url` with its database replaced by `name`, which holds ASCII letters, digits and
/// underscores only.
///
/// Takes both forms that libpq reads, `postgresql://host/database?option=value` and `host=... dbname=...`.
pub fn database_url(url: &str, name: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // libpq takes the last of several values.
        return format!("{url} dbname={name}");
    };
    let (address, options) = rest.split_once('?').unwrap_or((rest, ""));
    let hosts = address.split_once('/').map_or(address, |(hosts, _)| hosts);
    let options: Vec<&str> =
        options.split('&').filter(|option| !option.is_empty() && !option.starts_with("dbname=")).collect();
    let separator = if options.is_empty() { "" } else { "?" };
    format!("{scheme}://{hosts}/{name}{separator}{}", options.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        for (url, expected) in [
            ("postgresql://postgres@%2Ftmp%2Fx:5432/postgres", "postgresql://postgres@%2Ftmp%2Fx:5432/t1"),
            ("postgres://u:p@localhost/db?sslmode=disable", "postgres://u:p@localhost/t1?sslmode=disable"),
            ("postgres://localhost", "postgres://localhost/t1"),
            ("postgres://localhost?dbname=x&user=u", "postgres://localhost/t1?user=u"),
            ("postgresql:///x?host=/run/postgresql", "postgresql:///t1?host=/run/postgresql"),
            ("postgresql://one:1,two:2/x", "postgresql://one:1,two:2/t1"),
            ("host=localhost dbname=x", "host=localhost dbname=x dbname=t1"),
        ] {
            assert_eq!(database_url(url, "t1"), expected);
        }
    }
}
