//! One file per command.

pub(crate) mod access;
pub(crate) mod backup;
mod capacity;
pub(crate) mod config;
pub(crate) mod contacts;
mod database_url;
pub(crate) mod doctor;
pub(crate) mod erase;
pub(crate) mod export;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod lines;
mod malloc;
pub(crate) mod migrate;
pub(crate) mod purge;
pub(crate) mod restore;
mod secret_file;
pub(crate) mod seed;
mod senders;
pub(crate) mod serve;
pub(crate) mod storage;
pub(crate) mod upgrade_postgres;
mod waiting_room;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar with rate and ETA. Hidden unless standard error is a terminal.
fn progress(total: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("━╸ "));
    bar
}
