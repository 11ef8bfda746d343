//! The environment: clock, timers, tasks, network and visibility.
//!
//! - [`browser`]: the browser's window.
//! - [`virtual_clock`]: an environment for tests, with a manual clock.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

pub mod browser;
pub mod virtual_clock;

pub use browser::Browser;
pub use virtual_clock::VirtualHost;

/// A task.
pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Called with events of the host.
pub type Listener = Rc<dyn Fn(HostEvent)>;

/// Events of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostEvent {
    /// The window got the focus, or the tab became visible or hidden. The host's state has already changed.
    Focus,
    /// The network came back.
    Online,
    /// The network went away.
    Offline,
}

/// The environment of a cache: clock, timers, network and visibility.
pub trait Host: 'static {
    /// Milliseconds of a monotonic clock (in a browser `performance.now()`).
    fn now_ms(&self) -> u64;

    /// Milliseconds since 1970, for persisted data.
    fn wall_clock_ms(&self) -> u64;

    /// Calls `run` once after `delay_ms` milliseconds. The result is for [`Host::clear_timer`].
    fn set_timer(&self, delay_ms: u64, run: Box<dyn FnOnce()>) -> u64;

    /// Cancels a timer. A timer that has fired is ignored.
    fn clear_timer(&self, timer: u64);

    /// Runs a task asynchronously on this thread.
    fn spawn(&self, task: Task);

    /// Whether the browser is online.
    fn is_online(&self) -> bool;

    /// Whether the tab is visible.
    fn is_visible(&self) -> bool;

    /// A random number between 0 and 1, for the jitter of retries.
    fn random(&self) -> f64;

    /// Calls the listener for events, until the returned value is dropped.
    fn listen(&self, listener: Listener) -> Box<dyn std::any::Any>;
}
