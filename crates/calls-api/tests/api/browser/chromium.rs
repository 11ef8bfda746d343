//! A headless Chromium of its own for each test.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use chromedriver::Driver;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// A running browser. Ends with the test, also with one that fails, which leaves a picture of what it saw.
pub struct Chromium {
    pub client: Client,
    driver: Driver,
    /// Address of the session at the driver.
    session: String,
    /// The errors of the console that are no mistake of the page's.
    allowed: RefCell<Vec<&'static str>>,
}

impl Chromium {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts with further arguments.
    pub async fn with(further: &[&str]) -> Self {
        let driver = Driver::start().expect("chromedriver starts");
        let capabilities = driver.capabilities(further, json!({"browser": "ALL"})).unwrap();
        let address = format!("http://127.0.0.1:{}", driver.port());
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&address)
            .await
            .expect("Chromium starts");
        let session = client.session_id().await.unwrap().expect("Chromium has a session");
        let session = format!("{address}/session/{session}");
        Self { client, driver, session, allowed: RefCell::default() }
    }

    /// A command of the Chrome DevTools Protocol, and its result.
    pub async fn dev_tools(&self, command: &str, parameters: Value) -> Value {
        let command =
            ChromiumCommand { path: "goog/cdp/execute", body: json!({"cmd": command, "params": parameters}) };
        self.client.issue_cmd(command).await.unwrap()
    }

    /// Runs a script in each document from now on, before anything of the page does.
    pub async fn before_each_page(&self, script: &str) {
        self.dev_tools("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await;
    }

    /// From now on no request about +12025550198 is answered, and none about +12025550199 reaches anybody.
    pub async fn hold_requests(&self) {
        let script = "const honest = window.fetch;
            window.fetch = (request, ...rest) => {
                const address = request.url ?? String(request);
                if (address.includes('12025550198')) return new Promise(() => {});
                if (address.includes('12025550199')) return Promise.reject(new TypeError('no network'));
                return honest.call(window, request, ...rest);
            };";
        self.before_each_page(script).await;
    }

    /// Lets pages use the clipboard, as somebody would who is asked.
    pub async fn allow_clipboard(&self) {
        let permissions = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        self.dev_tools("Browser.grantPermissions", permissions).await;
    }

    /// Takes the network away, or gives it back.
    pub async fn set_offline(&self, offline: bool) {
        self.dev_tools("Network.enable", json!({})).await;
        let limits =
            json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.dev_tools("Network.emulateNetworkConditions", limits).await;
    }

    /// Sets the user's preferences (Media Queries Level 5), or the medium.
    pub async fn set_media(&self, medium: &str, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        self.dev_tools("Emulation.setEmulatedMedia", json!({"media": medium, "features": features})).await;
    }

    /// Sets the width of the window in CSS pixels. No real window can be as narrow as a phone.
    pub async fn set_width(&self, width: u32) {
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.dev_tools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Taps on a point of the window with a finger that stays for some time, in CSS pixels and milliseconds.
    pub async fn tap(&self, [x, y]: [f64; 2], duration_ms: u32) {
        let finger = json!({"type": "pointer", "id": "finger", "parameters": {"pointerType": "touch"},
        "actions": [
            {"type": "pointerMove", "x": x as i64, "y": y as i64, "duration": 0},
            {"type": "pointerDown", "button": 0},
            {"type": "pause", "duration": duration_ms},
            {"type": "pointerUp", "button": 0},
        ]});
        let command = ChromiumCommand { path: "actions", body: json!({"actions": [finger]}) };
        self.client.issue_cmd(command).await.unwrap();
    }

    /// Opens another tab and goes to it. Returns the one before.
    pub async fn open_tab(&self) -> fantoccini::wd::WindowHandle {
        let before = self.client.window().await.unwrap();
        let tab = self.client.new_window(true).await.unwrap();
        self.go_to_tab(&tab.handle).await;
        before
    }

    /// Brings a tab to the front.
    pub async fn go_to_tab(&self, tab: &fantoccini::wd::WindowHandle) {
        self.client.switch_to_window(tab.clone()).await.unwrap();
        self.dev_tools("Page.bringToFront", json!({})).await;
    }

    /// Goes to the tab that was opened last, by a script.
    pub async fn go_to_newest_tab(&self) {
        let tabs = self.client.windows().await.unwrap();
        self.go_to_tab(tabs.last().expect("a tab")).await;
    }

    /// The folder that downloads go to.
    pub fn downloads(&self) -> PathBuf {
        self.driver.downloads()
    }

    /// Lets an error with this text in it be on the console: one that the browser itself writes, because the
    /// test makes the network or the server fail.
    pub fn allow_error(&self, text: &'static str) {
        self.allowed.borrow_mut().push(text);
    }

    /// Fails if the page has written a warning or an error to the console.
    pub async fn expect_clean_console(&self) {
        // chromedriver's own command for what the page wrote to the console since the last time.
        let command = ChromiumCommand { path: "se/log", body: json!({"type": "browser"}) };
        let log = self.client.issue_cmd(command).await.unwrap();
        let allowed = self.allowed.borrow();
        let is_bad = |entry: &&Value| {
            let message = entry["message"].as_str().unwrap_or_default();
            entry["level"] != "INFO"
                && entry["level"] != "DEBUG"
                && !allowed.iter().any(|allowed| message.contains(allowed))
        };
        let bad: Vec<&Value> = log.as_array().expect("the console's entries").iter().filter(is_bad).collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }

    /// The end of each test: the console must be clean.
    pub async fn stop(self) {
        self.expect_clean_console().await;
        self.client.clone().close().await.unwrap();
    }

    /// Writes a picture of the page into the target folder and returns its path.
    fn take_picture(&self) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let mut answer = quick_agent().get(format!("{}/screenshot", self.session)).call()?;
        let answer: Value = answer.body_mut().read_json()?;
        let picture = BASE64_STANDARD.decode(answer["value"].as_str().unwrap_or_default())?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        std::fs::create_dir_all(&folder)?;
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let path = folder.join(format!("{test}.png"));
        std::fs::write(&path, picture)?;
        Ok(path)
    }

    /// The entries of the console that nobody has read yet.
    fn read_console(&self) -> Result<Value, Box<dyn std::error::Error>> {
        let mut answer =
            quick_agent().post(format!("{}/se/log", self.session)).send_json(json!({"type": "browser"}))?;
        Ok(answer.body_mut().read_json::<Value>()?["value"].take())
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        if std::thread::panicking() {
            match self.take_picture() {
                Ok(path) => eprintln!("what the page looked like: {}", path.display()),
                Err(error) => eprintln!("there is no picture of the page: {error}"),
            }
            match self.read_console() {
                Ok(console) => eprintln!("the console: {console:#}"),
                Err(error) => eprintln!("the console cannot be read: {error}"),
            }
            // The browser would outlive its driver.
            quick_agent().delete(&self.session).call().ok();
        }
    }
}

/// For what is asked of chromedriver after a test has failed.
fn quick_agent() -> ureq::Agent {
    let limit = Some(Duration::from_secs(10));
    ureq::Agent::config_builder().timeout_global(limit).build().into()
}

/// A command that only Chromium's driver has, or that fantoccini has not.
#[derive(Debug)]
struct ChromiumCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for ChromiumCommand {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (ureq::http::Method, Option<String>) {
        (ureq::http::Method::POST, Some(self.body.to_string()))
    }
}
