//! The parts of every page object: scripts, keys, and waiting for what is to be. Each `wait_for_` fails
//! after [`PATIENCE`], with what the page showed instead.

use std::time::{Duration, Instant};

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::{Client, Locator};
use serde_json::Value;

use super::chromium::Chromium;

/// Time that a test waits for the page: enough for a machine that is busy with other work.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A modifier, for [`Tab::press_with`] (W3C WebDriver, section 17.4.2).
pub const SHIFT: char = '\u{e008}';
pub const CONTROL: char = '\u{e009}';
pub const TAB: char = '\u{e004}';
pub const ENTER: char = '\u{e007}';
pub const ESCAPE: char = '\u{e00c}';
pub const END: char = '\u{e010}';
pub const HOME: char = '\u{e011}';
pub const LEFT: char = '\u{e012}';
pub const RIGHT: char = '\u{e014}';
pub const UP: char = '\u{e013}';
pub const DOWN: char = '\u{e015}';

/// The tab that is in front.
pub struct Tab {
    pub client: Client,
}

impl Tab {
    pub async fn open(chromium: &Chromium, address: &str, path: &str) -> Self {
        let tab = Self::looked_at(chromium);
        tab.go(&format!("{address}{path}")).await;
        tab
    }

    /// Goes to an address and waits for the program. The first rows stand there before it, and do nothing
    /// yet.
    pub async fn go(&self, address: &str) {
        self.client.goto(address).await.unwrap();
        self.wait_for("!document.querySelector('script[type=module], #program') || window.wasmBindings")
            .await;
    }

    /// The tab that the browser shows already.
    pub fn looked_at(chromium: &Chromium) -> Self {
        Self { client: chromium.client.clone() }
    }

    /// Runs a script and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    pub async fn string(&self, script: &str) -> String {
        self.run(script).await.as_str().unwrap_or_default().to_owned()
    }

    pub async fn strings(&self, script: &str) -> Vec<String> {
        serde_json::from_value(self.run(script).await).unwrap()
    }

    pub async fn text(&self) -> String {
        self.string("return document.body.innerText").await
    }

    /// Waits until an expression is true.
    pub async fn wait_for(&self, condition: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.run(&format!("return !!({condition})")).await != Value::Bool(true) {
            assert!(Instant::now() < deadline, "never: {condition}\nThe page shows:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn wait_for_state(&self, state: &str) {
        self.wait_for(&format!("document.querySelector('main')?.dataset.state === '{state}'")).await;
    }

    /// Clicks what a selector finds, as soon as it is there.
    pub async fn click(&self, selector: &str) {
        let element = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Moves the pointer to a point of the window, in CSS pixels.
    pub async fn point_to(&self, x: f64, y: f64) {
        let to = MouseActions::new("mouse".to_owned()).then(PointerAction::MoveTo { duration: None, x, y });
        self.client.perform_actions(to).await.unwrap();
    }

    /// Points at the middle of the element that an expression finds, and presses the pointer's main button
    /// there.
    pub async fn press_on(&self, element: &str) {
        let [x, y] = self.middle_of(element).await;
        self.press_at(x, y).await;
    }

    /// Presses the pointer's main button at a point of the window, in CSS pixels.
    pub async fn press_at(&self, x: f64, y: f64) {
        let press = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveTo { duration: None, x, y })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(press).await.unwrap();
    }

    /// Presses the pointer's main button on the middle of an element, and holds it.
    pub async fn press_down_on(&self, element: &str) {
        let [x, y] = self.middle_of(element).await;
        let press = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveTo { duration: None, x, y })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(press).await.unwrap();
    }

    /// Lifts the pointer's main button where the pointer is.
    pub async fn lift(&self) {
        let lift =
            MouseActions::new("mouse".to_owned()).then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(lift).await.unwrap();
    }

    /// The middle of an element in the window. Fails where it is out of sight.
    pub async fn middle_of(&self, element: &str) -> [f64; 2] {
        self.wait_for(&format!("({element})?.getBoundingClientRect().width > 0")).await;
        let script = format!(
            "const box = ({element}).getBoundingClientRect();
            const middle = [box.x + box.width / 2, box.y + box.height / 2];
            return document.elementFromPoint(...middle) ? middle : null;"
        );
        let middle = serde_json::from_value(self.run(&script).await);
        middle.unwrap_or_else(|_| panic!("{element} is not in the window"))
    }

    /// Presses a key, wherever the focus is.
    pub async fn press(&self, key: char) {
        let keys = KeyActions::new("keyboard".to_owned());
        let keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Presses a key while another one is held.
    pub async fn press_with(&self, modifier: char, key: char) {
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: modifier })
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key })
            .then(KeyAction::Up { value: modifier });
        self.client.perform_actions(keys).await.unwrap();
    }

    pub async fn type_text(&self, text: &str) {
        for key in text.chars() {
            self.press(key).await;
        }
    }
}
