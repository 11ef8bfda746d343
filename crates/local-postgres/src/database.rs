//! Creates and drops databases through `psql`.

use std::path::Path;

use crate::Error;
use crate::binaries::Binaries;

/// `duplicate_database`, or `unique_violation` in the catalog if two clients create the same name
/// concurrently.
const ALREADY_THERE: [&str; 2] = ["42P04", "23505"];

/// Runs statements in the database at `url`.
pub(crate) struct Psql<'a> {
    pub(crate) binaries: &'a Binaries,
    pub(crate) url: String,
}

impl Psql<'_> {
    /// `CREATE DATABASE`, as a copy of `template` if given.
    pub(crate) fn create(&self, name: &str, template: Option<&str>) -> Result<(), Error> {
        let doing = format!("create the database {name:?}");
        self.run(&create_statement(name, template), doing).map(|_| ())
    }

    /// `CREATE DATABASE` if it does not exist.
    pub(crate) fn ensure(&self, name: &str) -> Result<(), Error> {
        let doing = format!("look for the database {name:?}");
        let found =
            self.run(&format!("SELECT 1 FROM pg_database WHERE datname = {}", literal(name)), doing)?;
        if !found.trim().is_empty() {
            return Ok(());
        }
        match self.create(name, None) {
            Err(Error::Query { message, .. })
                if ALREADY_THERE.iter().any(|state| has_state(&message, state)) =>
            {
                Ok(())
            }
            other => other,
        }
    }

    /// `DROP DATABASE`, disconnecting all clients.
    pub(crate) fn drop(&self, name: &str) -> Result<(), Error> {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name));
        self.run(&statement, format!("drop the database {name:?}")).map(|_| ())
    }

    /// Runs a statement, and returns unaligned rows.
    pub(crate) fn run(&self, statement: &str, doing: String) -> Result<String, Error> {
        let output = self
            .binaries
            .command("psql")
            .args(["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align"])
            // Verbose errors begin with the SQLSTATE.
            .args(["--set", "VERBOSITY=verbose", "--set", "ON_ERROR_STOP=1"])
            .args(["--dbname", &self.url, "--command", statement])
            .output()
            .map_err(Error::io("run", Path::new("psql")))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::Query { doing, message })
    }
}

fn create_statement(name: &str, template: Option<&str>) -> String {
    let template = template.map(|template| format!(" TEMPLATE {}", identifier(template))).unwrap_or_default();
    format!("CREATE DATABASE {}{template}", identifier(name))
}

/// Whether a verbose error message has the SQLSTATE `state`.
fn has_state(message: &str, state: &str) -> bool {
    message.lines().any(|line| line.contains(&format!("ERROR:  {state}: ")))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        assert_eq!(create_statement("a\"b", Some("t")), "CREATE DATABASE \"a\"\"b\" TEMPLATE \"t\"");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn the_state_is_read_from_a_verbose_error() {
        let message = "ERROR:  42P04: database \"x\" already exists\nLOCATION:  createdb, dbcommands.c:807";
        assert!(has_state(message, "42P04"));
        assert!(!has_state(message, "23505"));
    }
}
