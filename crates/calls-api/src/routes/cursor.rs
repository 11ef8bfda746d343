//! Cursors: positions in a history.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike};

use calls_store::keys::{CallId, PartyKey};
use calls_store::merged::Place;
use calls_store::rows::Position;

/// A [`Position`] as an opaque cursor: 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub Position);

/// A [`Place`] as an opaque cursor: 48 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineCursor(pub Place);

impl fmt::Display for LineCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { created_at, number, id } = self.0;
        write!(f, "{:016x}{:016x}{:016x}", created_at.timestamp_micros(), number.0, id.0)
    }
}

impl FromStr for LineCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 48 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(());
        }
        let Cursor(Position { created_at, id }) = format!("{}{}", &text[..16], &text[32..]).parse()?;
        let number = u64::from_str_radix(&text[16..32], 16).map_err(|_| ())?;
        Ok(Self(Place { created_at, number: PartyKey(number.cast_signed()), id }))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0.created_at.timestamp_micros(), self.0.id.0)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(());
        }
        let (micros, id) = text.split_at(16);
        let number = |hex| u64::from_str_radix(hex, 16).map(u64::cast_signed).map_err(|_| ());
        let created_at = DateTime::from_timestamp_micros(number(micros)?).ok_or(())?;
        // No call is outside these years, and PostgreSQL's timestamps end not far beyond them.
        if !(0..=9999).contains(&created_at.year()) {
            return Err(());
        }
        Ok(Self(Position { created_at, id: CallId(number(id)?) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_several_lines_has_the_line() {
        let created_at = DateTime::from_timestamp_micros(1_706_695_200_123_456).unwrap();
        let cursor = LineCursor(Place { created_at, number: PartyKey(-7), id: CallId(12) });
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", &"g".repeat(48), &"0".repeat(32), &"é".repeat(24), &"7f".repeat(24)] {
            assert_eq!(text.parse::<LineCursor>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_cursor_reads_back_what_it_writes_and_nothing_else() {
        for micros in [-1, 0, 1_706_695_200_123_456] {
            let created_at = DateTime::from_timestamp_micros(micros).unwrap();
            let cursor = Cursor(Position { created_at, id: CallId(i64::MAX) });
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in
            ["", "0", &"g".repeat(32), &"f".repeat(33), &format!("7{}", "f".repeat(31)), &"é".repeat(16)]
        {
            assert_eq!(text.parse::<Cursor>(), Err(()), "{text}");
        }
    }
}
