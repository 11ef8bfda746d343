//! The store against a real PostgreSQL.

mod counts;
mod database;
mod insertion;
mod long_histories;
mod statements;
