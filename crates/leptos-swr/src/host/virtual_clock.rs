//! An environment for tests, with a manual clock.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::task::{Context, Wake, Waker};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};

use super::{Host, HostEvent, Listener, Task};

/// A [`Host`] whose time advances by [`VirtualHost::advance`] only. Clones are the same host.
///
/// Creating one also installs the executor of this thread's effects, so that [`VirtualHost::settle`] runs
/// effects and fetchers.
#[derive(Clone)]
pub struct VirtualHost(Rc<World>);

struct World {
    now_ms: Cell<u64>,
    online: Cell<bool>,
    visible: Cell<bool>,
    random: Cell<f64>,
    next_id: Cell<u64>,
    timers: RefCell<Vec<Timer>>,
    listeners: RefCell<Vec<WeakListener>>,
}

type WeakListener = Weak<dyn Fn(HostEvent)>;

struct Timer {
    id: u64,
    at_ms: u64,
    run: Box<dyn FnOnce()>,
}

impl Default for VirtualHost {
    fn default() -> Self {
        Self::new()
    }
}

impl VirtualHost {
    /// A host at 0 ms, visible and online, whose random number is one half.
    pub fn new() -> Self {
        static EXECUTOR: Once = Once::new();
        EXECUTOR.call_once(|| {
            // An executor that is already installed works too: tasks of fetchers still run here.
            let _ = Executor::init_custom_executor(ThreadTasks);
        });
        // Tasks of an earlier host, dropped outside the borrow because their drops may use the list.
        drop(TASKS.take());
        Self(Rc::new(World {
            now_ms: Cell::new(0),
            online: Cell::new(true),
            visible: Cell::new(true),
            random: Cell::new(0.5),
            next_id: Cell::new(0),
            timers: RefCell::default(),
            listeners: RefCell::default(),
        }))
    }

    /// Advances the time. Each timer that expires is called at its own time.
    pub fn advance(&self, ms: u64) {
        self.settle();
        let end = self.0.now_ms.get() + ms;
        while let Some(timer) = self.next_timer(end) {
            self.0.now_ms.set(timer.at_ms.max(self.0.now_ms.get()));
            (timer.run)();
            self.settle();
        }
        self.0.now_ms.set(end);
    }

    /// Runs all tasks and effects until none can continue. No time passes.
    pub fn settle(&self) {
        run_tasks();
    }

    /// A task that completes after `ms` milliseconds, as the response time of a fetcher. With 0 it needs no
    /// [`VirtualHost::advance`].
    pub fn sleep(&self, ms: u64) -> impl Future<Output = ()> + use<> {
        let done = Rc::new((Cell::new(false), RefCell::new(None::<Waker>)));
        let timer = done.clone();
        let wake = move || {
            timer.0.set(true);
            if let Some(waker) = timer.1.take() {
                waker.wake();
            }
        };
        if ms == 0 {
            wake();
        } else {
            self.set_timer(ms, Box::new(wake));
        }
        std::future::poll_fn(move |context| {
            if done.0.get() {
                return std::task::Poll::Ready(());
            }
            done.1.replace(Some(context.waker().clone()));
            std::task::Poll::Pending
        })
    }

    /// Gives the window the focus.
    pub fn focus(&self) {
        self.tell(HostEvent::Focus);
    }

    /// Shows or hides the tab.
    pub fn set_visible(&self, visible: bool) {
        self.0.visible.set(visible);
        self.tell(HostEvent::Focus);
    }

    /// Connects or disconnects the network.
    pub fn set_online(&self, online: bool) {
        self.0.online.set(online);
        self.tell(if online { HostEvent::Online } else { HostEvent::Offline });
    }

    /// Sets the random number, between 0 and 1.
    pub fn set_random(&self, random: f64) {
        self.0.random.set(random);
    }

    /// Number of pending timers, [`VirtualHost::sleep`] included.
    pub fn timer_count(&self) -> usize {
        self.0.timers.borrow().len()
    }

    /// Time at which the next timer expires, in milliseconds.
    pub fn next_timer_ms(&self) -> Option<u64> {
        self.0.timers.borrow().iter().map(|timer| timer.at_ms).min()
    }

    fn tell(&self, event: HostEvent) {
        let listeners: Vec<_> = self.0.listeners.borrow().iter().filter_map(Weak::upgrade).collect();
        for listener in listeners {
            listener(event);
        }
    }

    fn next_timer(&self, end: u64) -> Option<Timer> {
        let mut timers = self.0.timers.borrow_mut();
        let due = timers.iter().enumerate().filter(|(_, timer)| timer.at_ms <= end);
        let (index, _) = due.min_by_key(|(_, timer)| (timer.at_ms, timer.id))?;
        Some(timers.remove(index))
    }
}

impl Host for VirtualHost {
    fn now_ms(&self) -> u64 {
        self.0.now_ms.get()
    }

    /// The virtual time, counted from 1 January 2030.
    fn wall_clock_ms(&self) -> u64 {
        1_893_456_000_000 + self.now_ms()
    }

    fn set_timer(&self, delay_ms: u64, run: Box<dyn FnOnce()>) -> u64 {
        let id = self.0.next_id.get() + 1;
        self.0.next_id.set(id);
        self.0.timers.borrow_mut().push(Timer { id, at_ms: self.now_ms() + delay_ms, run });
        id
    }

    fn clear_timer(&self, timer: u64) {
        self.0.timers.borrow_mut().retain(|known| known.id != timer);
    }

    fn spawn(&self, task: Task) {
        push_task(task);
    }

    fn is_online(&self) -> bool {
        self.0.online.get()
    }

    fn is_visible(&self) -> bool {
        self.0.visible.get()
    }

    fn random(&self) -> f64 {
        self.0.random.get()
    }

    fn listen(&self, listener: Listener) -> Box<dyn Any> {
        self.0.listeners.borrow_mut().push(Rc::downgrade(&listener));
        Box::new(listener)
    }
}

thread_local! {
    static TASKS: RefCell<VecDeque<(Task, Arc<Flag>)>> = RefCell::default();
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn push_task(task: Task) {
    TASKS.with(|tasks| tasks.borrow_mut().push_back((task, Arc::new(Flag(AtomicBool::new(true))))));
}

/// Polls every woken task, including those spawned meanwhile, until all wait.
fn run_tasks() {
    loop {
        let woken = TASKS.with(|tasks| {
            let mut tasks = tasks.borrow_mut();
            let index = tasks.iter().position(|(_, flag)| flag.0.load(Ordering::Relaxed))?;
            tasks.remove(index)
        });
        let Some((mut task, flag)) = woken else { return };
        flag.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(flag.clone());
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            TASKS.with(|tasks| tasks.borrow_mut().push_back((task, flag)));
        }
    }
}

/// The tasks of this thread, as the executor of the reactive graph.
struct ThreadTasks;

impl CustomExecutor for ThreadTasks {
    fn spawn(&self, task: PinnedFuture<()>) {
        push_task(task);
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        push_task(task);
    }

    fn poll_local(&self) {
        run_tasks();
    }
}
