//! Statements through `psql`.

use std::path::Path;

use super::expect;
use crate::binaries::Installed;
use crate::database::Psql;

/// Runs a statement in the database that a connection string of libpq names.
///
/// Returns the rows as lines with `|` between columns, without the last line's end; else what `psql` wrote to
/// its standard error, with the SQLSTATE of the server's errors.
///
/// # Errors
/// `psql`'s words, if it cannot connect or the statement fails.
///
/// # Panics
/// If there is no `psql`.
pub fn query(url: &str, statement: &str) -> Result<String, String> {
    let binaries = expect(Installed::find().and_then(|all| all.fitting(None, Path::new(""))));
    let psql = Psql { binaries: &binaries, url: url.to_owned() };
    match psql.run(statement, String::new()) {
        Ok(rows) => Ok(rows.trim_end().to_owned()),
        Err(crate::Error::Query { message, .. }) => Err(message),
        Err(error) => panic!("{error}"),
    }
}
