//! New calls, told to those who follow a history.
//!
//! One thread has one connection to PostgreSQL, which listens (`LISTEN calls`), however many clients there are. A
//! notification says only whose history changed; what is new is read from the table, after the last call that the
//! client has. Ids grow with the commits of a history (see the migration `notify_of_calls`), so "after this id"
//! leaves nothing out and repeats nothing, whether the client was there all the time, comes back, or the connection
//! was lost in between.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use calls_model::{Call, Party};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};

use crate::calls::{self, CallRow};
use crate::parties::{self, PartyKey};

/// How often notifications are looked for: libpq can wait for one, but diesel has no way to.
const TICK: Duration = Duration::from_millis(50);
/// How often a client that has nothing to hear hears that the connection lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client may leave its buffer full.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long until the database is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Pieces that wait for a client.
const BUFFER: usize = 8;
/// Calls in a piece.
const PIECE: u16 = 200;

/// Those who follow a history, and the thread that tells them.
#[derive(Clone)]
pub struct Events {
    shared: Arc<Shared>,
}

struct Shared {
    most_clients: usize,
    clients: AtomicUsize,
    inbox: Mutex<Inbox>,
    wake: Condvar,
}

#[derive(Default)]
struct Inbox {
    new: Vec<Follower>,
    closed: bool,
}

/// Why nobody else can follow a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("as many clients follow a history as may")]
pub struct TooMany;

/// A piece of an event stream, as it is sent.
pub type Piece = Arc<str>;

struct Follower {
    party: Party,
    /// None while the database has never seen the party.
    owner: Option<PartyKey>,
    /// The id of the last call it was told.
    position: i64,
    /// Whether there can be calls after it.
    is_behind: bool,
    sender: Sender<Piece>,
    last_sent: Instant,
}

impl Events {
    /// Starts the thread. It connects to PostgreSQL while there are clients.
    pub fn start(url: &str, most_clients: usize) -> std::io::Result<(Self, JoinHandle<()>)> {
        let shared = Arc::new(Shared {
            most_clients,
            clients: AtomicUsize::new(0),
            inbox: Mutex::default(),
            wake: Condvar::new(),
        });
        let mut teller = Teller { url: url.to_owned(), shared: shared.clone(), followers: Vec::new() };
        let thread = std::thread::Builder::new().name("events".to_owned()).spawn(move || teller.run())?;
        Ok((Self { shared }, thread))
    }

    /// Follows the history of a party from a position on: the id of the last call that is known, or the history's
    /// version. The stream ends when this process does, and when its reader is too slow.
    pub fn follow(
        &self,
        party: Party,
        owner: Option<PartyKey>,
        position: i64,
    ) -> Result<Receiver<Piece>, TooMany> {
        let (sender, receiver) = mpsc::channel(BUFFER);
        // Tells the client where it is, so that it can come back there even if it heard of no call.
        sender.try_send(format!("retry: 2000\nid: {position}\n\n").into()).ok();
        let follower =
            Follower { party, owner, position, is_behind: true, sender, last_sent: Instant::now() };
        let mut inbox = self.shared.lock();
        // Counted under the lock.
        if inbox.closed || self.shared.clients.load(Ordering::Relaxed) >= self.shared.most_clients {
            return Err(TooMany);
        }
        self.shared.clients.fetch_add(1, Ordering::Relaxed);
        inbox.new.push(follower);
        self.shared.wake.notify_all();
        Ok(receiver)
    }

    /// Ends all streams and the thread.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inbox> {
        // Nobody panics while holding it.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the thread has.
struct Teller {
    url: String,
    shared: Arc<Shared>,
    followers: Vec<Follower>,
}

impl Teller {
    fn run(&mut self) {
        while self.wait(None) {
            match listen(&self.url) {
                Ok(mut connection) => {
                    // Whatever happened before it listened: each looks for itself.
                    self.followers.iter_mut().for_each(|follower| follower.is_behind = true);
                    while !self.followers.is_empty() && self.tick(&mut connection).is_ok() {
                        if !self.wait(Some(self.pause())) {
                            return;
                        }
                    }
                    if self.followers.is_empty() {
                        continue;
                    }
                    tracing::warn!("lost the connection that listens for calls");
                }
                Err(_) => {
                    tracing::warn!("no connection to PostgreSQL to listen for calls");
                }
            }
            self.keep_alive();
            if !self.wait(Some(RETRY)) {
                return;
            }
        }
    }

    /// Takes in new clients, after a while or (while there are none) when one comes. False at the end.
    fn wait(&mut self, while_there_are_some: Option<Duration>) -> bool {
        let shared = self.shared.clone();
        let mut inbox = shared.lock();
        if let Some(time) = while_there_are_some {
            let waited = shared.wake.wait_timeout_while(inbox, time, |inbox| !inbox.closed);
            inbox = waited.unwrap_or_else(PoisonError::into_inner).0;
        } else if self.followers.is_empty() {
            let idle = |inbox: &mut Inbox| inbox.new.is_empty() && !inbox.closed;
            let waited = shared.wake.wait_while(inbox, idle);
            inbox = waited.unwrap_or_else(PoisonError::into_inner);
        }
        self.followers.append(&mut inbox.new);
        if inbox.closed {
            self.followers.clear();
        }
        !inbox.closed
    }

    /// Hardly any while somebody catches up, so that others are heard in between.
    fn pause(&self) -> Duration {
        let catches_up = |follower: &Follower| {
            follower.is_behind && follower.owner.is_some() && follower.sender.capacity() > 0
        };
        if self.followers.iter().any(catches_up) { Duration::from_millis(1) } else { TICK }
    }

    /// Hears what changed, and tells those whom it concerns.
    fn tick(&mut self, connection: &mut PgConnection) -> QueryResult<()> {
        let mut changed = HashSet::new();
        for notification in connection.notifications_iter() {
            // Without a number it can be anybody's.
            changed.insert(notification?.payload.parse::<PartyKey>().ok());
        }
        let anybody = changed.contains(&None);
        let others = anybody || changed.iter().flatten().any(|number| *number < 0);
        for follower in &mut self.followers {
            if follower.owner.is_none() && (follower.is_behind || others) {
                follower.owner = parties::find_party(connection, &follower.party)?;
                follower.is_behind = follower.owner.is_some();
            }
            follower.is_behind |= follower.owner.is_some() && (anybody || changed.contains(&follower.owner));
        }
        self.tell(connection)?;
        self.keep_alive();
        Ok(())
    }

    /// Sends each client that is behind the next piece, if it has room for it.
    fn tell(&mut self, connection: &mut PgConnection) -> QueryResult<()> {
        // Most clients of a history are at the same position, and are sent the same.
        let mut pieces = BTreeMap::new();
        for follower in self.followers.iter_mut().filter(|follower| follower.is_behind) {
            let Some(owner) = follower.owner else { continue };
            if follower.sender.capacity() == 0 {
                continue;
            }
            let next = match pieces.entry((owner, follower.position)) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(unknown) => {
                    unknown.insert(Next::read(connection, owner, follower.position)?)
                }
            };
            if next.last > follower.position && follower.send(next.piece.clone()) {
                follower.position = next.last;
            }
            follower.is_behind = next.is_full;
        }
        Ok(())
    }

    /// Greets who has heard nothing for long, and lets go who is gone or too slow.
    fn keep_alive(&mut self) {
        let before = self.followers.len();
        self.followers.retain_mut(|follower| {
            if follower.last_sent.elapsed() >= HEARTBEAT {
                follower.send(":\n\n".into());
            }
            let is_stuck = follower.sender.capacity() == 0 && follower.last_sent.elapsed() >= PATIENCE;
            !is_stuck && !follower.sender.is_closed()
        });
        self.shared.clients.fetch_sub(before - self.followers.len(), Ordering::Relaxed);
    }
}

impl Follower {
    fn send(&mut self, piece: Piece) -> bool {
        match self.sender.try_send(piece) {
            Ok(()) => {
                self.last_sent = Instant::now();
                true
            }
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => false,
        }
    }
}

/// The calls that follow a position.
struct Next {
    piece: Piece,
    last: i64,
    is_full: bool,
}

impl Next {
    fn read(connection: &mut PgConnection, owner: PartyKey, position: i64) -> QueryResult<Self> {
        let rows = calls::list_calls_by_id(connection, owner, position, PIECE)?;
        let is_full = rows.len() == usize::from(PIECE);
        let last = rows.last().map_or(position, |row| row.position().id);
        Ok(Self { piece: rows.into_iter().map(event).collect::<String>().into(), last, is_full })
    }
}

fn event(row: CallRow) -> String {
    let call = Call::from(row);
    let data = serde_json::to_string(&call).unwrap_or_default();
    format!("id: {}\nevent: call\ndata: {data}\n\n", call.id)
}

fn listen(url: &str) -> Result<PgConnection, Box<dyn std::error::Error>> {
    let mut connection = PgConnection::establish(url)?;
    diesel::sql_query("SET application_name = 'calls events'").execute(&mut connection)?;
    diesel::sql_query("LISTEN calls").execute(&mut connection)?;
    Ok(connection)
}
