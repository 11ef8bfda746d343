//! The world outside: a clock, timers, tasks, and whether anybody could see or send anything.
//!
//! - [`browser`]: the window the app runs in.
//! - [`virtual_clock`]: a world for tests, in which time passes when told to.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

pub mod browser;
pub mod virtual_clock;

pub use browser::Browser;
pub use virtual_clock::VirtualHost;

/// A task.
pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Something that tells its listener what happens outside.
pub type Listener = Rc<dyn Fn(HostEvent)>;

/// Events of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostEvent {
    /// The window got the focus, or the tab was shown or hidden. The host's state has changed already.
    Focus,
    /// The network came back.
    Online,
    /// The network went away.
    Offline,
}

/// Clock, timers, network and visibility, as the cache sees them.
pub trait Host: 'static {
    /// Milliseconds of a clock that never goes back (in a browser `performance.now()`).
    fn now_ms(&self) -> u64;

    /// Milliseconds since 1970, for what outlives the page.
    fn wall_clock_ms(&self) -> u64;

    /// Calls `run` once, `delay_ms` milliseconds from now. Returns what [`Host::clear_timer`] takes.
    fn set_timer(&self, delay_ms: u64, run: Box<dyn FnOnce()>) -> u64;

    /// Forgets a timer. One that has run already is no error.
    fn clear_timer(&self, timer: u64);

    /// Runs a task, later and on this thread.
    fn spawn(&self, task: Task);

    /// Whether the browser is online.
    fn is_online(&self) -> bool;

    /// Whether the tab is visible.
    fn is_visible(&self) -> bool;

    /// Between 0 and 1, for the jitter of retries.
    fn random(&self) -> f64;

    /// Tells the listener of events from now on, until the returned value is dropped.
    fn listen(&self, listener: Listener) -> Box<dyn std::any::Any>;
}
