//! The other party of each call: its label and its actions.

use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::tab::CONTROL;
use crate::test_app::TestApp;

/// One call with each kind of party.
pub fn app_with_all_kinds() -> TestApp {
    let app = TestApp::new();
    let sip = "sip:a.name.that.is.too.long.for.one.line.of.a.narrow.screen@telephones.example.com";
    app.database().add_party("local", "1001");
    app.database().add_party("sip", sip);
    for (minute, party, call_type, duration_ms) in [
        (5, "+13333333333", "Completed Inbound", Some(215_000)),
        (4, "withheld", "Missed Inbound", None),
        (3, "unknown", "Completed Inbound", None),
        (2, "1001", "Completed Outbound", Some(4_000_000)),
        (1, sip, "Missed Outbound", None),
    ] {
        app.call("+12025550123", &format!("2024-01-31T10:0{minute}:00Z"), party, call_type, duration_ms);
    }
    app
}

#[tokio::test]
async fn each_kind_of_caller_is_named_and_those_who_show_themselves_can_be_called_and_copied() {
    let app = app_with_all_kinds();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(5).await;
    let rows = page.rows().await;
    for (row, parts) in rows.iter().zip([
        ["+1 333", "Inbound", "3 min 35 s"],
        ["Withheld number", "Missed", ""],
        ["Unknown caller", "Inbound", ""],
        ["1001", "Outbound", "1 h 7 min"],
        ["a.name.that", "SIP address", "No answer"],
    ]) {
        assert!(parts.iter().all(|part| row.text.contains(part)), "{:?} lacks one of {parts:?}", row.text);
    }
    let has_action = |name: &str| {
        format!(
            "return [...document.querySelectorAll('[data-call]')].map(row => String(!!row.querySelector('{name}')))"
        )
    };
    let can_call = page.tab.strings(&has_action("a[href^=\"tel:\"]")).await;
    assert_eq!(can_call, ["true", "false", "false", "false", "false"]);
    let can_copy = page.tab.strings(&has_action("button[aria-label^=Copy]")).await;
    assert_eq!(can_copy, ["true", "false", "false", "true", "true"]);
    let telephone = "return document.querySelector('[data-call] a[href^=\"tel:\"]').getAttribute('href')";
    assert_eq!(page.tab.string(telephone).await, "tel:+13333333333");

    chromium.allow_clipboard().await;
    page.tab.run("document.querySelector('[data-call]').focus()").await;
    page.tab.click("[data-call] button[aria-label^=Copy]").await;
    page.tab.wait_for("document.querySelector('[data-call] button.done[aria-label=Copied]')").await;
    page.tab.click("#search").await;
    page.tab.press_with(CONTROL, 'v').await;
    page.tab.wait_for("document.querySelector('#search').value === '+13333333333'").await;
    page.wait_for_rows(1).await;
    chromium.stop().await;
}
