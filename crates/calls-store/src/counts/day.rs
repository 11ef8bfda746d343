//! Counts of a day (UTC) by quarter of an hour, type and disposition.
//!
//! Encoding of each count: the quarter (0 to 95), the code of type and disposition, and the number of calls;
//! then for completed calls their duration in milliseconds, and for missed inbound ones the numbers of open
//! and of unidentified ones. Numbers are LEB128: seven bits per byte, lowest first, and the highest bit set
//! if another byte follows.

use std::collections::BTreeMap;

use calls_model::{CallType, Disposition, Outcome};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::columns::{DispositionColumn, TypeColumn};
use crate::keys::PartyKey;
use crate::schema::day_counts;

/// Seconds in a quarter of an hour, the unit of all time zone offsets.
pub const QUARTER: i64 = 900;
const QUARTERS_OF_DAY: i64 = 96;

/// Quarters of an hour since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter(pub i64);

/// Type and disposition of a call as one number: ten times the position of the type, plus the code of the
/// disposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u8);

/// Counts of one quarter and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Their number.
    pub calls: u64,
    /// Talk time in milliseconds.
    pub ms: u64,
    /// Number of missed inbound calls that have not been returned.
    pub open: u64,
    /// Number of missed inbound calls from unidentified callers, who cannot be called back.
    pub unidentified: u64,
}

/// Counts by quarter and code.
pub type Cells = BTreeMap<(Quarter, Code), Count>;

impl Quarter {
    /// The quarter that contains a time.
    pub fn of(at: DateTime<Utc>) -> Self {
        Self(at.timestamp().div_euclid(QUARTER))
    }

    /// Start in seconds since 1970-01-01.
    pub fn start(self) -> i64 {
        self.0 * QUARTER
    }

    fn day(self) -> i32 {
        // The years 1 to 9999 have fewer days than the type can hold.
        self.0.div_euclid(QUARTERS_OF_DAY) as i32
    }
}

impl Code {
    /// The code of a type and a disposition.
    pub fn new(call_type: CallType, disposition: Option<Disposition>) -> Self {
        let position = TypeColumn(call_type).code() - 1;
        Self((position * 10 + DispositionColumn(disposition).code()) as u8)
    }

    fn from_byte(byte: u8) -> Option<Self> {
        (byte < 40).then_some(Self(byte))
    }

    /// Direction and outcome.
    pub fn call_type(self) -> CallType {
        CallType::ALL[usize::from(self.0 / 10) % CallType::ALL.len()]
    }

    /// Disposition of the calls.
    pub fn disposition(self) -> Option<Disposition> {
        DispositionColumn::from_code(i16::from(self.0 % 10)).and_then(|column| column.0)
    }
}

impl Count {
    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.ms += other.ms;
        self.open += other.open;
        self.unidentified += other.unidentified;
    }
}

/// Rows of `day_counts`: encoded counts by day.
pub(crate) type PackedDays = BTreeMap<i32, Vec<u8>>;

/// Encodes counts as rows of `day_counts`.
pub(crate) fn pack(cells: &Cells) -> PackedDays {
    let mut days = PackedDays::new();
    for ((quarter, code), count) in cells {
        pack_cell(&mut days, *quarter, *code, *count);
    }
    days
}

/// Appends a count to its day. Counts must come in the order of quarters.
pub(crate) fn pack_cell(days: &mut PackedDays, quarter: Quarter, code: Code, count: Count) {
    let out = days.entry(quarter.day()).or_default();
    out.extend([quarter.0.rem_euclid(QUARTERS_OF_DAY) as u8, code.0]);
    push(out, count.calls);
    match code.call_type() {
        call_type if call_type.outcome() == Outcome::Completed => push(out, count.ms),
        CallType::MissedInbound => {
            push(out, count.open);
            push(out, count.unidentified);
        }
        _ => {}
    }
}

/// Decodes a row of `day_counts`, up to the first invalid count.
pub(crate) fn unpack(day: i32, packed: &[u8], mut each: impl FnMut(Quarter, Code, Count)) {
    let mut rest = packed;
    while let Some((quarter, code, count)) = next(&mut rest) {
        each(Quarter(i64::from(day) * QUARTERS_OF_DAY + i64::from(quarter)), code, count);
    }
}

fn next(rest: &mut &[u8]) -> Option<(u8, Code, Count)> {
    let (quarter, code) = (take(rest)?, Code::from_byte(take(rest)?)?);
    let mut count = Count { calls: pull(rest)?, ..Count::default() };
    match code.call_type() {
        call_type if call_type.outcome() == Outcome::Completed => count.ms = pull(rest)?,
        CallType::MissedInbound => (count.open, count.unidentified) = (pull(rest)?, pull(rest)?),
        _ => {}
    }
    Some((quarter, code, count))
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(*first)
}

fn push(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn pull(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Reads the counts of all days between two quarters.
pub(crate) fn read(
    connection: &mut PgConnection,
    owner: PartyKey,
    (first, last): (Quarter, Quarter),
    mut each: impl FnMut(Quarter, Code, Count),
) -> QueryResult<()> {
    let rows: Vec<(i32, Vec<u8>)> = day_counts::table
        .filter(day_counts::number.eq(owner))
        .filter(day_counts::day.between(first.day(), last.day()))
        .order(day_counts::day)
        .select((day_counts::day, day_counts::cells))
        .load(connection)?;
    for (day, packed) in rows {
        unpack(day, &packed, |quarter, code, count| {
            if quarter >= first && quarter <= last {
                each(quarter, code, count);
            }
        });
    }
    Ok(())
}

/// Reads all counts of a history.
pub(crate) fn read_all(
    connection: &mut PgConnection,
    owner: PartyKey,
    each: impl FnMut(Quarter, Code, Count),
) -> QueryResult<()> {
    // No call is outside the years 1 to 9999.
    let (first, last) = (Quarter(-62_135_596_800 / QUARTER), Quarter(253_402_300_800 / QUARTER));
    read(connection, owner, (first, last), each)
}

/// Start of a quarter and of the next one.
pub(crate) fn span(quarter: Quarter) -> (DateTime<Utc>, DateTime<Utc>) {
    let start = |quarter: Quarter| DateTime::from_timestamp(quarter.start(), 0).unwrap_or_default();
    (start(quarter), start(Quarter(quarter.0 + 1)))
}

/// Rows per statement, which has three parameters per row and may have 65,535.
const ROWS: usize = 5_000;

/// Replaces the counts of days. Days without calls are deleted.
pub(crate) fn write(
    connection: &mut PgConnection,
    owner: PartyKey,
    days: &[i32],
    cells: &Cells,
) -> QueryResult<()> {
    for days in days.chunks(ROWS) {
        let old = day_counts::table.filter(day_counts::number.eq(owner));
        diesel::delete(old.filter(day_counts::day.eq_any(days))).execute(connection)?;
    }
    insert(connection, owner, pack(cells))
}

/// Inserts the counts of days that have none.
pub(crate) fn insert(connection: &mut PgConnection, owner: PartyKey, packed: PackedDays) -> QueryResult<()> {
    let rows: Vec<_> = packed
        .into_iter()
        .map(|(day, cells)| {
            (day_counts::number.eq(owner), day_counts::day.eq(day), day_counts::cells.eq(cells))
        })
        .collect();
    for rows in rows.chunks(ROWS) {
        diesel::insert_into(day_counts::table).values(rows.to_vec()).execute(connection)?;
    }
    Ok(())
}

/// The days of some quarters.
pub(crate) fn days(quarters: impl IntoIterator<Item = Quarter>) -> Vec<i32> {
    let mut days: Vec<i32> = quarters.into_iter().map(Quarter::day).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// The first and the last quarter of a day.
pub(crate) fn quarters_of(day: i32) -> (Quarter, Quarter) {
    let first = i64::from(day) * QUARTERS_OF_DAY;
    (Quarter(first), Quarter(first + QUARTERS_OF_DAY - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code() -> impl Strategy<Value = Code> {
        (0..40_u8).prop_map(Code)
    }

    fn count(code: Code) -> impl Strategy<Value = Count> {
        let (completed, missed) =
            (code.call_type().outcome() == Outcome::Completed, code.call_type() == CallType::MissedInbound);
        (1..u64::MAX / 2, 0..u64::MAX, 0..u64::MAX, 0..300_u64).prop_map(
            move |(calls, ms, open, unidentified)| {
                let zero_unless = |is: bool, number| if is { number } else { 0 };
                Count {
                    calls,
                    ms: zero_unless(completed, ms),
                    open: zero_unless(missed, open),
                    unidentified: zero_unless(missed, unidentified),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn counts_are_unpacked_as_they_were_packed(
            cells in proptest::collection::btree_map(
                (-70_000_000..280_000_000_i64, code()).prop_map(|(quarter, code)| (Quarter(quarter), code)),
                Just(()), 0..200,
            ).prop_flat_map(|keys| {
                let counts: Vec<_> = keys.keys().map(|(_, code)| count(*code)).collect();
                (Just(keys), counts)
            })
        ) {
            let (keys, counts) = cells;
            let cells: Cells = keys.into_keys().zip(counts).collect();
            let mut unpacked = Cells::new();
            for (day, packed) in pack(&cells) {
                unpack(day, &packed, |quarter, code, count| {
                    assert!(unpacked.insert((quarter, code), count).is_none());
                });
            }
            prop_assert_eq!(unpacked, cells);
        }

        #[test]
        fn no_bytes_end_the_program(day in any::<i32>(), packed in proptest::collection::vec(any::<u8>(), 0..64)) {
            unpack(day, &packed, |_, code, _| _ = code.disposition());
        }
    }

    #[test]
    fn a_code_is_its_type_and_its_disposition() {
        for call_type in CallType::ALL {
            for disposition in Disposition::ALL.map(Some).into_iter().chain([None]) {
                let code = Code::new(call_type, disposition);
                assert_eq!((code.call_type(), code.disposition()), (call_type, disposition));
            }
        }
    }
}
