//! Parties in the database: an E.164 number as its digits, any other party as a row of `other_parties`.

use std::collections::HashMap;

use calls_model::{E164, Party, PartyKind};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use crate::keys::PartyKey;
use crate::schema::other_parties;

/// Text in the column `kind`.
pub(crate) fn kind_text(kind: PartyKind) -> &'static str {
    match kind {
        PartyKind::E164 => "e164",
        PartyKind::Local => "local",
        PartyKind::Sip => "sip",
        PartyKind::Withheld => "withheld",
        PartyKind::Unknown => "unknown",
        PartyKind::Text => "text",
    }
}

/// The party of a key, if that needs no row.
pub(crate) fn party_of_key(key: PartyKey) -> Option<Party> {
    match key {
        PartyKey::WITHHELD => Some(Party::Withheld),
        PartyKey::UNKNOWN => Some(Party::Unknown),
        _ => u64::try_from(key.0).ok().and_then(E164::new).map(Party::E164),
    }
}

/// The party of a row of `other_parties`. The kind distinguishes a text from a number with the same spelling.
pub(crate) fn party_of_row(kind: &str, label: String) -> Party {
    match kind {
        "local" => Party::Local(label),
        "sip" => Party::Sip(label),
        "text" => Party::Text(label),
        "withheld" => Party::Withheld,
        _ => Party::Unknown,
    }
}

/// The key of a party that needs no row. `None` if only the database knows the key.
pub fn fixed_key(party: &Party) -> Option<PartyKey> {
    match party {
        // Eighteen digits fit into 63 bits.
        Party::E164(number) => i64::try_from(number.digits()).ok().map(PartyKey),
        Party::Withheld => Some(PartyKey::WITHHELD),
        Party::Unknown => Some(PartyKey::UNKNOWN),
        Party::Local(_) | Party::Sip(_) | Party::Text(_) => None,
    }
}

/// The key of a party, if it is in the database. E.164 numbers need no query.
pub fn find_party(connection: &mut PgConnection, party: &Party) -> QueryResult<Option<PartyKey>> {
    match fixed_key(party) {
        Some(key) => Ok(Some(key)),
        None => other_parties::table
            .filter(other_parties::label.eq(party.to_string()))
            .filter(other_parties::kind.eq(kind_text(party.kind())))
            .select(other_parties::number)
            .first(connection)
            .optional(),
    }
}

/// The keys of parties that need rows, which are inserted if missing.
pub fn insert_parties<'a>(
    connection: &mut PgConnection,
    parties: impl IntoIterator<Item = &'a Party>,
) -> QueryResult<HashMap<Party, PartyKey>> {
    // Both ranges of keys share a sequence (see the migration `lay_out_histories`).
    const INSERT: &str = "
        INSERT INTO other_parties (number, kind, label)
        SELECT nextval('other_party_number') - CASE kind WHEN 'text' THEN 4611686018427387904 ELSE 0 END, kind, label
        FROM unnest($1, $2) AS new (kind, label)
        ON CONFLICT DO NOTHING";
    let mut others: Vec<&Party> = parties.into_iter().filter(|party| fixed_key(party).is_none()).collect();
    // Sorted, so that two writers cannot deadlock.
    others.sort();
    others.dedup();
    if others.is_empty() {
        return Ok(HashMap::new());
    }
    let mut keys = find_keys(connection, &others)?;
    let new: Vec<&Party> = others.iter().filter(|party| !keys.contains_key(**party)).copied().collect();
    if !new.is_empty() {
        let kinds: Vec<&str> = new.iter().map(|party| kind_text(party.kind())).collect();
        let labels: Vec<String> = new.iter().map(ToString::to_string).collect();
        diesel::sql_query(INSERT)
            .bind::<Array<Text>, _>(kinds)
            .bind::<Array<Text>, _>(labels)
            .execute(connection)?;
        keys.extend(find_keys(connection, &new)?);
    }
    Ok(keys)
}

fn find_keys(connection: &mut PgConnection, parties: &[&Party]) -> QueryResult<HashMap<Party, PartyKey>> {
    let labels: Vec<String> = parties.iter().map(ToString::to_string).collect();
    let rows: Vec<(PartyKey, String, String)> = other_parties::table
        .filter(other_parties::label.eq_any(labels))
        .select((other_parties::number, other_parties::kind, other_parties::label))
        .load(connection)?;
    Ok(rows.into_iter().map(|(key, kind, label)| (party_of_row(&kind, label), key)).collect())
}
