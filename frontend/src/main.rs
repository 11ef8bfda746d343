//! The page at `/calls/<number>`: the call history of a number, in the browser.
//!
//! In reading order:
//!
//! - [`app`]: the routes, below [`base_path`]. [`home`] asks for a number, [`calls`] shows its history.
//! - [`api`]: the Calls API over HTTP, with its errors. [`path`]: addresses of pages and resources.
//! - [`filter`]: the filter. [`day`]: calendar days. Both are in the contract, because the server parses
//!   addresses too.
//! - [`html`](mod@html): HTML that is written as text. [`intl`]: dates, zones and countries.
//! - [`script`]: functions of the page's scripts, for texts and rows.
//! - [`recent`]: recently visited numbers. [`focus`]: the focus.
//! - [`number_form`], [`message`], [`icon`], [`page`]: shared by the pages.
//! - [`reactive`]: effects and memos.

mod api;
mod app;
mod base_path;
mod calls;
mod focus;
mod home;
mod html;
mod icon;
mod intl;
mod message;
mod number_form;
mod page;
mod path;
mod reactive;
mod recent;
mod script;

use calls_model::{day, filter};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

fn main() {
    let Some(root) = document().get_element_by_id("app").and_then(|root| root.dyn_into().ok()) else {
        return;
    };
    let root: web_sys::HtmlElement = root;
    let base = document().document_element().and_then(|html| html.get_attribute("data-base"));
    path::set_base(base.unwrap_or_default());
    script::when_nothing_is_under_way(move || {
        // The skeleton of index.html is replaced in one task, so that no blank page is painted.
        root.set_inner_html("");
        mount_to(root, app::App).forget();
    });
}
