//! A pipelined connection that is established when needed and re-established when lost.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::{HotOptions, Statements, refused};
use crate::address::ConnectError;
use crate::pool::DatabaseError;

/// A connection and the requests under way.
#[derive(Default)]
pub(super) struct Lane {
    connected: RefCell<Option<Rc<Connected>>>,
    /// Held by the request that connects; others wait for it. Connecting continues when that request has
    /// timed out, so that all hosts are tried even if some do not respond.
    connecting: tokio::sync::Mutex<Option<JoinHandle<Result<Connected, ConnectError>>>>,
    /// Requests under way, in order. PostgreSQL responds to the first one next.
    under_way: RefCell<BTreeSet<u64>>,
    last: Cell<u64>,
    /// Time of the last response, or else of the oldest request under way.
    moved: Cell<Option<Instant>>,
    answers: Cell<u64>,
}

/// An established connection.
pub(crate) struct Connected {
    pub(crate) client: Client,
    pub(crate) statements: Statements,
}

/// A request under way, until dropped.
pub(super) struct Counted<'a> {
    lane: &'a Lane,
    number: u64,
}

impl Counted<'_> {
    /// Whether no other response is due before its own.
    pub(super) fn is_first(&self) -> bool {
        self.lane.under_way.borrow().first() == Some(&self.number)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.lane.under_way.borrow_mut().remove(&self.number);
    }
}

impl Lane {
    /// Number of requests in flight.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.borrow().len()
    }

    /// Counts a request.
    pub(super) fn count(&self) -> Counted<'_> {
        let mut under_way = self.under_way.borrow_mut();
        if under_way.is_empty() {
            self.moved.set(Some(Instant::now()));
        }
        let number = self.last.get() + 1;
        self.last.set(number);
        under_way.insert(number);
        Counted { lane: self, number }
    }

    /// Records a response.
    pub(super) fn answered(&self) {
        self.answers.set(self.answers.get() + 1);
        self.moved.set(Some(Instant::now()));
    }

    /// Whether requests have been waiting for `patience` without any response.
    pub(super) fn is_slow(&self, patience: Duration) -> bool {
        self.under_way() > 0 && self.moved.get().is_some_and(|moved| moved.elapsed() >= patience)
    }

    /// The connection, established if necessary.
    pub(super) async fn connected(&self, options: &HotOptions) -> Result<Rc<Connected>, DatabaseError> {
        if let Some(connected) = self.open() {
            return Ok(connected);
        }
        let mut connecting = self.connecting.lock().await;
        if let Some(connected) = self.open() {
            return Ok(connected);
        }
        let task = connecting.get_or_insert_with(|| {
            let options = options.clone();
            tokio::spawn(async move { Connected::make(&options).await })
        });
        let made = task.await;
        *connecting = None;
        let made = made.map_err(|_| DatabaseError::ThreadGone)?;
        let connected = Rc::new(made.map_err(|error| {
            options.failures.tell();
            match error {
                ConnectError::Postgres(error) => match refused(&error) {
                    // Error class 42: the tables differ from what the statements expect.
                    DatabaseError::Refused(failure) if failure.is_of_class("42") => {
                        DatabaseError::Refused(failure)
                    }
                    _ => DatabaseError::NoConnection,
                },
                ConnectError::Silent(_) => DatabaseError::NoConnection,
            }
        })?);
        *self.connected.borrow_mut() = Some(connected.clone());
        Ok(connected)
    }

    fn open(&self) -> Option<Rc<Connected>> {
        self.connected.borrow().as_ref().filter(|connected| !connected.client.is_closed()).cloned()
    }

    /// Number of responses so far.
    pub(super) fn answers(&self) -> u64 {
        self.answers.get()
    }

    /// Drops the connection.
    pub(super) fn give_up(&self) {
        *self.connected.borrow_mut() = None;
    }

    /// Drops a connection, unless it has been replaced.
    pub(super) fn forget(&self, lost: &Rc<Connected>) {
        let mut connected = self.connected.borrow_mut();
        if connected.as_ref().is_some_and(|connected| Rc::ptr_eq(connected, lost)) {
            *connected = None;
        }
    }
}

impl Connected {
    pub(super) async fn make(options: &HotOptions) -> Result<Self, ConnectError> {
        let (client, driver) = options.address.connect().await?;
        // Ends with the connection. Statements report its errors.
        tokio::spawn(async move { driver.await.ok() });
        let settings = format!(
            "SET statement_timeout = {}; SET plan_cache_mode = force_generic_plan",
            options.deadlines.statement().as_millis()
        );
        client.batch_execute(&settings).await?;
        let statements = Statements::prepare(&client).await?;
        Ok(Self { client, statements })
    }
}
