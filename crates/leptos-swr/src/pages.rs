//! Lists that come page by page.
//!
//! A list is an entry of its own whose fetcher walks the pages. It shows the pages all at once: a walk that
//! fails half way changes nothing. There are two ways to walk.
//!
//! - As swr does: pages are entries too, shared with [`crate::use_swr`] under the page's key. A
//!   revalidation fetches the first page, and those that are missing or whose key has changed.
//! - [`PagesOptions::head_only`], for lists whose rows have an identity and whose news come first: a
//!   revalidation fetches from the head until a page ends with a row it knows, and splices. See [`splice`].

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use reactive_graph::computed::Memo;
use reactive_graph::graph::untrack;
use reactive_graph::owner::{LocalStorage, StoredValue};
use reactive_graph::traits::{Get, GetValue};
use reactive_graph::wrappers::read::Signal;
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};

use crate::cache::{Cache, use_cache};
use crate::entry::{Answer, Entry, Fetch};
use crate::hook::{Swr, use_found};
use crate::machine::Retry;
use crate::options::{MutateOptions, Options};
use crate::request::Reply;
use crate::rows::{Rows, splice};
use crate::setters::setters;
use crate::value::Value;

/// The key of a list's entry: the first page's key, marked so that the two are not mixed up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PagesKey<K>(pub K);

/// Paging options. Names and defaults are swr's, where swr has the option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PagesConfig {
    /// Number of pages loaded at first. Default 1.
    pub initial_size: usize,
    /// Fetch all pages in each revalidation. Default false.
    pub revalidate_all: bool,
    /// Fetch the first page in each revalidation. Default true.
    pub revalidate_first_page: bool,
    /// Go on with as many pages when the first page's key changes. Default false.
    pub persist_size: bool,
    /// Fetch the pages side by side; `get_key` then gets no previous page. Default false.
    pub parallel: bool,
    /// The most pages that are ever asked for. Default `None`, no end.
    pub max_size: Option<usize>,
}

impl Default for PagesConfig {
    fn default() -> Self {
        Self {
            initial_size: 1,
            revalidate_all: false,
            revalidate_first_page: true,
            persist_size: false,
            parallel: false,
            max_size: None,
        }
    }
}

/// The options of a list.
pub struct PagesOptions<P, E> {
    options: Options<Vec<P>, E>,
    /// Paging options.
    pub pages: PagesConfig,
    splice: Option<Splice<P>>,
}

type Splice<P> = fn(&[P], &[P], bool) -> Option<Vec<P>>;

impl<P: Rows, E> PagesOptions<P, E> {
    /// Revalidate only the head of the list, and splice it in front of the rows known: [`splice`].
    ///
    /// Rows further down are not fetched again, and a page keeps the rows it has until the list is emptied
    /// or its head no longer meets it.
    pub fn head_only(&mut self) {
        self.splice = Some(splice::<P>);
    }
}

impl<P, E> PagesOptions<P, E> {
    setters!(Vec<P>, E, in options);
}

/// Handle of [`use_swr_pages`]. `Copy`, as signals are.
pub struct SwrPages<P: Send + Sync + 'static, E: Send + Sync + 'static> {
    /// The pages that are loaded. Stays beside an error.
    pub data: Signal<Option<Vec<P>>>,
    /// The last failure, until the next success.
    pub error: Signal<Option<E>>,
    /// A request is under way and there is no page yet.
    pub is_loading: Signal<bool>,
    /// A request is under way, for the head or for more pages.
    pub is_validating: Signal<bool>,
    /// A retry or a poll is due, and waits for the network or for the tab to be visible.
    pub is_paused: Signal<bool>,
    /// Number of requested pages. Higher than the number of loaded pages during a fetch, and at the end of
    /// the list.
    pub size: Signal<usize>,
    swr: Swr<Vec<P>, E>,
    list: StoredValue<Rc<dyn List<P>>, LocalStorage>,
}

impl<P: Send + Sync + 'static, E: Send + Sync + 'static> Clone for SwrPages<P, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Send + Sync + 'static, E: Send + Sync + 'static> Copy for SwrPages<P, E> {}

impl<P, E> SwrPages<P, E>
where
    P: Value,
    E: Value,
{
    /// Asks for so many pages. Those that are known are shown at once.
    pub fn set_size(&self, size: usize) {
        let Some(list) = self.list.try_get_value() else { return };
        if let (Some(entry), Some(known)) = (self.swr.entry(), list.resize(size)) {
            entry.update_and_revalidate(|shown| known.or_else(|| shown.cloned()));
        }
    }

    /// Asks for one page more than are loaded.
    pub fn load_more(&self) {
        let loaded = self.swr.entry().and_then(|entry| entry.data()).map_or(0, |pages| pages.len());
        self.set_size(loaded + 1);
    }

    /// Fetches all pages again; only the head where the list is [`PagesOptions::head_only`].
    pub fn revalidate(&self) {
        self.refetch(Refetch::All);
    }

    /// Fetches those pages again that the filter names by index and content.
    pub fn revalidate_pages(&self, filter: impl Fn(usize, &P) -> bool) {
        let pages = self.swr.entry().and_then(|entry| entry.data()).unwrap_or_default();
        let named = pages.iter().enumerate().filter(|(index, page)| filter(*index, page));
        self.refetch(Refetch::Only(named.map(|(index, _)| index).collect()));
    }

    fn refetch(&self, refetch: Refetch) {
        if let (Some(list), Some(entry)) = (self.list.try_get_value(), self.swr.entry()) {
            list.refetch(refetch);
            entry.revalidate();
        }
    }

    /// The scheduled retry, if there is one: [`Swr::retry`].
    pub fn retry(&self) -> Option<Retry> {
        self.swr.retry()
    }

    /// The list's entry: [`Swr::entry`].
    pub fn entry(&self) -> Option<Entry<Vec<P>, E>> {
        self.swr.entry()
    }

    /// Makes pages from the committed pages: [`Entry::update`].
    pub fn update(&self, change: impl FnOnce(Option<&Vec<P>>) -> Option<Vec<P>>) {
        self.swr.update(change);
    }

    /// As [`SwrPages::update`], and fetches again.
    pub fn update_and_revalidate(&self, change: impl FnOnce(Option<&Vec<P>>) -> Option<Vec<P>>) {
        self.swr.update_and_revalidate(change);
    }

    /// Does some work and takes its answer into the list: [`Entry::mutate`].
    pub fn mutate<R: 'static>(
        &self,
        work: impl Future<Output = Result<R, E>> + 'static,
        options: MutateOptions<Vec<P>, R, E>,
    ) -> Option<Reply<Result<R, E>>> {
        self.swr.mutate(work, options)
    }
}

impl<P, E> SwrPages<P, E>
where
    P: Rows + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// The rows of all pages in one list.
    pub fn rows(&self) -> Signal<Vec<P::Row>> {
        let data = self.data;
        let rows =
            move || data.get().unwrap_or_default().iter().flat_map(|page| page.rows().into_owned()).collect();
        Memo::new(move |_| rows()).into()
    }
}

/// A list that comes page by page.
///
/// `get_key(index, previous)` gives each page's key, with the page before it (`None` for the first), or
/// `None` where the list ends or is not ready. It is reactive for the first page: where that key changes,
/// the list is another one. `fetcher` gets a page.
#[cfg_attr(feature = "devtools", track_caller)]
pub fn use_swr_pages<K, P, E, F>(
    get_key: impl Fn(usize, Option<&P>) -> Option<K> + 'static,
    fetcher: impl Fn(K) -> F + 'static,
    options: impl Fn(&mut PagesOptions<P, E>) + 'static,
) -> SwrPages<P, E>
where
    K: Clone + Eq + 'static,
    P: Value,
    E: Value,
    F: Future<Output = Result<P, E>> + 'static,
{
    let cache = use_cache();
    let list = Rc::new(Source {
        cache: cache.clone(),
        get_key: Box::new(get_key),
        fetcher: Box::new(move |key| Box::pin(fetcher(key))),
        how: RefCell::new((PagesConfig::default(), None)),
        known: RefCell::default(),
        last_size: Cell::new(None),
        has_walked: Cell::new(false),
    });
    let given = list.clone();
    let read_options = move |target: &mut Options<Vec<P>, E>| {
        let taken = std::mem::replace(target, Options::new(target.config));
        let mut own = PagesOptions { options: taken, pages: PagesConfig::default(), splice: None };
        options(&mut own);
        given.how.replace((own.pages, own.splice));
        *target = own.options;
    };
    let walker = list.clone();
    let find = move || {
        let first = (walker.get_key)(0, None)?;
        let entry: Entry<Vec<P>, E> = walker.cache.entry(PagesKey(first.clone()));
        let walker = walker.clone();
        let walk = move || Box::pin(walker.clone().walk(first.clone())) as Answer<Vec<P>, E>;
        Some((entry, Some(Rc::new(walk) as Fetch<Vec<P>, E>)))
    };
    let swr = use_found(&cache, Box::new(find), read_options);
    let local = SendWrapper::new(list.clone());
    let size = Memo::new(move |_| local.tracked_size());
    SwrPages {
        data: swr.data,
        error: swr.error,
        is_loading: swr.is_loading,
        is_validating: swr.is_validating,
        is_paused: swr.is_paused,
        size: size.into(),
        swr,
        list: StoredValue::new_local(list),
    }
}

/// State of a list beside its pages: an entry of its own, shared by the hooks of the list.
#[derive(Debug, Clone, Default, PartialEq)]
struct Meta {
    size: Option<usize>,
    refetch: Refetch,
    /// More pages are asked for, and nothing else.
    grows: bool,
}

/// The pages that the next walk fetches although they are known.
#[derive(Debug, Clone, Default, PartialEq)]
enum Refetch {
    /// By the options.
    #[default]
    ByOptions,
    All,
    Only(Vec<usize>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct MetaKey<K>(K);

/// A list, whatever the type of its keys.
trait List<P> {
    /// Sets the size. `None` without a key; else the pages of that size, if all are known.
    fn resize(&self, size: usize) -> Option<Option<Vec<P>>>;
    fn refetch(&self, refetch: Refetch);
}

type GetKey<K, P> = Box<dyn Fn(usize, Option<&P>) -> Option<K>>;

struct Source<K, P, E> {
    cache: Cache,
    get_key: GetKey<K, P>,
    fetcher: Box<dyn Fn(K) -> Answer<P, E>>,
    how: RefCell<(PagesConfig, Option<Splice<P>>)>,
    /// Holds the pages' entries, which nobody watches, as long as the hook is there.
    known: RefCell<Vec<Entry<P, E>>>,
    last_size: Cell<Option<usize>>,
    has_walked: Cell<bool>,
}

impl<K, P, E> Source<K, P, E>
where
    K: Clone + Eq + 'static,
    P: Value,
    E: Value,
{
    fn meta(&self, first: &K) -> Entry<Meta, ()> {
        self.cache.entry(MetaKey(first.clone()))
    }

    fn tracked_size(&self) -> usize {
        let first = (self.get_key)(0, None);
        let meta = first.and_then(|first| self.meta(&first).0.data.get());
        self.size_of(meta.as_ref())
    }

    fn size_of(&self, meta: Option<&Meta>) -> usize {
        let config = self.how.borrow().0;
        let kept = self.last_size.get().filter(|_| config.persist_size);
        let size = meta.and_then(|meta| meta.size).or(kept).unwrap_or(config.initial_size);
        size.min(config.max_size.unwrap_or(usize::MAX))
    }

    /// The fetcher of the list's entry.
    async fn walk(self: Rc<Self>, first: K) -> Result<Vec<P>, E> {
        let meta_entry = self.meta(&first);
        let meta = meta_entry.data().unwrap_or_default();
        let size = self.size_of(Some(&meta));
        let is_first = !self.has_walked.replace(true);
        let (config, splice) = *self.how.borrow();
        let list: Entry<Vec<P>, E> = self.cache.entry(PagesKey(first.clone()));
        let pages = match splice {
            Some(splice) => {
                self.walk_head(list.data().unwrap_or_default(), size, meta.grows && !is_first, splice).await?
            }
            None => self.walk_all(list.data(), (size, is_first), meta.refetch, config).await?,
        };
        let done = Meta { size: meta.size, ..Meta::default() };
        if meta_entry.data().is_some_and(|meta| meta != done) {
            meta_entry.0.write(Some(done));
        }
        Ok(pages)
    }

    /// Walks as swr does.
    async fn walk_all(
        &self,
        shown: Option<Vec<P>>,
        (size, is_first): (usize, bool),
        refetch: Refetch,
        config: PagesConfig,
    ) -> Result<Vec<P>, E> {
        let (mut pages, mut pending, mut previous) = (Vec::new(), Vec::new(), None);
        let list = shown.as_deref();
        let on_mount = is_first && self.cache.config().revalidate_on_mount == Some(true);
        let mut known = Vec::new();
        for index in 0..size {
            let Some(key) = untrack(|| (self.get_key)(index, previous.as_ref())) else { break };
            let entry: Entry<P, E> = self.cache.entry(key.clone());
            known.push(entry.clone());
            let cached = entry.data();
            let has_changed =
                list.and_then(|list| list.get(index)).is_some_and(|shown| cached.as_ref() != Some(shown));
            let by_options = config.revalidate_all
                || on_mount
                || has_changed
                || (config.revalidate_first_page && index == 0 && list.is_some());
            let again = match &refetch {
                Refetch::ByOptions => by_options,
                Refetch::All => true,
                Refetch::Only(named) => named.contains(&index),
            };
            let page = match cached.filter(|_| !again) {
                Some(page) => page,
                None if config.parallel => {
                    pending.push((index, self.fetch(key, entry)));
                    pages.push(None);
                    continue;
                }
                None => self.fetch(key, entry).await?,
            };
            previous = Some(page.clone()).filter(|_| !config.parallel);
            pages.push(Some(page));
        }
        for (index, page) in join(pending).await? {
            pages[index] = Some(page);
        }
        self.known.replace(known);
        Ok(pages.into_iter().flatten().collect())
    }

    /// Fetches one page into its entry, or takes what was preloaded there.
    fn fetch(&self, key: K, entry: Entry<P, E>) -> Answer<P, E> {
        let answer = entry.0.take_preloaded().unwrap_or_else(|| untrack(|| (self.fetcher)(key)));
        Box::pin(async move {
            let page = answer.await?;
            entry.0.write(Some(page.clone()));
            Ok(page)
        })
    }

    /// Fetches from the head until the known pages are met, or from the known pages' end on.
    async fn walk_head(
        &self,
        known: Vec<P>,
        size: usize,
        grows: bool,
        splice: Splice<P>,
    ) -> Result<Vec<P>, E> {
        let mut pages = Vec::new();
        if grows {
            pages = known;
        } else {
            let limit = size.max(known.len());
            while pages.len() < limit {
                let key = |page: &[P]| untrack(|| (self.get_key)(page.len(), page.last()));
                let Some(next) = key(&pages) else { break };
                pages.push(untrack(|| (self.fetcher)(next)).await?);
                let has_ended = key(&pages).is_none();
                if let Some(spliced) = splice(&known, &pages, has_ended) {
                    pages = spliced;
                    break;
                }
            }
        }
        while pages.len() < size {
            let Some(next) = untrack(|| (self.get_key)(pages.len(), pages.last())) else { break };
            pages.push(untrack(|| (self.fetcher)(next)).await?);
        }
        Ok(pages)
    }
}

impl<K, P, E> List<P> for Source<K, P, E>
where
    K: Clone + Eq + 'static,
    P: Value,
    E: Value,
{
    fn resize(&self, size: usize) -> Option<Option<Vec<P>>> {
        let first = untrack(|| (self.get_key)(0, None))?;
        let (config, splice) = *self.how.borrow();
        let size = size.min(config.max_size.unwrap_or(usize::MAX));
        self.last_size.set(Some(size));
        let meta = self.meta(&first);
        let shown = self.cache.entry::<_, Vec<P>, E>(PagesKey(first)).data().unwrap_or_default();
        let grows = splice.is_some() && size > shown.len() && !shown.is_empty();
        meta.0.write(Some(Meta { size: Some(size), refetch: Refetch::ByOptions, grows }));
        if splice.is_some() {
            return Some((size <= shown.len()).then(|| shown[..size].to_vec()));
        }
        let mut pages: Vec<P> = Vec::new();
        for index in 0..size {
            let page = untrack(|| (self.get_key)(index, pages.last()));
            match page.and_then(|key| self.cache.entry::<K, P, E>(key).data()) {
                Some(page) => pages.push(page),
                None => return Some(None),
            }
        }
        Some(Some(pages))
    }

    fn refetch(&self, refetch: Refetch) {
        if let Some(first) = untrack(|| (self.get_key)(0, None)) {
            let meta = self.meta(&first);
            let size = meta.data().and_then(|meta| meta.size);
            meta.0.write(Some(Meta { size, refetch, grows: false }));
        }
    }
}

/// Waits for all; the first failure ends it.
async fn join<P, E>(mut pending: Vec<(usize, Answer<P, E>)>) -> Result<Vec<(usize, P)>, E> {
    let mut done = Vec::new();
    std::future::poll_fn(move |context| {
        let mut waiting = Vec::new();
        for (index, mut answer) in pending.drain(..) {
            match Pin::new(&mut answer).poll(context) {
                Poll::Ready(Ok(page)) => done.push((index, page)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => waiting.push((index, answer)),
            }
        }
        pending = waiting;
        if pending.is_empty() { Poll::Ready(Ok(std::mem::take(&mut done))) } else { Poll::Pending }
    })
    .await
}
