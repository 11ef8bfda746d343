//! `calls purge`.

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, bail};
use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::storage::Storage;
use calls_store::directory;
use calls_store::insertion::Layout;
use calls_store::purge::{self, Purge};
use calls_store::{erasure, settle};
use diesel::Connection as _;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Delete calls that began before this: an age such as 90d, 8w, 12mo or 2y, or a date (YYYY-MM-DD, which
    /// begins at midnight UTC)
    #[arg(long, value_name = "AGE|DATE")]
    older_than: Limit,
    /// Report what would be deleted, without deleting it
    #[arg(long)]
    dry_run: bool,
    /// Delete by age even if the newest call is more than a year old, which may mean that the clock is wrong
    #[arg(long)]
    yes: bool,
}

/// Age from which calls are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Days(u64),
    Months(u32),
    Date(NaiveDate),
}

impl Limit {
    /// The earliest time that is kept. `None` if it is out of range.
    fn before(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Days(days) => now.checked_sub_days(Days::new(days)),
            Self::Months(months) => now.checked_sub_months(Months::new(months)),
            Self::Date(date) => Some(date.and_time(NaiveTime::MIN).and_utc()),
        }
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "expected an age such as 90d, 8w, 12mo or 2y, or a date such as 2024-01-31, but found {text:?}"
            )
        };
        if let Some(date) = text.parse().ok().filter(|_| text.len() == 10) {
            return Ok(Self::Date(date));
        }
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        // Larger ages are typing errors.
        let count = text[..text.len() - unit.len()].parse::<u32>().ok().filter(|count| *count <= 100_000);
        match (count, unit) {
            (Some(days), "d") => Ok(Self::Days(days.into())),
            (Some(weeks), "w") => Ok(Self::Days(u64::from(weeks) * 7)),
            (Some(months), "mo") => Ok(Self::Months(months)),
            (Some(years), "y") => Ok(Self::Months(years * 12)),
            _ => Err(wrong()),
        }
    }
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let before = arguments
        .older_than
        .before(Utc::now())
        .context("expected an age that begins after the year 0, but found a longer one")?;
    let (server, _) = storage.open()?;
    let mut connection = server.connect()?;
    let newest = directory::newest_call(&mut connection)?;
    if !arguments.dry_run && !arguments.yes && !matches!(arguments.older_than, Limit::Date(_)) {
        check_clock(Utc::now(), newest)?;
    }
    let old = purge::count_before(&mut connection, before)?;
    let day = before.format("%Y-%m-%d %H:%M UTC");
    if arguments.dry_run {
        println!("{old} calls before {day} would be deleted (dry run)");
    } else {
        let template = "deleting  {bar:30} {human_pos}/{human_len}  {per_sec}  {eta} left";
        let bar = super::progress(u64::try_from(old).unwrap_or_default(), template);
        let mut deleted = 0;
        let mut walk = Purge::new(before, Layout::of(&mut connection)?);
        while let Some(batch) = walk
            .next_batch(&mut connection)
            .with_context(|| format!("{deleted} calls were deleted, run it again for the rest"))?
        {
            deleted += batch;
            bar.inc(batch as u64);
        }
        connection.transaction(erasure::remove_all_unnamed)?;
        settle(&mut connection)?;
        bar.finish_and_clear();
        println!("{deleted} calls before {day} deleted");
    }
    drop(connection);
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}

/// Checks that the clock is not years ahead, which would make every call old.
fn check_clock(now: DateTime<Utc>, newest: Option<DateTime<Utc>>) -> anyhow::Result<()> {
    match newest.filter(|newest| now - *newest > TimeDelta::days(365)) {
        None => Ok(()),
        Some(newest) => bail!(
            "expected a call of the last year, but found none after {}, and the clock says {}. If the clock is right, \
             add --yes, or give a date instead of an age",
            newest.format("%Y-%m-%d"),
            now.format("%Y-%m-%d")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_counted_back_from_now_and_a_date_begins_at_midnight() {
        let now = "2024-03-31T10:00:00Z".parse().unwrap();
        for (text, before) in [
            ("90d", "2024-01-01T10:00:00Z"),
            ("2w", "2024-03-17T10:00:00Z"),
            ("1mo", "2024-02-29T10:00:00Z"),
            ("12mo", "2023-03-31T10:00:00Z"),
            ("2y", "2022-03-31T10:00:00Z"),
            ("2024-01-31", "2024-01-31T00:00:00Z"),
        ] {
            let limit: Limit = text.parse().unwrap();
            assert_eq!(limit.before(now), Some(before.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_neither_age_nor_date_is_refused() {
        for text in ["", "d", "90", "90 d", "-1d", "3m", "1000000d", "2024-02-30", "31.01.2024"] {
            assert!(text.parse::<Limit>().unwrap_err().contains("90d"), "{text}");
        }
    }
}
