//! Keys of rows, each with a type of its own, so that for example a call's id is not taken for a version.

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
    /// The version of a history: at least the id of its newest call. Grows with every change and is never
    /// reused.
    Version
}

impl PartyKey {
    /// Callers who withheld their number.
    pub const WITHHELD: Self = Self(-1);
    /// Callers whom the log does not identify.
    pub const UNKNOWN: Self = Self(-2);
    /// Texts that are not numbers have keys below this one (see the migration `lay_out_histories`).
    pub const LOWEST_IDENTIFIED: i64 = -(1 << 62);

    /// Whether the party can be identified and called back, and so can own a history.
    pub fn is_identified(self) -> bool {
        self.0 > 0 || (self.0 < Self::UNKNOWN.0 && self.0 >= Self::LOWEST_IDENTIFIED)
    }

    /// Whether the key is the digits of an E.164 number.
    pub fn is_e164(self) -> bool {
        self.0 > 0
    }
}

impl Version {
    /// Version of a number without a history.
    pub const NONE: Self = Self(0);
}
