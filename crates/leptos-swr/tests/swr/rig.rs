//! Fixtures: a world, a cache, an API that answers after a while, and mounted hooks.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;

use leptos_swr::{Cache, Config, Entry, Options, Swr, VirtualHost, use_swr_with};
use reactive_graph::effect::Effect;
use reactive_graph::owner::Owner;
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked};

/// The data of most tests.
pub type Text = Swr<String, String>;

/// Answer of the API.
pub type Answer = Result<String, String>;

/// A virtual world with a cache in it.
pub struct Rig {
    pub host: VirtualHost,
    pub cache: Cache,
    owner: Owner,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        let host = VirtualHost::new();
        let owner = Owner::new();
        owner.set();
        let cache = Cache::new(Rc::new(host.clone()), config).provide();
        Self { host, cache, owner }
    }

    /// Calls hooks in an owner of their own, as a component would.
    pub fn mount<R>(&self, hooks: impl FnOnce() -> R) -> Mounted<R> {
        let owner = self.owner.with(Owner::new);
        let value = owner.with(hooks);
        self.host.settle();
        Mounted { value, owner }
    }

    /// A hook on a key that can change.
    pub fn keyed(&self, key: RwSignal<Option<&'static str>>, api: &Api) -> Mounted<Text> {
        self.keyed_with(key, api, |_| {})
    }

    /// The same with options.
    pub fn keyed_with(
        &self,
        key: RwSignal<Option<&'static str>>,
        api: &Api,
        options: impl Fn(&mut Options<String, String>) + 'static,
    ) -> Mounted<Text> {
        let fetcher = api.fetcher();
        self.mount(|| use_swr_with(move || key.get().map(str::to_owned), fetcher, options))
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Entry<String, String> {
        self.cache.entry(key.to_owned())
    }

    /// A hook on a key that never changes.
    pub fn text(&self, key: &'static str, api: &Api) -> Mounted<Text> {
        self.text_with(key, api, |_| {})
    }

    /// The same with options.
    pub fn text_with(
        &self,
        key: &'static str,
        api: &Api,
        options: impl Fn(&mut Options<String, String>) + 'static,
    ) -> Mounted<Text> {
        let fetcher = api.fetcher();
        self.mount(|| use_swr_with(move || Some(key.to_owned()), fetcher, options))
    }

    pub fn api(&self, delay_ms: u64) -> Api {
        Api::new(&self.host, delay_ms)
    }

    /// Counts how often something that reads these signals would be drawn again.
    pub fn draws(&self, read: impl Fn() + 'static) -> Rc<Cell<usize>> {
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        self.owner.with(|| {
            Effect::new(move |_: Option<()>| {
                read();
                counted.set(counted.get() + 1);
            })
        });
        self.host.settle();
        count
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.owner.cleanup();
    }
}

/// A mounted value, until it is dropped.
pub struct Mounted<R> {
    value: R,
    owner: Owner,
}

impl<R> Deref for Mounted<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.value
    }
}

impl<R> Drop for Mounted<R> {
    fn drop(&mut self) {
        self.owner.cleanup();
    }
}

type Reaction = Box<dyn Fn(&str, usize) -> Answer>;

/// An API that writes down who asks when, and answers after a while. The first answer to `a` is `a1`.
#[derive(Clone)]
pub struct Api {
    host: VirtualHost,
    delay_ms: Rc<Cell<u64>>,
    asked: Rc<RefCell<Vec<(u64, String)>>>,
    dropped: Rc<Cell<usize>>,
    reaction: Rc<RefCell<Reaction>>,
}

impl Api {
    fn new(host: &VirtualHost, delay_ms: u64) -> Self {
        Self {
            host: host.clone(),
            delay_ms: Rc::new(Cell::new(delay_ms)),
            asked: Rc::default(),
            dropped: Rc::default(),
            reaction: Rc::new(RefCell::new(Box::new(|key, count| Ok(format!("{key}{count}"))))),
        }
    }

    /// From now on answers with this, made from the key and the number of the request for it, from 1.
    pub fn react(&self, reaction: impl Fn(&str, usize) -> Answer + 'static) -> &Self {
        *self.reaction.borrow_mut() = Box::new(reaction);
        self
    }

    pub fn fail(&self) -> &Self {
        self.react(|key, count| Err(format!("{key} failed {count}")))
    }

    pub fn recover(&self) -> &Self {
        self.react(|key, count| Ok(format!("{key}{count}")))
    }

    pub fn always(&self, answer: &'static str) -> &Self {
        self.react(move |_, _| Ok(answer.to_owned()))
    }

    /// The time the next requests take.
    pub fn take_ms(&self, delay_ms: u64) -> &Self {
        self.delay_ms.set(delay_ms);
        self
    }

    pub fn ask(&self, key: String) -> impl Future<Output = Answer> + use<> {
        let count = self.asked.borrow().iter().filter(|(_, known)| *known == key).count() + 1;
        self.asked.borrow_mut().push((leptos_swr::Host::now_ms(&self.host), key.clone()));
        let answer = (self.reaction.borrow())(&key, count);
        let sleep = self.host.sleep(self.delay_ms.get());
        let guard = DropGuard { dropped: Some(self.dropped.clone()) };
        async move {
            // All of it, not only its field: it must be dropped with the future.
            let mut guard = guard;
            sleep.await;
            guard.dropped = None;
            answer
        }
    }

    pub fn fetcher(&self) -> impl Fn(String) -> Pin<Box<dyn Future<Output = Answer>>> + use<> {
        let api = self.clone();
        move |key| Box::pin(api.ask(key))
    }

    /// Number of requests.
    pub fn count(&self) -> usize {
        self.asked.borrow().len()
    }

    /// When requests were made, in milliseconds.
    pub fn times(&self) -> Vec<u64> {
        self.asked.borrow().iter().map(|(time, _)| *time).collect()
    }

    /// The keys asked for, in order.
    pub fn keys(&self) -> Vec<String> {
        self.asked.borrow().iter().map(|(_, key)| key.clone()).collect()
    }

    /// Number of requests that were dropped before their answer.
    pub fn aborted(&self) -> usize {
        self.dropped.get()
    }
}

struct DropGuard {
    dropped: Option<Rc<Cell<usize>>>,
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(dropped) = &self.dropped {
            dropped.set(dropped.get() + 1);
        }
    }
}

/// Values that a hook shows.
pub trait Shown {
    fn shown(&self) -> Option<String>;
    fn failure(&self) -> Option<String>;
    /// `is_loading` and `is_validating`.
    fn busy(&self) -> (bool, bool);
}

impl Shown for Text {
    fn shown(&self) -> Option<String> {
        self.data.get_untracked()
    }

    fn failure(&self) -> Option<String> {
        self.error.get_untracked()
    }

    fn busy(&self) -> (bool, bool) {
        (self.is_loading.get_untracked(), self.is_validating.get_untracked())
    }
}

/// `Some` of a text.
pub fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A place where callbacks write down what they hear.
#[derive(Clone, Default)]
pub struct Heard(Rc<RefCell<Vec<String>>>);

impl Heard {
    pub fn note(&self, text: impl Into<String>) {
        self.0.borrow_mut().push(text.into());
    }

    pub fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// Callbacks for success, error, slow loading and discarded answers.
    pub fn listen(&self, options: &mut Options<String, String>) {
        let (success, error, slow, discarded) = (self.clone(), self.clone(), self.clone(), self.clone());
        options.on_success(move |data| success.note(format!("success {data}")));
        options.on_error(move |failure| error.note(format!("error {failure}")));
        options.on_loading_slow(move || slow.note("slow"));
        options.on_discarded(move || discarded.note("discarded"));
    }
}
