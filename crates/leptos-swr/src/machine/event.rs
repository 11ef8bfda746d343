//! Input, output and visible state of the machine.

use crate::options::Config;

/// One user of an entry: a mounted hook.
pub type WatcherId = u64;

/// The world at the moment of an event.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Milliseconds of a clock that never goes back.
    pub ms: u64,
    /// There is a network.
    pub online: bool,
    /// The tab is visible.
    pub visible: bool,
    /// Between 0 and 1, for the jitter of retries.
    pub random: f64,
    /// The first watcher's `is_paused` says so.
    pub paused: bool,
    /// Time between polls in milliseconds, the shortest of all watchers; 0 is never.
    pub refresh_ms: u64,
}

impl Now {
    pub fn active(&self) -> bool {
        self.online && self.visible
    }
}

/// Input of the state machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A hook begins to show the entry.
    Mount {
        /// The hook.
        watcher: WatcherId,
        /// Its options.
        config: Config,
        /// It has a fetcher.
        fetches: bool,
        /// The hook has data to show, from the cache or as a fallback.
        shows_data: bool,
        /// The hook is new, and has not come here from another key.
        is_initial: bool,
    },
    /// A hook leaves the entry.
    Unmount {
        /// The hook.
        watcher: WatcherId,
    },
    /// A hook's options have changed.
    Configure {
        /// The hook.
        watcher: WatcherId,
        /// Its new options.
        config: Config,
    },
    /// Somebody asks for fresh data: older answers, also those under way, no longer count.
    Revalidate,
    /// The window has the focus, or the tab became visible.
    Focus,
    /// The network is back.
    Reconnect,
    /// A timer set by [`Effect::SetTimer`] has run down.
    Timer(Timer),
    /// The request has data, which the entry took.
    Answered {
        /// The request's tick.
        request: u64,
    },
    /// The request has failed.
    Failed {
        /// The request's tick.
        request: u64,
        /// The failure is shown (it is not while paused), and callbacks hear of it.
        shown: bool,
        /// `should_retry_on_error` allows a retry.
        retry: bool,
    },
    /// The request's answer came, but a mutation has made it worthless.
    Overtaken {
        /// The request's tick.
        request: u64,
    },
    /// Data or error were written by hand.
    Written {
        /// There is data now.
        has_data: bool,
        /// There is an error now.
        has_error: bool,
    },
    /// A mutation has ended.
    MutationEnded {
        /// The mutation's tick.
        mutation: u64,
    },
    /// The cache is emptied: no data, no error, nothing under way.
    Clear {
        /// Fetch again if somebody watches.
        revalidate: bool,
    },
}

/// Output of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Start this request with this watcher's fetcher, and report its end.
    Fetch {
        /// The request's tick.
        request: u64,
        /// The hook whose fetcher and callbacks are used.
        watcher: WatcherId,
    },
    /// Abort this request; its answer is of no use.
    Abort {
        /// The request's tick.
        request: u64,
    },
    /// Report [`Event::Timer`] in so many milliseconds. Replaces a timer of the same kind.
    SetTimer(Timer, u64),
    /// Forget the timer of this kind.
    ClearTimer(Timer),
    /// Call a callback of this watcher.
    Call(Notice, WatcherId),
}

/// The timers of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The first load takes long.
    Slow,
    /// The next retry.
    Retry,
    /// The next poll.
    Poll,
}

/// The callbacks of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// `on_loading_slow`.
    LoadingSlow,
    /// `on_success`.
    Success,
    /// `on_error`.
    Error,
    /// `on_discarded`.
    Discarded,
}

/// Validity of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It is the newest there is.
    Taken,
    /// A mutation began or ended after the request began.
    Overtaken,
    /// The request was aborted.
    Gone,
}

/// The retry that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Failures in a row, from 1.
    pub count: u32,
    /// When it starts, in milliseconds of the host's clock (in a browser `performance.now()`).
    pub at_ms: u64,
}

/// State that a hook shows beside data and error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// A request is under way.
    pub is_validating: bool,
    /// A request is under way and there is no data.
    pub is_loading: bool,
    /// A retry or a poll is due and waits for the network or for the tab to be shown.
    pub is_paused: bool,
    /// The retry that comes next.
    pub retry: Option<Retry>,
}
