//! A hook for data that is pushed: a WebSocket, an `EventSource`.

use reactive_graph::graph::untrack;
use reactive_graph::wrappers::read::Signal;

use crate::cache::use_cache;
use crate::entry::{Close, Entry};
use crate::hook::{hold_each, use_found};
use crate::value::Value;

/// Handle of [`use_swr_subscription`]. `Copy`, as signals are.
pub struct SwrSubscription<T: Send + Sync + 'static, E: Send + Sync + 'static> {
    /// The last data that was pushed.
    pub data: Signal<Option<T>>,
    /// The last failure that was pushed, until data is.
    pub error: Signal<Option<E>>,
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Clone for SwrSubscription<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Copy for SwrSubscription<T, E> {}

/// The key of a pushed entry: apart from fetched data under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionKey<K>(pub K);

/// Sender of a subscription's data. Clones share the entry.
pub struct Push<T, E>(Entry<T, E>);

impl<T, E> Clone for Push<T, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T, E> Push<T, E>
where
    T: Value,
    E: Value,
{
    /// Shows new data, or a failure beside the data there is.
    pub fn next(&self, value: Result<T, E>) {
        match value {
            Ok(data) => self.0.set(Some(data)),
            Err(error) => {
                self.0.0.set_error(Some(error));
                self.0.0.written();
            }
        }
    }
}

/// The data a source pushes under a key.
///
/// `subscribe` opens the source and returns what closes it. It is called for the first hook of a key, and the
/// source is closed after the last.
#[cfg_attr(feature = "devtools", track_caller)]
pub fn use_swr_subscription<K, T, E, D>(
    key: impl Fn() -> Option<K> + 'static,
    subscribe: impl Fn(K, Push<T, E>) -> D + 'static,
) -> SwrSubscription<T, E>
where
    K: Clone + Eq + 'static,
    T: Value,
    E: Value,
    D: FnOnce() + 'static,
{
    let cache = use_cache();
    let finder = cache.clone();
    let find = move || Some((finder.entry(SubscriptionKey(key()?)), None));
    let swr = use_found(&cache, Box::new(find), |_| {});
    hold_each(move |leave: &mut dyn FnMut()| {
        let entry = swr.current.get();
        leave();
        let SubscriptionKey(key) = entry.as_ref()?.key()?;
        Some(Using::new(entry?, |push| Box::new(subscribe(key, push))))
    });
    SwrSubscription { data: swr.data, error: swr.error }
}

/// One hook's use of a source. The last one dropped closes it.
struct Using<T, E>(Entry<T, E>);

impl<T, E> Using<T, E> {
    fn new(entry: Entry<T, E>, open: impl FnOnce(Push<T, E>) -> Close) -> Self {
        let users = {
            let mut source = entry.0.source.borrow_mut();
            source.0 += 1;
            source.0
        };
        if users == 1 {
            let close = untrack(|| open(Push(entry.clone())));
            entry.0.source.borrow_mut().1 = Some(close);
        }
        Self(entry)
    }
}

impl<T, E> Drop for Using<T, E> {
    fn drop(&mut self) {
        let close = {
            let mut source = self.0.0.source.borrow_mut();
            source.0 -= 1;
            if source.0 == 0 { source.1.take() } else { None }
        };
        if let Some(close) = close {
            close();
        }
    }
}
