//! Options of hooks: [`Config`] for all types, [`Options`] for one.

use std::rc::Rc;
use std::time::Duration;

use crate::rows::{Rows, keep_rows};
use crate::setters::setters;

/// The options that know no type. [`crate::provide_cache_with`] sets them for all hooks below, and each
/// hook's [`Options`] begin as a copy. Names and defaults are swr's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// Revalidate when the window gets the focus or the tab becomes visible. Default true.
    pub revalidate_on_focus: bool,
    /// Revalidate when the network is back. Default true.
    pub revalidate_on_reconnect: bool,
    /// Revalidate on mount although there is data. Default true.
    pub revalidate_if_stale: bool,
    /// Overrides what a first mount does: always or never fetch. Default `None`, decided by the data.
    pub revalidate_on_mount: Option<bool>,
    /// Poll so long after the last answer; zero is never. Default zero.
    pub refresh_interval: Duration,
    /// Poll in a hidden tab too. Default false.
    pub refresh_when_hidden: bool,
    /// Poll without a network too. Default false.
    pub refresh_when_offline: bool,
    /// Retry after an error. Default true.
    pub should_retry_on_error: bool,
    /// Maximum number of retries: `Some(0)` is none, `None` is unlimited. Default `None`.
    pub error_retry_count: Option<u32>,
    /// The unit of the retries' backoff. Default 5 s.
    pub error_retry_interval: Duration,
    /// Calls within this time of an answer share it. Default 2 s.
    pub dedupe_interval: Duration,
    /// At most one revalidation by focus in this time. Default 5 s.
    pub focus_throttle_interval: Duration,
    /// A first load longer than this calls `on_loading_slow`. Default 3 s.
    pub loading_timeout: Duration,
    /// Go on showing the old key's data until the new key has some. Default false.
    pub keep_previous_data: bool,
    /// Time that data without a hook is kept. Default 5 min.
    pub gc_time: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            revalidate_on_focus: true,
            revalidate_on_reconnect: true,
            revalidate_if_stale: true,
            revalidate_on_mount: None,
            refresh_interval: Duration::ZERO,
            refresh_when_hidden: false,
            refresh_when_offline: false,
            should_retry_on_error: true,
            error_retry_count: None,
            error_retry_interval: Duration::from_secs(5),
            dedupe_interval: Duration::from_secs(2),
            focus_throttle_interval: Duration::from_secs(5),
            loading_timeout: Duration::from_secs(3),
            keep_previous_data: false,
            gc_time: Duration::from_secs(300),
        }
    }
}

impl Config {
    /// These options for data that never changes: nothing is fetched twice unless asked for.
    pub fn immutable(self) -> Self {
        Self {
            revalidate_on_focus: false,
            revalidate_on_reconnect: false,
            revalidate_if_stale: false,
            refresh_interval: Duration::ZERO,
            ..self
        }
    }
}

/// Whole milliseconds, which is what timers count in; so few that a sum of some does not overflow. Without
/// the 128 bits of `as_millis` and of a multiplication that is checked.
pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_secs().min(u64::MAX >> 14) * 1000 + u64::from(duration.subsec_millis())
}

/// Something to call with a value.
pub type Callback<A> = Rc<dyn Fn(&A)>;

/// Something to call without one.
pub type Notify = Rc<dyn Fn()>;

/// The time between polls, made from the data; zero is never.
pub type Interval<T> = Rc<dyn Fn(Option<&T>) -> Duration>;

/// Equality of two values, as far as the view is concerned.
pub type Compare<T> = Rc<dyn Fn(&T, &T) -> bool>;

/// Makes new data from old and new.
pub type Reconcile<T> = Rc<dyn Fn(&T, T) -> T>;

/// A yes or no about an error.
pub type Decide<E> = Rc<dyn Fn(&E) -> bool>;

/// The options of one hook: a [`Config`], and what depends on the type of the data.
///
/// Callbacks may do anything, also empty the cache. They are called after the entry has changed, in the order
/// of what happened, and not after the hook is gone.
pub struct Options<T, E> {
    /// The options that know no type.
    pub(crate) config: Config,
    /// Shown while the cache has nothing. It is not put into the cache. Default `None`.
    pub(crate) fallback_data: Option<T>,
    /// Instead of [`Config::refresh_interval`], an interval made from the data.
    pub(crate) refresh_interval_by: Option<Interval<T>>,
    /// Instead of [`Config::should_retry_on_error`], a choice by the error.
    pub(crate) should_retry_by: Option<Decide<E>>,
    /// While it answers true no request is started, and failures are not shown.
    pub(crate) is_paused: Option<Rc<dyn Fn() -> bool>>,
    /// Instead of `==`: new data that it calls the same is not taken.
    pub(crate) compare: Option<Compare<T>>,
    /// Makes the data to keep from the data known and the data that came, so that parts that are equal can
    /// keep their identity: [`Options::keep_rows`].
    pub(crate) reconcile: Option<Reconcile<T>>,
    /// Called after each answer that was taken.
    pub(crate) on_success: Option<Callback<T>>,
    /// Called after each failure that is shown.
    pub(crate) on_error: Option<Callback<E>>,
    /// Called when a first load takes longer than [`Config::loading_timeout`].
    pub(crate) on_loading_slow: Option<Notify>,
    /// Called when a request was for nothing: something newer took its place.
    pub(crate) on_discarded: Option<Notify>,
}

impl<T, E> Options<T, E> {
    setters!(T, E);

    /// The defaults of a cache, and no callbacks.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            fallback_data: None,
            refresh_interval_by: None,
            should_retry_by: None,
            is_paused: None,
            compare: None,
            reconcile: None,
            on_success: None,
            on_error: None,
            on_loading_slow: None,
            on_discarded: None,
        }
    }
}

impl<T: Rows, E> Options<T, E> {
    /// Rows that are equal to the known row of their identity are the known row: an `Arc` stays the same.
    pub fn keep_rows(&mut self) {
        self.reconcile = Some(Rc::new(|known: &T, page: T| {
            keep_rows(std::slice::from_ref(known), std::slice::from_ref(&page)).pop().unwrap_or(page)
        }));
    }
}

/// Makes the data to show before a mutation's answer from the committed data and the data shown.
pub type Optimistic<T> = Rc<dyn Fn(Option<&T>, Option<&T>) -> T>;

/// Makes the data to keep from a mutation's answer and the committed data.
pub type Populate<T, R> = Rc<dyn Fn(&R, Option<&T>) -> Option<T>>;

/// A yes or no about the data.
pub type DecideByData<T> = Rc<dyn Fn(Option<&T>) -> bool>;

/// Effects of a mutation on the cache. `T` is the data, `R` the result of the mutation.
pub struct MutateOptions<T, R, E> {
    /// Fetch again after it. Default true.
    pub revalidate: bool,
    /// Instead of [`MutateOptions::revalidate`], a choice by the data after the mutation.
    pub revalidate_by: Option<DecideByData<T>>,
    /// Shown while the work is under way.
    pub optimistic_data: Option<Optimistic<T>>,
    /// Writes the result into the cache; `None` writes nothing.
    pub populate_cache: Option<Populate<T, R>>,
    /// Go back to the committed data when the work fails. Default true.
    pub rollback_on_error: bool,
    /// Instead of [`MutateOptions::rollback_on_error`], a choice by the error.
    pub rollback_by: Option<Decide<E>>,
}

impl<T, R, E> MutateOptions<T, R, E> {
    /// Writes nothing into the cache, and fetches again: the defaults of a mutation hook.
    pub fn new() -> Self {
        Self {
            revalidate: true,
            revalidate_by: None,
            optimistic_data: None,
            populate_cache: None,
            rollback_on_error: true,
            rollback_by: None,
        }
    }

    /// The same, showing this while the work is under way.
    pub fn optimistic(mut self, data: T) -> Self
    where
        T: Clone + 'static,
    {
        self.optimistic_data = Some(Rc::new(move |_, _| data.clone()));
        self
    }

    /// The same, showing what is made from the committed data and the data shown.
    pub fn optimistic_by(mut self, data: impl Fn(Option<&T>, Option<&T>) -> T + 'static) -> Self {
        self.optimistic_data = Some(Rc::new(data));
        self
    }

    /// The same, without or with a fetch at the end.
    pub fn revalidate(mut self, revalidate: bool) -> Self {
        self.revalidate = revalidate;
        self
    }

    /// Whether a failure takes the optimistic data back.
    pub(crate) fn rolls_back(&self, error: &E) -> bool {
        self.rollback_by.as_ref().map_or(self.rollback_on_error, |decide| decide(error))
    }

    /// Whether the entry is fetched again, by its data after the mutation.
    pub(crate) fn revalidates(&self, data: Option<&T>) -> bool {
        self.revalidate_by.as_ref().map_or(self.revalidate, |decide| decide(data))
    }

    /// The same, making the cache's data from the answer and the committed data.
    pub fn populate(mut self, populate: impl Fn(&R, Option<&T>) -> Option<T> + 'static) -> Self {
        self.populate_cache = Some(Rc::new(populate));
        self
    }
}

impl<T: Clone, E> Default for MutateOptions<T, T, E> {
    /// The answer becomes the data, which is then fetched again: the defaults of `mutate`.
    fn default() -> Self {
        Self { populate_cache: Some(Rc::new(|answer: &T, _| Some(answer.clone()))), ..Self::new() }
    }
}
