//! An entry with its data: executes the machine's decisions.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use reactive_graph::graph::untrack;

use super::node::{Core, Node, Shared};
use super::watched::Watched;
use crate::machine::{Event, Notice, WatcherId, Worth};
use crate::options::{MutateOptions, Options, millis};
use crate::request::{Reply, Request};
use crate::value::Value;

/// Future of a fetcher.
pub(crate) type Answer<T, E> = Pin<Box<dyn Future<Output = Result<T, E>>>>;

/// Fetcher of an entry.
pub(crate) type Fetch<T, E> = Rc<dyn Fn() -> Answer<T, E>>;
/// A hook that shows an entry, as seen by the entry.
pub(crate) trait Shows<T, E> {
    /// The current options.
    fn options(&self) -> Rc<Options<T, E>>;
    /// Drops the data kept of the previous key.
    fn forget(&self);
    /// Location of the hook.
    #[cfg(feature = "devtools")]
    fn location(&self) -> &'static std::panic::Location<'static>;
}

/// A hook that shows an entry.
pub(crate) struct Watcher<T, E> {
    /// `None` if the hook only shows data that others store.
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
    pub committed: RefCell<Option<Option<T>>>,
    watchers: RefCell<Vec<(WatcherId, Watcher<T, E>)>>,
    preloaded: RefCell<Option<Answer<T, E>>>,
    /// The source that pushes into this entry, and the number of hooks that use it.
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

    #[cfg(feature = "devtools")]
    fn has_data_and_error(&self) -> (bool, bool) {
        (self.data.is_some(), self.error.is_some())
    }

    #[cfg(feature = "devtools")]
    fn shown_by(&self) -> Vec<&'static std::panic::Location<'static>> {
        self.watchers.borrow().iter().map(|(_, watcher)| watcher.hook.location()).collect()
    }

    fn clear(&self, revalidate: bool) {
        drop(self.preloaded.take());
        drop(self.committed.take());
        let mut index = 0;
        while let Some(hook) = self.hook_at(index) {
            hook.forget();
            index += 1;
        }
        // Set even if it was empty: a hook may show data left by another key.
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
    pub fn new<K: 'static>(shared: Rc<Shared>, key: K) -> Rc<Self> {
        let key: Box<dyn Any> = Box::new(key);
        Rc::new_cyclic(|me: &Weak<Self>| Self {
            core: Core::new(
                shared,
                key,
                me.clone(),
                #[cfg(feature = "devtools")]
                crate::devtools::Traced::new::<K, T>(),
            ),
            data: Watched::default(),
            error: Watched::default(),
            committed: RefCell::new(None),
            watchers: RefCell::default(),
            preloaded: RefCell::default(),
            source: RefCell::default(),
        })
    }

    /// A hook starts to show this entry.
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

    /// A hook stops showing this entry.
    pub fn unmount(&self, watcher: WatcherId) {
        let is_last = {
            let mut watchers = self.watchers.borrow_mut();
            watchers.retain(|(id, _)| *id != watcher);
            watchers.is_empty()
        };
        if is_last {
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

    /// One of the hooks, in the order in which they began.
    fn hook_at(&self, index: usize) -> Option<Rc<dyn Shows<T, E>>> {
        self.watchers.borrow().get(index).map(|(_, known)| known.hook.clone())
    }

    /// The options of one hook; the first comes first.
    fn options_at(&self, index: usize) -> Option<Rc<Options<T, E>>> {
        self.hook_at(index).map(|hook| hook.options())
    }

    /// Handles a fetcher's answer, depending on its worth.
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

    /// Sets data. Equal data keeps its identity and notifies nobody.
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
            self.data.set_silently(data);
        } else {
            self.data.set(data);
        }
        self.core.shared.committed(self);
    }

    /// Whether every hook already shows this data as its fallback.
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

    /// Writes data, and notifies the machine.
    pub fn write(&self, data: Option<T>) {
        self.set_data(data);
        self.written();
    }

    pub fn written(&self) {
        self.core.dispatch(Event::Written { has_data: self.data.is_some(), has_error: self.error.is_some() });
    }

    pub fn is_newest(&self, mutation: u64) -> bool {
        self.core.machine.borrow().is_newest_mutation(mutation)
    }

    /// The data without optimistic changes of running mutations.
    pub fn committed_data(&self) -> Option<T> {
        let committed = self.committed.borrow().clone();
        committed.unwrap_or_else(|| self.data.get_untracked())
    }

    pub fn end_mutation(&self, mutation: u64, revalidate: bool) {
        self.core.dispatch(Event::MutationEnded { mutation });
        if revalidate {
            self.invalidate();
        }
        if self.core.machine.borrow().live_request().is_none() {
            drop(self.committed.take());
        }
    }

    /// Marks the data as stale: it is fetched again now if a hook watches it, or else when one does.
    pub fn invalidate(&self) {
        drop(self.preloaded.take());
        self.core.dispatch(Event::Revalidate);
    }
}

impl<T, E> Inner<T, E>
where
    T: Value,
    E: Value,
{
    /// Writes the result of a mutation, and ends it.
    pub fn take_result<R>(
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
            (Err(error), _) if options.optimistic_data.is_some() && options.rolls_back(error) => {
                drop(self.committed.take());
                self.write(committed);
            }
            _ => {}
        }
        let revalidate = options.revalidates(self.data.get_untracked().as_ref());
        self.end_mutation(mutation, revalidate);
    }

    /// Takes the preloaded answer, if it is unused.
    pub fn take_preloaded(&self) -> Option<Answer<T, E>> {
        self.preloaded.take()
    }

    /// Starts a fetcher before a hook watches. The answer is kept for the first request.
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
