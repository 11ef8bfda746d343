//! Call logs that are read into the database, by the command line or over HTTP: the options of an import, and
//! its report.

pub(crate) mod options;
pub(crate) mod report;
mod suggestions;

use calls_import::Items;
use calls_phone::Region;
use calls_store::import::{self, Event, ImportError, OnError, Summary};
use diesel::pg::PgConnection;

use self::report::Report;

/// Reads the items of a log into the database, and tells the report of what happens. Without a connection
/// nothing is stored. `on_event` is told of each event too.
pub(crate) fn run(
    connection: Option<&mut PgConnection>,
    items: Items<'_>,
    (region, on_error): (Option<Region>, OnError),
    report: &mut Report,
    mut on_event: impl FnMut(&Event<'_>),
) -> Result<(), ImportError> {
    let observe = |event: Event<'_>| {
        match &event {
            Event::Skipped(skipped) => report.skip(skipped),
            Event::Stored(batch) => batch.iter().for_each(|call| report.note(call)),
        }
        on_event(&event);
    };
    let (summary, ended): (Summary, _) = import::run(connection, items, region, on_error, observe);
    report.fill(summary);
    ended
}
