//! Rows of `calls`.

use calls_model::{Call, CallDetails, CallDuration, CallType, DetailedCall, Disposition, Note, Party};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::columns::{DispositionColumn, TypeColumn};
use crate::keys::{CallId, PartyKey};
use crate::labels::Labels;
use crate::schema::calls;

/// The columns of the index `calls_history`, in the order of [`CallColumns`].
pub(crate) type HistoryColumns =
    (calls::id, calls::created_at, calls::counterparty, calls::duration_ms, calls::type_, calls::disposition);

/// Columns that are selected for a call.
pub(crate) const HISTORY_COLUMNS: HistoryColumns =
    (calls::id, calls::created_at, calls::counterparty, calls::duration_ms, calls::type_, calls::disposition);

/// The columns that the index `calls_history` lacks: ring time in milliseconds, and the other line.
pub(crate) type BesideIndex = (Option<i32>, Option<PartyKey>);

/// The columns of a row of `calls` that the index `calls_history` contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct CallColumns {
    /// The id.
    pub id: CallId,
    /// Time of its beginning.
    pub created_at: DateTime<Utc>,
    /// The other party's key.
    pub counterparty: PartyKey,
    /// Talk time in milliseconds.
    pub duration_ms: Option<i32>,
    /// Direction and outcome.
    pub call_type: TypeColumn,
    /// Disposition.
    pub disposition: DispositionColumn,
}

/// A call of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// Columns of its row.
    pub columns: CallColumns,
    /// The other party.
    pub counterparty: Party,
    /// Further columns, if [`details::read`](crate::details::read) has read them.
    pub details: RowDetails,
}

/// Details of a call beside the columns of the index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowDetails {
    /// Time from the first ring to the answer or the end.
    pub ring_time: Option<CallDuration>,
    /// The other number that took part.
    pub via: Option<Party>,
    /// The counterparty's name.
    pub name: Option<String>,
    /// The note on the call.
    pub note: Option<Note>,
}

/// A position in a history, which is ordered by time and then by id, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Time of the call.
    pub created_at: DateTime<Utc>,
    /// The call's id.
    pub id: CallId,
}

impl CallColumns {
    /// Position of the call in its history.
    pub fn position(&self) -> Position {
        Position { created_at: self.created_at, id: self.id }
    }

    /// Disposition, if known.
    pub fn disposition(&self) -> Option<Disposition> {
        self.disposition.0
    }

    /// Direction and outcome.
    pub fn call_type(&self) -> CallType {
        self.call_type.0
    }
}

impl CallRow {
    /// Rows with their parties, which are read unless `labels` has them.
    pub fn resolve(
        connection: &mut PgConnection,
        labels: &Labels,
        rows: Vec<CallColumns>,
    ) -> QueryResult<Vec<Self>> {
        labels.load(connection, rows.iter().map(|row| row.counterparty))?;
        Ok(Self::with_labels(labels, rows))
    }

    /// Rows with their parties, which `labels` must have.
    pub(crate) fn with_labels(labels: &Labels, rows: Vec<CallColumns>) -> Vec<Self> {
        let with_label = |columns: CallColumns| {
            let counterparty = labels.get(columns.counterparty);
            Self { counterparty, columns, details: RowDetails::default() }
        };
        rows.into_iter().map(with_label).collect()
    }
}

impl CallRow {
    /// Appends the call as JSON, as [`Call::append_json`] does.
    pub fn append_json(&self, json: &mut Vec<u8>) {
        let CallColumns { id, created_at, duration_ms, call_type, .. } = &self.columns;
        let duration = duration_ms.and_then(|ms| CallDuration::from_ms(ms.into()));
        let (id, call_type) = (id.0.unsigned_abs(), call_type.0);
        Call::append_parts(json, id, created_at, &self.counterparty, call_type, duration);
    }
}

impl From<CallRow> for Call {
    fn from(row: CallRow) -> Self {
        let CallRow { columns, counterparty, .. } = row;
        Self {
            id: columns.id.0.to_string(),
            created_at: columns.created_at,
            counterparty,
            call_type: columns.call_type.0,
            duration: columns.duration_ms.and_then(|ms| CallDuration::from_ms(ms.into())),
        }
    }
}

impl From<CallRow> for DetailedCall {
    /// The counterparty's spellings and the time of return are added later.
    fn from(mut row: CallRow) -> Self {
        let RowDetails { ring_time, via, name, note } = std::mem::take(&mut row.details);
        let disposition = row.columns.disposition();
        let details = CallDetails { disposition, ring_time, via, name, note, ..CallDetails::default() };
        Self { call: row.into(), details }
    }
}
