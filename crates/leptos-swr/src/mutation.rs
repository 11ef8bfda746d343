//! A hook for changes: POST, PUT, DELETE.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

use reactive_graph::graph::untrack;
use reactive_graph::owner::{LocalStorage, StoredValue};
use reactive_graph::signal::ArcRwSignal;
use reactive_graph::traits::{GetValue, Set, WithUntracked};
use reactive_graph::wrappers::read::Signal;

use crate::entry::Entry;
use crate::options::{Callback, MutateOptions};
use crate::request::Reply;
use crate::value::Value;

/// Handle of [`use_swr_mutation`]. `Copy`, as signals are.
pub struct SwrMutation<A: 'static, R: Send + Sync + 'static, E: Send + Sync + 'static> {
    /// The answer of the last trigger that was not reset or followed by another.
    pub data: Signal<Option<R>>,
    /// Its failure.
    pub error: Signal<Option<E>>,
    /// A trigger is under way.
    pub is_mutating: Signal<bool>,
    trigger: StoredValue<Trigger<A, R, E>, LocalStorage>,
    reset: StoredValue<Rc<dyn Fn()>, LocalStorage>,
}

type Trigger<A, R, E> = Rc<dyn Fn(A) -> Option<Reply<Result<R, E>>>>;

impl<A: 'static, R: Send + Sync + 'static, E: Send + Sync + 'static> Clone for SwrMutation<A, R, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: 'static, R: Send + Sync + 'static, E: Send + Sync + 'static> Copy for SwrMutation<A, R, E> {}

impl<A: 'static, R: Send + Sync + 'static, E: Send + Sync + 'static> SwrMutation<A, R, E> {
    /// Does the work with this argument. The reply need not be awaited. `None` where there is no entry (no
    /// key): then nothing is done.
    pub fn trigger(&self, argument: A) -> Option<Reply<Result<R, E>>> {
        self.trigger.try_get_value().and_then(|trigger| trigger(argument))
    }

    /// Forgets answer and failure, also those of work under way.
    pub fn reset(&self) {
        if let Some(reset) = self.reset.try_get_value() {
            reset();
        }
    }
}

/// The options of a mutation hook. `T` is the data of the entry, `R` the answer of the work.
pub struct MutationOptions<T, R, E> {
    /// Effects of the mutation on the entry.
    pub mutate: MutateOptions<T, R, E>,
    /// Called after a success that was not reset or followed by another trigger.
    pub on_success: Option<Callback<R>>,
    /// Called after such a failure.
    pub on_error: Option<Callback<E>>,
}

impl<T, R, E> Default for MutationOptions<T, R, E> {
    fn default() -> Self {
        Self { mutate: MutateOptions::new(), on_success: None, on_error: None }
    }
}

/// A change of what an entry shows, done when triggered.
///
/// `entry` says which entry, at the time of the trigger; `work` does it. While it runs, answers of
/// requests for the entry do not count, and after it the entry is fetched again. `options` are made anew
/// for each trigger, so they are always the latest.
///
/// ```no_run
/// # use leptos_swr::{MutationOptions, use_swr, use_swr_mutation};
/// # async fn get(key: String) -> Result<Vec<String>, String> { Ok(vec![key]) }
/// # async fn post(name: String) -> Result<String, String> { Ok(name) }
/// let names = use_swr(|| Some("names".to_owned()), get);
/// let add = use_swr_mutation(move || names.entry(), post, MutationOptions::default);
/// add.trigger("Ada".to_owned());
/// ```
pub fn use_swr_mutation<A, T, R, E, F>(
    entry: impl Fn() -> Option<Entry<T, E>> + 'static,
    work: impl Fn(A) -> F + 'static,
    options: impl Fn() -> MutationOptions<T, R, E> + 'static,
) -> SwrMutation<A, R, E>
where
    A: 'static,
    T: Value,
    R: Value,
    E: Value,
    F: Future<Output = Result<R, E>> + 'static,
{
    let state = State {
        data: ArcRwSignal::new(None),
        error: ArcRwSignal::new(None),
        is_mutating: ArcRwSignal::new(false),
        newest: Rc::new(Cell::new(0)),
    };
    let (of_trigger, of_reset) = (state.clone(), state.clone());
    let trigger = move |argument: A| {
        let (entry, options) = untrack(|| Some((entry()?, options())))?;
        let turn = of_trigger.begin();
        let reply = entry.mutate(untrack(|| work(argument)), options.mutate);
        let (state, on_success, on_error) = (of_trigger.clone(), options.on_success, options.on_error);
        let (result, send) = Reply::new();
        // After the entry has taken the answer: the callbacks see the cache as it is then.
        entry.0.core.shared.host.spawn(Box::pin(async move {
            let answer = reply.await;
            match (state.end(turn, &answer), &answer, on_success, on_error) {
                (true, Ok(answer), Some(call), _) => call(answer),
                (true, Err(error), _, Some(call)) => call(error),
                _ => {}
            }
            send(answer);
        }));
        Some(result)
    };
    let reset = move || of_reset.reset();
    SwrMutation {
        data: state.data.into(),
        error: state.error.into(),
        is_mutating: state.is_mutating.into(),
        trigger: StoredValue::new_local(Rc::new(trigger)),
        reset: StoredValue::new_local(Rc::new(reset)),
    }
}

struct State<R: 'static, E: 'static> {
    data: ArcRwSignal<Option<R>>,
    error: ArcRwSignal<Option<E>>,
    is_mutating: ArcRwSignal<bool>,
    newest: Rc<Cell<u64>>,
}

impl<R, E> Clone for State<R, E> {
    fn clone(&self) -> Self {
        Self {
            data: self.data.clone(),
            error: self.error.clone(),
            is_mutating: self.is_mutating.clone(),
            newest: self.newest.clone(),
        }
    }
}

impl<R, E> State<R, E>
where
    R: Value,
    E: Value,
{
    fn begin(&self) -> u64 {
        self.newest.set(self.newest.get() + 1);
        change(&self.is_mutating, true);
        self.newest.get()
    }

    /// Shows the result, unless a reset or a later trigger has come.
    fn end(&self, turn: u64, result: &Result<R, E>) -> bool {
        if turn != self.newest.get() {
            return false;
        }
        match result {
            Ok(answer) => {
                change(&self.data, Some(answer.clone()));
                change(&self.error, None);
            }
            Err(error) => change(&self.error, Some(error.clone())),
        }
        change(&self.is_mutating, false);
        true
    }

    fn reset(&self) {
        self.newest.set(self.newest.get() + 1);
        change(&self.data, None);
        change(&self.error, None);
        change(&self.is_mutating, false);
    }
}

fn change<V: Value>(signal: &ArcRwSignal<V>, value: V) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
