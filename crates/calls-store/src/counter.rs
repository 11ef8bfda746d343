//! Background job that keeps the counts of long histories current.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::counts;
use crate::keys::{PartyKey, Version};
use crate::pool::{Database, DatabaseError};
use crate::schema::histories;

/// Counts new calls: a few at once, and many in the background. Clones share the job.
#[derive(Clone)]
pub struct Counter {
    database: Database,
    at_work: Arc<AtWork>,
}

#[derive(Default)]
struct AtWork {
    owners: Mutex<HashSet<PartyKey>>,
    done: Condvar,
}

/// Amount of work left to count.
enum Work {
    None,
    Some,
    Much,
}

impl Counter {
    /// Number of calls that are counted while a request waits.
    const LITTLE: i64 = 20_000;
    /// Time that a request waits for more.
    const PATIENCE: Duration = Duration::from_millis(300);
    /// Number of histories counted concurrently: each takes a core and a connection.
    const MOST: usize = 1;

    /// A counter without work.
    pub fn new(database: Database) -> Self {
        Self { database, at_work: Arc::default() }
    }

    /// Counts the newest calls of a history, if it is long. A count that takes long continues in the
    /// background, and a summary that is read meanwhile says which calls it covers.
    ///
    /// # Errors
    /// Those of [`Database::read`].
    pub fn bring_forward(&self, owner: PartyKey) -> Result<(), DatabaseError> {
        match self.database.read(|connection| work(connection, owner))? {
            Work::None => Ok(()),
            Work::Some => match self.database.read(|connection| counts::bring_forward(connection, owner)) {
                // A standby or a full disk cannot store counts: the summary is read without them.
                Err(DatabaseError::Query(_) | DatabaseError::ReadOnly) => Ok(()),
                counted => counted.map(|_| ()),
            },
            Work::Much => {
                self.start(owner);
                self.wait(owner);
                Ok(())
            }
        }
    }

    fn start(&self, owner: PartyKey) {
        let mut owners = self.at_work.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.len() >= Self::MOST || !owners.insert(owner) {
            return;
        }
        drop(owners);
        let counter = self.clone();
        let spawned = std::thread::Builder::new().name("counts".to_owned()).spawn(move || {
            counter.count(owner);
            counter.end(owner);
        });
        if spawned.is_err() {
            self.end(owner);
        }
    }

    fn end(&self, owner: PartyKey) {
        self.at_work.owners.lock().unwrap_or_else(PoisonError::into_inner).remove(&owner);
        self.at_work.done.notify_all();
    }

    fn count(&self, owner: PartyKey) {
        let start = Instant::now();
        loop {
            match self.database.read(|connection| counts::bring_forward(connection, owner)) {
                Ok(true) => break,
                // Another process is counting it.
                Ok(false) => std::thread::sleep(Duration::from_millis(50)),
                Err(DatabaseError::ReadOnly) => return,
                Err(error) => {
                    tracing::warn!("a history could not be counted: {error}");
                    return;
                }
            }
        }
        tracing::info!(ms = start.elapsed().as_millis() as u64, "counted a history");
    }

    fn wait(&self, owner: PartyKey) {
        let owners = self.at_work.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let at_work = |owners: &mut HashSet<PartyKey>| owners.contains(&owner);
        // A poisoned lock is not waited for.
        let _ = self.at_work.done.wait_timeout_while(owners, Self::PATIENCE, at_work);
    }
}

fn work(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Work> {
    let history: Option<(Version, i64)> = histories::table
        .find(owner)
        .select((histories::version, histories::calls))
        .first(connection)
        .optional()?;
    let Some((version, calls)) = history.filter(|(_, calls)| calls.unsigned_abs() > counts::LONG) else {
        return Ok(Work::None);
    };
    Ok(match counts::progress(connection, owner)? {
        Some(counts) if counts.until.0 == version.0 => Work::None,
        Some(counts) if version.0 - counts.until.0 <= Counter::LITTLE => Work::Some,
        None if calls <= Counter::LITTLE => Work::Some,
        _ => Work::Much,
    })
}
