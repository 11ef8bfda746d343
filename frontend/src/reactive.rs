//! Effects, memos and texts of views. Leptos compiles its own for each closure, with code that is larger than
//! most closures; these are compiled once per type of value.

use leptos::prelude::*;

/// Like [`Effect::new`]. State between runs is kept in the closure.
pub fn effect(run: impl FnMut() + 'static) {
    fn start(mut run: Box<dyn FnMut()>) {
        Effect::new(move |_| run());
    }
    start(Box::new(run));
}

/// Like [`Memo::new`], for a value that does not depend on the previous one.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn new<T: PartialEq + Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
        Memo::new(move |_| value())
    }
    new(Box::new(value))
}

/// A reactive text or attribute of a view.
pub fn text(text: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    Signal::derive(text)
}
