//! The columns of `calls` whose values are codes.

use calls_model::{CallType, Disposition};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::SmallInt;
use std::io::Write;

/// The column `type`: the position in [`CallType::ALL`], from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = SmallInt)]
pub struct TypeColumn(pub CallType);

/// The column `disposition`: the position in [`Disposition::ALL`] from 1, or 0 if unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = SmallInt)]
pub struct DispositionColumn(pub Option<Disposition>);

impl TypeColumn {
    /// Missed inbound calls.
    pub const MISSED_INBOUND: Self = Self(CallType::MissedInbound);

    /// The code in the database.
    pub fn code(self) -> i16 {
        match self.0 {
            CallType::CompletedInbound => 1,
            CallType::MissedInbound => 2,
            CallType::CompletedOutbound => 3,
            CallType::MissedOutbound => 4,
        }
    }

    /// The type with a code.
    pub fn from_code(code: i16) -> Option<Self> {
        let position = usize::try_from(code).ok()?.checked_sub(1)?;
        CallType::ALL.get(position).copied().map(Self)
    }
}

impl DispositionColumn {
    /// The code in the database.
    pub fn code(self) -> i16 {
        let position = |wanted| Disposition::ALL.iter().position(|known| *known == wanted);
        self.0.and_then(position).map_or(0, |position| position as i16 + 1)
    }

    /// The disposition with a code.
    pub fn from_code(code: i16) -> Option<Self> {
        match usize::try_from(code).ok()?.checked_sub(1) {
            None => Some(Self(None)),
            Some(position) => Disposition::ALL.get(position).map(|known| Self(Some(*known))),
        }
    }
}

macro_rules! code_column {
    ($column:ident, $what:literal) => {
        impl ToSql<SmallInt, Pg> for $column {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(&self.code().to_be_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl FromSql<SmallInt, Pg> for $column {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                let code = <i16 as FromSql<SmallInt, Pg>>::from_sql(value)?;
                Self::from_code(code).ok_or_else(|| {
                    format!(concat!("expected the code of a ", $what, ", but found {}"), code).into()
                })
            }
        }
    };
}

code_column!(TypeColumn, "type");
code_column!(DispositionColumn, "disposition");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_what_it_was_written_for() {
        for call_type in CallType::ALL {
            let column = TypeColumn(call_type);
            assert_eq!(TypeColumn::from_code(column.code()), Some(column));
        }
        for disposition in Disposition::ALL.map(Some).into_iter().chain([None]) {
            let column = DispositionColumn(disposition);
            assert_eq!(DispositionColumn::from_code(column.code()), Some(column));
        }
        assert_eq!([0, 5].map(TypeColumn::from_code), [None, None]);
        assert_eq!([-1, 10].map(DispositionColumn::from_code), [None, None]);
    }
}
