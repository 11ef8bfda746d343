//! `calls migrate`.

use std::process::ExitCode;

use super::storage::Storage;

pub(crate) fn run(storage: Storage) -> anyhow::Result<ExitCode> {
    let (server, applied) = storage.migrate()?;
    for migration in &applied {
        println!("applied {migration}");
    }
    if applied.is_empty() {
        println!("the database is up to date");
    }
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}
