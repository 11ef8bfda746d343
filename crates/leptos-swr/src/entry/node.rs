//! The part of an entry that is the same for all types of data.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use reactive_graph::graph::untrack;

use super::watched::StatusSignals;
use crate::host::Host;
use crate::machine::{Effect, Event, Machine, Notice, Now, Timer, WatcherId};
use crate::options::Config;
use crate::request::Request;

/// State shared by all entries of a cache.
pub(crate) struct Shared {
    pub host: Rc<dyn Host>,
    pub config: Config,
    /// Calls the listeners registered before it, too: most caches have none.
    pub on_commit: RefCell<Option<CommitListener>>,
    pub next_watcher: Cell<WatcherId>,
    #[cfg(feature = "devtools")]
    pub key_texts: crate::devtools::KeyTexts,
}

/// Called for each entry whose data has changed.
pub(crate) type CommitListener = Rc<dyn Fn(&dyn Node)>;

impl Shared {
    pub fn new(host: Rc<dyn Host>, config: Config) -> Self {
        Self {
            host,
            config,
            on_commit: RefCell::default(),
            next_watcher: Cell::new(0),
            #[cfg(feature = "devtools")]
            key_texts: Default::default(),
        }
    }

    pub fn committed(&self, node: &dyn Node) {
        #[cfg(feature = "devtools")]
        node.core().traced.written_ms.set(Some(self.host.now_ms()));
        // A separate statement, because a listener may register another one.
        let listener = self.on_commit.borrow().clone();
        if let Some(listener) = listener {
            listener(node);
        }
    }
}

/// The part of an entry that is the same for all types.
pub(crate) struct Core {
    pub shared: Rc<Shared>,
    pub key: Box<dyn Any>,
    pub idle_since_ms: Cell<Option<u64>>,
    pub status: StatusSignals,
    pub machine: RefCell<Machine>,
    pub request: RefCell<Option<(u64, Rc<Request>)>>,
    timers: [Cell<Option<u64>>; 3],
    queue: RefCell<Vec<Effect>>,
    is_draining: Cell<bool>,
    me: Weak<dyn Node>,
    #[cfg(feature = "devtools")]
    pub traced: crate::devtools::Traced,
}

/// An entry of any types.
pub(crate) trait Node {
    fn core(&self) -> &Core;
    fn as_any(self: Rc<Self>) -> Rc<dyn Any>;
    fn as_any_ref(&self) -> &dyn Any;
    /// The shortest interval, and whether the first watcher is paused.
    fn refresh_ms_and_paused(&self) -> (u64, bool);
    /// Starts a watcher's fetcher, or takes the preloaded answer.
    fn fetch(self: Rc<Self>, request: u64, watcher: WatcherId);
    fn call(&self, notice: Notice, watcher: WatcherId);
    fn clear(&self, revalidate: bool);
    #[cfg(feature = "devtools")]
    fn has_data_and_error(&self) -> (bool, bool);
    /// Locations of the hooks that show the entry.
    #[cfg(feature = "devtools")]
    fn shown_by(&self) -> Vec<&'static std::panic::Location<'static>>;
}

impl Core {
    pub fn new(
        shared: Rc<Shared>,
        key: Box<dyn Any>,
        me: Weak<dyn Node>,
        #[cfg(feature = "devtools")] traced: crate::devtools::Traced,
    ) -> Self {
        let idle_since_ms = Cell::new(Some(shared.host.now_ms()));
        Self {
            shared,
            key,
            idle_since_ms,
            status: StatusSignals::default(),
            machine: RefCell::default(),
            request: RefCell::default(),
            timers: Default::default(),
            queue: RefCell::default(),
            is_draining: Cell::new(false),
            me,
            #[cfg(feature = "devtools")]
            traced,
        }
    }

    /// Passes an event to the machine, and executes its effects. May be called from anywhere, including
    /// callbacks: then the outer call executes the effects.
    pub fn dispatch(&self, event: Event) {
        let Some(node) = self.me.upgrade() else { return };
        let (refresh_ms, paused) = node.refresh_ms_and_paused();
        let host = &self.shared.host;
        let now = Now {
            ms: host.now_ms(),
            online: host.is_online(),
            visible: host.is_visible(),
            random: host.random(),
            paused,
            refresh_ms,
        };
        let effects = self.machine.borrow_mut().on(now, event);
        self.queue.borrow_mut().extend(effects);
        self.publish();
        if self.is_draining.replace(true) {
            return;
        }
        let mut next = 0;
        loop {
            // A separate statement, because the queue must be free while the effect is executed.
            let effect = self.queue.borrow().get(next).copied();
            let Some(effect) = effect else { break };
            self.perform(&node, effect);
            next += 1;
        }
        self.queue.borrow_mut().clear();
        self.is_draining.set(false);
    }

    fn perform(&self, node: &Rc<dyn Node>, effect: Effect) {
        match effect {
            Effect::Fetch { request, watcher } => node.clone().fetch(request, watcher),
            Effect::Abort { request } => {
                let taken = self.request.borrow_mut().take_if(|(id, _)| *id == request);
                if let Some((_, aborted)) = taken {
                    aborted.abort();
                }
            }
            Effect::SetTimer(timer, after_ms) => {
                self.clear_timer(timer);
                let me = self.me.clone();
                let run = move || {
                    if let Some(node) = me.upgrade() {
                        node.core().timers[timer as usize].set(None);
                        node.core().dispatch(Event::Timer(timer));
                    }
                };
                self.timers[timer as usize].set(Some(self.shared.host.set_timer(after_ms, Box::new(run))));
            }
            Effect::ClearTimer(timer) => self.clear_timer(timer),
            Effect::Call(notice, watcher) => untrack(|| node.call(notice, watcher)),
        }
    }

    fn clear_timer(&self, timer: Timer) {
        if let Some(set) = self.timers[timer as usize].take() {
            self.shared.host.clear_timer(set);
        }
    }

    fn publish(&self) {
        let status = self.machine.borrow().status();
        let parts = &self.status;
        parts.is_validating.set_if_changed(status.is_validating);
        parts.is_loading.set_if_changed(status.is_loading);
        parts.is_paused.set_if_changed(status.is_paused);
        parts.retry.set_if_changed(status.retry);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        for timer in [Timer::Slow, Timer::Retry, Timer::Poll] {
            self.clear_timer(timer);
        }
    }
}
