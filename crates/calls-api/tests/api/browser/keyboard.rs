//! The page without a mouse.

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::home_page::HomePage;
use super::tab::{DOWN, ENTER, ESCAPE, SHIFT, TAB, Tab, UP};

/// More stops than any page of these tests has.
const MOST: usize = 80;

/// Label or text of the focused element. Fails if the focus is not visible.
async fn focused(tab: &Tab) -> String {
    let script = "const element = document.activeElement;
        if (!element || element === document.body) return 'nothing';
        const name = element.ariaLabel || element.labels?.[0]?.innerText || element.innerText || element.id;
        const style = getComputedStyle(element);
        const box = element.getBoundingClientRect();
        const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        const isSeen = element.matches(':focus-visible') && style.outlineStyle !== 'none'
            && parseFloat(style.outlineWidth) >= 2 && element.contains(middle);
        return (isSeen ? '' : 'unseen: ') + name.trim().split('\\n')[0];";
    let name = tab.string(script).await;
    assert!(!name.starts_with("unseen: "), "the focus cannot be seen on what is {name}");
    name
}

/// Goes on with the Tab key until something of this name has the focus, and returns what had it on the way.
async fn tab_to(tab: &Tab, name: &str) -> Vec<String> {
    let mut stops = Vec::new();
    for _ in 0..MOST {
        tab.press(TAB).await;
        stops.push(focused(tab).await);
        if stops.last().is_some_and(|stop| stop.starts_with(name)) {
            return stops;
        }
    }
    panic!("never at {name}: {stops:?}");
}

/// Goes back with the Tab key until something of this name has the focus.
async fn tab_back_to(tab: &Tab, name: &str) {
    for _ in 0..MOST {
        tab.press_with(SHIFT, TAB).await;
        if focused(tab).await.starts_with(name) {
            return;
        }
    }
    panic!("never back at {name}");
}

#[tokio::test]
async fn the_tab_key_leads_through_the_whole_page_and_out_of_it_again() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    let stops = tab_to(&page.tab, "nothing").await;
    let expected = [
        "Skip to content",
        "Calls",
        "Another phone number",
        "Show calls",
        "Theme",
        "All",
        "Missed",
        "Not returned",
        "Inbound",
        "Outbound",
        "Calls with",
        "Any day",
        "Today",
        "Yesterday",
        "This week",
        "Last week",
        "This month",
        "Last month",
        "Dates",
        "Save as CSV",
        "For Excel",
        "+1 333",
        "Call +1 333",
        "Copy +1 333",
        "+1 444",
        "Call +1 444",
        "Copy +1 444",
    ];
    // In this order, whatever else there is.
    let mut rest = stops.iter();
    for name in expected {
        assert!(rest.any(|stop| stop.starts_with(name)), "no {name} in its place: {stops:?}");
    }
    // And the same way back.
    for stop in stops.iter().rev().skip(1) {
        page.tab.press_with(SHIFT, TAB).await;
        assert_eq!(focused(&page.tab).await, *stop);
    }
    chromium.stop().await;
}

#[tokio::test]
async fn everything_can_be_done_by_the_keyboard_alone() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let home = HomePage::open(&chromium, &app.address).await;
    // To the field, by the Tab key and by `/`.
    tab_to(&home.tab, "Enter a phone number or a name").await;
    home.tab.press_with(SHIFT, TAB).await;
    home.tab.press('/').await;
    assert_eq!(focused(&home.tab).await, "Enter a phone number or a name");
    home.tab.type_text("+12025550123").await;
    home.tab.press(ENTER).await;
    let page = HistoryPage::looked_at(&chromium);
    page.wait_for_rows(3).await;

    // The search, and out of it.
    page.tab.press('/').await;
    assert!(focused(&page.tab).await.starts_with("Calls with"));
    page.tab.type_text("+1333").await;
    page.wait_for_rows(1).await;
    page.tab.press(ESCAPE).await;
    page.wait_for_rows(3).await;
    assert!(focused(&page.tab).await.starts_with("Calls with"));

    // Chips keep the focus.
    tab_back_to(&page.tab, "Outbound").await;
    page.tab.press(ENTER).await;
    page.wait_for_rows(1).await;
    assert!(focused(&page.tab).await.starts_with("Outbound"));
    tab_back_to(&page.tab, "All").await;
    page.tab.press(ENTER).await;
    page.wait_for_rows(3).await;

    // Dates.
    tab_to(&page.tab, "Dates").await;
    page.tab.press(' ').await;
    page.tab.press(TAB).await;
    page.tab.type_text("01312024").await;
    page.tab.wait_for("location.search === '?from=2024-01-31'").await;
    page.wait_for_rows(2).await;
    page.back().await;
    page.wait_for_rows(3).await;

    // The skip link, and the list.
    page.reload().await;
    page.wait_for_rows(3).await;
    page.tab.press(TAB).await;
    assert_eq!(focused(&page.tab).await, "Skip to content");
    page.tab.press(ENTER).await;
    page.tab.wait_for("document.activeElement.id === 'calls'").await;
    // The newest call is of a withheld number, which leads nowhere but to the call's details, by its time.
    let stops = tab_to(&page.tab, "+1 333").await;
    assert!(stops.len() == 2 && stops[0].starts_with("11:00"), "{stops:?}");
    page.tab.press(UP).await;
    assert!(page.tab.string("return document.activeElement.innerText").await.contains("Withheld number"));
    page.tab.press(DOWN).await;
    page.tab.press(DOWN).await;
    let row = page.tab.string("return document.activeElement.innerText").await;
    assert!(row.contains("+1 444"), "not in the next day: {row}");
    focused(&page.tab).await;
    page.tab.press(TAB).await;
    assert!(focused(&page.tab).await.starts_with("+1 444"));
    page.tab.press(ENTER).await;
    page.wait_for_path("/calls/+12025550123/with/+14444444444").await;
    page.wait_for_rows(1).await;
    // From another page the focus is on the heading.
    assert_eq!(page.tab.string("return document.activeElement.tagName").await, "H1");
    chromium.stop().await;
}

/// Presses Enter on what has the focus, and waits for the page that it leads to.
async fn enter(page: &HistoryPage, path: &str) {
    page.tab.press(ENTER).await;
    page.wait_for_path(path).await;
    page.wait_for_program().await;
    page.tab.wait_for("document.querySelector('main').ariaBusy !== 'true'").await;
}

#[tokio::test]
async fn keys_alone_lead_from_place_to_place() {
    let app = app_with_calls();
    app.call("+12025550123", "2024-02-01T12:00:00Z", "+14444444444", "Missed Inbound", None);
    app.database().calls(&["lines", "set", "Family", "+12025550123", "+12025550124"]);
    let chromium = Chromium::start().await;
    HomePage::open(&chromium, &app.address).await;
    let page = HistoryPage::looked_at(&chromium);
    let tab = &page.tab;
    // First page: what is typed suggests a number, which the arrow keys choose.
    tab.press('/').await;
    tab.type_text("550123").await;
    tab.wait_for("document.querySelector('#suggestions [role=option]')").await;
    tab.press(DOWN).await;
    enter(&page, "/calls/+12025550123").await;
    page.wait_for_rows(4).await;

    panel_by_keys(tab).await;

    // Person, and back to the number.
    tab_to(tab, "+1 444").await;
    enter(&page, "/calls/+12025550123/with/+14444444444").await;
    tab_to(tab, "Calls with +1 202").await;
    enter(&page, "/calls/+12025550123").await;

    // Queue: done, and undone.
    tab_to(tab, "To call back").await;
    enter(&page, "/calls/+12025550123/callbacks").await;
    tab.wait_for("document.querySelector('.callback')").await;
    tab_to(tab, "Done: +1 444").await;
    tab.press(ENTER).await;
    tab.wait_for("document.activeElement.dataset.undo === '+14444444444'").await;
    tab.press(ENTER).await;
    tab.wait_for("document.activeElement.dataset.done === '+14444444444'").await;
    tab_to(tab, "Call +1 444").await;

    // Lines, and the missed calls of all of them.
    tab.go(&format!("{}/lines", app.address)).await;
    tab.wait_for("document.querySelector('.line a')").await;
    tab_to(tab, "Family").await;
    enter(&page, "/lines/Family").await;
    tab.wait_for("document.querySelectorAll('[data-call]').length === 4").await;
    tab_to(tab, "Missed").await;
    tab.press(ENTER).await;
    tab.wait_for("location.search && document.querySelectorAll('[data-call]').length === 2").await;
    tab_to(tab, "Calls").await;
    enter(&page, "/").await;
    chromium.stop().await;
}

/// From the top of a history: the panel of its newest call, a note in it, and back to the row.
async fn panel_by_keys(tab: &Tab) {
    tab_to(tab, "Skip to content").await;
    tab.press(ENTER).await;
    tab_to(tab, "+1 444").await;
    tab.press(DOWN).await;
    tab.press(UP).await;
    tab.press(ENTER).await;
    tab.wait_for("document.querySelector('.panel')?.open && document.querySelector('.panel textarea')").await;
    tab_to(tab, "Note").await;
    tab.type_text("boat").await;
    tab_to(tab, "Save the note").await;
    tab.press(ENTER).await;
    tab.wait_for("document.querySelector('.panel-note .hint').innerText === 'Saved'").await;
    tab.press(ESCAPE).await;
    tab.wait_for("!document.querySelector('.panel').open && document.activeElement.matches('[data-call]')")
        .await;
}

#[tokio::test]
async fn a_question_mark_shows_the_keys_and_escape_leads_back() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    page.tab.press('/').await;
    page.tab.type_text("?").await;
    assert_eq!(page.tab.string("return document.querySelector('#search').value").await, "?");
    assert_eq!(
        page.tab.run("return document.querySelector('dialog').open").await,
        serde_json::Value::Bool(false)
    );
    page.tab.press(ESCAPE).await;
    page.wait_for_rows(3).await;
    page.tab.run("document.querySelector('[data-call]').focus()").await;
    page.tab.press('?').await;
    page.tab.wait_for("document.querySelector('dialog').open").await;
    let text = page.tab.string("return document.querySelector('dialog').innerText").await;
    for key in ["/", "Page Down", "Home", "?", "Next or previous call"] {
        assert!(text.contains(key), "{key}: {text}");
    }
    page.tab.press(ESCAPE).await;
    page.tab.wait_for("!document.querySelector('dialog').open").await;
    assert!(page.tab.string("return document.activeElement.dataset.call ?? ''").await.parse::<u64>().is_ok());
    chromium.stop().await;
}
