//! Hears of new calls (`LISTEN`), and reads them.
//!
//! A notification says only whose history changed; what is new is read from the table, behind the last call that the
//! reader has. Ids grow with the commits of a history, so that leaves nothing out and repeats nothing, whether the reader
//! was there all the time, comes back, or the connection was lost in between.

use std::time::Duration;

use calls_model::Party;
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Statement};

use crate::address::{Address, Driver};
use crate::columns::{DispositionColumn, TypeColumn};
use crate::hot::{LABELS, refused};
use crate::insertion::CHANNEL;
use crate::keys::{CallId, PartyKey};
use crate::labels::Labels;
use crate::parties::{fixed_key, kind_text};
use crate::pool::DatabaseError;
use crate::rows::{CallColumns, CallRow};

/// How long a listener waits for any answer: it has nothing better to do.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection that listens.
pub struct Listener {
    client: Client,
    labels: Labels,
    read_labels: Statement,
    next_calls: Statement,
    find_party: Statement,
    changes: UnboundedReceiver<Change>,
}

/// Whose history changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// This party's.
    Of(PartyKey),
    /// Many parties' at once.
    OfMany,
}

pub(crate) const NEXT_CALLS: &str = "
    SELECT id, created_at, counterparty, duration_ms, type, disposition FROM calls
    WHERE number = $1 AND id > $2 ORDER BY id LIMIT $3";

pub(crate) const FIND_PARTY: &str = "SELECT number FROM other_parties WHERE label = $1 AND kind = $2";

impl Listener {
    /// Connects and listens.
    ///
    /// # Errors
    /// PostgreSQL cannot be reached, or is a standby, where nobody can listen.
    pub async fn connect(address: &Address, labels: Labels) -> Result<Self, DatabaseError> {
        let connecting = async {
            let (client, driver) = address.connect().await?;
            let (sender, changes) = unbounded_channel();
            tokio::spawn(forward(driver, sender));
            client.batch_execute("SET application_name = 'calls events'").await?;
            client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
            Ok(Self {
                read_labels: client.prepare(LABELS).await?,
                next_calls: client.prepare(NEXT_CALLS).await?,
                find_party: client.prepare(FIND_PARTY).await?,
                client,
                labels,
                changes,
            })
        };
        in_time(connecting).await
    }

    /// The next change; `None` once the connection is lost. Can be dropped and called again without losing one.
    pub async fn changed(&mut self) -> Option<Change> {
        self.changes.recv().await
    }

    /// A change that was heard already.
    pub fn try_changed(&mut self) -> Option<Change> {
        self.changes.try_recv().ok()
    }

    /// Asks PostgreSQL for nothing: a connection that was lost without a word gives no answer.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn check(&self) -> Result<(), DatabaseError> {
        in_time(async { self.client.simple_query("").await.map(|_| ()) }).await
    }

    /// At most `limit` calls of a history that were stored behind one, in the order in which they were.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn calls_after(
        &self,
        owner: PartyKey,
        after: CallId,
        limit: u16,
    ) -> Result<Vec<CallRow>, DatabaseError> {
        in_time(async {
            let rows = self.client.query(&self.next_calls, &[&owner.0, &after.0, &i64::from(limit)]).await?;
            let rows: Vec<CallColumns> = rows.iter().filter_map(columns).collect();
            let missing = self.labels.missing(rows.iter().map(|row| row.counterparty));
            if !missing.is_empty() {
                let keys: Vec<i64> = missing.iter().map(|key| key.0).collect();
                let labels = self.client.query(&self.read_labels, &[&keys]).await?;
                self.labels.keep(labels.iter().map(|row| (PartyKey(row.get(0)), row.get(1), row.get(2))));
            }
            Ok(CallRow::with_labels(&self.labels, rows))
        })
        .await
    }

    /// The key of a party, if the database knows it.
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

/// A row as [`NEXT_CALLS`] selects it.
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

/// Drives a connection and hands its notifications on. What it hands them to ends with it.
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
