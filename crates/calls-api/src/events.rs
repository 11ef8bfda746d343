//! New calls, notes and marks, told to those who follow a history.
//!
//! One thread has one [`Listener`], however many clients there are. What is new is read behind the last call
//! that a client has, so nothing is left out and nothing repeated, whether the client was there all the time,
//! comes back, or the connection was lost in between.

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
/// Time that a client's buffer may stay full.
const PATIENCE: Duration = Duration::from_secs(5);
/// Delay before the database is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Until a client with a full buffer is tried again.
const PAUSE: Duration = Duration::from_millis(20);
/// Pieces that wait for a client.
const BUFFER: usize = 8;
/// Calls in a piece.
const PIECE: u16 = 200;

/// Configuration of [`Events`].
pub struct EventOptions {
    /// Address of PostgreSQL.
    pub address: Arc<Address>,
    /// The parties behind keys.
    pub labels: Labels,
    /// Connections that details are read over.
    pub database: Database,
    /// Clients at once.
    pub most_clients: usize,
    /// Interval of keep-alive comments to idle clients, and of checks that PostgreSQL is alive.
    /// the same.
    pub heartbeat: Duration,
}

/// Those who follow a history, and the thread that tells them.
#[derive(Clone)]
pub struct Events {
    shared: Arc<Shared>,
}

struct Shared {
    most_clients: usize,
    clients: AtomicUsize,
    inbox: Mutex<Inbox>,
    wake: Notify,
    /// Whether there is a listener.
    listens: AtomicBool,
    /// When PostgreSQL last answered it, in milliseconds since 1970.
    heard: AtomicU64,
}

#[derive(Default)]
struct Inbox {
    new: Vec<Follower>,
    closed: bool,
}

/// Why nobody else can follow a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many clients follow a history")]
pub struct TooMany;

/// A piece of an event stream, as it is sent.
pub type Piece = Arc<str>;

/// History that is followed.
pub struct Subject {
    /// Owner of the history.
    pub party: Party,
    /// Its key. None while the database has never seen the party.
    pub owner: Option<PartyKey>,
    /// Whether each call is told with its details.
    pub with_details: bool,
    /// Whom calls have to be with to be told.
    pub search: Option<Search>,
}

/// Whether calls come with details, and whom they are with.
type Choice = (bool, Option<Search>);

impl Subject {
    /// Whether and how it is told, in an order.
    fn choice(&self) -> Choice {
        (self.with_details, self.search.clone())
    }
}

struct Follower {
    subject: Subject,
    /// The id of the last call it was told.
    position: CallId,
    /// Whether there can be calls after it.
    is_behind: bool,
    sender: Sender<Piece>,
    last_sent: Instant,
    /// Free again when the client has left or is let go.
    _slot: Slot,
}

impl Events {
    /// Starts the thread. It connects to PostgreSQL while there are clients.
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

    /// Follows the history of a party from a position on: the id of the last call that is known, or the
    /// history's version. The stream ends when this process does, and when its reader is too slow.
    ///
    /// # Errors
    /// As many clients follow a history as may.
    pub fn follow(&self, subject: Subject, position: CallId, slot: Slot) -> Result<Receiver<Piece>, TooMany> {
        let (sender, receiver) = mpsc::channel(BUFFER);
        // Tells the client where it is, so that it can come back there even if it heard of no call.
        sender.try_send(format!("retry: 2000\nid: {}\n\n", position.0).into()).ok();
        let last_sent = Instant::now();
        let follower = Follower { subject, position, is_behind: true, sender, last_sent, _slot: slot };
        let mut inbox = self.shared.lock();
        // Counted under the lock.
        if inbox.closed || self.shared.clients.load(Ordering::Relaxed) >= self.shared.most_clients {
            return Err(TooMany);
        }
        self.shared.clients.fetch_add(1, Ordering::Relaxed);
        inbox.new.push(follower);
        self.shared.wake.notify_one();
        Ok(receiver)
    }

    /// Whether the listener is connected, and when it last heard from PostgreSQL, in seconds since 1970, 0 if
    /// never.
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
    /// Notes that the listener heard from PostgreSQL just now.
    fn hear(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.heard.store(u64::try_from(now).unwrap_or_default(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        // Nobody panics while holding it.
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

    /// Takes in new clients. False at the end.
    fn take_in(&mut self) -> bool {
        let mut inbox = self.shared.lock();
        self.followers.append(&mut inbox.new);
        if inbox.closed {
            self.followers.clear();
        }
        !inbox.closed
    }

    /// Tells what is new, as long as there is somebody to be told.
    async fn listen(&mut self, listener: &mut Listener) -> Result<(), DatabaseError> {
        let shared = self.shared.clone();
        // Whatever happened before it listened: each looks for itself.
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

    /// Notes whom changes concern.
    fn mark(&mut self, changes: &HashSet<Change>) {
        if changes.is_empty() {
            return;
        }
        let many = changes.contains(&Change::OfMany);
        // One without an E.164 number can be that of a party which was unknown until now.
        let others = changes.iter().any(|change| matches!(change, Change::Of(owner) if !owner.is_e164()));
        for follower in &mut self.followers {
            let its = follower.subject.owner.is_some_and(|owner| changes.contains(&Change::Of(owner)));
            follower.is_behind |= many || its || (follower.subject.owner.is_none() && others);
        }
    }

    /// Looks for the keys of parties that the database had never seen.
    async fn look_up(&mut self, listener: &Listener) -> Result<(), DatabaseError> {
        let unseen = |follower: &&mut Follower| follower.subject.owner.is_none() && follower.is_behind;
        for follower in self.followers.iter_mut().filter(unseen) {
            follower.subject.owner = listener.find_party(&follower.subject.party).await?;
            follower.is_behind = follower.subject.owner.is_some();
        }
        Ok(())
    }

    /// Sends each client that is behind all that follows, as far as it has room. Says whether one has none.
    async fn tell(&mut self, listener: &Listener) -> Result<bool, DatabaseError> {
        loop {
            // Most clients of a history are at the same position, and are sent the same.
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

    /// Those of some calls whose counterparty is found by a search.
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

    /// Calls with their details, by their ids.
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
        // No part of it can fail.
        Self { id, kind, data: serde_json::to_string(data).unwrap_or_default() }
    }
}

impl Next {
    /// The events of all kinds in one order. Those behind `end` are left to the next piece: others can come
    /// before them. `last_call` is there also where that call is not told.
    fn of(mut events: Vec<Event>, (end, last_call): (Option<i64>, Option<i64>), position: CallId) -> Self {
        let is_within = |id: &i64| end.is_none_or(|end| *id <= end);
        events.retain(|event| is_within(&event.id));
        events.sort_unstable_by_key(|event| event.id);
        let told = events.last().map(|event| event.id);
        let last = told.max(last_call.filter(is_within)).map_or(position, CallId);
        let text = |Event { id, kind, data }: Event| format!("id: {id}\nevent: {kind}\ndata: {data}\n\n");
        let mut piece: String = events.into_iter().map(text).collect();
        if told < Some(last.0) {
            // Only where the client is.
            piece.push_str(&format!("id: {}\n\n", last.0));
        }
        Self { piece: piece.into(), last, is_full: end.is_some() }
    }
}
