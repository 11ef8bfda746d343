//! One key's data, error and state, shared by all who use the key.
//!
//! [`Entry`] is the handle: what it does to the cache does not depend on any hook. Inside, a
//! [`Machine`] decides what happens next, and this module does it. Nothing is borrowed while code of the
//! app runs (fetchers, callbacks, effects), so that code may do anything to the cache.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use reactive_graph::graph::untrack;
use reactive_graph::signal::ArcTrigger;
use reactive_graph::traits::{Notify as _, Track};

use crate::host::Host;
use crate::machine::{Effect, Event, Machine, Notice, Now, Retry, Timer, WatcherId, Worth};
use crate::options::{Config, MutateOptions, Options, millis};
use crate::request::{Reply, Request};
use crate::value::Value;

/// Future of a fetcher.
pub(crate) type Answer<T, E> = Pin<Box<dyn Future<Output = Result<T, E>>>>;

/// Fetcher of an entry.
pub(crate) type Fetch<T, E> = Rc<dyn Fn() -> Answer<T, E>>;

/// State shared by all entries of a cache.
pub(crate) struct Shared {
    pub host: Rc<dyn Host>,
    pub config: Config,
    pub on_commit: RefCell<Vec<CommitListener>>,
    next_watcher: Cell<WatcherId>,
}

/// Hears of each entry whose data has changed.
pub(crate) type CommitListener = Rc<dyn Fn(&dyn Node)>;

impl Shared {
    pub fn new(host: Rc<dyn Host>, config: Config) -> Self {
        Self { host, config, on_commit: RefCell::default(), next_watcher: Cell::new(0) }
    }

    fn committed(&self, node: &dyn Node) {
        let listener_at = |index: usize| self.on_commit.borrow().get(index).cloned();
        let mut index = 0;
        while let Some(listener) = listener_at(index) {
            listener(node);
            index += 1;
        }
    }
}

/// The part of an entry that is the same for all types.
pub(crate) struct Core {
    pub shared: Rc<Shared>,
    pub key: Box<dyn Any>,
    pub idle_since_ms: Cell<Option<u64>>,
    pub status: StatusSignals,
    machine: RefCell<Machine>,
    request: RefCell<Option<(u64, Rc<Request>)>>,
    timers: [Cell<Option<u64>>; 3],
    queue: RefCell<Vec<Effect>>,
    is_draining: Cell<bool>,
    me: Weak<dyn Node>,
}

/// An entry, whatever its types.
pub(crate) trait Node {
    fn core(&self) -> &Core;
    fn as_any(self: Rc<Self>) -> Rc<dyn Any>;
    fn as_any_ref(&self) -> &dyn Any;
    /// The shortest interval and the first watcher's pause, as they are now.
    fn refresh_ms_and_paused(&self) -> (u64, bool);
    /// Starts a watcher's fetcher (or takes what was preloaded).
    fn fetch(self: Rc<Self>, request: u64, watcher: WatcherId);
    fn call(&self, notice: Notice, watcher: WatcherId);
    fn clear(&self, revalidate: bool);
}

impl Core {
    /// Lets the machine decide, and does what it says. May be called from anywhere, callbacks included:
    /// then the outer call does the work in its turn.
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
            // A statement of its own: the queue must be free while the effect is carried out.
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

/// The machine's [`crate::machine::Status`], each part for itself, so that a part moves only those who look
/// at it.
#[derive(Default)]
pub(crate) struct StatusSignals {
    pub is_validating: Watched<bool>,
    pub is_loading: Watched<bool>,
    pub is_paused: Watched<bool>,
    pub retry: Watched<Option<Retry>>,
}

/// A value and a trigger of its changes: a signal that stays on its thread, and much smaller in the
/// WebAssembly than one that could leave it.
pub(crate) struct Watched<V> {
    value: RefCell<V>,
    changed: ArcTrigger,
}

impl<V: Default> Default for Watched<V> {
    fn default() -> Self {
        Self { value: RefCell::default(), changed: ArcTrigger::new() }
    }
}

impl<V: Clone> Watched<V> {
    /// The value, tracked.
    pub fn get(&self) -> V {
        self.changed.track();
        self.get_untracked()
    }

    pub fn get_untracked(&self) -> V {
        self.value.borrow().clone()
    }

    pub fn set(&self, value: V) {
        // The old value is dropped outside the borrow: its drop may reach for this.
        drop(self.value.replace(value));
        self.changed.notify();
    }
}

impl<V: Clone + PartialEq> Watched<V> {
    /// Sets it where the value is another.
    pub fn set_if_changed(&self, value: V) {
        let is_same = *self.value.borrow() == value;
        if !is_same {
            self.set(value);
        }
    }
}

impl<V> Watched<Option<V>> {
    pub fn is_some(&self) -> bool {
        self.value.borrow().is_some()
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        for timer in [Timer::Slow, Timer::Retry, Timer::Poll] {
            self.clear_timer(timer);
        }
    }
}

/// What an entry asks of a hook that shows it.
pub(crate) trait Shows<T, E> {
    /// The options as they are now.
    fn options(&self) -> Rc<Options<T, E>>;
    /// Drops the data kept of the key before.
    fn forget(&self);
}

/// A hook that shows an entry.
pub(crate) struct Watcher<T, E> {
    /// `None`: the hook shows what others put there.
    pub fetch: Option<Fetch<T, E>>,
    pub hook: Rc<dyn Shows<T, E>>,
}

/// Closes a source.
pub(crate) type Close = Box<dyn FnOnce()>;

/// An entry with its data.
pub(crate) struct Inner<T, E> {
    pub core: Core,
    pub data: Watched<Option<T>>,
    pub error: Watched<Option<E>>,
    /// The data before the optimistic data of a running mutation.
    committed: RefCell<Option<Option<T>>>,
    watchers: RefCell<Vec<(WatcherId, Watcher<T, E>)>>,
    preloaded: RefCell<Option<Answer<T, E>>>,
    /// The source that pushes into this entry, and how many hooks use it.
    pub source: RefCell<(usize, Option<Close>)>,
}

impl<T, E> Node for Inner<T, E>
where
    T: Value,
    E: Value,
{
    fn core(&self) -> &Core {
        &self.core
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }

    fn as_any_ref(&self) -> &dyn Any {
        self
    }

    fn refresh_ms_and_paused(&self) -> (u64, bool) {
        let (mut shortest, mut is_paused, mut index) = (0, false, 0);
        while let Some(options) = self.options_at(index) {
            let by = options.refresh_interval_by.as_ref();
            let interval = by.map_or(options.config.refresh_interval, |by| {
                untrack(|| by(self.data.get_untracked().as_ref()))
            });
            let ms = millis(interval);
            if shortest == 0 || (ms > 0 && ms < shortest) {
                shortest = ms;
            }
            if let (0, Some(decide)) = (index, &options.is_paused) {
                is_paused = untrack(|| decide());
            }
            index += 1;
        }
        (shortest, is_paused)
    }

    fn fetch(self: Rc<Self>, request: u64, watcher: WatcherId) {
        let is_live = || self.core.machine.borrow().live_request() == Some(request);
        let fetch = self.watcher(watcher, |watcher| watcher.fetch.clone()).flatten();
        let (true, Some(fetch)) = (is_live(), fetch) else { return };
        let handle = Rc::new(Request::default());
        let preloaded = self.preloaded.take();
        let answer = preloaded.unwrap_or_else(|| handle.enter(|| untrack(|| fetch())));
        if !is_live() {
            return;
        }
        let me = Rc::downgrade(&self);
        let task = handle.clone().run(Box::pin(async move {
            let answer = answer.await;
            if let Some(entry) = me.upgrade() {
                entry.answer(request, answer);
            }
        }));
        self.core.request.replace(Some((request, handle)));
        self.core.shared.host.spawn(task);
    }

    fn call(&self, notice: Notice, watcher: WatcherId) {
        let Some(options) = self.watcher(watcher, |watcher| watcher.hook.options()) else { return };
        match notice {
            Notice::Success => {
                if let (Some(call), Some(data)) = (&options.on_success, self.data.get_untracked()) {
                    call(&data);
                }
            }
            Notice::Error => {
                if let (Some(call), Some(error)) = (&options.on_error, self.error.get_untracked()) {
                    call(&error);
                }
            }
            Notice::LoadingSlow => options.on_loading_slow.iter().for_each(|call| call()),
            Notice::Discarded => options.on_discarded.iter().for_each(|call| call()),
        }
    }

    fn clear(&self, revalidate: bool) {
        drop(self.preloaded.take());
        drop(self.committed.take());
        let hook_at = |index: usize| self.watchers.borrow().get(index).map(|(_, known)| known.hook.clone());
        let mut index = 0;
        while let Some(hook) = hook_at(index) {
            hook.forget();
            index += 1;
        }
        // Set even where there was nothing: a hook may show what another key left.
        self.data.set(None);
        self.error.set(None);
        self.core.shared.committed(self);
        self.core.dispatch(Event::Clear { revalidate });
    }
}

impl<T, E> Inner<T, E>
where
    T: Value,
    E: Value,
{
    pub fn new(shared: Rc<Shared>, key: Box<dyn Any>) -> Rc<Self> {
        let now_ms = shared.host.now_ms();
        Rc::new_cyclic(|me: &Weak<Self>| Self {
            core: Core {
                shared,
                key,
                idle_since_ms: Cell::new(Some(now_ms)),
                status: StatusSignals::default(),
                machine: RefCell::default(),
                request: RefCell::default(),
                timers: Default::default(),
                queue: RefCell::default(),
                is_draining: Cell::new(false),
                me: me.clone() as Weak<dyn Node>,
            },
            data: Watched::default(),
            error: Watched::default(),
            committed: RefCell::new(None),
            watchers: RefCell::default(),
            preloaded: RefCell::default(),
            source: RefCell::default(),
        })
    }

    /// A hook begins to show this entry.
    pub fn mount(&self, watcher: Watcher<T, E>, is_initial: bool) -> WatcherId {
        let id = self.core.shared.next_watcher.get() + 1;
        self.core.shared.next_watcher.set(id);
        let options = watcher.hook.options();
        let fetches = watcher.fetch.is_some();
        self.watchers.borrow_mut().push((id, watcher));
        self.core.idle_since_ms.set(None);
        let shows_data = options.fallback_data.is_some() || self.data.is_some();
        self.core.dispatch(Event::Mount {
            watcher: id,
            config: options.config,
            fetches,
            shows_data,
            is_initial,
        });
        id
    }

    /// A hook leaves.
    pub fn unmount(&self, watcher: WatcherId) {
        self.watchers.borrow_mut().retain(|(id, _)| *id != watcher);
        if self.watchers.borrow().is_empty() {
            self.core.idle_since_ms.set(Some(self.core.shared.host.now_ms()));
        }
        self.core.dispatch(Event::Unmount { watcher });
    }

    /// A hook's options have changed.
    pub fn configure(&self, hook: &Rc<dyn Shows<T, E>>) {
        let known =
            self.watchers.borrow().iter().find(|(_, known)| Rc::ptr_eq(&known.hook, hook)).map(|(id, _)| *id);
        if let Some(watcher) = known {
            let config = hook.options().config;
            self.core.dispatch(Event::Configure { watcher, config });
        }
    }

    /// A part of this watcher.
    fn watcher<R>(&self, watcher: WatcherId, part: impl FnOnce(&Watcher<T, E>) -> R) -> Option<R> {
        self.watchers.borrow().iter().find(|(id, _)| *id == watcher).map(|(_, known)| part(known))
    }

    /// The options of one hook; the first comes first.
    fn options_at(&self, index: usize) -> Option<Rc<Options<T, E>>> {
        self.watchers.borrow().get(index).map(|(_, known)| known.hook.options())
    }

    /// Takes a fetcher's answer for what it is worth.
    fn answer(&self, request: u64, answer: Result<T, E>) {
        let worth = self.core.machine.borrow().worth(request);
        match (worth, answer) {
            (Worth::Gone, _) => {}
            (Worth::Overtaken, _) => self.core.dispatch(Event::Overtaken { request }),
            (Worth::Taken, Ok(data)) => {
                drop(self.committed.take());
                self.set_data(Some(data));
                self.set_error(None);
                self.core.dispatch(Event::Answered { request });
            }
            (Worth::Taken, Err(error)) => {
                let (_, paused) = self.refresh_ms_and_paused();
                let options = self.options_at(0);
                let retry = options.is_some_and(|options| match &options.should_retry_by {
                    Some(decide) => untrack(|| decide(&error)),
                    None => options.config.should_retry_on_error,
                });
                if !paused {
                    self.set_error(Some(error));
                }
                self.core.dispatch(Event::Failed { request, shown: !paused, retry });
            }
        }
    }

    /// Writes data; equal data keeps its identity and moves nobody.
    fn set_data(&self, data: Option<T>) {
        let old = self.data.get_untracked();
        let first = self.options_at(0);
        let compare = first.as_ref().and_then(|first| first.compare.clone());
        let is_same = match (&old, &data, compare) {
            (Some(old), Some(data), Some(compare)) => untrack(|| compare(old, data)),
            _ => old == data,
        };
        if is_same {
            return;
        }
        let reconcile = first.and_then(|first| first.reconcile.clone());
        let data = match (&old, data, reconcile) {
            (Some(old), Some(data), Some(reconcile)) => Some(untrack(|| reconcile(old, data))),
            (_, data, _) => data,
        };
        if old.is_none() && self.is_fallback(data.as_ref()) {
            drop(self.data.value.replace(data));
        } else {
            self.data.set(data);
        }
        self.core.shared.committed(self);
    }

    /// Whether every hook shows this already, as its fallback.
    fn is_fallback(&self, data: Option<&T>) -> bool {
        let watchers = self.watchers.borrow();
        let shows = |options: &Options<T, E>| {
            !options.config.keep_previous_data && options.fallback_data.as_ref() == data
        };
        !watchers.is_empty() && watchers.iter().all(|(_, known)| shows(&known.hook.options()))
    }

    pub fn set_error(&self, error: Option<E>) {
        self.error.set_if_changed(error);
    }

    /// Writes data as it is, and tells the machine.
    pub fn write(&self, data: Option<T>) {
        self.set_data(data);
        self.written();
    }

    pub fn written(&self) {
        self.core.dispatch(Event::Written { has_data: self.data.is_some(), has_error: self.error.is_some() });
    }

    fn is_newest(&self, mutation: u64) -> bool {
        self.core.machine.borrow().is_newest_mutation(mutation)
    }

    /// The data without what mutations under way only hope for.
    fn committed_data(&self) -> Option<T> {
        let committed = self.committed.borrow().clone();
        committed.unwrap_or_else(|| self.data.get_untracked())
    }

    fn end_mutation(&self, mutation: u64, revalidate: bool) {
        self.core.dispatch(Event::MutationEnded { mutation });
        if revalidate {
            self.invalidate();
        }
        if self.core.machine.borrow().live_request().is_none() {
            drop(self.committed.take());
        }
    }

    /// Marks the data as stale: it is fetched again now if a hook watches it, else once one does.
    pub fn invalidate(&self) {
        drop(self.preloaded.take());
        self.core.dispatch(Event::Revalidate);
    }
}

/// One key of the cache, whether or not a hook shows it. Clones are the same entry.
pub struct Entry<T, E>(pub(crate) Rc<Inner<T, E>>);

impl<T, E> Clone for Entry<T, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T, E> PartialEq for Entry<T, E> {
    /// The same entry, not the same data.
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T, E> Entry<T, E>
where
    T: Value,
    E: Value,
{
    /// The data as it is now. Not tracked.
    pub fn data(&self) -> Option<T> {
        self.0.data.get_untracked()
    }

    /// The error as it is now. Not tracked.
    pub fn error(&self) -> Option<E> {
        self.0.error.get_untracked()
    }

    /// The key, if it is of this type.
    pub fn key<K: Clone + 'static>(&self) -> Option<K> {
        self.0.core.key.downcast_ref::<K>().cloned()
    }

    /// Fetches again, whatever was fetched a moment ago. Without a hook that shows the entry, the next one
    /// that does will fetch. As swr's `mutate()` without data.
    pub fn revalidate(&self) {
        self.0.invalidate();
    }

    /// Writes data (`None`: none) and drops the error. Answers of requests in flight no longer count.
    pub fn set(&self, data: Option<T>) {
        self.write_by(|_| data, false);
    }

    /// As [`Entry::set`], and fetches again.
    pub fn set_and_revalidate(&self, data: Option<T>) {
        self.write_by(|_| data, true);
    }

    /// As [`Entry::set`], with data made from the committed data.
    pub fn update(&self, change: impl FnOnce(Option<&T>) -> Option<T>) {
        self.write_by(change, false);
    }

    /// As [`Entry::update`], and fetches again.
    pub fn update_and_revalidate(&self, change: impl FnOnce(Option<&T>) -> Option<T>) {
        self.write_by(change, true);
    }

    fn write_by(&self, change: impl FnOnce(Option<&T>) -> Option<T>, revalidate: bool) {
        let entry = &self.0;
        let mutation = entry.core.machine.borrow_mut().begin_mutation();
        let data = untrack(|| change(entry.committed_data().as_ref()));
        if entry.is_newest(mutation) {
            drop(entry.committed.take());
            entry.set_error(None);
            entry.write(data);
            entry.end_mutation(mutation, revalidate);
        }
    }

    /// Does some work elsewhere (a POST, say) and takes its answer into the cache.
    ///
    /// The work runs to its end whether or not the reply is awaited. While it runs, the entry shows the
    /// optimistic data of the options, if any; when it fails, the committed data. A mutation that begins
    /// later makes this one's answer worthless for the cache, and so does emptying the cache. The reply is
    /// the work's own result in any case.
    pub fn mutate<R: 'static>(
        &self,
        work: impl Future<Output = Result<R, E>> + 'static,
        options: MutateOptions<T, R, E>,
    ) -> Reply<Result<R, E>> {
        let entry = self.0.clone();
        let mutation = entry.core.machine.borrow_mut().begin_mutation();
        let (shown, committed) = (entry.data.get_untracked(), entry.committed_data());
        if let Some(optimistic) = &options.optimistic_data {
            let data = untrack(|| optimistic(committed.as_ref(), shown.as_ref()));
            entry.committed.replace(Some(committed.clone()));
            entry.write(Some(data));
        }
        let (reply, send) = Reply::new();
        let host = entry.core.shared.host.clone();
        host.spawn(Box::pin(async move {
            let result = work.await;
            if entry.is_newest(mutation) {
                untrack(|| entry.take_result(mutation, &result, committed, &options));
            }
            send(result);
        }));
        reply
    }
}

impl<T, E> Inner<T, E>
where
    T: Value,
    E: Value,
{
    /// Writes what a mutation's work has brought, and ends the mutation.
    fn take_result<R>(
        &self,
        mutation: u64,
        result: &Result<R, E>,
        committed: Option<T>,
        options: &MutateOptions<T, R, E>,
    ) {
        match (result, &options.populate_cache) {
            (Ok(answer), Some(populate)) => {
                let data = populate(answer, committed.as_ref());
                if !self.is_newest(mutation) {
                    return;
                }
                drop(self.committed.take());
                self.set_error(None);
                self.write(data);
            }
            (Err(error), _) if options.optimistic_data.is_some() => {
                let decide = options.rollback_by.as_ref();
                if decide.map_or(options.rollback_on_error, |decide| decide(error)) {
                    drop(self.committed.take());
                    self.write(committed);
                }
            }
            _ => {}
        }
        let by = options.revalidate_by.as_ref();
        let revalidate = by.map_or(options.revalidate, |by| by(self.data.get_untracked().as_ref()));
        self.end_mutation(mutation, revalidate);
    }

    /// Takes the preloaded answer, if it is still unused.
    pub fn take_preloaded(&self) -> Option<Answer<T, E>> {
        self.preloaded.take()
    }

    /// Starts a fetcher before anybody watches. The answer is kept for the first request of a watcher.
    pub fn preload(&self, fetch: impl FnOnce() -> Answer<T, E>) {
        if self.preloaded.borrow().is_some() {
            return;
        }
        let answer = untrack(fetch);
        let (reply, send) = Reply::new();
        self.preloaded.replace(Some(Box::pin(reply)));
        self.core.shared.host.spawn(Box::pin(async move { send(answer.await) }));
    }
}
