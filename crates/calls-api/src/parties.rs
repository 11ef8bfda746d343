//! Parties as the database keeps them: rows of `phone_numbers`.

use std::collections::HashMap;

use calls_model::{E164, Party, PartyKind};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgConnection, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use std::io::Write;

use crate::schema::{phone_numbers, sql_types};

/// A party's key: its E.164 digits, or below zero that of a row with a label.
pub type PartyKey = i64;

/// The column `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::PartyKind)]
pub struct KindColumn(pub PartyKind);

impl ToSql<sql_types::PartyKind, Pg> for KindColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(kind_name(self.0).as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::PartyKind, Pg> for KindColumn {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        const KINDS: [PartyKind; 6] = [
            PartyKind::E164,
            PartyKind::Local,
            PartyKind::Sip,
            PartyKind::Withheld,
            PartyKind::Unknown,
            PartyKind::Text,
        ];
        let name = value.as_bytes();
        let kind = KINDS.into_iter().find(|kind| kind_name(*kind).as_bytes() == name);
        kind.map(Self).ok_or_else(|| format!("party_kind {:?}", String::from_utf8_lossy(name)).into())
    }
}

fn kind_name(kind: PartyKind) -> &'static str {
    match kind {
        PartyKind::E164 => "e164",
        PartyKind::Local => "local",
        PartyKind::Sip => "sip",
        PartyKind::Withheld => "withheld",
        PartyKind::Unknown => "unknown",
        PartyKind::Text => "text",
    }
}

/// The party of a row: its number if that is one, else its label.
pub(crate) fn from_row(key: PartyKey, label: Option<&str>) -> Party {
    let number = u64::try_from(key).ok().and_then(E164::new).map(Party::E164);
    // Each label that the table's checks let in is a party's text.
    number.or_else(|| label?.parse().ok()).unwrap_or(Party::Unknown)
}

/// The key of a telephone number. `None` for the others, whose keys only the database knows.
pub fn e164_key(party: &Party) -> Option<PartyKey> {
    match party {
        // Eighteen digits fit into 63 bits.
        Party::E164(number) => i64::try_from(number.digits()).ok(),
        _ => None,
    }
}

/// The key of a party that the database knows. A telephone number is known without asking.
pub fn find_party(connection: &mut PgConnection, party: &Party) -> QueryResult<Option<PartyKey>> {
    match e164_key(party) {
        Some(key) => Ok(Some(key)),
        None => phone_numbers::table
            .filter(phone_numbers::label.eq(party.to_string()))
            .select(phone_numbers::number)
            .first(connection)
            .optional(),
    }
}

/// The keys of parties without an E.164 number, which get a row where they have none. Telephone numbers are
/// passed over: they get theirs with their first call.
pub fn insert_parties<'a>(
    connection: &mut PgConnection,
    parties: impl IntoIterator<Item = &'a Party>,
) -> QueryResult<HashMap<Party, PartyKey>> {
    let mut others: Vec<&Party> = parties.into_iter().filter(|party| e164_key(party).is_none()).collect();
    // Ordered, so that two writers never wait for each other in a circle.
    others.sort();
    others.dedup();
    let labels: Vec<String> = others.iter().map(ToString::to_string).collect();
    let rows: Vec<_> = others
        .iter()
        .zip(&labels)
        .map(|(party, label)| {
            (phone_numbers::kind.eq(KindColumn(party.kind())), phone_numbers::label.eq(label))
        })
        .collect();
    // A row has two parameters, and a statement at most 65,535.
    for rows in rows.chunks(30_000) {
        diesel::insert_into(phone_numbers::table)
            .values(rows.to_vec())
            .on_conflict_do_nothing()
            .execute(connection)?;
    }
    let known: Vec<(PartyKey, Option<String>)> = phone_numbers::table
        .filter(phone_numbers::label.eq_any(&labels))
        .select((phone_numbers::number, phone_numbers::label))
        .load(connection)?;
    Ok(known.into_iter().map(|(key, label)| (from_row(key, label.as_deref()), key)).collect())
}
