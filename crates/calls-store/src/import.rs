//! Stores the records of a call log: parties are resolved, and calls stored in batches.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, Scope};

use calls_import::{Item, Items, RawParty, ReadError, Record, Skipped};
use calls_model::{CallDuration, CallType, Direction, Disposition, Party};
use calls_phone::{self as phone, Region};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::Error as QueryError;
use diesel::{Connection, QueryResult};
use serde::Serialize;

use crate::columns::{DispositionColumn, TypeColumn};
use crate::insertion::{Layout, NaturalKey, NewCall, Writer};
use crate::keys::PartyKey;
use crate::names::Keeper;
use crate::parties;

/// A call of a log with its parties resolved. Its JSON can be imported as `calls-ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResolvedCall {
    /// Owner of the history.
    pub owner: Party,
    /// Time of its beginning.
    pub created_at: DateTime<Utc>,
    /// The other party.
    pub counterparty: Party,
    /// Direction and outcome.
    #[serde(rename = "type")]
    pub call_type: CallType,
    /// Talk time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<CallDuration>,
    /// Disposition, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    /// Ring time, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_time: Option<CallDuration>,
    /// The other party's name, if the log has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The other number that took part (see [`Record::via`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Party>,
}

/// Result of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Number of records read. A call of a telephone system can be two: one for each side.
    pub records: u64,
    /// Number of records added.
    pub added: u64,
    /// Number of skipped entries.
    pub skipped: u64,
}

impl Summary {
    /// Number of records that were already in the database.
    pub fn already_there(self) -> u64 {
        self.records - self.added
    }
}

/// Event of an import.
#[derive(Debug)]
pub enum Event<'a> {
    /// An entry was skipped. Sent once per entry.
    Skipped(&'a Skipped),
    /// These records are in the database, or would be without the dry run.
    Stored(&'a [ResolvedCall]),
}

/// Reason why an import ended early. Calls stored before stay.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read any further.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// PostgreSQL refused a batch.
    #[error("cannot store the calls")]
    Store(#[from] QueryError),
    /// An entry was skipped, and the caller allows none.
    #[error("stopped at the first entry that could not be read")]
    Stopped,
}

/// Reaction to an entry that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// Report it and continue.
    Skip,
    /// Report it and end with an error. Calls stored before stay.
    Stop,
}

/// Rows per transaction: many enough that a commit and new versions of the histories cost little, and few
/// enough for memory and for losing them.
const BATCH: usize = 50_000;
/// The first batch is small, and each is at most twice the previous one, so that PostgreSQL starts early.
const FIRST_BATCH: usize = 5_000;

/// Stores the calls of a log in batches, each in one transaction. Without a connection nothing is stored, and
/// every record counts as added.
///
/// A batch is read while the previous one is stored. Records read before an error are stored.
pub fn run(
    connection: Option<&mut PgConnection>,
    items: Items<'_>,
    region: Option<Region>,
    on_error: OnError,
    on_event: impl FnMut(Event<'_>),
) -> (Summary, Result<(), ImportError>) {
    thread::scope(|scope| {
        let store = connection.map(|connection| Store::start(scope, connection));
        let mut import = Import {
            store,
            batch: Vec::new(),
            batch_size: FIRST_BATCH,
            recent: Recent::default(),
            summary: Summary::default(),
            on_event,
        };
        let read = import.read(items, region, on_error);
        let stored = import.finish();
        // If PostgreSQL refused a batch, that error is the cause: reading ended because of it.
        (import.summary, stored.map_err(ImportError::from).and(read))
    })
}

/// Stores calls in one transaction, and returns for each whether it was added.
pub fn store(
    connection: &mut PgConnection,
    layout: Layout,
    calls: &[ResolvedCall],
) -> Result<Vec<bool>, QueryError> {
    connection.transaction(|connection| {
        let Rows { calls: new, keys } = rows(connection, calls)?;
        let added = Writer::new(layout).add(connection, new.clone(), &[])?;
        let mut names = Keeper::default();
        names.keep(connection, said(calls, &keys))?;
        names.finish(connection)?;
        // Each key is removed once: the second of two equal records counts as already present.
        let mut added: HashSet<NaturalKey> = added.iter().map(NewCall::natural_key).collect();
        Ok(new.iter().map(|call| added.remove(&call.natural_key())).collect())
    })
}

/// Whether a party can be the other line of a call: it must be identified.
pub fn is_line(party: &Party) -> bool {
    !matches!(party, Party::Withheld | Party::Unknown)
}

/// Resolves the parties of a record, or returns why its owner is invalid. A counterparty without a number is
/// kept as a text.
pub fn resolve(record: &Record, region: Option<Region>) -> Result<ResolvedCall, String> {
    let parse = |text: &str| phone::parse(text, region).map_err(|error| error.to_string());
    let is_inbound = record.call_type.direction() == Direction::Inbound;
    let (owner_called_by, other_called_by) =
        if is_inbound { (Some(&record.counterparty), None) } else { (None, Some(&record.owner)) };
    let owner = match &record.owner {
        RawParty::Text(text) => parse(dialled(text, owner_called_by, region))?,
        RawParty::Withheld => Party::Withheld,
        RawParty::Unknown => Party::Unknown,
    };
    let party = |raw: &RawParty| other_party(raw, region);
    let counterparty = match &record.counterparty {
        RawParty::Text(text) => other_text(dialled(text, other_called_by, region), region),
        hidden => party(hidden),
    };
    Ok(ResolvedCall {
        created_at: record.created_at,
        call_type: record.call_type,
        duration: record.duration,
        disposition: record.disposition,
        ring_time: record.ring_time,
        name: record.name.as_ref().and_then(|name| counterparty.named(name)),
        via: record
            .via
            .as_ref()
            .map(party)
            .filter(|via| *via != owner && *via != counterparty && is_line(via)),
        owner,
        counterparty,
    })
}

/// A party without the prefix for an outside line, if an extension dialled it.
fn dialled<'a>(text: &'a str, caller: Option<&RawParty>, region: Option<Region>) -> &'a str {
    let is_short =
        |text: &str| text.len() <= Party::MAX_LOCAL_LEN && text.bytes().all(|byte| byte.is_ascii_digit());
    match caller {
        Some(RawParty::Text(caller)) if is_short(caller) => phone::without_outside_line(text, region),
        _ => text,
    }
}

/// Resolves the counterparty of a call. If it is not a number it is kept as a text, so that no call is lost.
pub fn other_party(raw: &RawParty, region: Option<Region>) -> Party {
    match raw {
        RawParty::Text(text) => other_text(text, region),
        RawParty::Withheld => Party::Withheld,
        RawParty::Unknown => Party::Unknown,
    }
}

fn other_text(text: &str, region: Option<Region>) -> Party {
    phone::parse(text, region).ok().or_else(|| Party::text(text)).unwrap_or(Party::Unknown)
}

/// Collects calls into batches.
struct Import<F> {
    /// `None` in a dry run.
    store: Option<Store>,
    batch: Vec<ResolvedCall>,
    /// Size of the current batch.
    batch_size: usize,
    recent: Recent,
    summary: Summary,
    on_event: F,
}

impl<F: FnMut(Event<'_>)> Import<F> {
    fn read(
        &mut self,
        items: Items<'_>,
        region: Option<Region>,
        on_error: OnError,
    ) -> Result<(), ImportError> {
        // An entry may give several records, and is skipped only if none of them is stored: in a call between
        // a number and a text, the text owns no history.
        let mut refused: Option<Skipped> = None;
        let mut stored_at = None;
        for item in items {
            let item = item?;
            if let Some(skipped) = refused.take_if(|refused| refused.position != item.position()) {
                self.skip(&skipped, on_error)?;
            }
            match item {
                Item::Record(record) => match resolve(&record, region) {
                    Ok(call) => {
                        self.push(call)?;
                        refused = None;
                        stored_at = Some(record.position);
                    }
                    Err(reason) if stored_at != Some(record.position) && refused.is_none() => {
                        refused = Some(Skipped { position: record.position, reason: reason.into() });
                    }
                    Err(_) => {}
                },
                Item::Skipped(skipped) => self.skip(&skipped, on_error)?,
                Item::Joined { .. } => {}
            }
        }
        refused.map_or(Ok(()), |skipped| self.skip(&skipped, on_error))
    }

    fn skip(&mut self, skipped: &Skipped, on_error: OnError) -> Result<(), ImportError> {
        self.summary.skipped += 1;
        (self.on_event)(Event::Skipped(skipped));
        if on_error == OnError::Stop { Err(ImportError::Stopped) } else { Ok(()) }
    }

    fn push(&mut self, call: ResolvedCall) -> Result<(), QueryError> {
        if self.recent.is_repeated(&call) {
            self.summary.records += 1;
            return Ok(());
        }
        self.batch.push(call);
        if self.batch.len() >= self.batch_size { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), QueryError> {
        self.batch_size = (2 * self.batch_size).min(BATCH);
        let batch = mem::replace(&mut self.batch, Vec::with_capacity(self.batch_size));
        let Some(store) = &self.store else {
            self.stored(&batch, batch.len());
            return Ok(());
        };
        // If the receiver is gone, its error is reported elsewhere.
        _ = store.batches.send(batch);
        let so_far: Vec<_> = store.stored.try_iter().collect();
        for stored in so_far {
            let (batch, added) = stored?;
            self.stored(&batch, added);
        }
        Ok(())
    }

    /// Waits until everything is stored.
    fn finish(&mut self) -> Result<(), QueryError> {
        let flushed = self.flush();
        let Some(Store { batches, stored }) = self.store.take() else { return flushed };
        drop(batches);
        flushed?;
        for stored in stored {
            let (batch, added) = stored?;
            self.stored(&batch, added);
        }
        Ok(())
    }

    fn stored(&mut self, batch: &[ResolvedCall], added: usize) {
        self.summary.records += batch.len() as u64;
        self.summary.added += added as u64;
        (self.on_event)(Event::Stored(batch));
    }
}

/// The thread that stores batches in order. It ends at the first one that PostgreSQL refuses.
struct Store {
    /// Holds one batch, so memory holds three: one being read, one waiting, one being stored.
    batches: SyncSender<Vec<ResolvedCall>>,
    /// Each batch with the number of calls that were added.
    stored: Receiver<Result<(Vec<ResolvedCall>, usize), QueryError>>,
}

impl Store {
    fn start<'scope>(scope: &'scope Scope<'scope, '_>, connection: &'scope mut PgConnection) -> Self {
        let (batches, to_store) = sync_channel::<Vec<ResolvedCall>>(1);
        let (send_stored, stored) = channel();
        scope.spawn(move || {
            let mut writer = None;
            let mut batch_before = Vec::new();
            let mut names = Keeper::default();
            for batch in to_store {
                let result = connection.transaction(|connection| {
                    let writer = match &mut writer {
                        Some(writer) => writer,
                        None => writer.insert(Writer::of_log(Layout::of(connection)?)),
                    };
                    let Rows { calls: new, keys } = rows(connection, &batch)?;
                    // After a killed import, the first batch may be near the last one stored.
                    let before = mem::replace(&mut batch_before, new.clone());
                    let added = writer.add(connection, new, &before)?.len();
                    names.keep(connection, said(&batch, &keys))?;
                    QueryResult::Ok(added)
                });
                let failed = result.is_err();
                let told = send_stored.send(result.map(|added| (batch, added)));
                if failed || told.is_err() {
                    return;
                }
            }
            if let Err(error) = connection.transaction(|connection| names.finish(connection)) {
                // The receiver is gone only if the import has ended with another error.
                let _ = send_stored.send(Err(error));
            }
        });
        Self { batches, stored }
    }
}

/// Recently read calls, by two hashes of their natural keys. Logs repeat rows, as do overlapping files; the
/// database would recognize them, but not in a dry run.
#[derive(Default)]
struct Recent {
    hashers: [RandomState; 2],
    keys: HashSet<[u64; 2]>,
    order: VecDeque<[u64; 2]>,
}

impl Recent {
    fn is_repeated(&mut self, call: &ResolvedCall) -> bool {
        const MOST: usize = 1 << 17;
        let key = (&call.owner, &call.counterparty, call.created_at, call.call_type);
        let hashes = [self.hashers[0].hash_one(key), self.hashers[1].hash_one(key)];
        if !self.keys.insert(hashes) {
            return true;
        }
        self.order.push_back(hashes);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        false
    }
}

/// The call to insert, if its parties need no rows of their own and it has no name.
pub fn without_row(call: &ResolvedCall) -> Option<NewCall> {
    let via = call.via.as_ref().map(parties::fixed_key);
    if call.name.is_some() || via == Some(None) {
        return None;
    }
    let (owner, counterparty) = (parties::fixed_key(&call.owner)?, parties::fixed_key(&call.counterparty)?);
    Some(new_call(call, owner, counterparty, via.flatten()))
}

fn new_call(call: &ResolvedCall, number: PartyKey, counterparty: PartyKey, via: Option<PartyKey>) -> NewCall {
    NewCall {
        number,
        counterparty,
        created_at: call.created_at,
        call_type: TypeColumn(call.call_type),
        duration_ms: call.duration.map(CallDuration::ms),
        disposition: DispositionColumn(call.disposition),
        ring_ms: call.ring_time.map(CallDuration::ms),
        via,
    }
}

/// Calls to insert.
struct Rows {
    calls: Vec<NewCall>,
    /// Keys of the parties that have a row.
    keys: HashMap<Party, PartyKey>,
}

fn rows(connection: &mut PgConnection, batch: &[ResolvedCall]) -> Result<Rows, QueryError> {
    let named = batch.iter().flat_map(|call| [&call.owner, &call.counterparty].into_iter().chain(&call.via));
    let keys = parties::insert_parties(connection, named)?;
    let key_of = |party: &Party| key_of(party, &keys).ok_or(QueryError::NotFound);
    let row = |call: &ResolvedCall| {
        let via = call.via.as_ref().map(key_of).transpose()?;
        Ok(new_call(call, key_of(&call.owner)?, key_of(&call.counterparty)?, via))
    };
    let calls = batch.iter().map(row).collect::<Result<_, QueryError>>()?;
    Ok(Rows { calls, keys })
}

fn key_of(party: &Party, keys: &HashMap<Party, PartyKey>) -> Option<PartyKey> {
    parties::fixed_key(party).or_else(|| keys.get(party).copied())
}

/// The names in the calls, with their times.
fn said<'a>(
    calls: &'a [ResolvedCall],
    keys: &'a HashMap<Party, PartyKey>,
) -> impl Iterator<Item = (PartyKey, DateTime<Utc>, &'a str)> {
    calls.iter().filter_map(|call| {
        let name = call.name.as_deref()?;
        let party = key_of(&call.counterparty, keys).filter(|party| party.is_identified())?;
        Some((party, call.created_at, name))
    })
}
