//! Fast formatting of short texts without `std::fmt`: a page of calls has hundreds of them.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};

/// ASCII text on the stack, truncated to [`Text::SIZE`] characters.
#[derive(Debug)]
pub(crate) struct Text {
    bytes: [u8; Self::SIZE],
    len: usize,
}

impl Text {
    /// Enough for a time with nanoseconds, and for a signed number of twenty digits.
    const SIZE: usize = 40;

    pub(crate) fn new() -> Self {
        Self { bytes: [0; Self::SIZE], len: 0 }
    }

    pub(crate) fn as_str(&self) -> &str {
        // The bytes are always ASCII.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn push(&mut self, character: u8) -> &mut Self {
        self.append(&[character])
    }

    /// Appends a number with at least `width` digits.
    pub(crate) fn number(&mut self, mut number: u64, width: usize) -> &mut Self {
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        // Two digits per division.
        while number >= 10 {
            first -= 2;
            digits[first..first + 2].copy_from_slice(&two_digits(number % 100));
            number /= 100;
        }
        if number > 0 {
            first -= 1;
            digits[first] = b'0' + number as u8;
        }
        self.append(&digits[first.min(digits.len() - width.min(digits.len()))..])
    }

    /// Appends a number below 100 with two digits.
    fn two(&mut self, number: u32) -> &mut Self {
        self.append(&two_digits(u64::from(number)))
    }

    fn append(&mut self, characters: &[u8]) -> &mut Self {
        if let Some(room) = self.bytes[self.len..].get_mut(..characters.len()) {
            room.copy_from_slice(characters);
            self.len += characters.len();
        }
        self
    }
}

fn two_digits(number: u64) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

/// Formats a time as RFC 3339, with zero, three, six or nine decimals as needed. `None` for years that need a
/// sign and for leap seconds, which are left to chrono.
pub(crate) fn rfc3339(time: &DateTime<Utc>) -> Option<Text> {
    let time_of_day = time.naive_utc().time();
    let (date, nanos) = (time.naive_utc().date(), time_of_day.nanosecond());
    let year = u32::try_from(date.year()).ok().filter(|year| *year <= 9999 && nanos < 1_000_000_000)?;
    let mut text = Text::new();
    text.two(year / 100).two(year % 100).push(b'-').two(date.month()).push(b'-').two(date.day()).push(b'T');
    let (hour, minute, second) = (time_of_day.hour(), time_of_day.minute(), time_of_day.second());
    text.two(hour).push(b':').two(minute).push(b':').two(second);
    match u64::from(nanos) {
        0 => &mut text,
        nanos if nanos % 1_000_000 == 0 => text.push(b'.').number(nanos / 1_000_000, 3),
        nanos if nanos % 1000 == 0 => text.push(b'.').number(nanos / 1000, 6),
        nanos => text.push(b'.').number(nanos, 9),
    };
    text.push(b'Z');
    Some(text)
}

/// Formats any time as RFC 3339.
pub(crate) fn with_rfc3339<T>(time: &DateTime<Utc>, then: impl FnOnce(&str) -> T) -> T {
    match rfc3339(time) {
        Some(text) => then(text.as_str()),
        None => then(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
    }
}

/// Appends a time as RFC 3339.
pub fn append_time(out: &mut Vec<u8>, time: &DateTime<Utc>) {
    match rfc3339(time) {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => out.extend_from_slice(time.to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes()),
    }
}

/// Appends a number in decimal digits.
pub fn append_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(Text::new().number(number, 1).as_bytes());
}

/// Formats milliseconds as seconds with one to three decimals.
pub(crate) fn seconds(ms: u64) -> Text {
    let mut text = Text::new();
    text.number(ms / 1000, 1).push(b'.');
    match ms % 1000 {
        ms if ms % 100 == 0 => text.number(ms / 100, 1),
        ms if ms % 10 == 0 => text.number(ms / 10, 2),
        ms => text.number(ms, 3),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_chrono_writes_it() {
        let seconds =
            [-62_167_219_200, -1, 0, 59, 1_706_695_200, 253_402_300_799, 253_402_300_800, -62_167_219_201];
        let nanos = [0, 1, 1000, 120_000_000, 123_456_000, 999_999_999, 1_000_000_000, 1_999_999_999];
        let times =
            seconds.into_iter().flat_map(|second| nanos.map(|nano| DateTime::from_timestamp(second, nano)));
        // Leap seconds only occur at the end of a minute.
        for time in times.flatten() {
            let text = with_rfc3339(&time, str::to_owned);
            assert_eq!(text, time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }
    }

    #[test]
    fn a_number_has_its_digits() {
        for (number, width, text) in [
            (0, 1, "0"),
            (0, 0, ""),
            (7, 2, "07"),
            (10, 1, "10"),
            (100, 1, "100"),
            (1005, 1, "1005"),
            (1234, 2, "1234"),
            (12345, 7, "0012345"),
            (u64::MAX, 1, "18446744073709551615"),
        ] {
            assert_eq!(Text::new().number(number, width).as_str(), text);
        }
    }
}
