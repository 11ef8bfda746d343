use super::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn a_filter_reads_back_what_it_writes() {
    let range = Period::range(Some(day("2024-01-31")), None);
    for (filter, query) in [
        (Filter::default(), ""),
        (Filter { show: Show::Missed, ..Filter::default() }, "?outcome=missed"),
        (
            Filter {
                show: Show::Outbound,
                counterparty: "+1 202".to_owned(),
                period: Period::LastMonth,
                ..Filter::default()
            },
            "?direction=outbound&counterparty=%2B1%20202&period=last-month",
        ),
        (Filter { search: "0170 12".to_owned(), ..Filter::default() }, "?q=0170%2012"),
        (Filter { period: range, ..Filter::default() }, "?from=2024-01-31"),
        (
            Filter { show: Show::NotReturned, length: Length::Medium, ..Filter::default() },
            "?returned=false&duration=1-to-10-min",
        ),
        (Filter { weekday: Some(7), hour: Some(0), ..Filter::default() }, "?weekday=7&hour=0"),
    ] {
        assert_eq!(filter.to_query(), query);
        assert_eq!(Filter::from_query(query.trim_start_matches('?')), filter);
    }
    for length in [Length::Any, Length::Short, Length::Medium, Length::Long] {
        let filter = Filter { length, ..Filter::default() };
        assert_eq!(Filter::from_query(filter.to_query().trim_start_matches('?')), filter);
    }
    for show in [Show::All, Show::Missed, Show::NotReturned, Show::Inbound, Show::Outbound] {
        assert_eq!(Show::named(&show.name()), show);
        for (period, _) in Period::NAMES {
            let filter = Filter { show, period, ..Filter::default() };
            assert_eq!(Filter::from_query(filter.to_query().trim_start_matches('?')), filter);
        }
    }
}

#[test]
fn an_address_that_was_mistyped_still_shows_calls() {
    let all = [
        "outcome=lost",
        "period=tomorrow",
        "from=2024-02-30",
        "x=1",
        "&&=",
        "%zz=%",
        "counterparty=+",
        "returned=maybe",
        "duration=long",
        "weekday=0&hour=24",
        "weekday=8&hour=-1",
    ];
    for query in all {
        assert!(Filter::from_query(query).is_all(), "{query}");
    }
    let swapped = Filter::from_query("from=2024-02-01&to=2024-01-01").period;
    assert_eq!(swapped, Period::Range(Some(day("2024-01-01")), Some(day("2024-02-01"))));
}

#[test]
fn a_period_is_days_and_ends_before_its_end() {
    let today = day("2024-03-01");
    let text = |day: Option<Day>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    let range = |from, to| Period::range(Some(day(from)), Some(day(to)));
    for (period, from, until) in [
        (Period::Any, "-", "-"),
        (Period::Today, "2024-03-01", "-"),
        (Period::Yesterday, "2024-02-29", "2024-03-01"),
        (Period::Days7, "2024-02-24", "-"),
        (Period::Days30, "2024-02-01", "-"),
        (Period::ThisMonth, "2024-03-01", "-"),
        (Period::LastMonth, "2024-02-01", "2024-03-01"),
        (range("2023-12-31", "2023-12-31"), "2023-12-31", "2024-01-01"),
        (Period::range(None, Some(day("2024-02-28"))), "-", "2024-02-29"),
    ] {
        let (first, end) = period.days(today);
        assert_eq!((text(first).as_str(), text(end).as_str()), (from, until), "{period:?}");
    }
}

#[test]
fn a_period_that_is_chosen_is_written_with_its_dates() {
    let today = day("2024-03-01");
    for (name, query) in [
        ("", ""),
        ("this-week", "?from=2024-02-26&to=2024-03-01"),
        ("last-week", "?from=2024-02-19&to=2024-02-25"),
        ("today", "?from=2024-03-01&to=2024-03-01"),
        ("yesterday", "?from=2024-02-29&to=2024-02-29"),
        ("7-days", "?from=2024-02-24&to=2024-03-01"),
        ("this-month", "?from=2024-03-01&to=2024-03-01"),
        ("last-month", "?from=2024-02-01&to=2024-02-29"),
    ] {
        let filter = Filter { period: Period::named(name).dated(today), ..Filter::default() };
        assert_eq!(filter.to_query(), query, "{name}");
    }
}

#[test]
fn the_api_is_asked_for_instants_and_a_beginning() {
    let filter = Filter {
        show: Show::Missed,
        counterparty: "1202".to_owned(),
        period: Period::Yesterday,
        ..Filter::default()
    };
    let parameters = |filter: Filter| {
        let beginning = |day| format!("{day}T05:00:00.000Z");
        query::query(&filter.parameters(day("2024-03-01"), beginning, "America/New_York"))
    };
    let expected = "?outcome=missed&direction=inbound&counterparty=%2B1202%2A&from=2024-02-29T05%3A00%3A00.000Z\
                    &until=2024-03-01T05%3A00%3A00.000Z";
    assert_eq!(parameters(filter), expected);
    assert_eq!(parameters(Filter::default()), "");
    for (length, expected) in [
        (Length::Short, "?max_duration=59.999"),
        (Length::Medium, "?min_duration=60&max_duration=600"),
        (Length::Long, "?min_duration=600.001"),
    ] {
        assert_eq!(parameters(Filter { length, ..Filter::default() }), expected);
    }
    let tuesdays = Filter { show: Show::NotReturned, weekday: Some(2), ..Filter::default() };
    assert_eq!(parameters(tuesdays), "?returned=false&tz=America%2FNew_York&weekday=2");
    assert_eq!(parameters(Filter { hour: Some(0), ..Filter::default() }), "?tz=America%2FNew_York&hour=0");
}

#[test]
fn a_counterparty_is_searched_by_its_beginning_however_it_is_typed() {
    for (text, asked) in [
        ("1202", "+1202*"),
        ("+1202", "+1202*"),
        ("+1 (202) 555-0123", "+12025550123*"),
        ("0044 20", "+4420*"),
        ("1202*", "1202*"),
        ("+1202*", "+1202*"),
        ("*97", "*97"),
        ("sip:alice", "sip:alice*"),
        ("alice@example.com", "sip:alice@example.com*"),
        ("Withheld", "withheld"),
        ("unknown", "unknown"),
        ("\"+12025550123\"", "+12025550123"),
        ("\"+12025550123 ", "+12025550123"),
        ("\"+1 202\"", "+1202*"),
    ] {
        assert_eq!(counterparty(text).as_deref(), Some(asked), "{text}");
    }
    for text in ["", " ", "+", "(", "00", "\"", "\"\""] {
        assert_eq!(counterparty(text), None, "{text:?}");
    }
}

#[test]
fn one_party_is_found_alone() {
    for (party, asked) in [
        ("+12025550123", "+12025550123"),
        ("sip:alice@example.com", "sip:alice@example.com"),
        ("1001", "1001"),
        ("*97", "*97"),
        ("withheld", "withheld"),
        ("unknown", "unknown"),
    ] {
        assert_eq!(counterparty(&exactly(&party.parse().unwrap())).as_deref(), Some(asked));
    }
}
