//! Queries: key, fetcher and types in one definition.

use std::future::Future;

use crate::cache::Cache;
use crate::entry::Entry;
use crate::hook::{Swr, use_swr_with};
use crate::options::Options;
use crate::value::Value;

/// A key that knows how it is fetched, and the types of its data and errors.
///
/// ```
/// use leptos_swr::{Options, Query, use_cache, use_query};
/// # use reactive_graph::owner::Owner;
///
/// #[derive(Clone, PartialEq, Eq)]
/// struct User(u32);
///
/// impl Query for User {
///     type Data = String;
///     type Error = String;
///
///     async fn fetch(self) -> Result<String, String> {
///         Ok(format!("user {}", self.0))
///     }
///
///     fn configure(options: &mut Options<String, String>) {
///         options.keep_previous_data(true);
///     }
/// }
///
/// # fn demo() {
/// let user = use_query(|| Some(User(7)));
/// // Elsewhere, without naming a type:
/// use_cache().query(User(7)).set(Some("Ada".to_owned()));
/// # let _ = user;
/// # }
/// ```
pub trait Query: Clone + Eq + 'static {
    /// The data.
    type Data: Value;
    /// The failure of a fetch.
    type Error: Value;

    /// Fetches the data. Called untracked; [`abort_signal`](crate::abort_signal) can be handed to `fetch`.
    fn fetch(self) -> impl Future<Output = Result<Self::Data, Self::Error>> + 'static;

    /// Changes the cache's defaults for every hook of this query. Reactive, as the options of
    /// [`use_swr_with`] are.
    fn configure(options: &mut Options<Self::Data, Self::Error>) {
        let _ = options;
    }
}

/// The data of a query. `query` is reactive; `None` is no query, and all signals are empty.
#[cfg_attr(feature = "devtools", track_caller)]
pub fn use_query<Q: Query>(query: impl Fn() -> Option<Q> + 'static) -> Swr<Q::Data, Q::Error> {
    use_swr_with(query, Q::fetch, Q::configure)
}

impl Cache {
    /// The entry of a query, made if need be.
    pub fn query<Q: Query>(&self, query: Q) -> Entry<Q::Data, Q::Error> {
        self.entry(query)
    }

    /// Starts a query's fetcher before a hook asks for it: [`Cache::preload`].
    pub fn preload_query<Q: Query>(&self, query: Q) {
        self.preload(query, Q::fetch);
    }
}
