//! Effects, memos and texts of views. Leptos compiles its own anew for each closure, with machinery that is
//! larger than most closures; these are compiled once for each type of value.

use leptos::prelude::*;

/// [`Effect::new`]. What the effect keeps from one run to the next is in its closure.
pub fn effect(run: impl FnMut() + 'static) {
    fn start(mut run: Box<dyn FnMut()>) {
        Effect::new(move |_| run());
    }
    start(Box::new(run));
}

/// [`Memo::new`], of a value that does not depend on the one before.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn new<T: PartialEq + Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
        Memo::new(move |_| value())
    }
    new(Box::new(value))
}

/// A text or attribute of a view that changes.
pub fn text(text: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    Signal::derive(text)
}
