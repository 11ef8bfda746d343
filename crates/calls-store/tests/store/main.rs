//! The store against a real PostgreSQL.

// Tells clippy that the helpers are tests too.
#![cfg(test)]

mod counts;
mod database;
mod insertion;
mod long_histories;
mod names;
mod occurrences;
mod statements;
