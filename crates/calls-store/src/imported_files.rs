//! Imported call logs, by content.

use diesel::dsl::exists;
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::schema::imported_files;

/// Whether a file with this SHA-256 was imported.
pub fn is_known(connection: &mut PgConnection, digest: &[u8]) -> QueryResult<bool> {
    diesel::select(exists(imported_files::table.find(digest))).get_result(connection)
}

/// Records that a file was imported completely, by its SHA-256 and number of records.
pub fn remember(connection: &mut PgConnection, digest: &[u8], records: u64) -> QueryResult<()> {
    let records = i64::try_from(records).unwrap_or(i64::MAX);
    diesel::insert_into(imported_files::table)
        .values((imported_files::digest.eq(digest), imported_files::records.eq(records)))
        .on_conflict_do_nothing()
        .execute(connection)
        .map(|_| ())
}
