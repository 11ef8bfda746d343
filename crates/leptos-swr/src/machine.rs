//! State machine of a cache entry: `Event` in, `Effect`s out, pure.
//!
//! It uses no clock, no network and no type of data. Every event comes with a [`Now`], and the result is a
//! list of [`Effect`]s in order. The data itself is in [`crate::entry`]; the machine only knows whether there
//! is any. This makes it small, shared by all types, and easy to test with random schedules.
//!
//! Each request and each mutation takes the next tick of a logical clock, so their order does not depend on
//! the time of day.

use crate::options::{Config, millis};

mod event;

pub use event::Retry;
pub(crate) use event::{Effect, Event, Notice, Now, Status, Timer, WatcherId, Worth};

/// The state of one entry.
#[derive(Debug, Default)]
pub struct Machine {
    clock: u64,
    has_data: bool,
    has_error: bool,
    watchers: Vec<Watching>,
    live: Option<Live>,
    deduped_until: Option<u64>,
    mutation: Option<Mutation>,
    retry: Option<Retry>,
    retry_due: bool,
    poll: Poll,
    focus_after: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Watching {
    watcher: WatcherId,
    config: Config,
    fetches: bool,
}

#[derive(Debug, Clone, Copy)]
struct Live {
    request: u64,
    watcher: WatcherId,
    retries: u32,
}

#[derive(Debug, Clone, Copy)]
struct Mutation {
    began: u64,
    ended: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Poll {
    #[default]
    Off,
    /// The timer is running, until this time; it was set for this interval.
    Armed { at: u64, interval: u64 },
    /// A request is under way; the timer is set afterwards.
    AfterAnswer,
    /// The timer expired while hidden or offline.
    Due,
}

impl Machine {
    /// State that a hook shows beside data and error.
    pub fn status(&self) -> Status {
        Status {
            is_validating: self.live.is_some(),
            is_loading: self.live.is_some() && !self.has_data,
            is_paused: self.retry_due || self.poll == Poll::Due,
            retry: self.retry,
        }
    }

    /// The hook whose fetcher is used by default: the oldest with one.
    pub fn first_watcher(&self) -> Option<WatcherId> {
        self.watchers.iter().find(|known| known.fetches).map(|known| known.watcher)
    }

    /// The request under way.
    pub fn live_request(&self) -> Option<u64> {
        self.live.map(|live| live.request)
    }

    /// Current validity of this request's answer.
    pub fn worth(&self, request: u64) -> Worth {
        match (self.live_request() == Some(request), self.mutation) {
            (false, _) => Worth::Gone,
            (true, Some(Mutation { began, ended: Some(ended) })) if request > began && request > ended => {
                Worth::Taken
            }
            (true, Some(_)) => Worth::Overtaken,
            (true, None) => Worth::Taken,
        }
    }

    /// Starts a mutation and returns its tick. Answers of requests under way become invalid.
    pub fn begin_mutation(&mut self) -> u64 {
        let began = self.tick();
        self.mutation = Some(Mutation { began, ended: None });
        began
    }

    /// Whether there was no newer mutation and no [`Event::Clear`].
    pub fn is_newest_mutation(&self, mutation: u64) -> bool {
        self.mutation.is_some_and(|newest| newest.began == mutation)
    }

    /// Forgets the shared answer, so that the next call makes a request.
    pub fn expire(&mut self) {
        self.deduped_until = None;
    }

    /// Handles an event, and returns the effects.
    pub fn on(&mut self, now: Now, event: Event) -> Vec<Effect> {
        let (now, mut effects) = (&now, Vec::new());
        match event {
            Event::Mount { watcher, config, fetches, shows_data, is_initial } => {
                let watching = Watching { watcher, config, fetches };
                self.mount(now, watching, (shows_data, is_initial), &mut effects);
            }
            Event::Unmount { watcher } => self.unmount(watcher, &mut effects),
            Event::Configure { watcher, config } => self.configure(now, watcher, config, &mut effects),
            Event::Revalidate => {
                self.expire();
                self.supersede(&mut effects);
                self.start(now, None, 0, &mut effects);
            }
            Event::Focus => self.focus(now, &mut effects),
            Event::Reconnect => {
                self.resume(now, &mut effects);
                if self.first_config().is_some_and(|config| config.revalidate_on_reconnect) && now.active() {
                    self.start_deduped(now, None, 0, &mut effects);
                }
            }
            Event::Timer(timer) => self.timer(now, timer, &mut effects),
            Event::Answered { request } => self.answered(now, request, &mut effects),
            Event::Failed { request, shown, retry } => {
                self.failed(now, request, (shown, retry), &mut effects)
            }
            Event::Overtaken { request } => self.overtaken(now, request, &mut effects),
            Event::Written { has_data, has_error } => {
                (self.has_data, self.has_error) = (has_data, has_error);
                self.arm_idle_poll(now, &mut effects);
            }
            Event::MutationEnded { mutation } if self.is_newest_mutation(mutation) => {
                let ended = Some(self.tick());
                self.mutation = Some(Mutation { began: mutation, ended });
            }
            Event::MutationEnded { .. } => {}
            Event::Clear { revalidate } => self.clear(now, revalidate, &mut effects),
        }
        effects
    }

    fn mount(
        &mut self,
        now: &Now,
        Watching { watcher, config, fetches }: Watching,
        (shows_data, is_initial): (bool, bool),
        effects: &mut Vec<Effect>,
    ) {
        let is_first = self.watchers.is_empty();
        self.watchers.push(Watching { watcher, config, fetches });
        if is_first {
            self.focus_after =
                config.revalidate_on_focus.then(|| now.ms + millis(config.focus_throttle_interval));
        }
        self.arm_poll(now, effects);
        let wanted = config.revalidate_on_mount.filter(|_| is_initial);
        let has_known_error = !is_first && self.has_error;
        if fetches && !has_known_error && wanted.unwrap_or(!shows_data || config.revalidate_if_stale) {
            self.start_deduped(now, Some(watcher), 0, effects);
        }
    }

    fn unmount(&mut self, watcher: WatcherId, effects: &mut Vec<Effect>) {
        self.watchers.retain(|known| known.watcher != watcher);
        if !self.watchers.is_empty() {
            return;
        }
        self.end_live(effects).inspect(|live| effects.push(Effect::Abort { request: live.request }));
        self.forget_retry(effects);
        if matches!(self.poll, Poll::Armed { .. }) {
            effects.push(Effect::ClearTimer(Timer::Poll));
        }
        self.poll = Poll::Off;
    }

    fn configure(&mut self, now: &Now, watcher: WatcherId, config: Config, effects: &mut Vec<Effect>) {
        for known in self.watchers.iter_mut().filter(|known| known.watcher == watcher) {
            known.config = config;
        }
        match self.poll {
            Poll::Armed { interval, .. } if interval != now.refresh_ms => {
                effects.push(Effect::ClearTimer(Timer::Poll));
                self.poll = Poll::Off;
                self.arm_poll(now, effects);
            }
            Poll::Off => self.arm_poll(now, effects),
            _ => self.resume(now, effects),
        }
    }

    fn focus(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        self.resume(now, effects);
        let Some(config) = self.first_config() else { return };
        let throttled = self.focus_after.is_some_and(|after| now.ms <= after);
        if config.revalidate_on_focus && !throttled && now.active() {
            self.focus_after = Some(now.ms + millis(config.focus_throttle_interval));
            self.start_deduped(now, None, 0, effects);
        }
    }

    /// Does at once what became due while hidden or offline.
    fn resume(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        if self.retry_due && now.active() {
            self.retry_now(now, effects);
        }
        if self.poll == Poll::Due && self.may_poll(now) {
            self.poll_now(now, effects);
        }
    }

    fn timer(&mut self, now: &Now, timer: Timer, effects: &mut Vec<Effect>) {
        match (timer, self.live) {
            (Timer::Slow, Some(live)) if !self.has_data => {
                self.call(Notice::LoadingSlow, live.watcher, effects)
            }
            (Timer::Slow, _) => {}
            (Timer::Retry, _) if self.retry.is_some() => {
                if now.active() {
                    self.retry_now(now, effects)
                } else {
                    self.retry_due = true
                }
            }
            (Timer::Poll, _) if matches!(self.poll, Poll::Armed { .. }) => {
                self.poll = Poll::Off;
                if self.has_error {
                    self.arm_poll(now, effects);
                } else if self.may_poll(now) {
                    self.poll_now(now, effects);
                } else {
                    self.poll = Poll::Due;
                }
            }
            (Timer::Retry | Timer::Poll, _) => {}
        }
    }

    fn answered(&mut self, now: &Now, request: u64, effects: &mut Vec<Effect>) {
        (self.has_data, self.has_error) = (true, false);
        let Some(live) = self.end_live(effects).filter(|live| live.request == request) else { return };
        self.share_answer(now, live);
        self.forget_retry(effects);
        self.poll_after_answer(now, effects);
        self.call(Notice::Success, live.watcher, effects);
    }

    fn failed(&mut self, now: &Now, request: u64, (shown, retry): (bool, bool), effects: &mut Vec<Effect>) {
        let Some(live) = self.end_live(effects).filter(|live| live.request == request) else { return };
        if shown {
            self.has_error = true;
            self.call(Notice::Error, live.watcher, effects);
            self.schedule_retry(now, live, retry, effects);
        }
        self.poll_after_answer(now, effects);
    }

    fn overtaken(&mut self, now: &Now, request: u64, effects: &mut Vec<Effect>) {
        let Some(live) = self.end_live(effects).filter(|live| live.request == request) else { return };
        self.share_answer(now, live);
        self.poll_after_answer(now, effects);
        self.call(Notice::Discarded, live.watcher, effects);
    }

    fn clear(&mut self, now: &Now, revalidate: bool, effects: &mut Vec<Effect>) {
        (self.has_data, self.has_error) = (false, false);
        self.expire();
        self.supersede(effects);
        self.forget_retry(effects);
        let at = self.tick();
        self.mutation = self.mutation.map(|_| Mutation { began: at, ended: Some(at) });
        if revalidate {
            self.start(now, None, 0, effects);
        }
        self.poll_after_answer(now, effects);
    }

    /// Starts a request, or shares the one under way or a recent answer.
    fn start_deduped(
        &mut self,
        now: &Now,
        watcher: Option<WatcherId>,
        retries: u32,
        effects: &mut Vec<Effect>,
    ) {
        if self.live.is_none() && self.deduped_until.is_none_or(|until| now.ms >= until) {
            self.start(now, watcher, retries, effects);
        }
    }

    fn start(&mut self, now: &Now, watcher: Option<WatcherId>, retries: u32, effects: &mut Vec<Effect>) {
        let Some(watcher) = watcher.or(self.first_watcher()) else { return };
        if now.paused {
            return;
        }
        self.supersede(effects);
        self.forget_retry(effects);
        self.expire();
        let request = self.tick();
        self.live = Some(Live { request, watcher, retries });
        let slow_after = self.config_of(watcher).map_or(0, |config| millis(config.loading_timeout));
        if !self.has_data && slow_after > 0 {
            effects.push(Effect::SetTimer(Timer::Slow, slow_after));
        }
        effects.push(Effect::Fetch { request, watcher });
    }

    /// Aborts the request under way, because a newer one replaces it.
    fn supersede(&mut self, effects: &mut Vec<Effect>) {
        if let Some(live) = self.end_live(effects) {
            effects.push(Effect::Abort { request: live.request });
            self.call(Notice::Discarded, live.watcher, effects);
        }
    }

    fn end_live(&mut self, effects: &mut Vec<Effect>) -> Option<Live> {
        let live = self.live.take()?;
        effects.push(Effect::ClearTimer(Timer::Slow));
        Some(live)
    }

    /// For a while, calls share the answer that has just arrived.
    fn share_answer(&mut self, now: &Now, live: Live) {
        let config = self.config_of(live.watcher).or_else(|| self.first_config());
        self.deduped_until = config.map(|config| now.ms + millis(config.dedupe_interval));
    }

    /// The backoff of swr's `onErrorRetry`: `floor((random + 0.5) * 2^min(count, 8))` intervals.
    fn schedule_retry(&mut self, now: &Now, live: Live, allowed: bool, effects: &mut Vec<Effect>) {
        let Some(config) = self.config_of(live.watcher).or_else(|| self.first_config()) else { return };
        let count = live.retries + 1;
        if !allowed || config.error_retry_count.is_some_and(|most| count > most) {
            return;
        }
        let intervals = ((now.random + 0.5) * f64::from(1_u32 << count.min(8))).floor();
        let delay = (intervals * millis(config.error_retry_interval) as f64) as u64;
        self.retry = Some(Retry { count, at_ms: now.ms + delay });
        effects.push(Effect::SetTimer(Timer::Retry, delay));
    }

    fn retry_now(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        let retries = self.retry.map_or(0, |retry| retry.count);
        self.forget_retry(effects);
        self.start_deduped(now, None, retries, effects);
    }

    fn forget_retry(&mut self, effects: &mut Vec<Effect>) {
        self.retry_due = false;
        if self.retry.take().is_some() {
            effects.push(Effect::ClearTimer(Timer::Retry));
        }
    }

    fn may_poll(&self, now: &Now) -> bool {
        self.watchers.iter().any(|Watching { config, .. }| {
            (config.refresh_when_hidden || now.visible) && (config.refresh_when_offline || now.online)
        })
    }

    fn poll_now(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        self.start_deduped(now, None, 0, effects);
        self.poll = Poll::AfterAnswer;
        if self.live.is_none() {
            self.poll_after_answer(now, effects);
        }
    }

    fn poll_after_answer(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        if self.poll == Poll::AfterAnswer && self.live.is_none() {
            self.poll = Poll::Off;
        }
        self.arm_idle_poll(now, effects);
    }

    /// The interval may depend on the data, and may no longer be zero.
    fn arm_idle_poll(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        if self.poll == Poll::Off {
            self.arm_poll(now, effects);
        }
    }

    fn arm_poll(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        let at = now.ms + now.refresh_ms;
        let is_sooner = match self.poll {
            Poll::Off => true,
            Poll::Armed { at: armed, .. } => at < armed,
            Poll::AfterAnswer | Poll::Due => false,
        };
        if now.refresh_ms > 0 && is_sooner && !self.watchers.is_empty() {
            self.poll = Poll::Armed { at, interval: now.refresh_ms };
            effects.push(Effect::SetTimer(Timer::Poll, now.refresh_ms));
        }
    }

    fn call(&self, notice: Notice, watcher: WatcherId, effects: &mut Vec<Effect>) {
        if self.config_of(watcher).is_some() {
            effects.push(Effect::Call(notice, watcher));
        }
    }

    fn config_of(&self, watcher: WatcherId) -> Option<&Config> {
        self.watchers.iter().find(|known| known.watcher == watcher).map(|known| &known.config)
    }

    fn first_config(&self) -> Option<&Config> {
        self.watchers.first().map(|known| &known.config)
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}
