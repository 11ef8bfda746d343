//! The example in Chromium: what no virtual clock can show. Needs `chromium` and `chromedriver` on the PATH,
//! and the tools that build the example (`scripts/setup`).

use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "../examples/serve/server.rs"]
mod server;

use server::{Log, Mood, Server};

const PATIENCE: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(20);

/// A chromedriver that ends with this.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts chromedriver on a port it finds free.
    fn start() -> Result<Self> {
        let mut process = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or_else(|| Error::other("chromedriver has no output"))?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let port = port.ok_or_else(|| Error::other("chromedriver did not say its port"))?;
        // Its output must be read, or it stops when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, port })
    }

    /// A command of the WebDriver protocol (W3C WebDriver, section 6), and its value.
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let (port, length) = (self.port, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        let answer = self.exchange(&(head + &body)).expect("chromedriver answers");
        let mut answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{method} {path}: {value}");
        value
    }

    /// Sends a request and returns the answer's body.
    fn exchange(&self, request: &str) -> Result<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let (mut reader, mut length) = (BufReader::new(stream), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(Error::other)?;
                }
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        // The connection stays open whatever was asked for, so its end is no sign.
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(body)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The example in a tab.
struct Page<'a> {
    driver: &'a Driver,
    server: &'a Server,
    session: String,
}

impl<'a> Page<'a> {
    fn open(driver: &'a Driver, server: &'a Server) -> Self {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ];
        let wanted = json!({ "alwaysMatch": { "goog:chromeOptions": { "args": arguments } } });
        let session = driver.command("POST", "/session", &json!({ "capabilities": wanted }));
        let session = session["sessionId"].as_str().expect("a session").to_owned();
        let page = Self { driver, server, session };
        page.goto();
        page
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.driver.command("POST", &format!("/session/{}/{path}", self.session), body)
    }

    fn goto(&self) {
        self.post("url", &json!({ "url": format!("http://{}/", self.server.address) }));
    }

    fn run(&self, script: &str, argument: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [argument] }))
    }

    /// The text of an element; empty where there is none.
    fn text(&self, id: &str) -> String {
        let text = self.run("return document.getElementById(arguments[0])?.textContent ?? ''", id);
        text.as_str().unwrap_or_default().to_owned()
    }

    fn click(&self, id: &str) {
        self.run("document.getElementById(arguments[0]).click()", id);
    }

    /// A command of the Chrome DevTools Protocol.
    fn dev_tools(&self, command: &str, parameters: &Value) {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    /// Opens another tab, does something while that one is in front, and comes back.
    fn in_another_tab<T>(&self, act: impl FnOnce() -> T) -> T {
        let window = format!("/session/{}/window", self.session);
        let first = self.driver.command("GET", &window, &Value::Null);
        let other = self.post("window/new", &json!({ "type": "tab" }));
        self.post("window", &json!({ "handle": other["handle"] }));
        let done = act();
        self.driver.command("DELETE", &window, &Value::Null);
        self.post("window", &json!({ "handle": first }));
        self.dev_tools("Page.bringToFront", &json!({}));
        done
    }

    fn set_offline(&self, offline: bool) {
        self.dev_tools("Network.enable", &json!({}));
        let conditions =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.dev_tools("Network.emulateNetworkConditions", &conditions);
    }

    /// Waits until an element has this text in it.
    fn wait_for(&self, id: &str, part: &str) {
        let begin = Instant::now();
        let mut text = self.text(id);
        while !text.contains(part) {
            assert!(begin.elapsed() < PATIENCE, "expected {part:?} in #{id}, but found {text:?}");
            sleep(TICK);
            text = self.text(id);
        }
    }

    /// Waits until this is true of what the API was asked.
    fn wait_until(&self, what: &str, is_so: impl Fn(&Log) -> bool) {
        let begin = Instant::now();
        while !is_so(&self.server.log()) {
            assert!(begin.elapsed() < PATIENCE, "expected {what}, but found {:?}", self.server.log());
            sleep(TICK);
        }
    }

    fn asked(&self) -> usize {
        self.server.log().asked.len()
    }

    /// Waits for longer than two polls, and says how often the API was asked in that time.
    fn asked_in_five_seconds(&self) -> usize {
        let before = self.asked();
        sleep(Duration::from_secs(5));
        self.asked() - before
    }
}

fn build() -> std::path::PathBuf {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("leptos-swr-example");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/build-example");
    let status = Command::new(script).arg("people").arg(&folder).status().expect("build-example can be run");
    assert!(status.success(), "the example was not built: {status}");
    folder
}

/// One test, so that the example is built and Chromium is started once. Each part begins with a page that
/// polls.
#[test]
fn the_example_keeps_swrs_promises_in_chromium() {
    let server = Server::start(build(), 0).expect("a port");
    let driver = Driver::start().expect("chromedriver on the PATH");
    let page = Page::open(&driver, &server);
    page.wait_for("people", "all Ada");

    an_error_stands_beside_the_data_and_is_retried(&page);
    nothing_is_asked_while_offline_and_at_once_when_online(&page);
    nothing_is_asked_in_a_hidden_tab_and_at_once_when_shown(&page);
    a_request_that_nobody_watches_is_aborted(&page);
    the_last_data_is_there_after_a_reload(&page);
    focus_asks_again_though_not_each_time(&page);

    driver.command("DELETE", &format!("/session/{}", page.session), &Value::Null);
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
