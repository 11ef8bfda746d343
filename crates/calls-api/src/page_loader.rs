//! Pages of histories, for requests that want nothing else: those that wait at the same time are asked for together.
//!
//! To be asked costs PostgreSQL and the kernel as much as to read a page. So a few threads ask for all pages that wait,
//! in one statement. Whoever comes while one of them waits for an answer goes with the next statement. That begins as
//! soon as the answer is there, a whole statement's pages wait, or the answer is slow. Whoever comes alone is asked for
//! alone, and waits for nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::calls::{self, Page, PageQuestion};
use crate::database::{self, Database, DatabaseError, Place};
use crate::problem::ApiError;

/// Pages in one statement. With more, the first would wait for the last longer than a statement costs.
const MOST_PAGES: usize = 16;
/// Calls in one statement, as far as one page has not more.
const MOST_CALLS: usize = 1_500;
/// No page waits longer than this for the answer of another statement, which is a hundred times what most take.
const PATIENCE: Duration = Duration::from_millis(20);

/// Reads pages, on threads of its own. Clones share them.
#[derive(Clone)]
pub struct PageLoader {
    shared: Arc<Shared>,
}

struct Shared {
    database: Database,
    queue: Mutex<Queue>,
    wake: Condvar,
}

struct Queue {
    waiting: VecDeque<Waiting>,
    /// Threads that have nothing to do, until they look again.
    idle: usize,
    /// Whether one of them was woken, and has not looked yet: it will take all that waits.
    waking: bool,
    /// Threads that wait for an answer or give it to those who asked.
    asking: usize,
    closed: bool,
}

struct Waiting {
    question: PageQuestion,
    since: Instant,
    answer: oneshot::Sender<Answer>,
    /// Among those that may wait for the database; none if there was an idle thread.
    _place: Option<Place>,
}

/// All that were asked for together share an error.
type Answer = Result<Page, Arc<DatabaseError>>;

impl PageLoader {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(database: Database) -> std::io::Result<Self> {
        // With more of them than there are cores, slow statements do not hold up quick ones.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = (cores * 2).clamp(1, database.size().max(1));
        let queue = Queue { waiting: VecDeque::new(), idle: 0, waking: false, asking: 0, closed: false };
        let shared = Arc::new(Shared { database, queue: Mutex::new(queue), wake: Condvar::new() });
        for _ in 0..threads {
            let shared = shared.clone();
            thread::Builder::new().name("pages".to_owned()).spawn(move || shared.work())?;
        }
        Ok(Self { shared })
    }

    /// The page that is asked for.
    ///
    /// # Errors
    /// Those of [`Database::read`], within the time that a request may wait.
    pub async fn load(&self, question: PageQuestion) -> Result<Page, ApiError> {
        let mut answer = self.shared.ask(question)?;
        // Whoever has come at the same time lines up first.
        tokio::task::yield_now().await;
        self.shared.wake_one(&mut self.shared.lock());
        let in_time = async {
            if let Ok(quick) = tokio::time::timeout(PATIENCE, &mut answer).await {
                return quick;
            }
            self.shared.wake_one(&mut self.shared.lock());
            answer.await
        };
        match tokio::time::timeout(database::DEADLINE, in_time).await {
            Ok(Ok(Ok(page))) => Ok(page),
            Ok(Ok(Err(error))) => Err(ApiError::from(&*error)),
            Ok(Err(_)) => {
                tracing::error!("a thread that reads pages is gone");
                Err(ApiError::Internal)
            }
            Err(_) => Err(DatabaseError::Slow.into()),
        }
    }

    /// Ends the threads, each after what it does.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn ask(&self, question: PageQuestion) -> Result<oneshot::Receiver<Answer>, DatabaseError> {
        let (sender, receiver) = oneshot::channel();
        let mut queue = self.lock();
        let place = match queue.idle {
            0 => Some(self.database.line_up().or_else(|_| {
                // Somebody may have gone without an answer.
                queue.waiting.retain(|waiting| !waiting.answer.is_closed());
                self.database.line_up()
            })?),
            _ => None,
        };
        queue.waiting.push_back(Waiting { question, since: Instant::now(), answer: sender, _place: place });
        Ok(receiver)
    }

    /// What each thread does.
    fn work(&self) {
        let mut answered = 0;
        while let Some(batch) = self.next_batch(answered) {
            self.answer(batch);
            answered = 1;
        }
    }

    fn answer(&self, batch: Vec<Waiting>) {
        let questions: Vec<PageQuestion> = batch.iter().map(|waiting| waiting.question).collect();
        match self.database.read(|connection| calls::read_pages(connection, &questions)) {
            Ok(pages) => {
                for (waiting, page) in batch.into_iter().zip(pages) {
                    // Whoever has gone needs no answer.
                    let _ = waiting.answer.send(Ok(page));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for waiting in batch {
                    let _ = waiting.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Those who wait, as many as one statement takes, for a thread that has `answered` so many statements since it last
    /// asked. `None` when closed.
    fn next_batch(&self, answered: usize) -> Option<Vec<Waiting>> {
        let mut queue = self.lock();
        queue.asking -= answered;
        loop {
            if queue.closed {
                return None;
            }
            let batch = if queue.is_due() { queue.take() } else { Vec::new() };
            if !batch.is_empty() {
                queue.asking += 1;
                self.wake_one(&mut queue);
                return Some(batch);
            }
            queue.idle += 1;
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
            queue.waking = false;
        }
    }

    /// Wakes a thread if there is something to do for it.
    fn wake_one(&self, queue: &mut Queue) {
        if queue.idle > 0 && !queue.waking && queue.is_due() {
            queue.waking = true;
            self.wake.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Whether those who wait shall be asked for now.
    fn is_due(&self) -> bool {
        let waits = |first: &Waiting| self.asking == 0 || first.since.elapsed() >= PATIENCE;
        self.waiting.len() >= MOST_PAGES || self.waiting.front().is_some_and(waits)
    }

    fn take(&mut self) -> Vec<Waiting> {
        let mut batch = Vec::new();
        let mut calls = 0;
        while let Some(next) = self.waiting.front() {
            calls += usize::from(next.question.limit);
            if batch.len() == MOST_PAGES || (calls > MOST_CALLS && !batch.is_empty()) {
                break;
            }
            batch.extend(self.waiting.pop_front().filter(|waiting| !waiting.answer.is_closed()));
        }
        batch
    }
}
