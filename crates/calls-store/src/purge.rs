//! Deleting old calls.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::erasure::shrink;
use crate::insertion::Layout;
use crate::keys::{CallId, PartyKey};
use crate::schema::{calls, histories};

/// Number of calls that began before a time.
pub fn count_before(connection: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<i64> {
    calls::table.filter(calls::created_at.lt(before)).count().get_result(connection)
}

/// Deletes the calls of all histories that began before a time.
///
/// It works in batches ordered by owner. Each is a transaction, so no history is locked for long, and an
/// interrupted run is completed by the next one.
#[derive(Debug)]
pub struct Purge {
    before: DateTime<Utc>,
    /// The last owner whose history is done.
    after: PartyKey,
    layout: Layout,
}

impl Purge {
    /// Calls per batch: enough that its start costs little, and few enough that others wait only briefly.
    const BATCH: i64 = 20_000;
    const OWNERS: i64 = 200;

    /// A run that has not begun.
    pub fn new(before: DateTime<Utc>, layout: Layout) -> Self {
        Self { before, after: PartyKey(i64::MIN), layout }
    }

    /// Deletes a batch, and returns its number of calls. `None` at the end.
    pub fn next_batch(&mut self, connection: &mut PgConnection) -> QueryResult<Option<usize>> {
        let owners = match self.layout {
            Layout::Plain => Self::OWNERS,
            Layout::Distributed => 1,
        };
        let next: Vec<(PartyKey, i64)> = histories::table
            .filter(histories::number.gt(self.after))
            .order(histories::number)
            .select((histories::number, histories::calls))
            .limit(owners)
            .load(connection)?;
        let mut calls = 0;
        let within = |(_, more): &&(PartyKey, i64)| {
            calls += more;
            calls <= Self::BATCH
        };
        let together: Vec<PartyKey> = next.iter().take_while(within).map(|(owner, _)| *owner).collect();
        match (together.last(), next.first()) {
            (Some(last), _) => {
                let deleted =
                    connection.transaction(|connection| self.delete_of_all(connection, &together))?;
                self.after = *last;
                Ok(Some(deleted))
            }
            (None, Some((owner, _))) => {
                let deleted = connection.transaction(|connection| self.delete_of_one(connection, *owner))?;
                if deleted == 0 {
                    self.after = *owner;
                }
                Ok(Some(deleted))
            }
            (None, None) => Ok(None),
        }
    }

    fn delete_of_all(&self, connection: &mut PgConnection, owners: &[PartyKey]) -> QueryResult<usize> {
        let mut deleted = 0;
        for owner in owners {
            // An index lookup; in a second run, most histories have no old calls.
            let old = calls::table.filter(calls::number.eq(owner)).filter(calls::created_at.lt(self.before));
            if diesel::select(diesel::dsl::exists(old)).get_result(connection)? {
                lock(connection, *owner)?;
                let fewer = diesel::delete(old).execute(connection)?;
                shrink(connection, *owner, fewer)?;
                deleted += fewer;
            }
        }
        Ok(deleted)
    }

    /// Deletes a part of a long history.
    fn delete_of_one(&self, connection: &mut PgConnection, owner: PartyKey) -> QueryResult<usize> {
        lock(connection, owner)?;
        let old: Vec<CallId> = calls::table
            .filter(calls::number.eq(owner))
            .filter(calls::created_at.lt(self.before))
            .order((calls::created_at.desc(), calls::id.desc()))
            .select(calls::id)
            .limit(Self::BATCH)
            .load(connection)?;
        if old.is_empty() {
            return Ok(0);
        }
        let rows = calls::table.filter(calls::number.eq(owner)).filter(calls::id.eq_any(old));
        let fewer = diesel::delete(rows).execute(connection)?;
        shrink(connection, owner, fewer)?;
        Ok(fewer)
    }
}

/// Locks a history against writers until the end of the transaction.
fn lock(connection: &mut PgConnection, owner: PartyKey) -> QueryResult<()> {
    let history = histories::table.find(owner).select(histories::number).for_no_key_update();
    history.load::<PartyKey>(connection).map(|_| ())
}
