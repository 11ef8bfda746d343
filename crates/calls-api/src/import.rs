//! From the records of a call log to rows: parties are resolved, calls stored in batches.

use calls_import::{Item, Items, RawParty, ReadError, Record, Skipped};
use calls_model::{CallDuration, CallType, Party};
use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use diesel::result::Error as QueryError;
use serde::Serialize;

use crate::calls::{self, NewCall, TypeColumn};
use crate::parties;
use crate::phone::{self, Region};

/// A call of a log, its parties resolved. As JSON it is what `calls import --format calls-ndjson` reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResolvedCall {
    /// Whose history it belongs to.
    pub owner: Party,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// The other party.
    pub counterparty: Party,
    /// Direction and outcome.
    #[serde(rename = "type")]
    pub call_type: CallType,
    /// How long the parties spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<CallDuration>,
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

/// What happens during an import.
#[derive(Debug)]
pub enum Event<'a> {
    /// An entry is passed over. Told once for each entry.
    Skipped(&'a Skipped),
    /// These records are in the database now, or would be in a dry run.
    Stored(&'a [ResolvedCall]),
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
    /// The caller wanted no skipped entry.
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

/// Stores the calls of a log in batches, each whole or not at all. Without a connection nothing is stored, and
/// every record counts as added.
pub fn run(
    connection: Option<&mut PgConnection>,
    items: Items<'_>,
    region: Option<Region>,
    on_error: OnError,
    on_event: impl FnMut(Event<'_>),
) -> Result<Summary, ImportError> {
    let mut store = Store::new(connection, on_event)?;
    let mut last_skipped = None;
    for item in items {
        let skipped = match item? {
            Item::Record(record) => match resolve(&record, region) {
                Ok(call) => {
                    store.push(call)?;
                    continue;
                }
                Err(reason) => Skipped { position: record.position, reason },
            },
            Item::Skipped(skipped) => skipped,
        };
        // Both sides of a call fail for the same reason.
        if last_skipped != Some(skipped.position) {
            last_skipped = Some(skipped.position);
            store.summary.skipped += 1;
            (store.on_event)(Event::Skipped(&skipped));
        }
        if on_error == OnError::Stop {
            store.flush()?;
            return Err(ImportError::Stopped);
        }
    }
    store.flush()?;
    Ok(store.summary)
}

/// Stores calls that were sent in, in one transaction, and says of each whether it was added or already there.
pub fn store(connection: &mut PgConnection, calls: &[ResolvedCall]) -> Result<Vec<bool>, QueryError> {
    connection.transaction(|connection| {
        let known_until = calls::newest_id(connection)?;
        let new = rows(connection, calls)?;
        let mut sorted = new.clone();
        // Ordered, so that two senders never wait for each other in a circle.
        sorted.sort_by_key(calls::natural_key);
        sorted.dedup_by_key(|call| calls::natural_key(call));
        // Each key is taken out once: of two records that are the same call, the second was already there.
        let mut added = calls::insert_calls_returning(connection, &sorted, known_until)?;
        Ok(new.iter().map(|call| added.remove(&calls::natural_key(call))).collect())
    })
}

/// A record with its parties resolved, or why one of them is none.
pub fn resolve(record: &Record, region: Option<Region>) -> Result<ResolvedCall, String> {
    let party = |raw: &RawParty| match raw {
        RawParty::Text(text) => phone::parse(text, region).map_err(|error| error.to_string()),
        RawParty::Withheld => Ok(Party::Withheld),
        RawParty::Unknown => Ok(Party::Unknown),
    };
    Ok(ResolvedCall {
        owner: party(&record.owner)?,
        created_at: record.created_at,
        counterparty: party(&record.counterparty)?,
        call_type: record.call_type,
        duration: record.duration,
    })
}

/// Collects calls into batches.
struct Store<'a, F> {
    connection: Option<&'a mut PgConnection>,
    /// What was in the database before this import.
    known_until: i64,
    batch: Vec<ResolvedCall>,
    summary: Summary,
    on_event: F,
}

impl<'a, F: FnMut(Event<'_>)> Store<'a, F> {
    fn new(mut connection: Option<&'a mut PgConnection>, on_event: F) -> Result<Self, QueryError> {
        let known_until = connection.as_deref_mut().map_or(Ok(0), calls::newest_id)?;
        Ok(Self {
            connection,
            known_until,
            batch: Vec::with_capacity(BATCH),
            summary: Summary::default(),
            on_event,
        })
    }

    fn push(&mut self, call: ResolvedCall) -> Result<(), QueryError> {
        self.batch.push(call);
        if self.batch.len() == BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), QueryError> {
        self.summary.records += self.batch.len() as u64;
        self.summary.added += match &mut self.connection {
            None => self.batch.len() as u64,
            Some(connection) => {
                connection.transaction(|connection| insert(connection, &self.batch, self.known_until))? as u64
            }
        };
        (self.on_event)(Event::Stored(&self.batch));
        self.batch.clear();
        Ok(())
    }
}

fn insert(
    connection: &mut PgConnection,
    batch: &[ResolvedCall],
    known_until: i64,
) -> Result<usize, QueryError> {
    let new = rows(connection, batch)?;
    calls::insert_calls(connection, &new, known_until)
}

fn rows(connection: &mut PgConnection, batch: &[ResolvedCall]) -> Result<Vec<NewCall>, QueryError> {
    let named = batch.iter().flat_map(|call| [&call.owner, &call.counterparty]);
    let keys = parties::insert_parties(connection, named)?;
    let key_of =
        |party| parties::e164_key(party).or_else(|| keys.get(party).copied()).ok_or(QueryError::NotFound);
    batch
        .iter()
        .map(|call| {
            Ok(NewCall {
                number: key_of(&call.owner)?,
                counterparty: key_of(&call.counterparty)?,
                created_at: call.created_at,
                call_type: TypeColumn(call.call_type),
                duration_ms: call.duration.map(CallDuration::ms),
            })
        })
        .collect()
}
