//! Imports of call logs, from the command line or over HTTP: options and report.

pub(crate) mod options;
pub(crate) mod report;
mod suggestions;

use calls_import::Items;
use calls_phone::Region;
use calls_store::import::{self, Event, ImportError, OnError, Summary};
use diesel::pg::PgConnection;

use self::report::Report;

/// Imports the items of a log and adds each event to the report. Without a connection nothing is stored.
/// `on_event` is called for each event as well.
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
