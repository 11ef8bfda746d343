//! The examples in Chromium: covers what no virtual clock can show. Needs `chromium` and `chromedriver` on
//! the PATH, and the tools that build the examples (`scripts/setup`).

mod offline;
mod page;
#[path = "../../examples/serve/server.rs"]
mod server;

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use page::{Page, build};
use server::{Mood, Server};

/// One test, so that the example is built and Chromium is started once. Each part begins with a page that
/// polls.
#[test]
fn the_example_keeps_swrs_promises_in_chromium() {
    let server = Server::start(build("people"), 0).expect("a port");
    let page = Page::open(&server);
    page.wait_for("people", "all Ada");

    an_error_stands_beside_the_data_and_is_retried(&page);
    nothing_is_asked_while_offline_and_at_once_when_online(&page);
    nothing_is_asked_in_a_hidden_tab_and_at_once_when_shown(&page);
    a_request_that_nobody_watches_is_aborted(&page);
    the_last_data_is_there_after_a_reload(&page);
    focus_asks_again_though_not_each_time(&page);

    page.close();
}

fn an_error_stands_beside_the_data_and_is_retried(page: &Page<'_>) {
    page.server.set_mood(Mood::Broken);
    page.wait_for("error", "expected");
    assert!(page.text("people").contains("all Ada"), "the data stays");
    page.server.set_mood(Mood::Good);
    let asked = page.asked();
    page.wait_until("a retry", |log| log.asked.len() > asked);
    page.wait_for("people", &format!("visit {}", asked + 1));
    assert_eq!(page.text("error"), "");
}

fn nothing_is_asked_while_offline_and_at_once_when_online(page: &Page<'_>) {
    page.set_offline(true);
    assert_eq!(page.run("return navigator.onLine", ""), json!(false));
    page.wait_for("state", "paused");
    assert_eq!(page.asked_in_five_seconds(), 0);
    let asked = page.asked();
    page.set_offline(false);
    page.wait_until("a request", |log| log.asked.len() > asked);
    page.wait_for("state", "ready");
}

fn nothing_is_asked_in_a_hidden_tab_and_at_once_when_shown(page: &Page<'_>) {
    let asked = page.in_another_tab(|| {
        // A poll may be under way; after it there is none.
        sleep(Duration::from_secs(3));
        assert_eq!(page.asked_in_five_seconds(), 0);
        page.asked()
    });
    page.wait_until("a request", |log| log.asked.len() > asked);
}

fn a_request_that_nobody_watches_is_aborted(page: &Page<'_>) {
    page.server.set_mood(Mood::Silent);
    let (asked, aborted) = (page.asked(), page.server.log().aborted);
    page.click("again");
    page.wait_until("a request", |log| log.asked.len() > asked);
    page.click("friends");
    page.wait_until("an abort", |log| log.aborted > aborted);
    page.wait_until("a request for the friends", |log| log.asked.iter().any(|group| group == "friends"));
    let aborted = page.server.log().aborted;
    page.click("toggle");
    page.wait_until("an abort", |log| log.aborted > aborted);
    page.server.set_mood(Mood::Good);
    page.click("toggle");
    page.wait_for("people", "friends Ada");
}

fn the_last_data_is_there_after_a_reload(page: &Page<'_>) {
    page.server.set_mood(Mood::Silent);
    page.goto();
    page.wait_for("people", "all Ada");
    assert_eq!(page.text("state"), "ready", "data is there, so it is not loading");
    page.server.set_mood(Mood::Good);
    let asked = page.asked();
    page.wait_for("people", &format!("visit {asked}"));
}

/// The example polls every 2 s, asks on focus at most once a second, and shares an answer for a tenth of one.
fn focus_asks_again_though_not_each_time(page: &Page<'_>) {
    // Without its polls, nothing but focus makes the page ask.
    let no_polls = "const set = window.setTimeout;
        window.setTimeout = (run, ms) => ms === 2000 ? 0 : set(run, ms);";
    page.dev_tools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": no_polls }));
    let asked = page.asked();
    page.goto();
    page.wait_for("people", &format!("visit {}", asked + 1));
    let asked = page.in_another_tab(|| {
        assert_eq!(page.asked_in_five_seconds(), 0);
        page.asked()
    });
    page.wait_until("a request", |log| log.asked.len() > asked);

    // The focus goes into a frame and out again, far more often than once a second.
    let asked = page.asked();
    let restless = "const frame = document.body.appendChild(document.createElement('iframe'));
        window.focused = 0;
        window.addEventListener('focus', () => focused++);
        setInterval(() => document.hasFocus() && document.activeElement === frame
            ? document.getElementById('again').focus() : frame.contentWindow.focus(), 20);";
    page.run(restless, "");
    page.wait_until("three requests", |log| log.asked.len() >= asked + 3);
    let begun =
        "return performance.getEntriesByType('resource').filter(entry => entry.name.includes('/api/'))
        .slice(-3).map(entry => entry.startTime)";
    let begun: Vec<f64> = serde_json::from_value(page.run(begun, "")).expect("times in ms");
    assert!(begun.windows(2).all(|pair| pair[1] - pair[0] > 500.0), "{begun:?}");
    let focused = page.run("return window.focused", "");
    assert!(focused.as_u64() > Some(10), "the window was focused {focused} times");
}
