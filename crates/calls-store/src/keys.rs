//! Numbers that name rows, each of a type of its own: a call's id is no version, and neither is a party.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;

macro_rules! key {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
        #[diesel(sql_type = BigInt)]
        pub struct $name(pub i64);

        impl ToSql<BigInt, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                ToSql::<BigInt, Pg>::to_sql(&self.0, out)
            }
        }

        impl FromSql<BigInt, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                FromSql::<BigInt, Pg>::from_sql(value).map(Self)
            }
        }
    };
}

key! {
    /// A party: above zero the digits of an E.164 number, below zero the key of a row of `other_parties`.
    PartyKey
}

key! {
    /// A call, unique within its history. Within a history ids grow in the order of commits.
    CallId
}

key! {
    /// The version of a history: the id of its newest call or above it. Grows with every change and never
    /// comes back.
    Version
}

impl PartyKey {
    /// Callers who withheld their number.
    pub const WITHHELD: Self = Self(-1);
    /// Callers whom a log calls unknown.
    pub const UNKNOWN: Self = Self(-2);
    /// The keys of texts that are no number are below this one (see the migration `lay_out_histories`).
    pub const LOWEST_IDENTIFIED: i64 = -(1 << 62);

    /// Whether the party can be told from others and called back, and so can own a history.
    pub fn is_identified(self) -> bool {
        self.0 > 0 || (self.0 < Self::UNKNOWN.0 && self.0 >= Self::LOWEST_IDENTIFIED)
    }

    /// Whether the key is an E.164 number's digits.
    pub fn is_e164(self) -> bool {
        self.0 > 0
    }
}

impl Version {
    /// Of a number that has no history.
    pub const NONE: Self = Self(0);
}
