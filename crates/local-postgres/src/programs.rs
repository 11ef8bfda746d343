//! PostgreSQL's client programs, for backups.

use std::process::Command;

use crate::Error;
use crate::binaries::Binaries;

/// `pg_dump`, `pg_restore` and `psql` of one installation.
#[derive(Debug, Clone)]
pub struct Programs(Binaries);

impl Programs {
    /// Those of the oldest installed version that can dump a server of the major version `server`.
    ///
    /// # Errors
    /// [`Error::MissingClient`].
    pub fn find(server: u32) -> Result<Programs, Error> {
        Binaries::for_backups(server).map(Programs)
    }

    /// Those of the installation `binaries`.
    pub(crate) fn of(binaries: &Binaries) -> Result<Programs, Error> {
        binaries.check_for_backups()?;
        Ok(Programs(binaries.clone()))
    }

    /// Their major version.
    pub fn major(&self) -> u32 {
        self.0.major()
    }

    /// A command for one of them, with no input, and with nothing of the environment but what programs need
    /// to run.
    pub fn command(&self, program: &str) -> Command {
        self.0.command(program)
    }
}
