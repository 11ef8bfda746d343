//! The first page in Chromium.

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::home_page::HomePage;

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
    // Whoever cleared them by the keyboard goes on from here.
    assert_eq!(home.tab.string("return document.activeElement.id").await, "main");
    let home = HomePage::open(&chromium, &app.address).await;
    assert_eq!(home.recent().await, [""; 0]);
    chromium.stop().await;
}
