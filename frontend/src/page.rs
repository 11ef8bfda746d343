//! Duties of each page: the document's title, the focus after navigation, and parts of HTML in index.html.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTemplateElement};

use crate::reactive::effect;

/// Number of pages opened since the document was loaded.
#[derive(Clone, Copy)]
struct Visits(StoredValue<u32>);

/// Counts the pages that are opened.
pub fn provide_visits() {
    provide_context(Visits(StoredValue::new(0)));
}

/// Sets the document's title, and focuses the heading when `place` changes, as browsers do when loading a
/// page.
pub fn use_page(title: impl Fn() -> String + 'static, place: impl Fn() -> String + 'static) {
    effect(move || document().set_title(&format!("{} · Calls", title())));
    let visits = use_context::<Visits>();
    let mut last = None;
    effect(move || {
        let place = Some(place());
        if last != place
            && let Some(Visits(count)) = visits
        {
            let is_first = count.get_value() == 0;
            count.update_value(|count| *count += 1);
            if !is_first {
                focus(document().query_selector("h1").ok().flatten());
            }
        }
        last = place;
    });
}

/// Focuses an element, if it exists and can be focused.
pub fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot be focused leaves the focus unchanged.
        element.focus().unwrap_or_default();
    }
}

/// The HTML of a template of index.html.
pub fn template(id: &str) -> String {
    document().get_element_by_id(id).map(|template| template.inner_html()).unwrap_or_default()
}

/// The text of an element of a template.
pub fn template_text(id: &str, selector: &str) -> String {
    let template = document().get_element_by_id(id).and_then(|template| template.dyn_into().ok());
    let part =
        template.and_then(|template: HtmlTemplateElement| template.content().query_selector(selector).ok());
    let text = part.flatten().and_then(|part| part.text_content()).unwrap_or_default();
    text.trim().to_owned()
}

/// The first element inside another one that matches a selector.
pub fn find(element: &Element, selector: &str) -> Option<Element> {
    element.query_selector(selector).ok().flatten()
}

/// Replaces the HTML inside an element. The focus moves to the element with the same `data-key`, or one whose
/// key begins alike. Returns whether the focus was inside and is lost.
pub fn replace(element: &Element, html: &str) -> bool {
    let focused = document().active_element().filter(|focused| element.contains(Some(focused)));
    let key = focused.as_ref().and_then(|focused| focused.get_attribute("data-key"));
    element.set_inner_html(html);
    let Some(key) = key else { return focused.is_some() };
    let group = key.split(' ').next().unwrap_or_default();
    let next = find(element, &format!("[data-key=\"{key}\"]"))
        .or_else(|| find(element, &format!("[data-key^=\"{group} \"]")));
    let is_lost = next.is_none();
    focus(next);
    is_lost
}
