//! Cache of the parties with negative keys. A key's label never changes, so entries are never stale; an
//! erased party occurs in no call any more.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use calls_model::Party;
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::keys::PartyKey;
use crate::parties::{party_of_key, party_of_row};
use crate::schema::other_parties;

/// Parties by key. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Labels(Arc<RwLock<HashMap<PartyKey, Party>>>);

impl Labels {
    /// Maximum number of entries, some 10 MB. Others are read again.
    const MOST: usize = 100_000;

    /// The party of a key. `None` if it must be read first.
    pub fn find(&self, key: PartyKey) -> Option<Party> {
        party_of_key(key).or_else(|| self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned())
    }

    /// The party of a key that has been read; unknown if it does not exist.
    pub fn get(&self, key: PartyKey) -> Party {
        self.find(key).unwrap_or(Party::Unknown)
    }

    /// The keys that must be read.
    pub fn missing(&self, keys: impl IntoIterator<Item = PartyKey>) -> Vec<PartyKey> {
        let others = keys.into_iter().filter(|key| !key.is_e164());
        let mut missing: Vec<PartyKey> = others.filter(|key| self.find(*key).is_none()).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Adds rows of `other_parties`: key, kind, label.
    pub fn keep(&self, rows: impl IntoIterator<Item = (PartyKey, String, String)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.extend(rows.into_iter().map(|(key, kind, label)| (key, party_of_row(&kind, label))));
    }

    /// Reads the parties of keys that are not in the cache.
    pub fn load(
        &self,
        connection: &mut PgConnection,
        keys: impl IntoIterator<Item = PartyKey>,
    ) -> QueryResult<()> {
        let missing = self.missing(keys);
        if !missing.is_empty() {
            let rows: Vec<(PartyKey, String, String)> = other_parties::table
                .filter(other_parties::number.eq_any(missing))
                .select((other_parties::number, other_parties::kind, other_parties::label))
                .load(connection)?;
            self.keep(rows);
        }
        Ok(())
    }
}
