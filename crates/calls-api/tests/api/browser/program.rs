//! The page before its program, and without it.

use serde_json::json;

use super::app_with_calls;
use super::chromium::Chromium;
use super::tab::{ENTER, Tab};

const NUMBER: &str = "/calls/+12025550123";
/// The program is there and never begins.
const HOLD: &str = "WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => new Promise(() => {})";

/// The program is there, and begins when a test calls `release()`.
const HOLD_BACK: &str = "const honest = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...parts) => {
        await new Promise(resolve => { window.release = resolve });
        return honest.apply(WebAssembly, parts);
    };";

/// A tab with the rows on the screen and the program held back.
async fn tab_before_the_program(chromium: &Chromium, address: &str) -> Tab {
    chromium.before_each_page(HOLD_BACK).await;
    let tab = Tab::looked_at(chromium);
    tab.client.goto(&format!("{address}{NUMBER}")).await.unwrap();
    tab.wait_for("document.querySelectorAll('[data-call]').length === 3 && window.release").await;
    tab
}

/// The program is compiled, and begins right after something was pressed. Notes what happened in which
/// order, and keeps it for the page that a click leads to.
const BEGIN_WHEN_PRESSED: &str = "const honest = WebAssembly.instantiateStreaming;
    const note = text => { sessionStorage.order = `${sessionStorage.order ?? ''}${text};` };
    WebAssembly.instantiateStreaming = async (...parts) => {
        const program = await honest.apply(WebAssembly, parts);
        await new Promise(resolve => { window.release = resolve });
        return program;
    };
    for (const kind of ['pointerdown', 'pointerup', 'pointercancel', 'click', 'contextmenu'])
        addEventListener(kind, ({type, target, pointerType}) => {
            note(`${type} ${pointerType}${target.isConnected ? '' : ' on what is gone'}`);
            if (type !== 'pointerdown') return;
            const takeOver = calls.takeOver;
            calls.takeOver = begin => { note('program'); takeOver(begin); };
            setTimeout(release);
        }, true);";

/// Notes after each failure of a script whether it is said by the time that the event is over.
const NOTE_FAILURES: &str = "window.saidAfter = [];
    for (const kind of ['error', 'unhandledrejection']) addEventListener(kind, ({target}) => {
        if (target !== window && target.type !== 'module') return;
        const {port1, port2} = new MessageChannel();
        port1.onmessage = () => saidAfter.push(!!document.querySelector('[data-notice=program]'));
        port2.postMessage(0);
    }, true);";

/// Makes all that ends like this unreachable, from now on.
async fn block(chromium: &Chromium, addresses: &[&str]) {
    chromium.dev_tools("Network.enable", json!({})).await;
    chromium.dev_tools("Network.setBypassServiceWorker", json!({"bypass": true})).await;
    chromium.dev_tools("Network.setBlockedURLs", json!({"urls": addresses})).await;
}

#[tokio::test]
async fn a_program_that_cannot_be_loaded_is_said_so_on_each_page_with_a_way_to_try_again() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.before_each_page(NOTE_FAILURES).await;
    let tab = Tab::looked_at(&chromium);
    for (path, file) in [(NUMBER, "*.wasm"), (NUMBER, "*/calls-page-*.js"), ("/calls/+13333333333", "*.wasm")]
    {
        block(&chromium, &[file]).await;
        tab.client.goto(&format!("{}{path}", app.address)).await.unwrap();
        let notice = "document.querySelector('[data-notice=program]')";
        tab.wait_for(notice).await;
        // At once: no timer is between the failure and the word of it, however busy the machine is.
        tab.wait_for("window.saidAfter?.length > 0").await;
        assert_eq!(tab.run("return window.saidAfter[0]").await, json!(true), "{path} {file}");
        let text = tab.string(&format!("return {notice}.innerText")).await;
        assert!(text.contains("could not be loaded"), "{text}");
        assert!(!tab.text().await.contains("Updating"), "{path}");
        block(&chromium, &[]).await;
        tab.press_on(&format!("{notice}.querySelector('button')")).await;
        tab.wait_for(&format!("window.wasmBindings && !{notice}")).await;
    }
    chromium.allow_error("Failed to fetch");
    chromium.allow_error("Failed to load resource");
    chromium.allow_error("net::ERR_BLOCKED_BY_CLIENT");
    chromium.stop().await;
}

#[tokio::test]
async fn before_the_program_the_filters_are_links_and_the_search_is_a_form() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.before_each_page(HOLD).await;
    let tab = Tab::looked_at(&chromium);
    tab.client.goto(&format!("{}{NUMBER}", app.address)).await.unwrap();
    let rows = |count: usize| format!("document.querySelectorAll('[data-call]').length === {count}");
    tab.wait_for(&rows(3)).await;

    let nameless = "return [...document.querySelectorAll('button, a, input, select, summary')]
        .filter(element => element.checkVisibility())
        .filter(element => !(element.ariaLabel || element.labels?.[0]?.innerText || element.innerText).trim())
        .map(element => element.outerHTML)";
    assert_eq!(tab.strings(nameless).await, [""; 0]);

    tab.press_on("document.querySelector('.chip[data-show=\"direction=inbound\"]')").await;
    tab.wait_for("location.search === '?direction=inbound'").await;
    tab.wait_for(&rows(2)).await;
    let chosen = "return document.querySelector('.chip[aria-current]').innerText.trim()";
    assert_eq!(tab.string(chosen).await, "Inbound");

    // The form keeps what was chosen before.
    tab.press_on("document.querySelector('#search')").await;
    tab.type_text("+1 333").await;
    tab.press(ENTER).await;
    tab.wait_for("location.search.includes('q=%2B1+333')").await;
    tab.wait_for(&rows(1)).await;
    assert!(tab.string("return location.search").await.contains("direction=inbound"));
    assert_eq!(tab.string("return document.querySelector('#search').value").await, "+1 333");

    // The zone is known by now, so days are too.
    tab.press_on("document.querySelector('.chip[data-period=\"last-month\"]')").await;
    tab.wait_for("location.search.includes('period=last-month')").await;
    tab.wait_for("document.querySelector('.filters') && document.querySelector('.days')").await;
    tab.wait_for(&rows(0)).await;
    tab.press_on("document.querySelector('.clear')").await;
    tab.wait_for("location.search === ''").await;
    tab.wait_for(&rows(3)).await;
    assert_eq!(tab.run("return window.wasmBindings ?? null").await, serde_json::Value::Null);
    chromium.stop().await;
}

#[tokio::test]
async fn before_the_program_the_first_page_is_a_form_that_works() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.before_each_page(HOLD).await;
    let tab = Tab::looked_at(&chromium);
    tab.client.goto(&app.address).await.unwrap();
    tab.wait_for("document.querySelector('main.home #number')").await;
    assert!(!tab.text().await.contains("Loading"));
    assert_eq!(tab.run("return document.querySelector('.skeleton')").await, serde_json::Value::Null);
    tab.press_on("document.querySelector('#number')").await;
    tab.type_text("001 202 555 0123").await;
    tab.press_on("document.querySelector('main .number-form button')").await;
    tab.wait_for("decodeURIComponent(location.pathname) === '/calls/001 202 555 0123'").await;
    tab.wait_for("document.querySelectorAll('[data-call]').length === 3").await;
    // And the bar's form on the page of a number.
    tab.press_on("document.querySelector('#other-number')").await;
    tab.type_text("+13333333333").await;
    tab.press(ENTER).await;
    tab.wait_for("decodeURIComponent(location.pathname) === '/calls/+13333333333'").await;
    chromium.stop().await;
}

#[tokio::test]
async fn what_is_pressed_while_the_program_begins_is_a_click_all_the_same() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let tab = tab_before_the_program(&chromium, &app.address).await;
    tab.run("window.chip = document.querySelector('.chip[data-show=\"direction=inbound\"]')").await;
    tab.press_down_on("chip").await;
    tab.run("release()").await;
    // The program has run: had it taken the page over, the chip would be another one by now.
    tab.wait_for("window.wasmBindings").await;
    assert_eq!(tab.run("return chip.isConnected").await, true);
    tab.lift().await;
    tab.wait_for("location.search === '?direction=inbound'").await;
    tab.wait_for("document.querySelectorAll('[data-call]').length === 2").await;

    // Nothing comes of what is let go elsewhere, and the program begins.
    tab.wait_for("window.release").await;
    tab.press_down_on("document.querySelector('.chip[data-show=\"\"]')").await;
    tab.run("release()").await;
    tab.wait_for("window.wasmBindings").await;
    tab.point_to(5.0, 5.0).await;
    tab.lift().await;
    tab.wait_for_state("ready").await;
    assert_eq!(tab.string("return location.search").await, "?direction=inbound");
    chromium.stop().await;
}

#[tokio::test]
async fn a_finger_that_is_down_when_the_program_begins_makes_a_tap_all_the_same() {
    /// Below the half second after which it is a long press.
    const TAP_MS: u32 = 200;
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.before_each_page(BEGIN_WHEN_PRESSED).await;
    let tab = Tab::looked_at(&chromium);
    // A busy machine may be too slow to begin in that time, or so slow that the press is a long one.
    for _ in 0..20 {
        tab.client.goto(&format!("{}{NUMBER}", app.address)).await.unwrap();
        tab.wait_for("document.querySelectorAll('[data-call]').length === 3 && window.release").await;
        tab.run("sessionStorage.removeItem('order')").await;
        let chip = tab.middle_of("document.querySelector('.chip[data-show=\"direction=inbound\"]')").await;
        chromium.tap(chip, TAP_MS).await;
        tab.wait_for("/click|cancel|contextmenu/.test(sessionStorage.order)").await;
        let order = tab.string("return sessionStorage.order").await;
        assert!(!order.contains("gone"), "{order}");
        if order.contains("click") {
            tab.wait_for("location.search === '?direction=inbound'").await;
            // Where the database took its time, there are no rows before the program.
            let rows = "(window.release?.(), document.querySelectorAll('[data-call]').length === 2)";
            tab.wait_for(rows).await;
        }
        if order == "pointerdown touch;program;pointerup touch;click touch;" {
            chromium.stop().await;
            return;
        }
    }
    panic!("the program never began under the finger");
}

#[tokio::test]
async fn what_was_typed_before_the_program_is_searched_for_by_it() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let tab = tab_before_the_program(&chromium, &app.address).await;
    tab.press_on("document.querySelector('#other-number')").await;
    tab.type_text("+1 2").await;
    tab.press_on("document.querySelector('#search')").await;
    tab.type_text("33").await;
    tab.run("window.field = document.querySelector('#search'); release()").await;
    tab.wait_for_state("ready").await;
    tab.wait_for("document.activeElement.id === 'search' && document.activeElement.value === '33'").await;
    assert_eq!(tab.run("return field.isConnected").await, false, "the program has a field of its own");
    tab.type_text("3").await;
    tab.wait_for("location.search === '?q=333'").await;
    tab.wait_for("document.querySelectorAll('[data-call]').length === 1").await;
    assert_eq!(tab.string("return document.querySelector('#search').value").await, "333");
    assert_eq!(tab.string("return document.querySelector('#other-number').value").await, "+1 2");
    chromium.stop().await;
}

#[tokio::test]
async fn a_letter_that_is_being_composed_is_not_taken_away_by_the_program() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let tab = tab_before_the_program(&chromium, &app.address).await;
    tab.press_on("document.querySelector('#search')").await;
    tab.run("window.field = document.querySelector('#search')").await;
    let composed = json!({"text": "\u{304b}", "selectionStart": 1, "selectionEnd": 1});
    chromium.dev_tools("Input.imeSetComposition", composed).await;
    tab.wait_for("field.value === '\u{304b}'").await;
    tab.run("release()").await;
    tab.wait_for("window.wasmBindings").await;
    assert_eq!(tab.run("return field.isConnected").await, true);
    chromium.dev_tools("Input.insertText", json!({"text": "\u{304b}"})).await;
    tab.wait_for_state("no-match").await;
    assert_eq!(tab.string("return document.querySelector('#search').value").await, "\u{304b}");
    chromium.stop().await;
}

#[tokio::test]
async fn a_program_that_stops_says_so_and_leaves_the_links_to_the_server() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let tab = Tab::open(&chromium, &app.address, NUMBER).await;
    tab.wait_for_state("ready").await;
    let notice = "document.querySelector('[data-notice=program]')";
    // As a trap comes out of the program: through a function that was called in the middle of it.
    let stop = "calls.program.t = () => { throw new WebAssembly.RuntimeError('unreachable') };";
    tab.run(stop).await;
    tab.press_on("document.querySelector('.chip[data-show=\"direction=inbound\"]')").await;
    tab.wait_for(notice).await;
    let text = tab.string(&format!("return {notice}.innerText")).await;
    assert!(text.contains("stopped working"), "{text}");
    let is_seen = format!(
        "const box = {notice}.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight"
    );
    assert_eq!(tab.run(&is_seen).await, true);

    tab.run("window.isOld = true").await;
    tab.press_on("document.querySelector('.chip[data-show=\"direction=outbound\"]')").await;
    tab.wait_for("!window.isOld && location.search === '?direction=outbound'").await;
    tab.wait_for_state("ready").await;

    tab.run(stop).await;
    tab.press_on("document.querySelector('.chip[data-show=\"\"]')").await;
    tab.run("window.isOld = true").await;
    tab.press_on(&format!("{notice}?.querySelector('button')")).await;
    tab.wait_for("!window.isOld").await;
    tab.wait_for_state("ready").await;
    assert_eq!(tab.run(&format!("return {notice}")).await, serde_json::Value::Null);
    chromium.allow_error("unreachable");
    chromium.allow_error("RuntimeError");
    chromium.stop().await;
}
