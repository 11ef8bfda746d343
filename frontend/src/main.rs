//! The page at `/calls/<number>`: the call history of a number, in the browser.
//!
//! In reading order:
//!
//! - [`app`]: the routes, below [`base_path`]. [`home`] asks for a number, [`calls`] shows its history.
//! - [`api`]: the Calls API over HTTP, with its errors told apart. [`path`]: addresses of pages and
//!   resources.
//! - [`filter`]: which calls are shown. [`day`]: the calendar. Both are of the contract, as the server reads
//!   addresses too.
//! - [`html`](mod@html): HTML that is written as text. [`intl`]: what the browser knows of
//!   languages, zones and countries.
//! - [`script`]: texts and rows, which the page's scripts write.
//! - [`recent`]: the numbers looked at last. [`focus`]: where the focus goes.
//! - [`number_form`], [`message`], [`icon`], [`page`]: what the pages share.
//! - [`reactive`]: effects and memos of all of it.

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
        // The skeleton of index.html goes and the page comes in one task, so nothing blank is painted
        // between.
        root.set_inner_html("");
        mount_to(root, app::App).forget();
    });
}
