//! The binary `calls`.

use std::process::ExitCode;

fn main() -> ExitCode {
    calls_api::cli::run()
}
