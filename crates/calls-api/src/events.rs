//! Event streams: new calls, notes and callback marks, sent to the clients that follow a history.
//!
//! One thread has one [`Listener`] for all clients. New calls are read from the last id that a client has, so
//! a client misses and repeats none, whether it stayed connected, reconnects, or the connection to PostgreSQL
//! was lost.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use calls_model::{Call, DetailedCall, Party};
use calls_store::address::Address;
use calls_store::keys::{CallId, PartyKey};
use calls_store::labels::Labels;
use calls_store::listener::{Change, Listener, News};
use calls_store::pool::{Database, DatabaseError};
use calls_store::rows::{CallColumns, CallRow};
use calls_store::search::Search;
use calls_store::{details, returned};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};
use tokio::time::sleep;

use crate::clients::Slot;
use crate::details::Detailer;

/// Interval of checks for due heartbeats and full buffers.
const TICK: Duration = Duration::from_secs(1);
/// Time for which a client's buffer may stay full before the client is dropped.
const PATIENCE: Duration = Duration::from_secs(5);
/// Delay before reconnecting to the database.
const RETRY: Duration = Duration::from_secs(1);
/// Delay before a client with a full buffer is tried again.
const PAUSE: Duration = Duration::from_millis(20);
/// Pieces in a client's buffer.
const BUFFER: usize = 8;
/// Maximum number of calls per piece.
const PIECE: u16 = 200;

/// Configuration of [`Events`].
pub struct EventOptions {
    /// Address of PostgreSQL.
    pub address: Arc<Address>,
    /// Cache of the parties without digits, by key.
    pub labels: Labels,
    /// Connection pool for details.
    pub database: Database,
    /// Maximum number of concurrent clients.
    pub most_clients: usize,
    /// Interval of keep-alive comments to idle clients, and of checks that PostgreSQL is alive.
    pub heartbeat: Duration,
}

/// The clients that follow histories, and the thread that serves them.
#[derive(Clone)]
pub struct Events {
    shared: Arc<Shared>,
}

struct Shared {
    most_clients: usize,
    clients: AtomicUsize,
    inbox: Mutex<Inbox>,
    wake: Notify,
    /// Whether the listener is connected.
    listens: AtomicBool,
    /// Time of the last response of PostgreSQL to the listener, in milliseconds since 1970.
    heard: AtomicU64,
}

#[derive(Default)]
struct Inbox {
    new: Vec<Follower>,
    closed: bool,
}

/// The limit of concurrent clients is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many clients follow a history")]
pub struct TooMany;

/// A piece of an event stream, as sent to the client.
pub type Piece = Arc<str>;

/// History that is followed.
pub struct Subject {
    /// Owner of the history.
    pub party: Party,
    /// Key of the owner. `None` while the party is not in the database.
    pub owner: Option<PartyKey>,
    /// Whether calls are sent with their details.
    pub with_details: bool,
    /// Limits the calls to counterparties that match.
    pub search: Option<Search>,
}

/// Whether calls have details, and the search that limits them.
type Choice = (bool, Option<Search>);

impl Subject {
    /// The options that its events depend on.
    fn choice(&self) -> Choice {
        (self.with_details, self.search.clone())
    }
}

struct Follower {
    subject: Subject,
    /// Id of the last call sent.
    position: CallId,
    /// Whether calls after it may exist.
    is_behind: bool,
    sender: Sender<Piece>,
    last_sent: Instant,
    /// Released when the client has left or is dropped.
    _slot: Slot,
}

impl Events {
    /// Starts the thread. It is connected to PostgreSQL only while clients are.
    pub fn start(options: EventOptions) -> std::io::Result<(Self, JoinHandle<()>)> {
        let shared = Arc::new(Shared {
            most_clients: options.most_clients,
            clients: AtomicUsize::new(0),
            inbox: Mutex::default(),
            wake: Notify::new(),
            listens: AtomicBool::new(false),
            heard: AtomicU64::new(0),
        });
        let mut teller = Teller { options, shared: shared.clone(), followers: Vec::new() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name("events".to_owned())
            .spawn(move || runtime.block_on(teller.run()))?;
        Ok((Self { shared }, thread))
    }

    /// Follows the history of a party from a position: the id of the last known call, or the history's
    /// version. The stream ends when the server stops or when the client reads too slowly.
    ///
    /// # Errors
    /// The limit of concurrent clients is reached.
    pub fn follow(&self, subject: Subject, position: CallId, slot: Slot) -> Result<Receiver<Piece>, TooMany> {
        let (sender, receiver) = mpsc::channel(BUFFER);
        // Sends the position, so that the client can resume there even if no call has come.
        sender.try_send(format!("retry: 2000\nid: {}\n\n", position.0).into()).ok();
        let last_sent = Instant::now();
        let follower = Follower { subject, position, is_behind: true, sender, last_sent, _slot: slot };
        let mut inbox = self.shared.lock();
        // Checked under the lock that also adds clients.
        if inbox.closed || self.shared.clients.load(Ordering::Relaxed) >= self.shared.most_clients {
            return Err(TooMany);
        }
        self.shared.clients.fetch_add(1, Ordering::Relaxed);
        inbox.new.push(follower);
        self.shared.wake.notify_one();
        Ok(receiver)
    }

    /// Whether the listener is connected, and the time of the last response of PostgreSQL in seconds since
    /// 1970, or 0.
    pub fn listener(&self) -> (bool, f64) {
        let heard = Duration::from_millis(self.shared.heard.load(Ordering::Relaxed));
        (self.shared.listens.load(Ordering::Relaxed), heard.as_secs_f64())
    }

    /// Ends all streams and the thread.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
    }
}

impl Shared {
    /// Records a response of PostgreSQL.
    fn hear(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.heard.store(u64::try_from(now).unwrap_or_default(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        // No code panics while it holds the lock.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// State of the thread.
struct Teller {
    options: EventOptions,
    shared: Arc<Shared>,
    followers: Vec<Follower>,
}

impl Teller {
    async fn run(&mut self) {
        let shared = self.shared.clone();
        while self.take_in() {
            if self.followers.is_empty() {
                shared.wake.notified().await;
                continue;
            }
            match Listener::connect(&self.options.address, self.options.labels.clone()).await {
                Ok(mut listener) => {
                    shared.hear();
                    shared.listens.store(true, Ordering::Relaxed);
                    let listened = self.listen(&mut listener).await;
                    shared.listens.store(false, Ordering::Relaxed);
                    match listened {
                        Ok(()) => continue,
                        Err(_) => tracing::warn!("lost the connection that listens for calls"),
                    }
                }
                Err(_) => tracing::warn!("no connection to PostgreSQL to listen for calls"),
            }
            self.keep_alive();
            tokio::select! {
                () = sleep(RETRY) => {}
                () = shared.wake.notified() => {}
            }
        }
    }

    /// Adds new clients. False when the server stops.
    fn take_in(&mut self) -> bool {
        let mut inbox = self.shared.lock();
        self.followers.append(&mut inbox.new);
        if inbox.closed {
            self.followers.clear();
        }
        !inbox.closed
    }

    /// Sends new calls while there are clients.
    async fn listen(&mut self, listener: &mut Listener) -> Result<(), DatabaseError> {
        let shared = self.shared.clone();
        // Calls may have come before the listener was connected, so each history is checked.
        self.followers.iter_mut().for_each(|follower| follower.is_behind = true);
        let mut asked = Instant::now();
        while self.take_in() && !self.followers.is_empty() {
            self.look_up(listener).await?;
            let waits = self.tell(listener).await?;
            self.keep_alive();
            let first = tokio::select! {
                changed = listener.changed() => Some(changed.ok_or(DatabaseError::Disconnected)?),
                () = shared.wake.notified() => None,
                () = sleep(if waits { PAUSE } else { TICK }) => None,
            };
            if first.is_some() {
                shared.hear();
            }
            let mut changes: HashSet<Change> = first.into_iter().collect();
            changes.extend(std::iter::from_fn(|| listener.try_changed()));
            if asked.elapsed() >= self.options.heartbeat {
                changes.extend(listener.check(self.options.heartbeat).await?.then_some(Change::OfMany));
                shared.hear();
                asked = Instant::now();
            }
            self.mark(&changes);
        }
        Ok(())
    }

    /// Marks the clients that changes concern.
    fn mark(&mut self, changes: &HashSet<Change>) {
        if changes.is_empty() {
            return;
        }
        let many = changes.contains(&Change::OfMany);
        // A party without an E.164 number may have been unknown until now.
        let others = changes.iter().any(|change| matches!(change, Change::Of(owner) if !owner.is_e164()));
        for follower in &mut self.followers {
            let its = follower.subject.owner.is_some_and(|owner| changes.contains(&Change::Of(owner)));
            follower.is_behind |= many || its || (follower.subject.owner.is_none() && others);
        }
    }

    /// Looks up the keys of parties that were not in the database.
    async fn look_up(&mut self, listener: &Listener) -> Result<(), DatabaseError> {
        let unseen = |follower: &&mut Follower| follower.subject.owner.is_none() && follower.is_behind;
        for follower in self.followers.iter_mut().filter(unseen) {
            follower.subject.owner = listener.find_party(&follower.subject.party).await?;
            follower.is_behind = follower.subject.owner.is_some();
        }
        Ok(())
    }

    /// Sends each client that is behind its next calls, as far as its buffer has room. Returns whether one is
    /// full.
    async fn tell(&mut self, listener: &Listener) -> Result<bool, DatabaseError> {
        loop {
            // Most clients of a history are at the same position and get the same piece.
            let mut pieces: BTreeMap<(PartyKey, CallId, Choice), Next> = BTreeMap::new();
            let (mut goes_on, mut waits) = (false, false);
            for follower in self.followers.iter_mut().filter(|follower| follower.is_behind) {
                let Some(owner) = follower.subject.owner else { continue };
                if follower.sender.capacity() == 0 {
                    waits |= !follower.sender.is_closed();
                    continue;
                }
                let position = follower.position;
                let next = match pieces.entry((owner, position, follower.subject.choice())) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(unknown) => {
                        let news = listener.news_after(owner, position, PIECE).await?;
                        unknown.insert(self.options.next(owner, position, news, &follower.subject).await?)
                    }
                };
                if next.last > follower.position && follower.send(next.piece.clone()) {
                    follower.position = next.last;
                }
                follower.is_behind = next.is_full;
                goes_on |= next.is_full;
            }
            if !goes_on {
                return Ok(waits);
            }
        }
    }

    /// Sends heartbeats to idle clients, and drops those that left or fell behind.
    fn keep_alive(&mut self) {
        let (before, heartbeat) = (self.followers.len(), self.options.heartbeat);
        self.followers.retain_mut(|follower| {
            if follower.last_sent.elapsed() >= heartbeat {
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

/// Events behind a position.
struct Next {
    piece: Piece,
    last: CallId,
    is_full: bool,
}

impl EventOptions {
    /// Events of a history behind a position.
    async fn next(
        &self,
        owner: PartyKey,
        position: CallId,
        news: News,
        subject: &Subject,
    ) -> Result<Next, DatabaseError> {
        let end = news.end(PIECE);
        let News { calls, notes, callbacks } = news;
        let last_call = calls.last().map(|row| row.columns.id.0);
        let calls = match &subject.search {
            Some(search) => self.found(search.clone(), calls).await?,
            None => calls,
        };
        let calls: Vec<Event> = match subject.with_details {
            true => self
                .detail(owner, calls)
                .await?
                .iter()
                .map(|(id, call)| Event::new(*id, "call", call))
                .collect(),
            false => {
                calls.into_iter().map(|row| Event::new(row.columns.id.0, "call", &Call::from(row))).collect()
            }
        };
        let notes = notes.iter().map(|(version, note)| Event::new(version.0, "note", note));
        let callbacks =
            callbacks.iter().map(|(version, callback)| Event::new(version.0, "callback", callback));
        let events = calls.into_iter().chain(notes).chain(callbacks).collect();
        Ok(Next::of(events, (end, last_call), position))
    }

    /// Those of `rows` whose counterparty matches the search.
    async fn found(&self, search: Search, rows: Vec<CallRow>) -> Result<Vec<CallRow>, DatabaseError> {
        if rows.is_empty() {
            return Ok(rows);
        }
        let database = self.database.clone();
        let parties: Vec<PartyKey> = rows.iter().map(|row| row.columns.counterparty).collect();
        let read =
            move || database.read(|connection| calls_store::search::among(connection, &parties, &search));
        let found = self.database.block(read).await?;
        Ok(rows.into_iter().filter(|row| found.contains(&row.columns.counterparty)).collect())
    }

    /// Calls with their details, by id.
    async fn detail(
        &self,
        owner: PartyKey,
        rows: Vec<CallRow>,
    ) -> Result<Vec<(i64, DetailedCall)>, DatabaseError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let (database, labels) = (self.database.clone(), self.labels.clone());
        let read = move || {
            database.read(|connection| {
                let columns: Vec<CallColumns> = rows.iter().map(|row| row.columns).collect();
                let returned_at = returned::returned_at(connection, owner, &columns)?;
                let mut rows = rows.clone();
                details::read(connection, &labels, owner, &mut rows)?;
                let mut detailer = Detailer::default();
                let detailed = |(row, at): (CallRow, _)| (row.columns.id.0, detailer.detail(row, at));
                Ok(rows.into_iter().zip(returned_at).map(detailed).collect())
            })
        };
        self.database.block(read).await
    }
}

/// A server-sent event.
struct Event {
    id: i64,
    kind: &'static str,
    /// JSON.
    data: String,
}

impl Event {
    fn new(id: i64, kind: &'static str, data: &impl Serialize) -> Self {
        // Serializing to a string cannot fail.
        Self { id, kind, data: serde_json::to_string(data).unwrap_or_default() }
    }
}

impl Next {
    /// Merges events of all kinds, ordered by id. Events after `end` are left to the next piece, because
    /// others may come before them. `last_call` counts for the position even if that call was filtered out.
    fn of(mut events: Vec<Event>, (end, last_call): (Option<i64>, Option<i64>), position: CallId) -> Self {
        let is_within = |id: &i64| end.is_none_or(|end| *id <= end);
        events.retain(|event| is_within(&event.id));
        events.sort_unstable_by_key(|event| event.id);
        let told = events.last().map(|event| event.id);
        let last = told.max(last_call.filter(is_within)).map_or(position, CallId);
        let text = |Event { id, kind, data }: Event| format!("id: {id}\nevent: {kind}\ndata: {data}\n\n");
        let mut piece: String = events.into_iter().map(text).collect();
        if told < Some(last.0) {
            // Only the position, without an event.
            piece.push_str(&format!("id: {}\n\n", last.0));
        }
        Self { piece: piece.into(), last, is_full: end.is_some() }
    }
}
