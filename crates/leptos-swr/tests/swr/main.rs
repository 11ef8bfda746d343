//! swr's test suite, read as a list of behaviours: a module for each of its files that has to do with data
//! (the crate's README has the table), a test for each behaviour. Time is virtual.

mod rig;

mod cache;
mod config;
mod config_callbacks;
#[cfg(feature = "devtools")]
mod devtools;
mod error;
mod fetcher;
mod focus;
mod immutable;
mod infinite;
mod infinite_preload;
mod integration;
mod key;
mod laggy;
mod loading;
mod local_mutation;
mod mutation_queue;
mod offline;
mod preload;
mod query;
mod reconnect;
mod refresh;
mod remote_mutation;
mod revalidate;
mod subscription;
mod unload;

mod beyond_swr;
