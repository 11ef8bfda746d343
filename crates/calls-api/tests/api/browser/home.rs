//! The first page in Chromium.

use serde_json::json;

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::home_page::HomePage;
use super::tab::{DOWN, ENTER, ESCAPE, UP};
use crate::test_app::TestApp;

#[tokio::test]
async fn the_home_page_asks_for_a_number_in_any_spelling() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    for spelling in ["+1 (202) 555-0123", "0012025550123", "tel:+1-202-555-0123"] {
        let home = HomePage::open(&chromium, &app.address).await;
        home.ask_for(spelling).await;
        home.tab.wait_for_state("ready").await;
        home.tab.wait_for("decodeURIComponent(location.pathname) === '/calls/+12025550123'").await;
        home.tab.wait_for("document.querySelectorAll('[data-call]').length === 3").await;
    }
    chromium.stop().await;
}

#[tokio::test]
async fn the_home_page_says_what_is_missing_and_keeps_the_numbers_of_before_until_they_are_cleared() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let home = HomePage::open(&chromium, &app.address).await;
    home.ask_for(" ").await;
    home.wait_for_error("Enter a number first").await;
    assert_eq!(home.recent().await, [""; 0]);

    for (path, heading) in [("/calls/+13333333333", "333-3333"), ("/calls/+12025550123", "555-0123")] {
        HistoryPage::open(&chromium, &app.address, path).await.wait_for_heading(heading).await;
    }
    let home = HomePage::open(&chromium, &app.address).await;
    let recent = home.recent().await;
    assert!(recent.len() == 2 && recent[0].contains("555-0123"), "{recent:?}");
    home.clear_recent().await;
    // The keyboard continues from here.
    assert_eq!(home.tab.string("return document.activeElement.id").await, "main");
    let home = HomePage::open(&chromium, &app.address).await;
    assert_eq!(home.recent().await, [""; 0]);
    chromium.stop().await;
}

/// Two numbers with calls.
fn app_with_numbers(options: &[&str]) -> TestApp {
    let app = TestApp::with(options);
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+13333333333", "Completed Inbound", Some(215_000));
    app.call("+4930123456", "2024-02-01T11:00:00Z", "+13333333333", "Missed Inbound", None);
    app.call("+4930123456", "2024-02-02T11:00:00Z", "+13333333333", "Missed Inbound", None);
    app
}

/// Text of the list of suggestions.
const SUGGESTED: &str = "return [...document.querySelectorAll('#suggestions:not([hidden]) [role=option]')]
    .map(option => option.innerText.split('\\n')[0])";

#[tokio::test]
async fn the_first_page_lists_the_numbers_with_their_calls_and_needs_no_program_for_it() {
    let app = app_with_numbers(&[]);
    let chromium = Chromium::start().await;
    let home = HomePage::open(&chromium, &app.address).await;
    let lines =
        "return [...document.querySelectorAll('.line')].map(line => line.innerText.replaceAll(/\\s+/g, ' '))";
    let lines = home.tab.strings(lines).await;
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("+49 30 123456") && lines[0].contains("2 calls"), "{lines:?}");
    assert!(lines[1].contains("+1 202-555-0123"), "{lines:?}");
    assert!(lines[0].contains("Feb 2, 2024") && lines[1].contains("1 call"), "{lines:?}");
    let files = "return performance.getEntriesByType('resource').map(entry => entry.name).filter(name => name.includes('.wasm'))";
    assert_eq!(home.tab.strings(files).await, [""; 0]);
    home.tab.press_on("document.querySelector('.line a')").await;
    let page = HistoryPage::looked_at(&chromium);
    page.wait_for_rows(2).await;
    page.wait_for_path("/calls/+4930123456").await;
    chromium.stop().await;
}

#[tokio::test]
async fn any_digits_find_a_number_that_the_keys_choose() {
    let app = app_with_numbers(&[]);
    let chromium = Chromium::start().await;
    let home = HomePage::open(&chromium, &app.address).await;
    home.type_number("550123").await;
    home.tab.wait_for("document.querySelectorAll('#suggestions [role=option]').length === 1").await;
    assert!(home.tab.strings(SUGGESTED).await[0].contains("202"));
    home.tab.press(ESCAPE).await;
    assert_eq!(home.tab.strings(SUGGESTED).await, [""; 0]);
    let active = "return document.querySelector('#number').getAttribute('aria-activedescendant') ?? 'none'";
    home.tab.press(DOWN).await;
    assert_eq!(home.tab.string(active).await, "suggestion-0");
    home.tab.press(UP).await;
    assert_eq!(home.tab.string(active).await, "suggestion-0");
    home.tab.press(ENTER).await;
    let page = HistoryPage::looked_at(&chromium);
    page.wait_for_path("/calls/+12025550123").await;
    page.wait_for_rows(1).await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_name_that_nobody_has_leads_nowhere_and_is_said_so() {
    let app = app_with_numbers(&[]);
    let chromium = Chromium::start().await;
    let home = HomePage::open(&chromium, &app.address).await;
    home.ask_for("Oma Hilde").await;
    home.wait_for_error("Nobody of this name is known").await;
    assert_eq!(home.tab.string("return location.pathname").await, "/");
    chromium.stop().await;
}

#[tokio::test]
async fn without_a_directory_there_is_the_form_alone_and_without_calls_the_way_to_get_some() {
    let chromium = Chromium::start().await;
    let app = app_with_numbers(&["--no-directory"]);
    let home = HomePage::open(&chromium, &app.address).await;
    assert!(home.tab.run("return document.querySelector('.line')").await.is_null());
    home.ask_for("+12025550123").await;
    HistoryPage::looked_at(&chromium).wait_for_rows(1).await;

    let empty = TestApp::new();
    let home = HomePage::open(&chromium, &empty.address).await;
    assert!(home.tab.text().await.contains("calls import"));
    // The beginning of a number is none, where somebody types slowly.
    chromium.allow_error("the server responded with a status of 400");
    chromium.stop().await;
}

#[tokio::test]
async fn a_name_finds_a_person_who_owns_nothing_and_leads_to_its_calls() {
    let app = app_with_numbers(&[]);
    let name = "INSERT INTO names (party, book, name, said_at) VALUES (13333333333, '', 'Oma Hilde', now())";
    app.database().execute(name).unwrap();
    let chromium = Chromium::start().await;
    let home = HomePage::open(&chromium, &app.address).await;
    home.type_number("hil").await;
    home.tab
        .wait_for("document.querySelector('#suggestions [role=option]')?.innerText.includes('Oma Hilde')")
        .await;
    home.tab.press(DOWN).await;
    home.tab.press(ENTER).await;
    let page = HistoryPage::looked_at(&chromium);
    page.wait_for_path("/calls/+13333333333").await;
    page.wait_for_heading("Oma Hilde").await;
    page.tab.wait_for("document.querySelectorAll('.lines a').length === 2").await;
    // The bar's field leads there by the name too.
    page.ask_for("Oma").await;
    home.tab.wait_for("document.querySelector('main.home #number')?.value === 'Oma'").await;
    home.tab
        .wait_for("document.querySelector('#suggestions [role=option]')?.innerText.includes('Oma Hilde')")
        .await;
    chromium.stop().await;
}

#[tokio::test]
async fn the_first_page_says_how_today_is_who_waits_and_which_calls_were_the_latest() {
    let app = TestApp::new();
    let now = chrono::Utc::now();
    let ago = |hours: i64| (now - chrono::TimeDelta::hours(hours)).to_rfc3339();
    app.call("+12025550123", &ago(0), "+13333333333", "Missed Inbound", None);
    app.call("+4930123456", &ago(0), "+14444444444", "Completed Outbound", Some(1_000));
    app.call("+4930123456", &ago(7 * 24), "+13333333333", "Completed Inbound", Some(60_000));
    let name = "INSERT INTO names (party, book, name, said_at) VALUES (4930123456, '', 'Bakery', now())";
    app.database().execute(name).unwrap();
    let chromium = Chromium::start().await;
    chromium.dev_tools("Emulation.setTimezoneOverride", json!({"timezoneId": "UTC"})).await;
    let home = HomePage::open(&chromium, &app.address).await;
    let figures =
        "return [...document.querySelectorAll('.figure')].map(one => one.innerText.replaceAll(/\\s+/g, ' '))";
    let expected = [
        "Calls today 2 1 a week ago by this time",
        "Missed today 1 0 a week ago by this time",
        "To call back 1 1 number",
    ];
    assert_eq!(home.tab.strings(figures).await, expected);
    let sparks = "return [...document.querySelectorAll('.spark')].map(spark => spark.ariaLabel)";
    assert_eq!(
        home.tab.strings(sparks).await.iter().collect::<std::collections::BTreeSet<_>>().len(),
        2,
        "each number has its own days"
    );
    home.tab.wait_for("document.querySelectorAll('.latest [data-type]').length === 3").await;
    let latest = "return document.querySelector('.latest').innerText";
    assert!(home.tab.string(latest).await.contains("Bakery"));

    // A call that comes in is there by itself.
    app.call("+12025550123", &ago(0), "+15555555555", "Missed Inbound", None);
    home.tab.wait_for("document.querySelectorAll('.latest [data-type]').length === 4").await;
    home.tab.wait_for("document.querySelector('[data-figure=missed] strong').innerText === '2'").await;
    home.tab.press_on("document.querySelector('.badge')").await;
    home.tab.wait_for("decodeURIComponent(location.pathname) === '/calls/+12025550123/callbacks'").await;
    chromium.stop().await;
}

#[tokio::test]
async fn the_end_of_a_number_leads_to_it_from_each_field() {
    let app = app_with_numbers(&[]);
    let chromium = Chromium::start().await;
    let home = HomePage::open(&chromium, &app.address).await;
    home.ask_for("5550123").await;
    let page = HistoryPage::looked_at(&chromium);
    page.wait_for_path("/calls/+12025550123").await;
    page.wait_for_rows(1).await;
    // In the bar the first page says whom it could mean.
    page.ask_for("0123456").await;
    page.tab
        .wait_for("location.pathname === '/' && document.querySelector('#suggestions [role=option]')")
        .await;
    page.tab.press(DOWN).await;
    page.tab.press(ENTER).await;
    page.wait_for_path("/calls/+4930123456").await;
    page.wait_for_rows(2).await;
    // The API is asked whether they are whole numbers.
    chromium.allow_error("the server responded with a status of 400");
    chromium.stop().await;
}

#[tokio::test]
async fn suggestions_are_asked_for_within_300_ms_of_the_last_letter() {
    let app = app_with_numbers(&[]);
    let chromium = Chromium::start().await;
    // The delay that the page asks for at a letter: a busy machine adds its own.
    let note = "window.delays = [];
        const honest = window.setTimeout;
        window.setTimeout = (run, delay, ...rest) => {
            if (window.event?.type === 'input') delays.push(delay ?? 0);
            return honest(run, delay, ...rest);
        };";
    chromium.before_each_page(note).await;
    let home = HomePage::open(&chromium, &app.address).await;
    home.type_number("0123").await;
    home.tab.wait_for("document.querySelector('#suggestions [role=option]')").await;
    let delays: Vec<u64> = serde_json::from_value(home.tab.run("return window.delays").await).unwrap();
    assert!(delays.len() >= 4 && delays.iter().all(|delay| *delay < 300), "{delays:?}");
    chromium.stop().await;
}

#[tokio::test]
async fn many_numbers_come_some_at_a_time() {
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550100 + i, 13333333333, timestamptz '2024-01-31 10:00Z' - i * interval '1 hour', 'Missed Inbound'
                FROM generate_series(0, 60) AS i";
    app.database().store_calls(rows).unwrap();
    let chromium = Chromium::start().await;
    let home = HomePage::open(&chromium, &app.address).await;
    let shown = |count: usize| format!("document.querySelectorAll('.line').length === {count}");
    for count in [10, 20, 30, 40, 50, 60] {
        home.tab.wait_for(&shown(count)).await;
        home.tab.run("document.querySelector('.more-numbers').scrollIntoView({block: 'center'})").await;
        home.tab.press_on("document.querySelector('.more-numbers')").await;
    }
    home.tab.wait_for(&shown(61)).await;
    home.tab.wait_for("!document.querySelector('.more-numbers')").await;
    // The focus goes on with the list.
    assert!(home.tab.string("return document.activeElement.href").await.contains("2025550160"));
    chromium.stop().await;
}
