//! Receives notifications of new calls (`LISTEN`), and reads the calls.
//!
//! A notification only names the changed history; new calls are read from the table, after the reader's last
//! id. Ids grow with the commits of a history, so a reader misses and repeats none, whether it stayed
//! connected, reconnects, or the connection to PostgreSQL was lost.

use std::time::Duration;

use calls_model::{CallbackState, NoteChange, Party};
use futures_util::future::try_join3;
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Statement};

use crate::address::{Address, ConnectError, Driver};
use crate::columns::{DispositionColumn, TypeColumn};
use crate::hot::{LABELS, refused};
use crate::insertion::CHANNEL;
use crate::keys::{CallId, PartyKey, Version};
use crate::labels::Labels;
use crate::notes;
use crate::parties::{fixed_key, kind_text};
use crate::pool::DatabaseError;
use crate::rows::{CallColumns, CallRow};

/// Time that a listener waits for a response.
const PATIENCE: Duration = Duration::from_secs(5);
/// Polling interval on a standby, which does not support LISTEN.
const POLL: Duration = Duration::from_secs(1);

/// A connection that listens.
pub struct Listener {
    client: Client,
    labels: Labels,
    read_labels: Statement,
    next_calls: Statement,
    next_notes: Statement,
    next_callbacks: Statement,
    find_party: Statement,
    changes: UnboundedReceiver<Change>,
    /// Time of the next poll, on a standby.
    next_look: Option<Instant>,
}

/// Owner of a changed history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// The history of this party.
    Of(PartyKey),
    /// Many histories.
    OfMany,
}

pub(crate) const NEXT_CALLS: &str = "
    SELECT id, created_at, counterparty, duration_ms, type, disposition FROM calls
    WHERE number = $1 AND id > $2 ORDER BY id LIMIT $3";

pub(crate) const NEXT_NOTES: &str = "
    SELECT version, call, text, tags FROM notes WHERE number = $1 AND version > $2 ORDER BY version LIMIT $3";

pub(crate) const NEXT_CALLBACKS: &str = "
    SELECT version, counterparty, done_at, note FROM callbacks
    WHERE number = $1 AND version > $2 ORDER BY version LIMIT $3";

pub(crate) const FIND_PARTY: &str = "SELECT number FROM other_parties WHERE label = $1 AND kind = $2";

impl Listener {
    /// Connects and listens. A standby does not support LISTEN, so there it polls once a second.
    ///
    /// # Errors
    /// PostgreSQL cannot be reached.
    pub async fn connect(address: &Address, labels: Labels) -> Result<Self, DatabaseError> {
        let connecting = async {
            let (client, driver) = address.connect().await?;
            let (sender, changes) = unbounded_channel();
            tokio::spawn(forward(driver, sender));
            client.batch_execute("SET application_name = 'calls events'").await?;
            let next_look = (!listen(&client).await?).then(|| Instant::now() + POLL);
            if next_look.is_some() {
                tracing::warn!(
                    "PostgreSQL is a standby: looking for new calls every {POLL:?} instead of listening"
                );
            }
            Ok::<_, ConnectError>(Self {
                read_labels: client.prepare(LABELS).await?,
                next_calls: client.prepare(NEXT_CALLS).await?,
                next_notes: client.prepare(NEXT_NOTES).await?,
                next_callbacks: client.prepare(NEXT_CALLBACKS).await?,
                find_party: client.prepare(FIND_PARTY).await?,
                client,
                labels,
                changes,
                next_look,
            })
        };
        match timeout(PATIENCE, connecting).await {
            Ok(Ok(listener)) => Ok(listener),
            Ok(Err(ConnectError::Postgres(error))) => Err(refused(&error)),
            Ok(Err(ConnectError::Silent(_))) | Err(_) => Err(DatabaseError::NoConnection),
        }
    }

    /// The next change, or `None` once the connection is lost. The future can be dropped without losing a
    /// change.
    pub async fn changed(&mut self) -> Option<Change> {
        let Some(at) = self.next_look else { return self.changes.recv().await };
        tokio::select! {
            change = self.changes.recv() => change,
            () = sleep_until(at) => {
                self.next_look = Some(Instant::now() + POLL);
                Some(Change::OfMany)
            }
        }
    }

    /// A change that has already been received.
    pub fn try_changed(&mut self) -> Option<Change> {
        self.changes.try_recv().ok()
    }

    /// Checks that PostgreSQL responds within `patience`, which detects a broken connection. Listens if the
    /// server was a standby until now; returns true in that case, because changes may have been missed.
    ///
    /// # Errors
    /// There was no response.
    pub async fn check(&mut self, patience: Duration) -> Result<bool, DatabaseError> {
        let question = async {
            match self.next_look {
                None => self.client.simple_query("").await.map(|_| false),
                Some(_) => listen(&self.client).await,
            }
        };
        let began = timeout(patience.min(PATIENCE), question).await.map_err(|_| DatabaseError::Slow)?;
        let began = began.map_err(|error| refused(&error))?;
        if began {
            self.next_look = None;
        }
        Ok(began)
    }

    /// Changes of a history after a version: at most `limit` calls, notes and marks each, in the order in
    /// which they were stored.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn news_after(
        &self,
        owner: PartyKey,
        after: CallId,
        limit: u16,
    ) -> Result<News, DatabaseError> {
        in_time(async {
            let most = i64::from(limit);
            let parameters: [&(dyn ToSql + Sync); 3] = [&owner.0, &after.0, &most];
            let (calls, notes, callbacks) = try_join3(
                self.client.query(&self.next_calls, &parameters),
                self.client.query(&self.next_notes, &parameters),
                self.client.query(&self.next_callbacks, &parameters),
            )
            .await?;
            let calls: Vec<CallColumns> = calls.iter().filter_map(columns).collect();
            let people = callbacks.iter().map(|row| PartyKey(row.get(1)));
            let missing = self.labels.missing(calls.iter().map(|row| row.counterparty).chain(people));
            if !missing.is_empty() {
                let keys: Vec<i64> = missing.iter().map(|key| key.0).collect();
                let labels = self.client.query(&self.read_labels, &[&keys]).await?;
                self.labels.keep(labels.iter().map(|row| (PartyKey(row.get(0)), row.get(1), row.get(2))));
            }
            Ok(News {
                calls: CallRow::with_labels(&self.labels, calls),
                notes: notes.iter().map(note).collect(),
                callbacks: callbacks.iter().map(|row| callback(row, &self.labels)).collect(),
            })
        })
        .await
    }

    /// The key of a party, if it is in the database.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn find_party(&self, party: &Party) -> Result<Option<PartyKey>, DatabaseError> {
        if let Some(key) = fixed_key(party) {
            return Ok(Some(key));
        }
        let (label, kind) = (party.to_string(), kind_text(party.kind()));
        let found =
            in_time(async { self.client.query_opt(&self.find_party, &[&label, &kind]).await }).await?;
        Ok(found.map(|row| PartyKey(row.get(0))))
    }
}

/// Listens. Returns false on a standby.
async fn listen(client: &Client) -> Result<bool, tokio_postgres::Error> {
    match client.batch_execute(&format!("LISTEN {CHANNEL}")).await {
        Ok(()) => Ok(true),
        Err(error) if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Changes of a history. Each has the version that it gave the history; that of a call is its id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// New calls.
    pub calls: Vec<CallRow>,
    /// Notes that were stored or removed.
    pub notes: Vec<(Version, NoteChange)>,
    /// People who were marked done, or whose mark was removed.
    pub callbacks: Vec<(Version, CallbackState)>,
}

impl News {
    /// The version up to which the changes are complete; `None` if all are. A kind with `limit` changes may
    /// have more.
    pub fn end(&self, limit: u16) -> Option<i64> {
        let limit = usize::from(limit);
        let ends = [
            self.calls.last().filter(|_| self.calls.len() >= limit).map(|row| row.columns.id.0),
            self.notes.last().filter(|_| self.notes.len() >= limit).map(|(version, _)| version.0),
            self.callbacks.last().filter(|_| self.callbacks.len() >= limit).map(|(version, _)| version.0),
        ];
        ends.into_iter().flatten().min()
    }
}

/// A row of [`NEXT_NOTES`].
fn note(row: &tokio_postgres::Row) -> (Version, NoteChange) {
    let note = notes::read(row.get(2), row.get(3));
    let call = row.get::<_, i64>(1).to_string();
    (Version(row.get(0)), NoteChange { call, note: Some(note).filter(|note| !note.is_empty()) })
}

/// A row of [`NEXT_CALLBACKS`].
fn callback(row: &tokio_postgres::Row, labels: &Labels) -> (Version, CallbackState) {
    let note = Some(row.get::<_, String>(3)).filter(|note| !note.is_empty());
    let counterparty = labels.get(PartyKey(row.get(1)));
    (Version(row.get(0)), CallbackState { counterparty, done_at: row.get(2), note })
}

/// A row of [`NEXT_CALLS`].
fn columns(row: &tokio_postgres::Row) -> Option<CallColumns> {
    Some(CallColumns {
        id: CallId(row.get(0)),
        created_at: row.get(1),
        counterparty: PartyKey(row.get(2)),
        duration_ms: row.get(3),
        call_type: TypeColumn::from_code(row.get(4))?,
        disposition: DispositionColumn::from_code(row.get(5))?,
    })
}

async fn in_time<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, DatabaseError> {
    match timeout(PATIENCE, work).await {
        Ok(answer) => answer.map_err(|error| refused(&error)),
        Err(_) => Err(DatabaseError::Slow),
    }
}

/// Drives a connection and forwards its notifications. The channel closes with the connection.
async fn forward(mut driver: Driver, changes: UnboundedSender<Change>) {
    let mut messages = stream::poll_fn(|context| driver.poll_message(context));
    while let Some(Ok(message)) = messages.next().await {
        let AsyncMessage::Notification(notification) = message else { continue };
        let owner = notification.payload().parse().map(PartyKey);
        if changes.send(owner.map_or(Change::OfMany, Change::Of)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_complete_up_to_the_first_kind_that_goes_on() {
        let note = |version| (Version(version), NoteChange { call: "1".to_owned(), note: None });
        let state = |version| {
            let counterparty = Party::Unknown;
            (Version(version), CallbackState { counterparty, done_at: None, note: None })
        };
        let notes: Vec<_> = (10..14).map(note).collect();
        let news = News { notes, callbacks: vec![state(5), state(99)], ..News::default() };
        assert_eq!((news.end(4), news.end(5), news.end(2)), (Some(13), None, Some(13)));
        assert_eq!(News::default().end(1), None);
    }
}
