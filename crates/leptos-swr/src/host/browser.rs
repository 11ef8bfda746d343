//! The browser's window.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use any_spawner::Executor;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventTarget, Window};

use super::{Host, HostEvent, Listener, Task};

/// The browser's window as a [`Host`].
///
/// `navigator.onLine` is not read, because it is unreliable (<https://crbug.com/678075>). As in swr, the page
/// is assumed to be online until an `offline` event.
pub struct Browser {
    state: Rc<State>,
}

struct State {
    online: Cell<bool>,
    last_timer: Cell<u64>,
    /// Running timers.
    timers: RefCell<Vec<Timer>>,
}

struct Timer {
    id: u64,
    /// Handle of the timer in the window.
    handle: i32,
    _closure: Closure<dyn FnMut()>,
}

impl State {
    fn take_timer(&self, id: u64) -> Option<Timer> {
        let mut timers = self.timers.borrow_mut();
        let index = timers.iter().position(|known| known.id == id)?;
        Some(timers.swap_remove(index))
    }
}

impl Browser {
    /// The window of this page. Without one (on a server) the host is visible and online, and never calls
    /// back.
    pub fn new() -> Self {
        Self {
            state: Rc::new(State {
                online: Cell::new(true),
                last_timer: Cell::new(0),
                timers: RefCell::default(),
            }),
        }
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for Browser {
    fn now_ms(&self) -> u64 {
        window().and_then(|window| window.performance()).map_or(0, |performance| performance.now() as u64)
    }

    fn wall_clock_ms(&self) -> u64 {
        if cfg!(target_arch = "wasm32") { js_sys::Date::now() as u64 } else { 0 }
    }

    fn set_timer(&self, delay_ms: u64, run: Box<dyn FnOnce()>) -> u64 {
        let Some(window) = window() else { return 0 };
        let (state, id) = (self.state.clone(), self.state.last_timer.get() + 1);
        self.state.last_timer.set(id);
        let mut run = Some(run);
        let closure = Closure::<dyn FnMut()>::new(move || {
            // Kept alive until its end, because a closure must not be dropped while it runs.
            let _timer = state.take_timer(id);
            if let Some(run) = run.take() {
                run();
            }
        });
        // setTimeout takes 32 bits; a longer delay would fire at once.
        let delay = i32::try_from(delay_ms).unwrap_or(i32::MAX);
        let callback = closure.as_ref().unchecked_ref();
        let handle =
            window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, delay).unwrap_or(0);
        self.state.timers.borrow_mut().push(Timer { id, handle, _closure: closure });
        id
    }

    fn clear_timer(&self, timer: u64) {
        if let (Some(timer), Some(window)) = (self.state.take_timer(timer), window()) {
            window.clear_timeout_with_handle(timer.handle);
        }
    }

    fn spawn(&self, task: Task) {
        Executor::spawn_local(task);
    }

    fn is_online(&self) -> bool {
        self.state.online.get()
    }

    fn is_visible(&self) -> bool {
        let document = window().and_then(|window| window.document());
        document.is_none_or(|document| !document.hidden())
    }

    fn random(&self) -> f64 {
        if cfg!(target_arch = "wasm32") { js_sys::Math::random() } else { 0.5 }
    }

    fn listen(&self, listener: Listener) -> Box<dyn Any> {
        let Some(window) = window() else { return Box::new(()) };
        let heard = |event: HostEvent| {
            let (listener, state) = (listener.clone(), self.state.clone());
            Closure::<dyn FnMut()>::new(move || {
                match event {
                    HostEvent::Online => state.online.set(true),
                    HostEvent::Offline => state.online.set(false),
                    HostEvent::Focus => {}
                }
                listener(event);
            })
        };
        let mut listening = Vec::new();
        if let Some(document) = window.document() {
            listening.push(Listening::new(document.into(), "visibilitychange", heard(HostEvent::Focus)));
        }
        for (name, event) in
            [("focus", HostEvent::Focus), ("online", HostEvent::Online), ("offline", HostEvent::Offline)]
        {
            listening.push(Listening::new(window.clone().into(), name, heard(event)));
        }
        Box::new(listening)
    }
}

/// A listener that is removed on drop.
struct Listening {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut()>,
}

impl Listening {
    fn new(target: EventTarget, name: &'static str, closure: Closure<dyn FnMut()>) -> Self {
        // Fails only for a malformed listener, which a closure is not.
        let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        Self { target, name, closure }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let callback = self.closure.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.name, callback);
    }
}

/// The window, if this is a page.
fn window() -> Option<Window> {
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    js_sys::global().dyn_into::<Window>().ok()
}
