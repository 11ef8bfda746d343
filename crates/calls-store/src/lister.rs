//! Sees to it that those who occur in histories are listed when somebody searches.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::occurrences;
use crate::pool::{Database, DatabaseError};

/// Brings the list of [`occurrences`] forward, in the background. Clones share the work.
#[derive(Clone)]
pub struct Lister {
    database: Database,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    is_at_work: bool,
    /// Not before then again.
    pause_until: Option<Instant>,
}

impl Lister {
    /// Time that a request waits for it.
    const PATIENCE: Duration = Duration::from_millis(200);
    /// It works for a small part of the time, however often somebody searches.
    const PAUSE: u32 = 10;

    /// A lister that has nothing to do.
    pub fn new(database: Database) -> Self {
        Self { database, shared: Arc::default() }
    }

    /// Begins to list the newest calls, and waits a moment for it: with some thousand new ones that is
    /// enough.
    pub fn bring_forward(&self) {
        let mut state = self.lock();
        if !state.is_at_work && state.pause_until.is_none_or(|until| Instant::now() >= until) {
            state.is_at_work = true;
            let lister = self.clone();
            let spawned = std::thread::Builder::new().name("lister".to_owned()).spawn(move || lister.work());
            state.is_at_work = spawned.is_ok();
        }
        // A poisoned lock has nothing to wait for.
        let _ = self.shared.done.wait_timeout_while(state, Self::PATIENCE, |state| state.is_at_work);
    }

    fn work(&self) {
        let start = Instant::now();
        match self.database.read(occurrences::bring_forward) {
            // A standby stores nothing, and is sent what the primary has.
            Ok(_) | Err(DatabaseError::ReadOnly) => {}
            Err(error) => tracing::warn!("who occurs in histories could not be listed: {error}"),
        }
        let mut state = self.lock();
        state.is_at_work = false;
        state.pause_until = Some(Instant::now() + start.elapsed() * Self::PAUSE);
        drop(state);
        self.shared.done.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nobody panics while holding it.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
