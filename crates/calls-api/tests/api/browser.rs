//! The page in Chromium, served by the built binary.

mod away;
mod axe;
mod back;
mod base_path;
mod callbacks;
mod callers;
pub(crate) mod chromium;
mod filters;
mod first_rows;
mod fresh;
mod history_page;
mod home;
mod home_page;
mod install;
mod keyboard;
mod languages;
mod layout;
mod lines;
mod list;
mod looks;
mod names;
mod panel;
mod periods;
mod person;
mod program;
mod summary;
mod tab;

use chromium::Chromium;
use fantoccini::Locator;
use history_page::HistoryPage;

use crate::test_app::TestApp;

/// Three calls on two days, with everything that a row can show.
fn app_with_calls() -> TestApp {
    let app = TestApp::new();
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+13333333333", "Completed Inbound", Some(215_000));
    app.call("+12025550123", "2024-01-31T11:00:00Z", "withheld", "Missed Inbound", None);
    app.call("+12025550123", "2024-01-30T09:00:00Z", "+14444444444", "Missed Outbound", None);
    app
}

#[tokio::test]
async fn the_page_shows_the_calls_of_a_number() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_state("ready").await;

    let rows = page.rows().await;
    let answer = app.get("/calls/+12025550123").json();
    let ids: Vec<_> = answer.as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap()).collect();
    assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ids);
    assert!(rows[0].text.contains("Missed") && rows[0].text.contains("Withheld number"), "{}", rows[0].text);
    assert!(rows[1].text.contains("3 min 35 s"), "{}", rows[1].text);
    assert_eq!(page.day_headings().await.len(), 2);
    page.wait_for_heading("United States").await;
    chromium.stop().await;
}

#[tokio::test]
async fn the_page_runs_under_a_policy_that_lets_no_foreign_script_run() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_state("ready").await;
    assert_eq!(page.rows().await.len(), 3);
    chromium.expect_clean_console().await;
    assert_eq!(page.inject().await, Vec::<String>::new());
    chromium.allow_error("Content Security Policy");
    chromium.allow_error("/nothing - Failed to load resource");
    chromium.stop().await;
}

#[tokio::test]
async fn a_click_on_a_counterparty_leads_to_the_calls_with_it_and_back() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_state("ready").await;
    page.follow("+13333333333").await;
    page.wait_for_path("/calls/+12025550123/with/+13333333333").await;
    page.wait_for_rows(1).await;
    page.wait_for_heading("+1 333-333-3333").await;
    page.wait_for_heading("Calls with +1 202-555-0123").await;
    page.back().await;
    page.wait_for_state("ready").await;
    assert_eq!(page.rows().await.len(), 3);
    chromium.stop().await;
}

#[tokio::test]
async fn what_is_no_number_says_what_was_expected_and_found() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/hello").await;
    page.wait_for_state("invalid").await;
    let text = page.text().await;
    assert!(
        text.contains("not a phone number") && text.contains("hello") && text.contains("country code"),
        "{text}"
    );
    chromium.allow_error("the server responded with a status of 400");
    chromium.stop().await;
}

#[tokio::test]
async fn filters_are_in_the_address_and_survive_reload_and_back() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    page.choose("Inbound").await;
    page.wait_for_rows(2).await;
    page.reload().await;
    page.wait_for_state("ready").await;
    page.wait_for_rows(2).await;
    page.choose("Outbound").await;
    page.wait_for_rows(1).await;
    page.back().await;
    page.wait_for_rows(2).await;
    page.choose("Today").await;
    page.wait_for_state("no-match").await;
    let chosen = "[...document.querySelectorAll('.filters .chip[aria-current]')].map(chip => chip.innerText)";
    page.tab.wait_for(&format!("/^Inbound\\s+\\d+,Today$/.test({chosen})")).await;
    page.choose("Show all calls").await;
    page.wait_for_rows(3).await;
    chromium.stop().await;
}

#[tokio::test]
async fn swagger_ui_runs_under_the_same_policy_as_the_page() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.client.goto(&format!("{}/api/docs", app.address)).await.unwrap();
    let wait = || chromium.client.wait().at_most(std::time::Duration::from_secs(90));
    let operation = wait().for_element(Locator::Css("#operations-calls-get_summary button")).await.unwrap();
    operation.click().await.unwrap();
    wait().for_element(Locator::Css("#operations-calls-get_summary .parameters")).await.unwrap();
    chromium.stop().await;
}
