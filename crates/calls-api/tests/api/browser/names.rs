//! Names in place of numbers.

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use crate::test_app::TestApp;

/// Two of the numbers have names, one of which is no HTML.
fn app_with_names() -> TestApp {
    let app = app_with_calls();
    let names = "INSERT INTO names (party, book, name, said_at) VALUES
        (13333333333, '', 'Oma <b>Hilde</b>', now()), (12025550123, '', 'Front desk', now())";
    assert_eq!(app.database().execute(names).unwrap(), 2);
    app
}

#[tokio::test]
async fn a_name_stands_over_its_number_in_rows_summary_and_titles() {
    let app = app_with_names();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    let row = &page.rows().await[1].text;
    assert!(row.contains("Oma <b>Hilde</b>") && row.contains("+1 333-333-3333"), "{row}");
    page.wait_for_heading("Front desk").await;
    page.wait_for_heading("+1 202-555-0123").await;
    page.tab.wait_for("document.title === 'Front desk · Calls'").await;
    page.tab
        .wait_for("document.querySelector('.summary .table')?.innerText.includes('Oma <b>Hilde</b>')")
        .await;
    let labels =
        "return [...document.querySelectorAll('[data-call] [aria-label*=Oma]')].map(link => link.ariaLabel)";
    assert_eq!(page.tab.strings(labels).await, ["Call Oma <b>Hilde</b>", "Copy Oma <b>Hilde</b>"]);

    page.search("oma").await;
    page.wait_for_rows(1).await;
    page.tab.wait_for("location.search === '?q=oma'").await;
    page.tab.press_on("document.querySelector('.clear')").await;
    page.wait_for_rows(3).await;

    page.follow("+13333333333").await;
    page.wait_for_heading("Oma <b>Hilde</b>").await;
    page.wait_for_heading("Calls with Front desk").await;
    page.tab.wait_for("document.title === 'Oma <b>Hilde</b> · Calls'").await;
    page.reload().await;
    page.wait_for_heading("Oma <b>Hilde</b>").await;
    page.wait_for_rows(1).await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_search_finds_what_the_page_shows_in_each_spelling_by_its_end_and_by_name() {
    let app = TestApp::new();
    for (minute, party) in [(1, "+491701234509"), (2, "+14165550150"), (3, "+493023125491")] {
        let at = format!("2024-01-31T10:0{minute}:00Z");
        app.call("+4930123456", &at, party, "Completed Inbound", Some(1_000));
    }
    let name =
        "INSERT INTO names (party, book, name, said_at) VALUES (491701234509, '', 'Jörg Größer', now())";
    app.database().execute(name).unwrap();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+4930123456").await;
    page.wait_for_rows(3).await;
    for text in ["0170 1234509", "0170", "1234509", "+49 (170) 123", "grosser", "JÖRG", "größer jö"] {
        page.search(text).await;
        let asked = format!("new URLSearchParams(location.search).get('q') === '{text}'");
        page.tab.wait_for(&format!("{asked} && !document.querySelector('.list-area .stale')")).await;
        page.wait_for_rows(1).await;
        assert!(page.rows().await[0].text.contains("0170 1234509"), "{text}");
        page.tab.press_on("document.querySelector('.clear')").await;
        page.wait_for_rows(3).await;
    }
    chromium.stop().await;
}
