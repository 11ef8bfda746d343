//! Background job that keeps the list of occurrences current for searches.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::occurrences;
use crate::pool::{Database, DatabaseError};

/// Updates [`occurrences`] in the background. Clones share the job.
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
    /// Time before which it does not run again.
    pause_until: Option<Instant>,
}

impl Lister {
    /// Time that a request waits for it.
    const PATIENCE: Duration = Duration::from_millis(200);
    /// Pause after a run, as a multiple of its duration: the job uses little time however often searches
    /// come.
    const PAUSE: u32 = 10;

    /// A lister without work.
    pub fn new(database: Database) -> Self {
        Self { database, shared: Arc::default() }
    }

    /// Starts to list new calls, and waits briefly, which is enough for some thousand new calls.
    pub fn bring_forward(&self) {
        let mut state = self.lock();
        if !state.is_at_work && state.pause_until.is_none_or(|until| Instant::now() >= until) {
            state.is_at_work = true;
            let lister = self.clone();
            let spawned = std::thread::Builder::new().name("lister".to_owned()).spawn(move || lister.work());
            state.is_at_work = spawned.is_ok();
        }
        // A poisoned lock is not waited for.
        let _ = self.shared.done.wait_timeout_while(state, Self::PATIENCE, |state| state.is_at_work);
    }

    fn work(&self) {
        let start = Instant::now();
        match self.database.read(occurrences::bring_forward) {
            // A standby cannot store it, and receives the rows of the primary.
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
        // No code panics while it holds the lock.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
