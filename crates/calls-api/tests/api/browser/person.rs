//! The calls with one person.

use super::app_with_calls;
use super::callers::app_with_all_kinds;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::tab::{ENTER, LEFT, Tab};
use crate::test_app::TestApp;

#[tokio::test]
async fn no_row_and_no_line_of_the_summary_leads_to_an_empty_page() {
    let app = app_with_all_kinds();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(5).await;
    page.tab.wait_for("document.querySelector('[data-key^=\"people \"]')").await;
    let links = "return [...document.querySelectorAll('.call-party a')].map(link => link.pathname)";
    let rows = page.tab.strings(links).await;
    assert_eq!(rows.len(), 3);
    let links = "return [...document.querySelectorAll('[data-key^=\"people \"]')].map(link => link.pathname)";
    let people = page.tab.strings(links).await;
    assert!(rows.iter().all(|link| people.contains(link)), "{rows:?} {people:?}");
    for path in rows {
        let person = HistoryPage::open(&chromium, &app.address, &path).await;
        person.wait_for_rows(1).await;
    }
    chromium.stop().await;
}

#[tokio::test]
async fn a_persons_page_has_its_own_filters_summary_and_ways_on() {
    let app = app_with_calls();
    app.call("+12025550123", "2024-02-01T10:00:00Z", "+13333333333", "Missed Inbound", None);
    let chromium = Chromium::start().await;
    let path = "/calls/+12025550123/with/+13333333333";
    let page = HistoryPage::open(&chromium, &app.address, path).await;
    page.wait_for_rows(2).await;
    page.wait_for_heading("+1 333-333-3333").await;
    let title = page.tab.string("return document.querySelector('.title').innerHTML").await;
    assert!(title.contains("tel:+13333333333") && title.contains("data-copy=\"+13333333333\""), "{title}");
    page.tab.wait_for("document.querySelector('.totals dd')?.innerText === '2'").await;
    assert!(!page.text().await.contains("Most calls with"));

    page.choose("Missed").await;
    page.wait_for_rows(1).await;
    page.wait_for_path(path).await;
    page.tab.press_on("document.querySelector('.clear')").await;
    page.wait_for_rows(2).await;
    page.wait_for_stream().await;
    app.call("+12025550123", "2024-02-02T10:00:00Z", "+13333333333", "Completed Outbound", Some(1_000));
    app.call("+12025550123", "2024-02-02T11:00:00Z", "+14444444444", "Completed Outbound", Some(1_000));
    page.wait_for_rows(3).await;

    page.tab.press_on("document.querySelector('.person-of a')").await;
    page.wait_for_path("/calls/+12025550123").await;
    page.wait_for_rows(6).await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_month_of_years_ago_with_one_person_is_three_clicks_away() {
    let app = app_with_calls();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
        SELECT 12025550123, 13000000000 + i % 50, timestamptz '2026-01-31 10:00Z' - i * interval '5 hours', 'Missed Inbound'
        FROM generate_series(1, 6000) AS i";
    app.database().store_calls(rows).unwrap();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_state("ready").await;
    page.tab.press_on("document.querySelector('.call-party a')").await;
    page.tab.wait_for("location.pathname.includes('/with/')").await;
    let link = |text: &str| {
        format!("[...document.querySelectorAll('.years a')].find(link => link.innerText === '{text}')")
    };
    page.tab.press_on(&link("2024")).await;
    page.tab.press_on(&link("Mar")).await;
    page.tab.wait_for("location.search === '?from=2024-03-01&to=2024-03-31'").await;
    page.wait_for_state("ready").await;
    let months =
        "return [...document.querySelectorAll('.call-time time')].map(time => time.dateTime.slice(0, 7))";
    let months = page.tab.strings(months).await;
    assert!(!months.is_empty() && months.iter().all(|month| month == "2024-03"), "{months:?}");
    chromium.stop().await;
}

#[tokio::test]
async fn a_number_that_owns_nothing_leads_to_the_histories_that_it_occurs_in() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+13333333333").await;
    page.tab.wait_for("document.querySelector('.lines a')").await;
    page.wait_for_state("empty").await;
    let text = page.tab.string("return document.querySelector('.lines').innerText").await;
    assert!(text.contains("+1 202-555-0123") && text.contains("1 call"), "{text}");
    page.tab.press_on("document.querySelector('.lines a')").await;
    page.wait_for_path("/calls/+12025550123/with/+13333333333").await;
    page.wait_for_rows(1).await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_persons_calls_stand_there_before_the_program() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.before_each_page("WebAssembly.instantiateStreaming = () => new Promise(() => {})").await;
    let tab = Tab::looked_at(&chromium);
    tab.client.goto(&format!("{}/calls/+12025550123/with/+13333333333", app.address)).await.unwrap();
    tab.wait_for("document.querySelectorAll('[data-call]').length === 1").await;
    tab.wait_for("document.querySelector('h1').innerText === '+1 333-333-3333'").await;
    tab.press_on("document.querySelector('.chip[data-show=\"direction=outbound\"]')").await;
    tab.wait_for("location.search === '?direction=outbound' && document.querySelector('.filters')").await;
    assert!(tab.string("return location.pathname").await.contains("/with/"));
    chromium.stop().await;
}

#[tokio::test]
async fn a_persons_page_says_what_is_known_of_the_person() {
    let app = TestApp::new();
    for (day, call_type, ms) in [
        ("2024-01-31", "Completed Inbound", Some(215_000)),
        ("2024-02-05", "Completed Outbound", Some(1_000)),
        ("2024-02-12", "Completed Outbound", Some(1_000)),
        ("2024-02-13", "Missed Outbound", None),
        ("2024-04-01", "Missed Inbound", None),
    ] {
        app.call("+12025550123", &format!("{day}T10:15:00Z"), "+13333333333", call_type, ms);
    }
    app.call("+12025550123", "2024-05-01T10:00:00Z", "+14444444444", "Missed Inbound", None);
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(6).await;
    // From a row, and after a reload, where the title is written before the script is there.
    page.follow("+13333333333").await;
    let facts = "return [...document.querySelectorAll('.known dl > div')]
        .map(fact => fact.innerText.replaceAll(/[\\u2068\\u2069]/g, '').replaceAll(/\\s+/g, ' '))";
    let months = "return [...document.querySelectorAll('.by-month a')].map(month => month.ariaLabel)";
    for _ in 0..2 {
        page.wait_for_rows(5).await;
        page.tab.wait_for("document.querySelectorAll('.known dl > div').length === 6").await;
        assert_eq!(
            page.tab.strings(facts).await,
            [
                "First call Jan 31, 2024",
                "Last call Apr 1, 2024",
                "Answer you 67%, 2 of 3",
                "You answer 50%, 1 of 2",
                "Best reached Monday · 10 – 11 AM",
                "By month Jan 2024 – Apr 2024"
            ]
        );
        assert_eq!(
            page.tab.strings(months).await,
            ["Jan 2024: 1 call", "Feb 2024: 3 calls", "Apr 2024: 1 call"]
        );
        page.reload().await;
    }
    // The bars are one stop of the Tab key; the arrow keys lead on to a month, and Enter to its calls.
    page.wait_for_rows(5).await;
    page.tab.wait_for("document.querySelector('.by-month a')").await;
    page.tab.run("document.querySelector('.by-month a[tabindex=\"0\"]').focus()").await;
    page.tab.press(LEFT).await;
    page.tab.wait_for("document.activeElement.ariaLabel === 'Feb 2024: 3 calls'").await;
    page.tab.press(ENTER).await;
    page.tab.wait_for("location.search === '?from=2024-02-01&to=2024-02-29'").await;
    page.wait_for_rows(3).await;
    page.back().await;
    // Each row is of the person, so it leads to its own details.
    page.wait_for_rows(5).await;
    page.tab.press_on("document.querySelector('[data-call]')").await;
    page.tab.wait_for("document.querySelector('.panel')?.open && location.search.includes('call=')").await;
    chromium.stop().await;
}
