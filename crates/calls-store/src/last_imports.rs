//! The last import of each source.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::schema::last_imports;

/// Where a call log comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `calls import FILE`.
    Command,
    /// `calls import --watch FOLDER`.
    Watch,
    /// `POST /api/import`.
    Upload,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Watch => "watch",
            Self::Upload => "upload",
        }
    }
}

/// The last import of a source.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct LastImport {
    /// `command`, `watch` or `upload`.
    pub source: String,
    /// Number of calls added.
    pub added: i64,
    /// Time of its end.
    pub imported_at: DateTime<Utc>,
}

/// Records a completed import.
pub fn note(connection: &mut PgConnection, source: Source, added: u64) -> QueryResult<()> {
    let added = i64::try_from(added).unwrap_or(i64::MAX);
    let now = diesel::dsl::now;
    diesel::insert_into(last_imports::table)
        .values((last_imports::source.eq(source.name()), last_imports::added.eq(added)))
        .on_conflict(last_imports::source)
        .do_update()
        .set((last_imports::added.eq(added), last_imports::imported_at.eq(now)))
        .execute(connection)
        .map(|_| ())
}

/// The last import of each source.
pub fn all(connection: &mut PgConnection) -> QueryResult<Vec<LastImport>> {
    last_imports::table.order(last_imports::source).load(connection)
}
