//! The page at `/` as a person uses it.

use super::chromium::Chromium;
use super::tab::{ENTER, Tab};

/// The tab.
pub struct HomePage {
    pub tab: Tab,
}

impl HomePage {
    pub async fn open(chromium: &Chromium, address: &str) -> Self {
        let tab = Tab::open(chromium, address, "/").await;
        tab.wait_for("document.querySelector('main.home #number')").await;
        Self { tab }
    }

    /// Types a number into the field, after what is there.
    pub async fn type_number(&self, number: &str) {
        self.tab.click("#number").await;
        self.tab.type_text(number).await;
    }

    /// Types a number and presses Enter.
    pub async fn ask_for(&self, number: &str) {
        self.type_number(number).await;
        self.tab.press(ENTER).await;
    }

    /// Waits for the message about the typed text; empty if it is valid.
    pub async fn wait_for_error(&self, part: &str) {
        self.tab
            .wait_for(&format!("document.querySelector('#number-error').innerText.includes({part:?})"))
            .await;
    }

    /// The numbers that were looked at last.
    pub async fn recent(&self) -> Vec<String> {
        self.tab
            .strings("return [...document.querySelectorAll('.recent li')].map(item => item.innerText)")
            .await
    }

    pub async fn clear_recent(&self) {
        self.tab.click(".recent button").await;
        self.tab.wait_for("!document.querySelector('.recent')").await;
    }
}
