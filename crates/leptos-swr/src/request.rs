//! A request under way, and how it is aborted.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use web_sys::{AbortController, AbortSignal};

use crate::host::Task;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Request>>> = const { RefCell::new(None) };
}

/// The signal that aborts the request being made: for the fetcher, to be handed to `fetch`.
///
/// May be called anywhere in the fetcher and the future it returns. `None` outside of them, and outside of
/// a browser. The request is aborted when nobody watches its key any more, when a newer request for the key
/// takes its place, and when the cache is emptied; its future is dropped at the same time.
pub fn abort_signal() -> Option<AbortSignal> {
    let request = CURRENT.with_borrow(Clone::clone)?;
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    let mut controller = request.controller.borrow_mut();
    if controller.is_none() {
        *controller = AbortController::new().ok();
    }
    controller.as_ref().map(AbortController::signal)
}

/// A request under way.
#[derive(Default)]
pub(crate) struct Request {
    task: RefCell<Option<Task>>,
    aborted: Cell<bool>,
    controller: RefCell<Option<AbortController>>,
    waker: RefCell<Option<Waker>>,
}

impl Request {
    /// Calls `run` (a fetcher) with this as the request that [`abort_signal`] finds.
    pub fn enter<R>(self: &Rc<Self>, run: impl FnOnce() -> R) -> R {
        let outer = CURRENT.replace(Some(self.clone()));
        let result = run();
        CURRENT.set(outer);
        result
    }

    /// The task that carries the request out.
    pub fn run(self: Rc<Self>, task: Task) -> Task {
        self.task.replace(Some(task));
        Box::pin(Running(self))
    }

    /// Drops the fetcher's future and fires the signal.
    pub fn abort(&self) {
        self.aborted.set(true);
        drop(self.task.take());
        if let Some(controller) = self.controller.take() {
            controller.abort();
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

struct Running(Rc<Request>);

impl Future for Running {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let request = &self.0;
        // Out of its place while it runs, because it may abort itself.
        let Some(mut task) = request.task.take() else { return Poll::Ready(()) };
        request.waker.replace(Some(context.waker().clone()));
        let done = request.enter(|| task.as_mut().poll(context).is_ready());
        if done || request.aborted.get() {
            return Poll::Ready(());
        }
        request.task.replace(Some(task));
        Poll::Pending
    }
}

/// A value that comes later, from a task that goes on whether or not this is awaited.
pub struct Reply<V>(Rc<Slot<V>>);

struct Slot<V> {
    value: RefCell<Option<V>>,
    waker: RefCell<Option<Waker>>,
}

impl<V> Reply<V> {
    /// The place to await the value, and the way to send it.
    pub(crate) fn new() -> (Self, impl FnOnce(V)) {
        let slot = Rc::new(Slot { value: RefCell::new(None), waker: RefCell::new(None) });
        let sender = slot.clone();
        let send = move |value| {
            sender.value.replace(Some(value));
            if let Some(waker) = sender.waker.take() {
                waker.wake();
            }
        };
        (Self(slot), send)
    }
}

impl<V> Future for Reply<V> {
    type Output = V;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<V> {
        match self.0.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.0.waker.replace(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}
