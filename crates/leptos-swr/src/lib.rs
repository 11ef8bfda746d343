//! Stale-while-revalidate data for Leptos: swr's promises, as signals.
//!
//! # In five minutes
//!
//! **One.** Make a cache at the root of the app, once. Its [`Config`] is the default of all hooks below.
//!
//! ```no_run
//! use leptos::prelude::*;
//! use leptos_swr::provide_cache;
//!
//! #[component]
//! fn App() -> impl IntoView {
//!     provide_cache();
//!     view! { <User id=7 /> }
//! }
//! # #[component] fn User(id: u32) -> impl IntoView { id }
//! ```
//!
//! **Two.** Ask for data by a key. The key is reactive, the fetcher is any async function, and the result is
//! signals. Two components with one key share one request and one state.
//!
//! ```no_run
//! # use leptos::prelude::*;
//! # async fn fetch_name(id: u32) -> Result<String, String> { Ok(id.to_string()) }
//! use leptos_swr::use_swr;
//!
//! #[component]
//! fn User(id: u32) -> impl IntoView {
//!     let name = use_swr(move || Some(id), fetch_name);
//!     view! {
//!         {move || name.is_loading.get().then_some("Loading")}
//!         {move || name.data.get()}
//!         // The error stands beside the data, which is never taken away.
//!         {move || name.error.get()}
//!         // After a failure there are retries, each later than the one before.
//!         {move || name.retry().map(|retry| format!("failed {} times", retry.count))}
//!         {move || name.is_paused.get().then_some("waiting for the network")}
//!         <button on:click=move |_| name.revalidate()>"Again"</button>
//!     }
//! }
//! ```
//!
//! That is all that is needed for: the cached data at once on the next mount and a fresh answer soon after,
//! fetching again on focus and when the network is back, retries with backoff, no work in a hidden tab, and
//! requests that are aborted when nobody watches.
//!
//! [`Query`] puts key, fetcher and types into one definition, for [`use_query`] and [`Cache::query`].
//! `name.await` waits for the first answer, as Leptos' `Suspend` does.
//!
//! **Three.** Options are set on the hook, and are live where they read signals. [`abort_signal`] lets the
//! browser cancel what is under way.
//!
//! ```no_run
//! # use std::time::Duration;
//! use leptos_swr::{abort_signal, use_swr_with};
//!
//! # fn demo() {
//! let news = use_swr_with(
//!     || Some("/api/news".to_owned()),
//!     |path: String| async move {
//!         let request = gloo_net::http::Request::get(&path).abort_signal(abort_signal().as_ref());
//!         let answer = request.send().await.map_err(|error| error.to_string())?;
//!         answer.text().await.map_err(|error| error.to_string())
//!     },
//!     |options| {
//!         options.refresh_interval(Duration::from_secs(30));
//!         options.keep_previous_data(true);
//!     },
//! );
//! # let _ = news;
//! # }
//! ```
//!
//! **Four.** Write. [`Swr::set`] and [`Swr::update`] change the data here; [`Swr::mutate`] does work
//! elsewhere and can show its optimistic result meanwhile; [`use_swr_mutation`] is the hook for forms and
//! buttons. A [`MutationQueue`] holds mutations back while offline and runs them in order afterwards.
//!
//! ```no_run
//! use leptos_swr::{MutateOptions, Swr};
//!
//! async fn rename(name: String) -> Result<String, String> {
//!     Ok(name)
//! }
//!
//! fn save(user: Swr<String, String>, name: String) {
//!     user.mutate(rename(name.clone()), MutateOptions::default().optimistic(name));
//! }
//! ```
//!
//! **Five.** Lists that come page by page are [`use_swr_pages`]; with [`PagesOptions::head_only`] a long list
//! is kept fresh by its first page alone. [`Cache::persist`] keeps data over a reload, [`Cache::preload`]
//! fetches before a component is there, [`use_swr_subscription`] takes data that is pushed, and
//! [`Cache::unload`] empties everything at a sign-out.
//!
//! **Tests** of an app need no browser: [`VirtualHost`] is a world whose time passes when told to.
//!
//! ```
//! use std::rc::Rc;
//! use leptos_swr::{Cache, Config, VirtualHost, use_swr};
//! use reactive_graph::{owner::Owner, traits::GetUntracked};
//!
//! let host = VirtualHost::new();
//! let owner = Owner::new();
//! owner.set();
//! Cache::new(Rc::new(host.clone()), Config::default()).provide();
//! let clock = host.clone();
//! let hook = use_swr(|| Some(7), move |id: u32| {
//!     let answer = clock.sleep(50);
//!     async move {
//!         answer.await;
//!         Ok::<_, String>(id * 6)
//!     }
//! });
//! assert!(hook.is_loading.get_untracked());
//! host.advance(50);
//! assert_eq!(hook.data.get_untracked(), Some(42));
//! ```
//!
//! # Map
//!
//! In reading order:
//!
//! - Hooks: [`use_swr`], [`use_swr_with`], [`use_query`] with a [`Query`], and [`Swr`], their result.
//! - Options, with swr's names and defaults: [`Config`], [`Options`], [`MutateOptions`].
//! - The cache without a hook: [`Cache`], and [`Entry`], one key's data, error and state.
//! - Lists that come page by page: [`use_swr_pages`]; [`splice`] joins a fresh head with the known pages.
//! - Changes: [`use_swr_mutation`]; [`MutationQueue`] for those that wait for the network.
//! - Pushed data: [`use_swr_subscription`].
//! - Data that outlives the page: [`Cache::persist`].
//! - The world outside: [`Host`], as a [`Browser`] and as a [`VirtualHost`] for tests.
//! - With the feature `devtools`: `Cache::snapshot`, all entries with their state.

mod cache;
#[cfg(feature = "devtools")]
mod devtools;
mod entry;
mod hook;
mod host;
mod machine;
mod mutation;
mod mutation_queue;
mod options;
mod pages;
mod persist;
mod query;
mod request;
mod rows;
mod setters;
mod settled;
mod subscription;
mod value;

pub use cache::{Cache, provide_cache, provide_cache_with, use_cache};
#[cfg(feature = "devtools")]
pub use devtools::{EntrySnapshot, EntryState};
pub use entry::Entry;
pub use hook::{Swr, use_swr, use_swr_cached, use_swr_immutable, use_swr_with};
pub use host::{Browser, Host, HostEvent, Listener, Task, VirtualHost};
pub use machine::Retry;
pub use mutation::{MutationOptions, SwrMutation, use_swr_mutation};
pub use mutation_queue::MutationQueue;
pub use options::{
    Callback, Compare, Config, Decide, DecideByData, Interval, MutateOptions, Notify, Optimistic, Options,
    Populate, Reconcile,
};
pub use pages::{PagesConfig, PagesKey, PagesOptions, SwrPages, use_swr_pages};
pub use persist::{PersistOptions, Storage, WebStorage};
pub use query::{Query, use_query};
pub use request::{Reply, abort_signal};
pub use rows::{Rows, splice};
pub use subscription::{Push, SubscriptionKey, SwrSubscription, use_swr_subscription};
pub use value::Value;
