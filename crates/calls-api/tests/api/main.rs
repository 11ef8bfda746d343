//! The built binary `calls`, used over HTTP, in a browser and from the command line, with a real PostgreSQL.

// Tells clippy that the helpers are tests too.
#![cfg(test)]

mod admin;
mod backup;
mod base_path;
mod browser;
mod callbacks;
mod calls;
mod carddav;
mod cdr;
mod configuration;
mod contacts;
mod database;
mod details;
mod docs;
mod doctor;
mod erasure;
mod events;
mod export;
mod failover;
mod faults;
mod hot_path;
mod import;
mod import_told;
mod ingest;
mod initial_data;
mod limits;
mod lines;
mod listener;
mod numbers;
mod openapi;
mod pace;
mod page;
mod paging;
mod people;
mod pooler;
mod post;
mod proxies;
mod record;
mod replica;
mod request_ids;
mod security;
mod seed;
mod serve;
mod sockets;
mod summary;
mod test_app;
mod tls;
mod upgrade;
mod upgrade_postgres;
mod upload;
mod watch;
