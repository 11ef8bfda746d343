//! A page in Chromium, driven over WebDriver.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use chromedriver::Driver;
use serde_json::{Value, json};

use crate::server::{Log, Server};

const PATIENCE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(20);

/// An example in a tab of its own browser.
pub struct Page<'a> {
    pub server: &'a Server,
    driver: Driver,
    session: String,
}

impl<'a> Page<'a> {
    pub fn open(server: &'a Server) -> Self {
        let driver = Driver::start().expect("chromedriver starts");
        let capabilities = driver.capabilities(&[], json!({})).expect("a profile");
        let mut page = Self { server, driver, session: String::new() };
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let session = page.command("POST", "/session", &wanted);
        page.session = session["sessionId"].as_str().expect("a session").to_owned();
        page.goto();
        page
    }

    pub fn close(self) {
        self.command("DELETE", &format!("/session/{}", self.session), &Value::Null);
    }

    /// Sends a command of the WebDriver protocol (W3C WebDriver, section 6) and returns its value.
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let limits = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        let agent: ureq::Agent = limits.build().into();
        let url = format!("http://127.0.0.1:{}{path}", self.driver.port());
        let answer = match method {
            "POST" => agent.post(&url).send_json(body),
            "DELETE" => agent.delete(&url).call(),
            _ => agent.get(&url).call(),
        };
        let mut answer: Value = answer.expect("an answer").body_mut().read_json().expect("JSON");
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{method} {path}: {value}");
        value
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.command("POST", &format!("/session/{}/{path}", self.session), body)
    }

    pub fn goto(&self) {
        self.post("url", &json!({ "url": format!("http://{}/", self.server.address) }));
    }

    pub fn run(&self, script: &str, argument: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [argument] }))
    }

    /// The text of an element; empty where there is none.
    pub fn text(&self, id: &str) -> String {
        let text = self.run("return document.getElementById(arguments[0])?.textContent ?? ''", id);
        text.as_str().unwrap_or_default().to_owned()
    }

    pub fn click(&self, id: &str) {
        self.run("document.getElementById(arguments[0]).click()", id);
    }

    /// A command of the Chrome DevTools Protocol.
    pub fn dev_tools(&self, command: &str, parameters: &Value) {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    /// Opens another tab, does something while that one is in front, and comes back.
    pub fn in_another_tab<T>(&self, act: impl FnOnce() -> T) -> T {
        let window = format!("/session/{}/window", self.session);
        let first = self.command("GET", &window, &Value::Null);
        let other = self.post("window/new", &json!({ "type": "tab" }));
        self.post("window", &json!({ "handle": other["handle"] }));
        let done = act();
        self.command("DELETE", &window, &Value::Null);
        self.post("window", &json!({ "handle": first }));
        self.dev_tools("Page.bringToFront", &json!({}));
        done
    }

    pub fn set_offline(&self, offline: bool) {
        self.dev_tools("Network.enable", &json!({}));
        let conditions =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.dev_tools("Network.emulateNetworkConditions", &conditions);
    }

    /// Waits until an element has this text in it.
    pub fn wait_for(&self, id: &str, part: &str) {
        let begin = Instant::now();
        let mut text = self.text(id);
        while !text.contains(part) {
            assert!(begin.elapsed() < PATIENCE, "expected {part:?} in #{id}, but found {text:?}");
            sleep(TICK);
            text = self.text(id);
        }
    }

    /// Waits until this is true of what the API was asked.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Log) -> bool) {
        let begin = Instant::now();
        while !is_so(&self.server.log()) {
            assert!(begin.elapsed() < PATIENCE, "expected {what}, but found {:?}", self.server.log());
            sleep(TICK);
        }
    }

    pub fn asked(&self) -> usize {
        self.server.log().asked.len()
    }

    /// Waits for longer than two polls, and says how often the API was asked in that time.
    pub fn asked_in_five_seconds(&self) -> usize {
        let before = self.asked();
        sleep(Duration::from_secs(5));
        self.asked() - before
    }
}

/// Builds an example and returns the folder with its files.
pub fn build(example: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("leptos-swr-{example}"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/build-example");
    let status = Command::new(script).arg(example).arg(&folder).status().expect("build-example can be run");
    assert!(status.success(), "the example was not built: {status}");
    folder
}
