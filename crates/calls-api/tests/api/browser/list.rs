//! The list of calls in Chromium: long ones, and what each row says.

use std::time::Duration;

use fantoccini::Client;
use serde_json::{Value, json};

use super::chromium::Chromium;
use super::history_page::HistoryPage;
use crate::cdr;
use crate::test_app::TestApp;

const OWNER: &str = "/calls/+12025550123";
/// More than the most elements that a page may have.
const TOO_MANY: u64 = 1500;
/// Keeps the program's memory where a test finds it.
const NOTE_MEMORY: &str = "addEventListener('TrunkApplicationStarted',
    event => window.memory = event.detail.wasm.memory)";

/// A number with so many calls, one each quarter of an hour. Their ids grow from the newest to the oldest.
fn app_with_long_history(calls: u32, options: &[&str]) -> TestApp {
    let app = TestApp::with(options);
    let rows = format!(
        "INSERT INTO calls (number, counterparty, created_at, type)
         SELECT 12025550123, 13000000000 + i % 500, timestamptz '2024-01-31 10:00Z' - i * interval '15 minutes',
                'Missed Inbound' FROM generate_series(1, {calls}) AS i"
    );
    app.database().store_calls(&rows).unwrap();
    app
}

async fn open(chromium: &Chromium, app: &TestApp) -> HistoryPage {
    let page = HistoryPage::open(chromium, &app.address, OWNER).await;
    page.wait_for_state("ready").await;
    page
}

async fn run(client: &Client, script: &str) -> Value {
    client.execute(script, Vec::new()).await.unwrap()
}

/// Waits until a condition of the page holds.
async fn wait(client: &Client, condition: &str) {
    let script = format!("return !!({condition})");
    for _ in 0..1000 {
        if run(client, &script).await == json!(true) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {condition}\n{}", run(client, "return document.body.innerText").await);
}

async fn press(client: &Client, key: char) {
    let element = client.active_element().await.unwrap();
    element.send_keys(&key.to_string()).await.unwrap();
}

/// Index of the focused call in the list, from 0.
async fn focused(client: &Client) -> i64 {
    let script =
        "return Number(document.activeElement.closest('[data-call]')?.dataset.call ?? -1) - window.first";
    run(client, script).await.as_i64().unwrap()
}

/// Notes the newest call's id, from which places are counted.
async fn note_first(client: &Client) {
    run(client, "window.first = Number(document.querySelector('[data-call]').dataset.call)").await;
}

/// Goes down, frame by frame, and looks at each call that comes by: those of one window follow one another.
/// `walk.next` is the place after the last call that came by without a gap, `walk.last` the last place of
/// all.
const WALK: &str = "
    const [step, done] = arguments;
    const walk = window.walk ??= { next: 0, last: 0, nodes: 0, wrong: null, frames: 0 };
    let frames = 100;
    const look = () => {
        let before = null;
        for (const row of document.querySelectorAll('[data-call]')) {
            const place = Number(row.dataset.call) - window.first;
            if (before !== null && place !== before + 1) walk.wrong ??= `${place} after ${before}`;
            if (place === walk.next) walk.next += 1;
            before = place;
        }
        walk.last = Math.max(walk.last, before);
        walk.nodes = Math.max(walk.nodes, document.getElementsByTagName('*').length);
        walk.ended = !!document.querySelector('[data-end]')
            && window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 1;
        if (walk.ended || walk.wrong || --frames === 0) return done(walk);
        window.scrollBy(0, step || window.innerHeight);
        requestAnimationFrame(look);
    };
    look();";

/// Walks to the list's end, in steps of so many pixels; 0 is the window's height.
async fn walk(client: &Client, step: u32) -> Value {
    note_first(client).await;
    loop {
        let walk = client.execute_async(WALK, vec![json!(step)]).await.unwrap();
        assert_eq!(walk["wrong"], Value::Null, "{walk}");
        assert!(walk["nodes"].as_u64().unwrap() < TOO_MANY, "{walk}");
        if walk["ended"] == true {
            return walk;
        }
    }
}

#[tokio::test]
async fn every_call_of_a_long_history_comes_by_once_and_in_order() {
    let app = app_with_long_history(4_000, &[]);
    let chromium = Chromium::start().await;
    open(&chromium, &app).await;
    assert_eq!(walk(&chromium.client, 0).await["next"], 4_000);
    chromium.stop().await;
}

/// Memory of the program in kB. It never shrinks.
async fn memory_kb(client: &Client) -> u64 {
    run(client, "return window.memory.buffer.byteLength").await.as_u64().unwrap() / 1000
}

#[tokio::test]
async fn the_end_of_a_hundred_thousand_calls_is_reached_with_few_elements_and_little_memory() {
    let app = app_with_long_history(100_000, &[]);
    let chromium = Chromium::start().await;
    chromium.before_each_page(NOTE_MEMORY).await;
    open(&chromium, &app).await;
    let before = memory_kb(&chromium.client).await;
    assert_eq!(walk(&chromium.client, 100_000).await["last"], 99_999);
    // As they came, the calls would take 20 MB.
    let grown = memory_kb(&chromium.client).await - before;
    assert!(grown < 3_000, "{grown} kB");
    chromium.stop().await;
}

#[tokio::test]
async fn rows_that_have_gone_by_leave_nothing_in_memory() {
    let app = app_with_long_history(2_000, &[]);
    let chromium = Chromium::start().await;
    chromium.before_each_page(NOTE_MEMORY).await;
    open(&chromium, &app).await;
    let client = &chromium.client;
    let mut grown = Vec::new();
    for _ in 0..4 {
        let before = memory_kb(client).await;
        walk(client, 0).await;
        grown.push(memory_kb(client).await - before);
        run(client, "window.scrollTo(0, 0)").await;
        wait(client, "document.querySelector('[data-call]').getBoundingClientRect().top > 0").await;
    }
    // The first time the calls come. 200 bytes for each row would be 1,200 kB then.
    let again: u64 = grown[1..].iter().sum();
    assert!(again < 400, "{grown:?} kB");
    chromium.stop().await;
}

#[tokio::test]
async fn keys_move_over_the_edges_of_what_is_rendered_and_keep_the_focus() {
    let app = app_with_long_history(2_000, &[]);
    let chromium = Chromium::start().await;
    let client = &chromium.client;
    open(&chromium, &app).await;
    note_first(client).await;
    run(client, "document.querySelector('[data-call]').focus()").await;
    const END: char = '\u{e010}';
    const HOME: char = '\u{e011}';
    const PAGE_DOWN: char = '\u{e00f}';
    const DOWN: char = '\u{e015}';
    for place in 1..60 {
        if place == 30 {
            // The first page ends at 50, and the next one has long been asked for.
            wait(client, "document.querySelector('.days').getBoundingClientRect().height > 20000").await;
        }
        press(client, DOWN).await;
        wait(client, &format!("Number(document.activeElement.dataset.call) - window.first === {place}"))
            .await;
    }
    press(client, PAGE_DOWN).await;
    wait(client, "Number(document.activeElement.dataset.call) - window.first > 60").await;
    let place = focused(client).await;
    // Out of sight, the call keeps the focus, and its place.
    run(client, "window.scrollTo(0, 0)").await;
    wait(client, "document.querySelector('[data-call]').getBoundingClientRect().top > 0").await;
    assert_eq!(focused(client).await, place);
    press(client, DOWN).await;
    wait(client, &format!("Number(document.activeElement.dataset.call) - window.first === {place} + 1"))
        .await;
    press(client, HOME).await;
    wait(client, "Number(document.activeElement.dataset.call) === window.first").await;
    press(client, END).await;
    wait(client, "Number(document.activeElement.dataset.call) - window.first >= 500").await;
    let position = run(client, "return Number(document.activeElement.getAttribute('aria-posinset'))").await;
    let size = run(client, "return Number(document.activeElement.getAttribute('aria-setsize'))").await;
    assert!(position.as_i64() >= Some(1) && position.as_i64() <= size.as_i64(), "{position} of {size}");
    chromium.stop().await;
}

#[tokio::test]
async fn calls_that_come_in_wait_for_a_reader_further_down() {
    let app = app_with_long_history(300, &["--ingest-token", cdr::TOKEN]);
    let chromium = Chromium::start().await;
    let client = &chromium.client;
    let page = open(&chromium, &app).await;
    page.wait_for_stream().await;
    // No timer of the page moves it: what is read is where it was.
    run(client, "window.scrollTo(0, 1500)").await;
    wait(client, "document.querySelector('.days').getBoundingClientRect().top < -500").await;
    let reading = "const row = [...document.querySelectorAll('[data-call]')]
            .find(row => row.getBoundingClientRect().top > 200);
        return [row.dataset.call, Math.round(row.getBoundingClientRect().top)]";
    let before = run(client, reading).await;
    assert_eq!(cdr::freeswitch(&app, "application/json", cdr::JSON_CDR).status, 200);
    wait(client, "document.querySelector('[data-new-calls]')?.innerText.trim() === '1 new call'").await;
    assert_eq!(run(client, reading).await, before);
    let announced =
        run(client, "return [...document.querySelectorAll('[role=status]')].map(e => e.innerText)").await;
    assert!(announced.to_string().contains("New calls have come in"), "{announced}");
    let newest = app.get("/api/calls/+12025550123?limit=1").json()[0]["id"].as_str().unwrap().to_owned();
    assert!(page.rows().await.iter().all(|row| row.id != newest));
    run(client, "document.querySelector('[data-new-calls]').click()").await;
    wait(client, &format!("document.querySelector('[data-call]').dataset.call === '{newest}'")).await;
    wait(client, "document.querySelector('[data-call]').getBoundingClientRect().top > 0").await;
    wait(client, "!document.querySelector('[data-new-calls]')").await;
    chromium.stop().await;
}

#[tokio::test]
async fn each_day_says_how_many_calls_it_has_also_before_all_of_them_are_loaded() {
    let app = app_with_long_history(300, &[]);
    let chromium = Chromium::start().await;
    let client = &chromium.client;
    let page = open(&chromium, &app).await;
    wait(client, "document.querySelector('.day-count')?.innerText").await;
    let zone = run(client, "return Intl.DateTimeFormat().resolvedOptions().timeZone").await;
    let zone = zone.as_str().unwrap().replace('/', "%2F");
    let summary = app.get(&format!("/api/calls/+12025550123/summary?tz={zone}")).json();
    let last = summary["days"].as_array().unwrap().last().unwrap()["calls"].clone();
    let headings = page.day_headings().await;
    assert!(headings[0].ends_with(&format!("{last} calls")), "{headings:?} for {last}");
    chromium.stop().await;
}

#[tokio::test]
async fn a_missed_call_says_whether_it_was_returned_and_a_number_whence_it_is() {
    let app = TestApp::new();
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+493012345678", "Missed Inbound", None);
    app.call("+12025550123", "2024-01-31T11:00:00Z", "+493012345678", "Completed Outbound", Some(60_000));
    app.call("+12025550123", "2024-01-31T12:00:00Z", "+12025550199", "Missed Inbound", None);
    app.call("+12025550123", "2024-01-31T13:00:00Z", "withheld", "Missed Inbound", None);
    let chromium = Chromium::start().await;
    let page = open(&chromium, &app).await;
    page.wait_for_heading("United States").await;
    let rows = page.rows().await;
    assert!(
        !rows[0].text.contains("eturned") && rows[0].text.contains("Withheld number"),
        "{}",
        rows[0].text
    );
    assert!(
        rows[1].text.contains("Not returned") && rows[1].text.contains("(202) 555-0199"),
        "{}",
        rows[1].text
    );
    assert!(rows[2].text.contains("+49 30 12345678") && rows[2].text.contains("Germany"), "{}", rows[2].text);
    assert!(rows[3].text.contains("Spoke ") && !rows[3].text.contains("Not returned"), "{}", rows[3].text);
    chromium.stop().await;
}
