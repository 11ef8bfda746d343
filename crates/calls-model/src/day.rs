//! Calendar days, and arithmetic with them.

use std::fmt;

/// A day of the Gregorian calendar without time zone, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub i32);

impl Day {
    /// Parses an ISO 8601 date, `2024-01-31`, in the years 1000 to 9998. `None` for other texts and for
    /// invalid dates.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let mut parts = text.split('-').filter(|_| well_formed);
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return None;
        }
        let date = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        // An invalid date, such as February 30, becomes one in the next month.
        let counted = Self::from_date(date.0, date.1, date.2);
        ((1000..9999).contains(&date.0) && counted.date() == date).then_some(counted)
    }

    /// The day with a year, a month from 1 and a day from 1.
    pub fn from_date(year: i32, month: u32, day: u32) -> Self {
        // Years that begin in March have their leap day at the end.
        let (month, day) = (month.cast_signed(), day.cast_signed());
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        Self(year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - DAYS_TO_1970)
    }

    /// Year, month from 1 and day from 1.
    pub fn date(self) -> (i32, u32, u32) {
        // An estimate by the average length of a year in the 400-year cycle; it may be one too high, which is
        // corrected.
        let days = self.0 + DAYS_TO_1970;
        let mut year = (i64::from(days) * 400).div_euclid(146_097) as i32 + 1;
        while Self::from_date(year, 3, 1) > self {
            year -= 1;
        }
        let of_year = self.0 - Self::from_date(year, 3, 1).0;
        let month = (5 * of_year + 2) / 153;
        let day = (of_year - (153 * month + 2) / 5 + 1).unsigned_abs();
        match month {
            10.. => (year + 1, month.unsigned_abs() - 9, day),
            _ => (year, month.unsigned_abs() + 3, day),
        }
    }

    /// The day `days` later or earlier.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The first day of its month.
    pub fn month(self) -> Self {
        let (year, month, _) = self.date();
        Self::from_date(year, month, 1)
    }

    /// The Monday of its week.
    pub fn week(self) -> Self {
        // 1970-01-01 was a Thursday.
        self.plus(-(self.0 + 3).rem_euclid(7))
    }

    /// "Today" or "Yesterday". `None` for other days, which are shown by date.
    pub fn name(self, today: Day) -> Option<&'static str> {
        match today.0.checked_sub(self.0) {
            Some(0) => Some("Today"),
            Some(1) => Some("Yesterday"),
            _ => None,
        }
    }

    /// Midnight UTC, in milliseconds since 1970-01-01.
    pub fn midnight_ms(self) -> f64 {
        f64::from(self.0) * 86_400_000.0
    }
}

/// As ISO 8601: `2024-01-31`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Days from March 1 of the year 0 to 1970-01-01.
const DAYS_TO_1970: i32 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_count_of_days_and_back() {
        for (date, count) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((1970, 3, 1), 59),
            ((2000, 2, 29), 11_016),
            ((2024, 2, 29), 19_782),
            ((2024, 3, 1), 19_783),
            ((2024, 12, 31), 20_088),
        ] {
            assert_eq!(Day::from_date(date.0, date.1, date.2), Day(count));
            assert_eq!(Day(count).date(), date);
        }
    }

    #[test]
    fn four_centuries_of_days_follow_one_another() {
        let mut last = Day::from_date(1799, 12, 31).date();
        for count in Day::from_date(1800, 1, 1).0..Day::from_date(2201, 1, 1).0 {
            let (year, month, day) = Day(count).date();
            assert_eq!(Day::from_date(year, month, day), Day(count));
            let follows = (year, month, day) == (last.0, last.1, last.2 + 1)
                || (day == 1 && last.2 >= 28 && (year, month) == (last.0, last.1 + 1))
                || ((month, day) == (1, 1) && last == (year - 1, 12, 31));
            assert!(follows, "{last:?} is followed by {:?}", (year, month, day));
            last = (year, month, day);
        }
    }

    #[test]
    fn a_day_is_written_and_read_as_iso_8601_does() {
        for text in ["1970-01-01", "2024-02-29", "2023-12-31", "1000-01-01", "9998-12-31"] {
            assert_eq!(Day::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "2024",
            "2024-1-1",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "0999-01-01",
            "9999-01-01",
            "20240-1-01",
            "2024-01-1a",
            "-024-01-01",
            "2024-01-01 ",
        ] {
            assert_eq!(Day::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_month_begins_with_its_first_day() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("2024-02-29").month(), day("2024-02-01"));
        assert_eq!(day("2024-01-01").month(), day("2024-01-01"));
        assert_eq!(day("2024-01-01").plus(-1).month(), day("2023-12-01"));
    }

    #[test]
    fn a_week_begins_with_its_monday() {
        let day = |text| Day::parse(text).unwrap();
        for (of, monday) in
            [("2024-03-04", "2024-03-04"), ("2024-03-10", "2024-03-04"), ("1969-12-31", "1969-12-29")]
        {
            assert_eq!(day(of).week(), day(monday));
        }
    }

    #[test]
    fn only_today_and_yesterday_have_names() {
        let today = Day(19_753);
        assert_eq!(Day(19_753).name(today), Some("Today"));
        assert_eq!(Day(19_752).name(today), Some("Yesterday"));
        assert_eq!(Day(19_751).name(today), None);
        assert_eq!(Day(19_754).name(today), None);
    }
}
