//! The options of an import, as texts from the command line or a query string.

use std::fmt;

use calls_import::{Columns, DateOrder, Format, Options, RawParty};
use calls_phone::{self as phone, Region};
use chrono_tz::Tz;

use super::suggestions;

/// Properties of a log that the log itself lacks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Texts<'a> {
    pub format: Option<&'a str>,
    pub zone: Option<&'a str>,
    pub region: Option<&'a str>,
    pub dates: Option<&'a str>,
    pub own: Option<&'a str>,
    pub map: Option<&'a str>,
}

/// The parsed options of an import.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// `None` to detect it.
    pub format: Option<Format>,
    pub region: Option<Region>,
    pub options: Options,
}

/// An option with an invalid value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Its name, without dashes.
    pub name: &'static str,
    pub expected: String,
    pub found: String,
    /// Similar valid values.
    pub suggestions: Vec<String>,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}: expected {}, but found {:?}", self.name, self.expected, self.found)?;
        match self.hint() {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Wrong {}

impl Wrong {
    fn new(name: &'static str, expected: impl Into<String>, found: &str, suggestions: Vec<String>) -> Self {
        Self { name, expected: expected.into(), found: found.chars().take(64).collect(), suggestions }
    }

    /// A hint such as `did you mean Europe/Berlin?`.
    pub(crate) fn hint(&self) -> Option<String> {
        (!self.suggestions.is_empty()).then(|| format!("did you mean {}?", self.suggestions.join(" or ")))
    }
}

impl Texts<'_> {
    /// Parses the options. `region` is the default.
    ///
    /// # Errors
    /// The first option with an invalid value, with suggestions.
    pub(crate) fn read(&self, region: Option<Region>) -> Result<Read, Wrong> {
        let region = self.region.filter(|text| !text.is_empty()).map(read_region).transpose()?.or(region);
        let zone = self.zone.map(read_zone).transpose()?.unwrap_or(Tz::UTC);
        let options = Options {
            zone,
            own: self.own.map(|own| read_own(own, region)).transpose()?,
            columns: self.map.map(read_columns).transpose()?.unwrap_or_default(),
            dates: self.dates.map(read_order).transpose()?,
            region: region.map(|region| region.to_string()),
            ..Options::default()
        };
        let format = self.format.filter(|format| *format != "auto").map(read_format).transpose()?;
        Ok(Read { format, region, options })
    }
}

fn read_region(text: &str) -> Result<Region, Wrong> {
    let expected = "a country as two letters, such as US or DE";
    text.parse().map_err(|_| Wrong::new("region", expected, text, suggestions::region(text)))
}

fn read_zone(text: &str) -> Result<Tz, Wrong> {
    let expected = "an IANA time zone such as Europe/Berlin";
    text.parse().map_err(|_| Wrong::new("zone", expected, text, suggestions::zones(text)))
}

fn read_order(text: &str) -> Result<DateOrder, Wrong> {
    let first = text.chars().find(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase());
    let meant = DateOrder::ALL.into_iter().find(|(_, name)| first == name.chars().next());
    let suggestions = meant.map(|(_, name)| vec![name.to_owned()]).unwrap_or_default();
    text.parse().map_err(|_| Wrong::new("dates", "day-first or month-first", text, suggestions))
}

fn read_own(text: &str, region: Option<Region>) -> Result<RawParty, Wrong> {
    let own = RawParty::from_text(text);
    let wrong = |expected: String| Wrong::new("own", expected, text, Vec::new());
    match &own {
        RawParty::Text(number) => phone::parse(number, region)
            .map_err(|error| wrong(format!("{} ({})", error.expected, error.reason)))?,
        RawParty::Withheld | RawParty::Unknown => {
            return Err(wrong("a number whose calls these are".to_owned()));
        }
    };
    Ok(own)
}

fn read_columns(text: &str) -> Result<Columns, Wrong> {
    text.parse::<Columns>().map_err(|error| {
        let told = error.to_string();
        let expected = told.strip_prefix("expected ").and_then(|rest| rest.rsplit_once(", but found "));
        Wrong::new("map", expected.map_or(told.as_str(), |(expected, _)| expected), &error.0, Vec::new())
    })
}

fn read_format(text: &str) -> Result<Format, Wrong> {
    let expected = "auto or the name of a format (calls import --help lists them)";
    text.parse().map_err(|_| Wrong::new("format", expected, text, suggestions::formats(text)))
}
