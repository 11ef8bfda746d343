//! What each page does for its readers: its title in the tab, and the focus on its heading when one comes
//! from another page.

use leptos::html::H1;
use leptos::prelude::*;

/// How many pages have been opened since the browser loaded this one.
#[derive(Clone, Copy)]
struct Visits(StoredValue<u32>);

/// Counts the pages that are opened below.
pub fn provide_visits() {
    provide_context(Visits(StoredValue::new(0)));
}

/// Keeps the document's title, and moves the focus to the heading when `place` changes: the browser does
/// both for a page that it loads itself. Returns the reference that the heading must take.
pub fn use_page<P: PartialEq + 'static>(
    title: impl Fn() -> String + 'static,
    place: impl Fn() -> P + 'static,
) -> NodeRef<H1> {
    let heading = NodeRef::<H1>::new();
    Effect::new(move |_| document().set_title(&format!("{} · Calls", title())));
    let visits = use_context::<Visits>();
    Effect::new(move |last: Option<P>| {
        let place = place();
        if last.is_none_or(|last| last != place)
            && let Some(Visits(count)) = visits
        {
            let is_first = count.get_value() == 0;
            count.update_value(|count| *count += 1);
            if !is_first && let Some(heading) = heading.get_untracked() {
                heading.focus().unwrap_or_default();
            }
        }
        place
    });
    heading
}
