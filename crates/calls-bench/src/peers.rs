//! The plain program beside which the list is measured: `peer` of this package.

use std::process::Command;

use local_postgres::Cluster;

use crate::processes::Server;

/// The page that the program answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// With the history's version, and the labels of those who have no number, as the API does.
    Versioned,
    /// The rows of calls alone.
    Bare,
}

/// Starts it on a database.
pub fn start(cluster: &Cluster, database: &str, page: Page) -> anyhow::Result<Server> {
    let url = cluster.url(database) + "?options=-c%20plan_cache_mode%3Dforce_generic_plan";
    let page = match page {
        Page::Versioned => "versioned",
        Page::Bare => "bare",
    };
    let mut command = Command::new(std::env::current_exe()?.with_file_name("peer"));
    Server::start(command.env("DATABASE_URL", url).env("PAGE", page))
}
