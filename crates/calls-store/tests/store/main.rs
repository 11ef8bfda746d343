//! The store against a real PostgreSQL.

// Tells clippy that the helpers are tests too.
#![cfg(test)]

mod callbacks;
mod counts;
mod database;
mod insertion;
mod long_histories;
mod medians;
mod names;
mod occurrences;
mod statements;
