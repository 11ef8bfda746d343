use super::*;

fn berlin(text: &str, channel_epoch: Option<i64>) -> String {
    local_in_zone(text, chrono_tz::Europe::Berlin, channel_epoch).unwrap().to_rfc3339()
}

#[test]
fn a_local_time_is_read_in_its_zone() {
    assert_eq!(berlin("2026-03-02 08:00:00", None), "2026-03-02T07:00:00+00:00");
    assert_eq!(berlin("2026-07-02T08:00:00", None), "2026-07-02T06:00:00+00:00");
    assert_eq!(berlin("2026-07-02 08:00:00.534355", None), "2026-07-02T06:00:00.534355+00:00");
}

#[test]
fn a_time_that_occurs_twice_is_the_first_unless_the_channel_is_younger() {
    // Clocks went back from 03:00 to 02:00 on 25 October 2026, 01:00 UTC.
    let (first, second) = (1_792_888_200, 1_792_891_800);
    assert_eq!(berlin("2026-10-25 02:30:00", None), "2026-10-25T00:30:00+00:00");
    assert_eq!(berlin("2026-10-25 02:30:00", Some(first)), "2026-10-25T00:30:00+00:00");
    assert_eq!(berlin("2026-10-25 02:30:00", Some(second)), "2026-10-25T01:30:00+00:00");
    assert_eq!(berlin("2026-10-25 02:30:00", Some(first - 600)), "2026-10-25T00:30:00+00:00");
    assert_eq!(berlin("2026-10-25 02:30:00", Some(second + 86_400)), "2026-10-25T00:30:00+00:00");
}

#[test]
fn a_time_that_does_not_occur_is_counted_from_before_the_change() {
    assert_eq!(berlin("2026-03-29 02:30:00", None), "2026-03-29T01:30:00+00:00");
    let apia = local_in_zone("2011-12-30 12:00:00", chrono_tz::Pacific::Apia, None).unwrap();
    assert_eq!(apia.to_rfc3339(), "2011-12-30T22:00:00+00:00");
}

#[test]
fn a_moment_is_read_in_many_spellings() {
    for (text, time) in [
        ("2026-03-12T15:00:00Z", "2026-03-12T15:00:00+00:00"),
        ("2026-03-12T15:00:00.250-08:00", "2026-03-12T23:00:00.250+00:00"),
        ("2026-03-12 15:00:00+01:00", "2026-03-12T14:00:00+00:00"),
        ("2026-03-12 15:00:00 +0100", "2026-03-12T14:00:00+00:00"),
        ("2026-03-12T15:00:00+0000", "2026-03-12T15:00:00+00:00"),
        ("2026-03-12 15:00:00 UTC", "2026-03-12T15:00:00+00:00"),
        ("15:00:00 UTC 2026-03-12", "2026-03-12T15:00:00+00:00"),
        ("Thu, 12 Mar 2026 15:00:00 +0000", "2026-03-12T15:00:00+00:00"),
        ("2026-03-12 16:00", "2026-03-12T15:00:00+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("12.03.2026 16:00:00", "2026-03-12T15:00:00+00:00"),
        ("12/03/2026, 4:00 pm", "2026-03-12T15:00:00+00:00"),
        ("12/03/26 12:30:00 AM", "2026-03-11T23:30:00+00:00"),
        ("2026/03/12 16:00:00", "2026-03-12T15:00:00+00:00"),
        ("2026-03-12T15:00Z", "2026-03-12T15:00:00+00:00"),
        ("2026-03-12 16:00:00.25+01", "2026-03-12T15:00:00.250+00:00"),
        ("Thu Mar 12 2026 16:00:00 GMT+0100", "2026-03-12T15:00:00+00:00"),
        ("Thu 12/03/2026 16:00", "2026-03-12T15:00:00+00:00"),
        ("Do., 12.03.2026, 16:00", "2026-03-12T15:00:00+00:00"),
        ("12-Mar-26 4:00:00 PM", "2026-03-12T15:00:00+00:00"),
        ("12 Mar 2026 16:00", "2026-03-12T15:00:00+00:00"),
        ("Mar 12, 2026, 4:00:00\u{202f}PM", "2026-03-12T15:00:00+00:00"),
        ("Thursday, March 12, 2026 at 4:00 PM", "2026-03-12T15:00:00+00:00"),
        ("1773327600", "2026-03-12T15:00:00+00:00"),
        ("1773327600250", "2026-03-12T15:00:00.250+00:00"),
        ("1773327600.5", "2026-03-12T15:00:00.500+00:00"),
        ("1773327600,25", "2026-03-12T15:00:00.250+00:00"),
        ("1773327600250.5", "2026-03-12T15:00:00.250500+00:00"),
    ] {
        let read = any(text, chrono_tz::Europe::Berlin, Some(DateOrder::DayFirst)).unwrap();
        assert_eq!(read.to_rfc3339(), time, "{text}");
    }
    for text in [
        "",
        "12/13/2026 08:00",
        "12.03.2026",
        "0:30 pm",
        "12.03.2026 0:30 pm",
        "2026-03-12 16",
        "177332760",
        "1.77244E+12",
        "12 Foo 2026 16:00",
        "Mar 2026 16:00",
        "éé",
    ] {
        assert!(any(text, chrono_tz::UTC, Some(DateOrder::DayFirst)).is_err(), "{text}");
    }
}

#[test]
fn a_date_with_slashes_is_read_in_the_order_that_is_known() {
    let read = |text: &str, dates| any(text, chrono_tz::UTC, dates).map(|time| time.to_rfc3339());
    let (day, month) = (Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst));
    assert_eq!(read("3/12/2026 4:00 PM", month).unwrap(), "2026-03-12T16:00:00+00:00");
    assert_eq!(read("3/12/2026 4:00 PM", day).unwrap(), "2026-12-03T16:00:00+00:00");
    assert_eq!(read("3-12-2026 16:00", month).unwrap(), "2026-03-12T16:00:00+00:00");
    for order in [None, day, month] {
        assert_eq!(read("12.03.2026 16:00", order).unwrap(), "2026-03-12T16:00:00+00:00");
        assert_eq!(read("2026/03/12 16:00", order).unwrap(), "2026-03-12T16:00:00+00:00");
        assert_eq!(read("3/3/2026 16:00", order).unwrap(), "2026-03-03T16:00:00+00:00");
    }
    assert_eq!(read("31/12/2026 16:00", None).unwrap(), "2026-12-31T16:00:00+00:00");
    assert_eq!(read("12/31/26, 16:00:05", None).unwrap(), "2026-12-31T16:00:05+00:00");
    assert_eq!(read("Mon 3/2/2026 8:00 AM", None).unwrap(), "2026-03-02T08:00:00+00:00");
    assert_eq!(read("Lundi 2/3/2026 08:00", None).unwrap(), "2026-03-02T08:00:00+00:00");
    assert!(read("31/12/2026 16:00", month).is_err() && read("Mon 3/2/2026 8:00 AM", day).is_err());
    assert!(read("3/12/2026 4:00 PM", None).unwrap_err().contains("--dates"));
}

#[test]
fn months_and_days_of_the_week_have_names_in_many_languages() {
    for text in [
        "2. März 2026 um 08:00 Uhr",
        "2 mars 2026 à 08:00",
        "2 de marzo de 2026 08:00",
        "lun. 2 mars 2026 08:00",
        "mar 2 2026 8:00AM",
        "Mon Mar 2 08:00:00 2026",
        "March 2nd, 2026 8:00 am",
        "2 mrt 2026 08:00",
        "20260302 080000",
        "46083.3333333333",
        "46083,33333",
    ] {
        assert_eq!(
            any(text, chrono_tz::UTC, None).unwrap().to_rfc3339(),
            "2026-03-02T08:00:00+00:00",
            "{text}"
        );
    }
    assert_eq!(weekday("Mi"), Some(Weekday::Wed));
    assert_eq!(weekday("Dienstag"), Some(Weekday::Tue));
    assert_eq!(weekday("mardi"), Some(Weekday::Tue));
    assert_eq!(weekday(""), None);
}

#[test]
fn a_count_since_1970_has_its_unit() {
    assert_eq!(since_1970("1773129600", 1).unwrap().to_rfc3339(), "2026-03-10T08:00:00+00:00");
    assert_eq!(since_1970("1773216000123", 1000).unwrap().to_rfc3339(), "2026-03-11T08:00:00.123+00:00");
    for text in ["", "0", "-5", "now", "9223372036854775807", "99999999999999999999"] {
        assert!(since_1970(text, 1).is_err() && since_1970(text, 1000).is_err(), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "2026-03-02",
        "2026-02-30 08:00:00",
        "2026-03-02 24:00:00",
        "2026-3-2 08:00:00",
        "0000-00-00 00:00:00",
        "1969-12-31 23:00:00",
        "2026-03-02 08:00:00:00",
        "+026-03-02 08:00:00",
    ] {
        assert!(local_in_zone(text, chrono_tz::UTC, None).is_err(), "{text}");
    }
}
