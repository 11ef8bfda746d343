//! The binary `calls`.

use std::process::ExitCode;

fn main() -> ExitCode {
    local_postgres::init::run().unwrap_or_else(calls_api::cli::run)
}
