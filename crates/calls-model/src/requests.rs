//! The table of all query parameters. The server parses by it, the page writes addresses by it, and the
//! OpenAPI document is generated from it.

/// A query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Name in the query string.
    pub name: &'static str,
    /// Type of its value.
    pub kind: Kind,
    /// Whether it may be repeated.
    pub repeats: bool,
    /// Description of a valid value, as a noun phrase: `expected <this>, but found ...`.
    pub expected: &'static str,
    /// Example of a valid value.
    pub example: &'static str,
    /// Effect of the parameter.
    pub description: &'static str,
}

/// Type of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of these values.
    OneOf(&'static [&'static str]),
    /// A whole number in this range, inclusive.
    Integer(u16, u16),
    /// Seconds with up to three decimals.
    Seconds,
    /// A time (RFC 3339), or a date (ISO 8601), whose day begins in the zone of `tz`.
    Instant,
    /// An IANA time zone.
    Zone,
    /// A party in any spelling, or the beginning of one followed by `*`.
    Party,
    /// A party in any spelling, or `@` and the name of a set of lines.
    Line,
    /// A cursor from a `Link` header.
    Cursor,
    /// Any text.
    Text,
}

const fn once(
    name: &'static str,
    kind: Kind,
    expected: &'static str,
    example: &'static str,
    description: &'static str,
) -> Parameter {
    Parameter { name, kind, repeats: false, expected, example, description }
}

/// `type`: only these types.
pub const TYPE: Parameter = Parameter {
    name: "type",
    kind: Kind::OneOf(&["Completed Inbound", "Missed Inbound", "Completed Outbound", "Missed Outbound"]),
    repeats: true,
    expected: "one of \"Completed Inbound\", \"Missed Inbound\", \"Completed Outbound\", \"Missed Outbound\"",
    example: "Missed Inbound",
    description: "Only calls of these types; may be repeated.",
};

/// `direction`: only this direction.
pub const DIRECTION: Parameter = once(
    "direction",
    Kind::OneOf(&["inbound", "outbound"]),
    "inbound or outbound",
    "inbound",
    "Only calls in this direction.",
);

/// `outcome`: only this outcome.
pub const OUTCOME: Parameter = once(
    "outcome",
    Kind::OneOf(&["completed", "missed"]),
    "completed or missed",
    "missed",
    "Only calls with this outcome.",
);

/// `disposition`: only these dispositions.
pub const DISPOSITION: Parameter = Parameter {
    name: "disposition",
    kind: Kind::OneOf(&[
        "answered",
        "no_answer",
        "busy",
        "rejected",
        "blocked",
        "voicemail",
        "answered_elsewhere",
        "cancelled",
        "failed",
    ]),
    repeats: true,
    expected: "answered, no_answer, busy, rejected, blocked, voicemail, answered_elsewhere, cancelled or failed",
    example: "voicemail",
    description: "Only calls with these dispositions; may be repeated. Excludes calls without one.",
};

/// `counterparty`: only this counterparty, or matching ones.
pub const COUNTERPARTY: Parameter = once(
    "counterparty",
    Kind::Party,
    "a number, or the beginning of one followed by *, such as +1202*; or withheld, or unknown",
    "+1202*",
    "Only calls with this counterparty: a number in any spelling, an extension or short code, a SIP address, `withheld` or \
     `unknown`; or with all counterparties that begin with a text: `+1202*`.",
);

const INSTANT: &str = "an RFC 3339 time such as 2024-01-31T10:00:00Z, or a date such as 2024-01-31";

/// `from`: start of the period.
pub const FROM: Parameter =
    once("from", Kind::Instant, INSTANT, "2024-01-31T10:00:00Z", "Not before this time or day.");

/// `until`: end of the period.
pub const UNTIL: Parameter =
    once("until", Kind::Instant, INSTANT, "2024-01-31T10:00:00Z", "Before this time or day.");

/// `tz`: time zone of dates, weekdays and hours.
pub const TZ: Parameter = once(
    "tz",
    Kind::Zone,
    "an IANA time zone such as Europe/Berlin",
    "Europe/Berlin",
    "Time zone of dates, `weekday` and `hour`. UTC by default.",
);

const SECONDS: &str = "seconds such as 37.4, at most 2147483.647";

/// `min_duration`: minimum duration.
pub const MIN_DURATION: Parameter = once(
    "min_duration",
    Kind::Seconds,
    SECONDS,
    "37.4",
    "Minimum duration in seconds. Excludes calls without a duration.",
);

/// `max_duration`: maximum duration.
pub const MAX_DURATION: Parameter = once(
    "max_duration",
    Kind::Seconds,
    SECONDS,
    "37.4",
    "Maximum duration in seconds. Excludes calls without a duration.",
);

/// `returned`: only missed calls that were, or were not, returned.
pub const RETURNED: Parameter = once(
    "returned",
    Kind::OneOf(&["true", "false"]),
    "true or false",
    "false",
    "Missed inbound calls that ask to be returned only: those that have (`true`) or have not (`false`) been. A call is \
     returned when the two spoke later, whoever called. Withheld and unknown callers cannot be called back, and blocked \
     calls and those answered elsewhere ask for nothing.",
);

/// `weekday`: only this day of the week.
pub const WEEKDAY: Parameter = once(
    "weekday",
    Kind::Integer(1, 7),
    "a day from 1 for Monday to 7 for Sunday",
    "1",
    "Only calls on this day of the week, 1 for Monday to 7 for Sunday (ISO 8601).",
);

/// `hour`: only this hour of the day.
pub const HOUR: Parameter =
    once("hour", Kind::Integer(0, 23), "an hour from 0 to 23", "9", "Begun in this hour of the day.");

/// `limit`: maximum number of calls.
pub const LIMIT: Parameter = once(
    "limit",
    Kind::Integer(1, 1000),
    "a whole number from 1 to 1000",
    "50",
    "Maximum number of results, 50 by default. NDJSON and CSV contain all calls unless it is given.",
);

/// `after`: start of the page.
pub const AFTER: Parameter = once(
    "after",
    Kind::Cursor,
    "a cursor from a Link header",
    "00060eaf5a1bc8000000000000001267",
    "Results after this cursor from a `Link` header.",
);

/// `format`: format of the response.
pub const FORMAT: Parameter = once(
    "format",
    Kind::OneOf(&["json", "ndjson", "csv"]),
    "json, ndjson or csv",
    "csv",
    "Format of the response, instead of `Accept`.",
);

/// `include`: additional data of each call.
pub const INCLUDE: Parameter = once(
    "include",
    Kind::OneOf(&["details"]),
    "details",
    "details",
    "`details`: spellings and name of each counterparty, the time at which a missed call was returned, disposition, ring \
     time and the other line. Not for CSV, which has these in columns.",
);

/// `q`: search text.
pub const SEARCH: Parameter = once(
    "q",
    Kind::Text,
    "at most 64 characters, none of them a control character",
    "5550123",
    "Matches names that contain these words, ignoring case and accents; numbers that contain these digits, in any \
     spelling, including the national one; and extensions and SIP addresses that contain this text.",
);

/// `sort`: order of numbers.
pub const SORT: Parameter = once(
    "sort",
    Kind::OneOf(&["recent", "calls", "name", "number"]),
    "recent, calls, name or number",
    "recent",
    "Order by last call (latest first, the default), number of calls (most first), name (numbers without one last), or \
     number.",
);

/// `number`: lines that are listed together.
pub const NUMBER: Parameter = Parameter {
    name: "number",
    kind: Kind::Line,
    repeats: true,
    expected: "1 to 50 numbers in any spelling, or the name of a set of lines such as @Family",
    example: "@Family",
    description: "The lines: 1 to 50 numbers in any spelling, or `@` and the name of a set listed by `GET /api/lines`.",
};

/// `compare`: period to compare with.
pub const COMPARE: Parameter = once(
    "compare",
    Kind::OneOf(&["previous"]),
    "previous",
    "previous",
    "`previous`: adds the figures of the previous period of as many days in the zone `tz`. Requires `from`; without \
     `until` the period ends now, and the previous one at the same time of its last day.",
);

/// `done`: people who are marked done.
pub const DONE: Parameter = once(
    "done",
    Kind::OneOf(&["true", "false"]),
    "true or false",
    "true",
    "`true`: people who are marked done, instead of those who wait.",
);

/// `sort`: order of people to call back.
pub const CALLBACK_SORT: Parameter = once(
    "sort",
    Kind::OneOf(&["waiting", "last"]),
    "waiting or last",
    "waiting",
    "Longest wait first (`waiting`, the default), or latest attempt first.",
);

/// `limit`: maximum number of people.
pub const CALLBACK_LIMIT: Parameter = once(
    "limit",
    Kind::Integer(1, 1000),
    "a whole number from 1 to 1000",
    "50",
    "Maximum number of people, 1000 by default.",
);

/// Additional parameters of lists over several lines.
pub const LINES: [Parameter; 1] = [NUMBER];

/// Parameters of a summary, in addition to [`FILTER`].
pub const SUMMARY: [Parameter; 1] = [COMPARE];

/// Parameters of the callback queue.
pub const CALLBACKS: [Parameter; 3] = [DONE, CALLBACK_SORT, CALLBACK_LIMIT];

/// `own`: owner of the calls in a log.
pub const OWN: Parameter = once(
    "own",
    Kind::Text,
    "a number in any spelling, an extension or a SIP address",
    "+12025550123",
    "Owner of the calls, if the log does not contain it.",
);

/// `zone`: time zone of a log.
pub const ZONE: Parameter = once(
    "zone",
    Kind::Zone,
    "an IANA time zone such as Europe/Berlin",
    "Europe/Berlin",
    "Time zone of times without one. UTC by default.",
);

/// `region`: country of numbers without a country code.
pub const REGION: Parameter = once(
    "region",
    Kind::Text,
    "a country as two letters (ISO 3166-1), such as US or DE",
    "US",
    "Country of numbers without a country code. The server's `--region` by default.",
);

/// `format`: format of a log.
pub const LOG_FORMAT: Parameter = once(
    "format",
    Kind::Text,
    "auto or the name of a format",
    "asterisk-csv",
    "Format of the log, as listed by `calls import --help`; `auto`, the default, detects it.",
);

/// `dates`: order of dates in a log.
pub const DATES: Parameter = once(
    "dates",
    Kind::OneOf(&["day-first", "month-first"]),
    "day-first or month-first",
    "day-first",
    "Order of ambiguous dates such as 03/02/2026.",
);

/// `map`: columns of a CSV file.
pub const MAP: Parameter = once(
    "map",
    Kind::Text,
    "a mapping such as from=Caller,to=Called,start=When",
    "from=Caller,to=Called,start=When",
    "Mapping of columns, for CSV of an unknown format.",
);

/// Parameters of an uploaded log.
pub const IMPORT: [Parameter; 6] = [OWN, ZONE, REGION, LOG_FORMAT, DATES, MAP];

/// Parameters that filter the calls of a history.
pub const FILTER: [Parameter; 14] = [
    TYPE,
    DIRECTION,
    OUTCOME,
    DISPOSITION,
    COUNTERPARTY,
    SEARCH,
    FROM,
    UNTIL,
    TZ,
    MIN_DURATION,
    MAX_DURATION,
    RETURNED,
    WEEKDAY,
    HOUR,
];

/// Parameters of a list of calls, in addition to [`FILTER`].
pub const LIST: [Parameter; 4] = [LIMIT, AFTER, FORMAT, INCLUDE];

/// Parameters of the event stream of a history.
pub const EVENTS: [Parameter; 2] = [SEARCH, INCLUDE];

/// `include`: additional data of each number.
pub const DIRECTORY_INCLUDE: Parameter = once(
    "include",
    Kind::OneOf(&["days"]),
    "days",
    "days",
    "`days`: the calls of each of the last 15 days, today last, and those of the day a week ago up to the current time of day.",
);

/// Parameters of the list of numbers.
pub const DIRECTORY: [Parameter; 6] = [SEARCH, SORT, LIMIT, AFTER, DIRECTORY_INCLUDE, TZ];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallType, Disposition};

    #[test]
    fn the_texts_are_those_of_the_types() {
        let types: Vec<&str> = CallType::ALL.iter().map(|call_type| call_type.as_str()).collect();
        assert_eq!(TYPE.kind, Kind::OneOf(types.leak()));
        let dispositions: Vec<&str> =
            Disposition::ALL.iter().map(|disposition| disposition.as_str()).collect();
        assert_eq!(DISPOSITION.kind, Kind::OneOf(dispositions.leak()));
    }

    #[test]
    fn an_example_is_right() {
        let all = FILTER.iter().chain(&LIST).chain(&EVENTS).chain(&DIRECTORY).chain(&IMPORT);
        for parameter in all.chain(&SUMMARY).chain(&CALLBACKS) {
            match parameter.kind {
                Kind::OneOf(texts) => assert!(texts.contains(&parameter.example), "{}", parameter.name),
                Kind::Integer(first, last) => {
                    let number: u16 = parameter.example.parse().unwrap();
                    assert!((first..=last).contains(&number), "{}", parameter.name);
                }
                _ => assert!(!parameter.example.is_empty(), "{}", parameter.name),
            }
        }
    }
}
