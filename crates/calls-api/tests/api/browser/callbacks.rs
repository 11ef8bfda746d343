//! Whom to call back.

use super::chromium::Chromium;
use super::tab::{ENTER, Tab};
use crate::test_app::TestApp;

const PATH: &str = "/calls/+12025550123/callbacks";

/// Three people who wait, one who was called back, and one who hides.
fn app_with_missed_calls() -> TestApp {
    let app = TestApp::new();
    for (day, party, call_type, ms) in [
        (1, "+13333333333", "Missed Inbound", None),
        (2, "+14444444444", "Missed Inbound", None),
        (3, "+14444444444", "Missed Inbound", None),
        (4, "+12025550177", "Missed Inbound", None),
        (5, "+12025550188", "Missed Inbound", None),
        (6, "+12025550188", "Completed Outbound", Some(60_000)),
        (7, "withheld", "Missed Inbound", None),
    ] {
        app.call("+12025550123", &format!("2024-01-0{day}T10:00:00Z"), party, call_type, ms);
    }
    app
}

/// The people of the queue, each with whether it is done.
async fn queue(tab: &Tab) -> Vec<String> {
    let script = "return [...document.querySelectorAll('.callback')]
        .map(entry => entry.dataset.party + (entry.matches('.is-done') ? ' done' : ''))";
    tab.strings(script).await
}

async fn wait_for_people(tab: &Tab, count: usize) {
    tab.wait_for(&format!("document.querySelectorAll('.callback:not(.is-done)').length === {count}")).await;
}

#[tokio::test]
async fn there_is_one_entry_per_person_who_waits_the_longest_first() {
    let app = app_with_missed_calls();
    let chromium = Chromium::start().await;
    let tab = Tab::open(&chromium, &app.address, "/calls/+12025550123").await;
    tab.wait_for_state("ready").await;
    tab.press_on("document.querySelector('.to-call-back')").await;
    tab.wait_for("location.pathname.endsWith('/callbacks')").await;
    wait_for_people(&tab, 3).await;
    assert_eq!(queue(&tab).await, ["+13333333333", "+14444444444", "+12025550177"]);
    let second = tab.string("return document.querySelectorAll('.callback')[1].innerText").await;
    assert!(second.contains("2 attempts") && second.contains("Jan 3, 2024"), "{second}");
    let call = "return document.querySelector('.callback a.button').getAttribute('href')";
    assert_eq!(tab.string(call).await, "tel:+13333333333");
    assert!(tab.text().await.contains("1 call with a withheld number"));
    tab.press_on("document.querySelector('.chip[href*=\"sort=last\"]')").await;
    tab.wait_for("document.querySelector('.callback')?.dataset.party === '+12025550177'").await;
    chromium.stop().await;
}

#[tokio::test]
async fn done_is_kept_shows_in_another_tab_and_can_be_undone() {
    let app = app_with_missed_calls();
    let chromium = Chromium::start().await;
    let tab = Tab::open(&chromium, &app.address, PATH).await;
    wait_for_people(&tab, 3).await;
    let first = chromium.open_tab().await;
    let other = Tab::open(&chromium, &app.address, PATH).await;
    wait_for_people(&other, 3).await;
    other.press_on("document.querySelector('[data-done=\"+14444444444\"]')").await;
    wait_for_people(&other, 2).await;
    // It stays in its place, and the focus goes to what takes it back.
    other.wait_for("document.activeElement.dataset.undo === '+14444444444'").await;
    assert_eq!(queue(&other).await, ["+13333333333", "+14444444444 done", "+12025550177"]);

    chromium.go_to_tab(&first).await;
    wait_for_people(&tab, 2).await;
    assert_eq!(queue(&tab).await, ["+13333333333", "+12025550177"]);
    tab.client.refresh().await.unwrap();
    wait_for_people(&tab, 2).await;
    tab.press_on("document.querySelector('.chip[href*=\"done=true\"]')").await;
    tab.wait_for("document.querySelectorAll('.callback.is-done').length === 1").await;
    tab.press_on("document.querySelector('[data-undo]')").await;
    tab.wait_for("document.querySelector('main').dataset.state === 'empty'").await;
    tab.client.back().await.unwrap();
    wait_for_people(&tab, 3).await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_note_stays_with_the_person_and_a_new_call_brings_somebody_in() {
    let app = app_with_missed_calls();
    let chromium = Chromium::start().await;
    let tab = Tab::open(&chromium, &app.address, PATH).await;
    wait_for_people(&tab, 3).await;
    tab.press_on("document.querySelector('.callback input')").await;
    tab.type_text("Asked <b>twice</b>").await;
    tab.press(ENTER).await;
    app.call("+12025550123", "2024-02-01T10:00:00Z", "+12025550199", "Missed Inbound", None);
    tab.wait_for("document.querySelector('.callback input').defaultValue.includes('twice')").await;
    wait_for_people(&tab, 4).await;
    tab.client.refresh().await.unwrap();
    wait_for_people(&tab, 4).await;
    assert_eq!(
        tab.string("return document.querySelector('.callback input').value").await,
        "Asked <b>twice</b>"
    );
    chromium.stop().await;
}

/// Answers about the queue come when a test calls `answer(n)`, in which `n` counts the questions from 0. Each
/// says what was so when it was asked for. Changes are held while `holdsChanges`, until `letChanges()`.
const HOLD_ANSWERS: &str = "const honest = window.fetch;
    window.answers = [];
    window.ready = [];
    window.answer = n => answers[n]();
    window.holdsChanges = false;
    window.fetch = async (address, options) => {
        if (!/callbacks/.test(address)) return honest(address, options);
        if (options.method !== 'GET') {
            if (holdsChanges) await new Promise(resolve => { window.letChanges = resolve });
            return honest(address, options);
        }
        const turn = answers.length;
        const wanted = new Promise(resolve => answers.push(resolve));
        const response = await honest(address, options);
        const json = await response.json();
        response.json = async () => { setTimeout(() => ready[turn] = 'read'); return json; };
        ready[turn] = 'here';
        await wanted;
        return response;
    };";

#[tokio::test]
async fn an_older_answer_that_comes_late_takes_no_row_away() {
    const PERSON: &str = "+14444444444";
    let app = app_with_missed_calls();
    let chromium = Chromium::start().await;
    chromium.before_each_page(HOLD_ANSWERS).await;
    let tab = Tab::open(&chromium, &app.address, PATH).await;
    // Asks once more, as word from another tab does.
    let ask = "new BroadcastChannel('calls.callbacks').postMessage('+12025550123')";
    let give = async |n: usize| {
        tab.wait_for(&format!("ready[{n}]")).await;
        tab.run(&format!("answer({n})")).await;
        tab.wait_for(&format!("ready[{n}] === 'read'")).await;
    };
    let has_focus = format!("document.activeElement.closest('[data-party=\"{PERSON}\"]')");
    give(0).await;
    wait_for_people(&tab, 3).await;
    tab.press_on(&format!("document.querySelector('[data-done=\"{PERSON}\"]')")).await;
    give(1).await;
    wait_for_people(&tab, 2).await;
    // Two questions while the person is done: in their answers there is no such row.
    for n in [2, 3] {
        tab.run(ask).await;
        tab.wait_for(&format!("ready[{n}]")).await;
    }
    tab.run("window.holdsChanges = true").await;
    tab.press_on(&format!("document.querySelector('[data-undo=\"{PERSON}\"]')")).await;
    tab.wait_for("window.letChanges").await;
    // Under way: an answer from before it says nothing.
    give(3).await;
    assert_eq!(tab.run(&format!("return !!{has_focus}")).await, true, "overtaken by a change");
    tab.run("letChanges()").await;
    give(4).await;
    wait_for_people(&tab, 3).await;
    give(2).await;
    assert_eq!(queue(&tab).await, ["+13333333333", PERSON, "+12025550177"]);
    assert_eq!(tab.run(&format!("return !!{has_focus}")).await, true, "overtaken by a newer question");
    chromium.stop().await;
}
