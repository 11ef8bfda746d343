//! The browser's `Intl`: dates and times in the browser's language and time zone, names of zones and
//! countries. Formatters are cached, because creating one costs more than a hundred uses.

use std::cell::OnceCell;

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::day::Day;

const DAY_MS: f64 = 86_400_000.0;

thread_local! {
    static FORMATS: Formats = Formats::new();
}

thread_local! {
    static PARTS: [OnceCell<Function>; 8] = const { [const { OnceCell::new() }; 8] };
    static NUMBERS: [Function; 2] = [&[][..], &[("style", "percent")]]
        .map(|pairs| Intl::NumberFormat::new(&locales(), &options(pairs)).format());
}

struct Formats {
    date: Function,
    locale: String,
    zone: String,
    zone_id: String,
}

impl Formats {
    fn new() -> Self {
        let time = formatter(&[("timeStyle", "short")]);
        let resolved = time.resolved_options();
        let zone_id = text(&resolved, "timeZone").unwrap_or_default();
        Self {
            // A day has no zone, so its midnight UTC is formatted in UTC.
            date: formatter(&[
                ("weekday", "long"),
                ("day", "numeric"),
                ("month", "long"),
                ("year", "numeric"),
                ("timeZone", "UTC"),
            ])
            .format(),
            locale: text(&resolved, "locale").unwrap_or_default(),
            zone: zone_name().unwrap_or_else(|| zone_id.clone()),
            zone_id,
        }
    }
}

/// A full date: `Wednesday, January 31, 2024`.
pub fn date(day: Day) -> String {
    FORMATS.with(|formats| apply(&formats.date, day.midnight_ms()))
}

/// Formats of [`in_utc`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `Wednesday`.
    Weekday,
    /// `Wed`.
    ShortWeekday,
    /// `2 PM`, `14 Uhr`.
    Hour,
    /// `Wed, Jan 31, 2024`.
    Date,
    /// `Jan 31, 2024`.
    ShortDate,
    /// `January 2024`.
    Month,
    /// `2024`.
    Year,
    /// `Jan`.
    ShortMonth,
}

/// Formats a time in UTC in the browser's language. For a day it is midnight.
pub fn in_utc(ms: f64, part: Part) -> String {
    const OPTIONS: [&[(&str, &str)]; 8] = [
        &[("weekday", "long")],
        &[("weekday", "short")],
        &[("hour", "numeric")],
        &[("weekday", "short"), ("day", "numeric"), ("month", "short"), ("year", "numeric")],
        &[("day", "numeric"), ("month", "short"), ("year", "numeric")],
        &[("month", "long"), ("year", "numeric")],
        &[("year", "numeric")],
        &[("month", "short")],
    ];
    PARTS.with(|parts| {
        let format = parts[part as usize].get_or_init(|| {
            let options = [OPTIONS[part as usize], &[("timeZone", "UTC")]].concat();
            formatter(&options).format()
        });
        apply(format, ms)
    })
}

/// Formats a range of days with the year: `Nov 24 \u{2013} 30, 2026`.
pub fn days(from: Day, to: Day) -> String {
    let pairs = [("day", "numeric"), ("month", "short"), ("year", "numeric"), ("timeZone", "UTC")];
    let format = formatter(&pairs);
    let at = |day: Day| Date::new(&day.midnight_ms().into()).into();
    // Newer than the rest of `Intl`.
    let range = Reflect::get(&format, &"formatRange".into()).ok().and_then(|range| range.dyn_into().ok());
    let text = range.and_then(|range: Function| range.call2(&format, &at(from), &at(to)).ok()?.as_string());
    text.unwrap_or_else(|| {
        format!(
            "{} \u{2013} {}",
            in_utc(from.midnight_ms(), Part::Date),
            in_utc(to.midnight_ms(), Part::Date)
        )
    })
}

/// A number with separators of the browser's language: `1,204`.
pub fn number(number: u64) -> String {
    NUMBERS.with(|numbers| count_with(&numbers[0], number as f64))
}

/// A share from 0 to 1 as a percentage: `17%`.
pub fn percent(share: f64) -> String {
    NUMBERS.with(|numbers| count_with(&numbers[1], share))
}

/// Start of a day in the browser's zone, in RFC 3339. If clocks skip midnight, it is the first minute of the
/// day.
pub fn beginning(day: Day) -> String {
    let (year, month, day) = day.date();
    // Years below 100 would mean 19xx here; the dates have four digits.
    let local = Date::new_with_year_month_day(year.unsigned_abs(), month as i32 - 1, day as i32);
    String::from(local.to_iso_string())
}

/// Name of the browser's zone, the same in summer and winter if the browser has such a name: `Central
/// European Time`, or else `Europe/Berlin`.
pub fn zone() -> String {
    FORMATS.with(|formats| formats.zone.clone())
}

/// The browser's IANA time zone: `Europe/Berlin`.
pub fn zone_id() -> String {
    FORMATS.with(|formats| formats.zone_id.clone())
}

/// Language of dates and country names, as a BCP 47 tag.
pub fn locale() -> String {
    FORMATS.with(|formats| formats.locale.clone())
}

/// The day of a time in the browser's zone.
pub fn day(ms: f64) -> Day {
    let date = Date::new(&ms.into());
    let first_of_month = Date::utc(f64::from(date.get_full_year()), f64::from(date.get_month()));
    Day((first_of_month / DAY_MS) as i32 + date.get_date() as i32 - 1)
}

/// The current day in the browser's zone.
pub fn today() -> Day {
    day(Date::now())
}

/// The browser's variety of the page's language, from texts.js.
fn locales() -> Array {
    let calls = Reflect::get(&js_sys::global(), &"calls".into());
    calls
        .and_then(|calls| Reflect::get(&calls, &"locale".into()))
        .map_or_else(|_| Array::new(), |locale| Array::of1(&locale))
}

fn formatter(pairs: &[(&str, &str)]) -> Intl::DateTimeFormat {
    Intl::DateTimeFormat::new(&locales(), &options(pairs))
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (name, value) in pairs {
        // Setting a property of a new plain object cannot fail.
        Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value)).unwrap_or_default();
    }
    options
}

fn count_with(format: &Function, number: f64) -> String {
    let formatted = format.call1(&JsValue::UNDEFINED, &number.into());
    formatted.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn apply(format: &Function, ms: f64) -> String {
    let formatted = format.call1(&JsValue::UNDEFINED, &Date::new(&ms.into()));
    formatted.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn text(object: &Object, name: &str) -> Option<String> {
    Reflect::get(object, &JsValue::from_str(name)).ok()?.as_string()
}

/// `longGeneric` is newer than `Intl`: older browsers throw, and the identifier of the zone is shown.
fn zone_name() -> Option<String> {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let constructor: Function = Reflect::get(&intl, &"DateTimeFormat".into()).ok()?.dyn_into().ok()?;
    let arguments = Array::of2(&locales(), &options(&[("timeZoneName", "longGeneric")]));
    let format: Intl::DateTimeFormat = Reflect::construct(&constructor, &arguments).ok()?.unchecked_into();
    format
        .format_to_parts(&Date::new_0())
        .iter()
        .map(JsCast::unchecked_into::<Object>)
        .find(|part| text(part, "type").as_deref() == Some("timeZoneName"))
        .and_then(|part| text(&part, "value"))
}
