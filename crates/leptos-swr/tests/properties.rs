//! Properties of every schedule. `PROPTEST_CASES=10000 cargo test --test properties` tries more of them.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use leptos_swr::splice;
use leptos_swr::{Cache, Config, Entry, MutateOptions, Rows, Swr, VirtualHost, use_swr_with};
use proptest::prelude::*;
use proptest::test_runner::Config as ProptestConfig;
use reactive_graph::owner::Owner;
use reactive_graph::traits::GetUntracked;

type Hook = Swr<u64, u64>;

/// Something that happens.
#[derive(Debug, Clone)]
enum Op {
    Mount { key: u8, options: u8 },
    Unmount(usize),
    Revalidate(u8),
    Answer { request: usize, ok: bool },
    Write { key: u8, revalidate: bool },
    Work { key: u8, hope: bool, revalidate: bool },
    WorkDone { work: usize, ok: bool },
    Clear { revalidate: bool },
    Focus,
    Visible(bool),
    Online(bool),
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..2_u8, 0..8_u8).prop_map(|(key, options)| Op::Mount { key, options }),
        3 => (0..8_usize).prop_map(Op::Unmount),
        2 => (0..2_u8).prop_map(Op::Revalidate),
        6 => (0..4_usize, any::<bool>()).prop_map(|(request, ok)| Op::Answer { request, ok }),
        1 => (0..2_u8, any::<bool>()).prop_map(|(key, revalidate)| Op::Write { key, revalidate }),
        2 => (0..2_u8, any::<bool>(), any::<bool>()).prop_map(|(key, hope, revalidate)| Op::Work { key, hope, revalidate }),
        2 => (0..4_usize, any::<bool>()).prop_map(|(work, ok)| Op::WorkDone { work, ok }),
        1 => any::<bool>().prop_map(|revalidate| Op::Clear { revalidate }),
        2 => Just(Op::Focus),
        2 => any::<bool>().prop_map(Op::Visible),
        2 => any::<bool>().prop_map(Op::Online),
        5 => prop_oneof![Just(1_u64), 0..3_000_u64, 0..40_000_u64].prop_map(Op::Pass),
    ]
}

/// Work that ends when told to. Its value is its tick: the later it began, the greater.
struct Pending {
    key: u8,
    tick: u64,
    state: Rc<RefCell<(Option<bool>, Option<Waker>)>>,
}

struct Running {
    tick: u64,
    state: Rc<RefCell<(Option<bool>, Option<Waker>)>>,
    live: Option<Rc<Cell<usize>>>,
}

impl Future for Running {
    type Output = Result<u64, u64>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.state.borrow_mut();
        state.1 = Some(context.waker().clone());
        state.0.map_or(Poll::Pending, |ok| Poll::Ready(if ok { Ok(self.tick) } else { Err(self.tick) }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(live) = &self.live {
            live.set(live.get() - 1);
        }
    }
}

/// The far end: requests and works under way, and what must hold of them.
#[derive(Default)]
struct Server {
    ticks: Cell<u64>,
    requests: RefCell<Vec<Pending>>,
    works: RefCell<Vec<Pending>>,
    live: RefCell<BTreeMap<u8, Rc<Cell<usize>>>>,
    /// A request now is one that somebody asked for.
    is_asked_for: Cell<bool>,
    is_active: Cell<bool>,
    broken: RefCell<Option<String>>,
}

impl Server {
    fn tick(&self) -> u64 {
        self.ticks.set(self.ticks.get() + 1);
        self.ticks.get()
    }

    fn request(&self, key: u8) -> Running {
        let live = self.live.borrow_mut().entry(key).or_default().clone();
        live.set(live.get() + 1);
        if live.get() > 1 {
            self.broken.replace(Some(format!("{} requests for key {key} at once", live.get())));
        }
        if !self.is_active.get() && !self.is_asked_for.get() {
            self.broken.replace(Some("a request while hidden or offline that nobody asked for".to_owned()));
        }
        let mut running = self.begin(key, &self.requests);
        running.live = Some(live);
        running
    }

    fn begin(&self, key: u8, list: &RefCell<Vec<Pending>>) -> Running {
        let (tick, state) = (self.tick(), Rc::new(RefCell::new((None, None))));
        list.borrow_mut().push(Pending { key, tick, state: state.clone() });
        Running { tick, state, live: None }
    }
}

struct World {
    host: VirtualHost,
    cache: Cache,
    owner: Owner,
    server: Rc<Server>,
    /// Key, signals, whether previous data is kept, owner.
    hooks: Vec<(u8, Hook, bool, Owner)>,
    /// The newest tick that each key has shown.
    newest: BTreeMap<u8, u64>,
    had_data: BTreeMap<u8, bool>,
}

impl World {
    fn new() -> Self {
        let host = VirtualHost::new();
        let owner = Owner::new();
        owner.set();
        let cache = Cache::new(Rc::new(host.clone()), Config::default()).provide();
        let server = Rc::new(Server::default());
        server.is_active.set(true);
        Self {
            host,
            cache,
            owner,
            server,
            hooks: Vec::new(),
            newest: BTreeMap::new(),
            had_data: BTreeMap::new(),
        }
    }

    fn entry(&self, key: u8) -> Entry<u64, u64> {
        self.cache.entry(key)
    }

    fn mount(&mut self, key: u8, bits: u8) {
        let owner = self.owner.with(Owner::new);
        let server = self.server.clone();
        let cache = self.cache.clone();
        let hook = owner.with(|| {
            use_swr_with(
                move || Some(key),
                move |key| server.request(key),
                move |options| {
                    if bits & 1 > 0 {
                        options.refresh_interval(Duration::from_secs(3));
                    }
                    options.keep_previous_data(bits & 2 > 0);
                    if bits & 4 > 0 {
                        // Emptying the cache from a callback, now and then.
                        let cache = cache.clone();
                        options.on_error(move |error| {
                            if error % 5 == 0 {
                                cache.unload();
                            }
                        });
                    }
                },
            )
        });
        self.hooks.push((key, hook, bits & 2 > 0, owner));
    }

    fn end(list: &RefCell<Vec<Pending>>, index: usize, ok: bool) -> Option<(u8, u64)> {
        let mut pending = list.borrow_mut();
        if pending.is_empty() {
            return None;
        }
        let index = index % pending.len();
        let ended = pending.remove(index);
        drop(pending);
        let waker = {
            let mut state = ended.state.borrow_mut();
            state.0 = Some(ok);
            state.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
        Some((ended.key, ended.tick))
    }

    /// Does it, and returns whether it may take data away.
    fn step(&mut self, op: &Op) -> bool {
        let asked = matches!(
            op,
            Op::Mount { .. }
                | Op::Revalidate(_)
                | Op::Write { .. }
                | Op::Work { .. }
                | Op::WorkDone { .. }
                | Op::Clear { .. }
        );
        self.server.is_asked_for.set(asked);
        let mut takes_away = false;
        match op.clone() {
            Op::Mount { key, options } => self.mount(key, options),
            Op::Unmount(index) if !self.hooks.is_empty() => {
                let index = index % self.hooks.len();
                self.hooks.remove(index).3.cleanup();
            }
            Op::Unmount(_) => {}
            Op::Revalidate(key) => self.cache.revalidate(&key),
            Op::Answer { request, ok } => {
                Self::end(&self.server.requests, request, ok);
                // An error may empty the cache, by the callback above.
                takes_away = !ok;
            }
            Op::Write { key, revalidate: true } => {
                self.entry(key).set_and_revalidate(Some(self.server.tick()))
            }
            Op::Write { key, revalidate: false } => self.entry(key).set(Some(self.server.tick())),
            Op::Work { key, hope, revalidate } => {
                let work = self.server.begin(key, &self.server.works);
                let mut options = MutateOptions::default().revalidate(revalidate);
                if hope {
                    options = options.optimistic(work.tick);
                }
                drop(self.entry(key).mutate(work, options));
            }
            Op::WorkDone { work, ok } => {
                // A hope that fails goes back to what was committed, which is older.
                let ended = Self::end(&self.server.works, work, ok);
                if let Some((key, _)) = ended.filter(|_| !ok) {
                    self.newest.remove(&key);
                    takes_away = true;
                }
            }
            Op::Clear { revalidate } => {
                match revalidate {
                    true => self.cache.unload_and_revalidate(),
                    false => self.cache.unload(),
                }
                takes_away = true;
            }
            Op::Focus => self.host.focus(),
            Op::Visible(visible) => {
                self.server.is_active.set(visible && leptos_swr::Host::is_online(&self.host));
                self.host.set_visible(visible);
            }
            Op::Online(online) => {
                self.server.is_active.set(online && leptos_swr::Host::is_visible(&self.host));
                self.host.set_online(online);
            }
            Op::Pass(ms) => self.host.advance(ms),
        }
        self.host.settle();
        self.server.is_asked_for.set(false);
        self.host.advance(0);
        takes_away
    }

    fn check(&mut self, takes_away: bool) -> Result<(), TestCaseError> {
        let broken = self.server.broken.take();
        prop_assert!(broken.is_none(), "{broken:?}");
        for key in 0..2 {
            let (data, error) = (self.entry(key).data(), self.entry(key).error());
            let had_data = self.had_data.insert(key, data.is_some()).unwrap_or(false);
            prop_assert!(
                !had_data || data.is_some() || takes_away,
                "key {key} lost its data beside {error:?}"
            );
            let newest = self.newest.entry(key).or_default();
            if let Some(data) = data {
                prop_assert!(data >= *newest, "key {key} shows {data} after {newest}");
                *newest = data;
            }
        }
        for (key, hook, keeps, _) in &self.hooks {
            let (shown, data) = (hook.data.get_untracked(), self.entry(*key).data());
            prop_assert!(shown == data || (*keeps && data.is_none()), "{shown:?} is shown of {data:?}");
            let live = self.server.live.borrow().get(key).map_or(0, |live| live.get());
            prop_assert_eq!(
                hook.is_validating.get_untracked(),
                live > 0,
                "validating is a request under way"
            );
        }
        if self.hooks.is_empty() {
            prop_assert_eq!(self.host.timer_count(), 0, "no timer without a hook");
            let live: usize = self.server.live.borrow().values().map(|live| live.get()).sum();
            prop_assert_eq!(live, 0, "no request without a hook");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Shown data never comes from an older request or mutation than data already shown; at most one request
    /// per key is under way; an error takes no data away; without a hook no timer runs and no request is
    /// under way; while hidden or offline nothing is requested that nobody asked for; nothing panics.
    #[test]
    fn every_schedule_keeps_swrs_promises(ops in proptest::collection::vec(op(), 1..60)) {
        let mut world = World::new();
        for op in &ops {
            let takes_away = world.step(op);
            world.check(takes_away)?;
        }
        world.owner.cleanup();
    }

    /// The server's last state is shown, once it could be fetched.
    #[test]
    fn every_schedule_ends_with_the_newest_answer(ops in proptest::collection::vec(op(), 1..40)) {
        let mut world = World::new();
        for op in &ops {
            world.step(op);
        }
        for op in [Op::Visible(true), Op::Online(true), Op::Mount { key: 0, options: 0 }] {
            world.step(&op);
        }
        while !world.server.works.borrow().is_empty() {
            world.step(&Op::WorkDone { work: 0, ok: true });
        }
        world.step(&Op::Revalidate(0));
        let asked = world.server.requests.borrow().iter().rposition(|pending| pending.key == 0);
        let asked = asked.expect("a hook was mounted and asked for data");
        let tick = world.server.requests.borrow()[asked].tick;
        world.step(&Op::Answer { request: asked, ok: true });
        prop_assert_eq!((world.entry(0).data(), world.entry(0).error()), (Some(tick), None));
        world.owner.cleanup();
    }

    /// Splicing a fresh head to known pages gives the server's list as far as it is known: nothing dropped,
    /// nothing twice, nothing out of order; and equal rows stay the same.
    #[test]
    fn merging_pages_never_drops_repeats_or_reorders_a_row(
        old in proptest::collection::vec(any::<bool>(), 0..40),
        new in proptest::collection::vec(any::<bool>(), 0..40),
        added in 0..20_u32,
        page in 1..6_usize,
        known_pages in 0..8_usize,
    ) {
        // Rows 1..=40; `old` says which were there when the pages became known, `new` which still are.
        let was_there = |id: &u32| old.get(*id as usize).copied().unwrap_or(false);
        let is_there = |id: &u32| new.get(*id as usize).copied().unwrap_or(true);
        let before: Vec<u32> = (0..40).rev().filter(was_there).collect();
        let now: Vec<u32> = (0..40 + added).rev().filter(|id| (was_there(id) && is_there(id)) || *id >= 40).collect();
        let known: Vec<Page> = pages(&before, page).into_iter().take(known_pages).collect();
        let known_rows: Vec<u32> = known.iter().flat_map(|page| page.0.iter().map(|row| **row)).collect();
        let fresh = pages(&now, page);
        for count in 1..=fresh.len() {
            let fetched = &fresh[..count];
            let has_ended = count == fresh.len();
            let fetched_rows: Vec<u32> = fetched.iter().flat_map(|page| page.0.iter().map(|row| **row)).collect();
            let met = fetched_rows.last().and_then(|last| known_rows.iter().position(|row| row == last));
            let Some(spliced) = splice(&known, fetched, has_ended) else {
                prop_assert!(!has_ended && met.is_none());
                continue;
            };
            let rows: Vec<u32> = spliced.iter().flat_map(|page| page.0.iter().map(|row| **row)).collect();
            let rest = met.filter(|_| !has_ended).map_or(&[][..], |met| &known_rows[met + 1..]);
            prop_assert_eq!(&rows, &[&fetched_rows, rest].concat(), "the head, then what is known after it");
            prop_assert!(rows.windows(2).all(|pair| pair[0] > pair[1]), "in order and once");
            let oldest = rows.last().copied().unwrap_or(0);
            let missing = now.iter().find(|id| **id >= oldest && !rows.contains(id));
            prop_assert!(missing.is_none(), "{missing:?} is on the server, and not in the list");
            for row in spliced.iter().flat_map(|page| &page.0) {
                let known_row = known.iter().flat_map(|page| &page.0).find(|known| *known == row);
                prop_assert!(known_row.is_none_or(|known| Arc::ptr_eq(known, row)), "row {row} is another now");
            }
        }
    }
}

/// A page of numbered rows.
#[derive(Debug, Clone)]
struct Page(Vec<Arc<u32>>);

impl Rows for Page {
    type Row = Arc<u32>;
    type Id = u32;

    fn rows(&self) -> Cow<'_, [Arc<u32>]> {
        Cow::Borrowed(&self.0)
    }

    fn id(row: &Arc<u32>) -> u32 {
        **row
    }

    fn with_rows(&self, rows: Vec<Arc<u32>>) -> Self {
        Self(rows)
    }
}

fn pages(ids: &[u32], size: usize) -> Vec<Page> {
    ids.chunks(size).map(|ids| Page(ids.iter().map(|id| Arc::new(*id)).collect())).collect()
}
