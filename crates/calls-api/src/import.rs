//! From the records of a call log to rows: parties are resolved, calls stored in batches.

use calls_import::{Item, Items, RawParty, ReadError, Record, Skipped};
use calls_model::Party;
use diesel::Connection;
use diesel::pg::PgConnection;
use diesel::result::Error as QueryError;

use crate::calls::{self, NewCall, TypeColumn};
use crate::parties;
use crate::phone::{self, NotANumber, Region};

/// A call of a log, its parties resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Whose history it belongs to.
    pub owner: Party,
    /// The other party.
    pub counterparty: Party,
    /// The record as it was read.
    pub record: Record,
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records that were understood. A call of a telephone system can be two: one for each side.
    pub records: u64,
    /// Those that were not in the database yet.
    pub added: u64,
    /// Lines (or entries) that were passed over.
    pub skipped: u64,
}

impl Summary {
    /// Records that the database knew.
    pub fn already_there(self) -> u64 {
        self.records - self.added
    }
}

/// Why an import ended early. What was stored before stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read any further.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// PostgreSQL refused a batch.
    #[error("cannot store the calls")]
    Store(#[from] QueryError),
    /// The caller of [`run`] asked for it.
    #[error("stopped at the first entry that could not be read")]
    Stopped,
}

/// Whether to go on after an entry that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnError {
    /// Report it and go on.
    Skip,
    /// Report it and end with an error. What was stored before stays.
    Stop,
}

/// Enough rows per transaction that its commit does not count, few enough to hold and to lose.
const BATCH: usize = 5_000;

/// Stores the calls of a log, `BATCH` at a time, each batch whole or not at all. Without a connection nothing
/// is stored, and every record counts as added. `on_skip` is told of every entry that is passed over, once.
pub fn run(
    mut connection: Option<&mut PgConnection>,
    items: Items<'_>,
    region: Option<Region>,
    on_error: OnError,
    mut on_skip: impl FnMut(&Skipped),
) -> Result<Summary, ImportError> {
    let mut summary = Summary::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut last_skipped = None;
    for item in items {
        let skipped = match item? {
            Item::Record(record) => match resolve(record, region) {
                Ok(resolved) => {
                    batch.push(resolved);
                    if batch.len() == BATCH {
                        store(connection.as_deref_mut(), &mut batch, &mut summary)?;
                    }
                    continue;
                }
                Err(skipped) => skipped,
            },
            Item::Skipped(skipped) => skipped,
        };
        // Both sides of a call fail for the same reason.
        if last_skipped != Some(skipped.position) {
            last_skipped = Some(skipped.position);
            summary.skipped += 1;
            on_skip(&skipped);
        }
        if on_error == OnError::Stop {
            store(connection, &mut batch, &mut summary)?;
            return Err(ImportError::Stopped);
        }
    }
    store(connection, &mut batch, &mut summary)?;
    Ok(summary)
}

fn resolve(record: Record, region: Option<Region>) -> Result<Resolved, Skipped> {
    let party = |raw: &RawParty| match raw {
        RawParty::Text(text) => phone::parse(text, region),
        RawParty::Withheld => Ok(Party::Withheld),
        RawParty::Unknown => Ok(Party::Unknown),
    };
    match (party(&record.owner), party(&record.counterparty)) {
        (Ok(owner), Ok(counterparty)) => Ok(Resolved { owner, counterparty, record }),
        (Err(error), _) | (_, Err(error)) => Err(skip(&record, &error)),
    }
}

fn skip(record: &Record, error: &NotANumber) -> Skipped {
    Skipped { position: record.position, reason: error.to_string() }
}

fn store(
    connection: Option<&mut PgConnection>,
    batch: &mut Vec<Resolved>,
    summary: &mut Summary,
) -> Result<(), QueryError> {
    summary.records += batch.len() as u64;
    summary.added += match connection {
        None => batch.len() as u64,
        Some(connection) => connection.transaction(|connection| insert(connection, batch))? as u64,
    };
    batch.clear();
    Ok(())
}

fn insert(connection: &mut PgConnection, batch: &[Resolved]) -> Result<usize, QueryError> {
    let named = batch.iter().flat_map(|resolved| [&resolved.owner, &resolved.counterparty]);
    let keys = parties::insert_parties(connection, named)?;
    let key_of =
        |party| parties::e164_key(party).or_else(|| keys.get(party).copied()).ok_or(QueryError::NotFound);
    let new: Vec<NewCall> = batch
        .iter()
        .map(|Resolved { owner, counterparty, record }| {
            Ok(NewCall {
                number: key_of(owner)?,
                counterparty: key_of(counterparty)?,
                created_at: record.created_at,
                call_type: TypeColumn(record.call_type),
                duration_ms: record.duration.map(|duration| duration.ms()),
            })
        })
        .collect::<Result<_, QueryError>>()?;
    calls::insert_calls(connection, &new)
}
