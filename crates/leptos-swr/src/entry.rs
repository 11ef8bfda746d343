//! Data, error and state of a key, shared by all hooks of the key.
//!
//! [`Entry`] is the handle; its effects on the cache do not depend on hooks. Nothing is borrowed while code
//! of the app runs (fetchers, callbacks, effects), so that code may use the cache in any way.
//!
//! - [`node`]: the part that is the same for all types of data: the machine decides, the core performs.
//! - [`inner`]: the part that knows the types: data, error, fetchers, callbacks.
//! - [`watched`]: the signals of both.

use std::future::Future;
use std::rc::Rc;

use reactive_graph::graph::untrack;

use crate::options::MutateOptions;
use crate::request::Reply;
use crate::value::Value;

mod inner;
mod node;
mod watched;

pub(crate) use inner::{Answer, Close, Fetch, Inner, Shows, Watcher};
pub(crate) use node::{Node, Shared};
pub(crate) use watched::{StatusSignals, Watched};

/// A key of the cache, whether or not a hook shows it. Clones are the same entry.
pub struct Entry<T, E>(pub(crate) Rc<Inner<T, E>>);

impl<T, E> Clone for Entry<T, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T, E> PartialEq for Entry<T, E> {
    /// Compares entries, not data.
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T, E> Entry<T, E>
where
    T: Value,
    E: Value,
{
    /// The current data. Not tracked.
    pub fn data(&self) -> Option<T> {
        self.0.data.get_untracked()
    }

    /// The current error. Not tracked.
    pub fn error(&self) -> Option<E> {
        self.0.error.get_untracked()
    }

    /// The key, if it is of this type.
    pub fn key<K: Clone + 'static>(&self) -> Option<K> {
        self.0.core.key.downcast_ref::<K>().cloned()
    }

    /// Fetches again, regardless of recent requests, like swr's `mutate()` without data. Without a hook, the
    /// next hook to show the entry fetches.
    pub fn revalidate(&self) {
        self.0.invalidate();
    }

    /// Writes data (`None` for none) and clears the error. Answers of requests in flight are dropped.
    pub fn set(&self, data: Option<T>) {
        self.write_by(|_| data, false);
    }

    /// Like [`Entry::set`], and fetches again.
    pub fn set_and_revalidate(&self, data: Option<T>) {
        self.write_by(|_| data, true);
    }

    /// Like [`Entry::set`], with data computed from the committed data.
    pub fn update(&self, change: impl FnOnce(Option<&T>) -> Option<T>) {
        self.write_by(change, false);
    }

    /// Like [`Entry::update`], and fetches again.
    pub fn update_and_revalidate(&self, change: impl FnOnce(Option<&T>) -> Option<T>) {
        self.write_by(change, true);
    }

    fn write_by(&self, change: impl FnOnce(Option<&T>) -> Option<T>, revalidate: bool) {
        let entry = &self.0;
        let mutation = entry.core.machine.borrow_mut().begin_mutation();
        let data = untrack(|| change(entry.committed_data().as_ref()));
        if entry.is_newest(mutation) {
            drop(entry.committed.take());
            entry.set_error(None);
            entry.write(data);
            entry.end_mutation(mutation, revalidate);
        }
    }

    /// Does work elsewhere, such as a POST, and takes its answer into the cache.
    ///
    /// The work runs to its end whether or not the reply is awaited. While it runs, the entry shows the
    /// optimistic data of the options, if any; if it fails, the committed data. After a later mutation, or if
    /// the cache is emptied, the answer has no effect on the cache. The reply is always the result of the
    /// work.
    pub fn mutate<R: 'static>(
        &self,
        work: impl Future<Output = Result<R, E>> + 'static,
        options: MutateOptions<T, R, E>,
    ) -> Reply<Result<R, E>> {
        let entry = self.0.clone();
        let mutation = entry.core.machine.borrow_mut().begin_mutation();
        let (shown, committed) = (entry.data.get_untracked(), entry.committed_data());
        if let Some(optimistic) = &options.optimistic_data {
            let data = untrack(|| optimistic(committed.as_ref(), shown.as_ref()));
            entry.committed.replace(Some(committed.clone()));
            entry.write(Some(data));
        }
        let (reply, send) = Reply::new();
        let host = entry.core.shared.host.clone();
        host.spawn(Box::pin(async move {
            let result = work.await;
            if entry.is_newest(mutation) {
                untrack(|| entry.take_result(mutation, &result, committed, &options));
            }
            send(result);
        }));
        reply
    }
}
