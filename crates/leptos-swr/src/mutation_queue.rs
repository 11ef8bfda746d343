//! Mutations that wait for the network.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use reactive_graph::graph::untrack;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::Cache;
use crate::entry::{Entry, Watched};
use crate::host::{Host, HostEvent};
use crate::options::MutateOptions;
use crate::persist::Storage;
use crate::request::Reply;
use crate::value::Value;

/// Mutations in order: one at a time, and none while offline. Clones are the same queue.
///
/// Each mutation is described by an argument `A`. While it waits or runs, its entry shows the optimistic data
/// of its options on top of the mutations before it. A mutation that fails is rolled back: the optimistic
/// data of those behind it is computed again without it. The entry is fetched again after the last one.
///
/// A page runs each mutation once; a failure is final, also that of a connection lost half way. With
/// [`MutationQueue::persist`] mutations outlive the page: those that wait, and the one that is under way when
/// the page is closed or reloaded, whose request the next page sends again. The argument should therefore
/// contain an idempotency key for the request. As with [`Entry::mutate`], a write that is not the queue's, or
/// emptying the cache, takes precedence: the queued work is still done, and its results are not shown.
///
/// ```
/// # use std::rc::Rc;
/// # use leptos_swr::{Cache, Config, MutateOptions, MutationQueue, VirtualHost};
/// # async fn post(name: String) -> Result<String, String> { Ok(name) }
/// # let host = VirtualHost::new();
/// # let cache = Cache::new(Rc::new(host.clone()), Config::default());
/// let names = cache.clone();
/// let queue = MutationQueue::new(
///     &cache,
///     post,
///     move |_: &String| names.entry::<_, Vec<String>, String>("names"),
///     |name| {
///         let name = name.clone();
///         MutateOptions::new().optimistic_by(move |_, shown| {
///             shown.into_iter().flatten().cloned().chain([name.clone()]).collect()
///         })
///     },
/// );
/// host.set_online(false);
/// queue.push("Ada".to_owned());
/// assert_eq!(cache.entry::<_, Vec<String>, String>("names").data(), Some(vec!["Ada".to_owned()]));
/// assert_eq!(queue.len(), 1);
/// host.set_online(true);
/// host.settle();
/// assert_eq!(queue.len(), 0);
/// ```
pub struct MutationQueue<A, T, R, E>(Rc<Queue<A, T, R, E>>);

impl<A, T, R, E> Clone for MutationQueue<A, T, R, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Queue<A, T, R, E> {
    host: Rc<dyn Host>,
    work: Work<A, R, E>,
    entry: EntryOf<A, T, E>,
    options: OptionsOf<A, T, R, E>,
    jobs: RefCell<Jobs<A, T, R, E>>,
    /// Arguments of mutations that failed less than [`KEEP_FAILED_MS`] ago, oldest first. Stored, not shown.
    failed: RefCell<VecDeque<A>>,
    /// Number of jobs; notifies.
    len: Watched<usize>,
    is_running: Cell<bool>,
    save: RefCell<Option<Save<A>>>,
    listening: Cell<Option<Box<dyn Any>>>,
}

/// Time for which a failed mutation stays in the storage. Browsers reject requests when the page is left,
/// some of them while the page still runs, and such a failure looks like a lost connection. If this timer
/// fires, the page has stayed.
const KEEP_FAILED_MS: u64 = 3_000;

type Work<A, R, E> = Box<dyn Fn(A) -> Pin<Box<dyn Future<Output = Result<R, E>>>>>;

/// The entry that a mutation changes.
type EntryOf<A, T, E> = Box<dyn Fn(&A) -> Entry<T, E>>;

/// Effects of a mutation on its entry.
type OptionsOf<A, T, R, E> = Box<dyn Fn(&A) -> MutateOptions<T, R, E>>;

type Jobs<A, T, R, E> = VecDeque<Rc<Job<A, T, R, E>>>;

/// Sends the result of a job.
type Send<R, E> = Box<dyn FnOnce(Result<R, E>)>;

/// Stores the arguments of all jobs.
type Save<A> = Box<dyn Fn(&[A])>;

struct Job<A, T, R, E> {
    argument: A,
    entry: Entry<T, E>,
    options: MutateOptions<T, R, E>,
    /// Tick of the mutation in its entry.
    mutation: u64,
    /// Another write has taken precedence: the work is still done, without effect on the entry.
    is_overtaken: Cell<bool>,
    send: Cell<Option<Send<R, E>>>,
}

impl<A, T, R, E> MutationQueue<A, T, R, E>
where
    A: Clone + 'static,
    T: Value,
    R: 'static,
    E: Value,
{
    /// An empty queue. `work` does a mutation, `entry` is the entry that it changes, and `options` are its
    /// effects there.
    pub fn new<F>(
        cache: &Cache,
        work: impl Fn(A) -> F + 'static,
        entry: impl Fn(&A) -> Entry<T, E> + 'static,
        options: impl Fn(&A) -> MutateOptions<T, R, E> + 'static,
    ) -> Self
    where
        F: Future<Output = Result<R, E>> + 'static,
    {
        let queue = Rc::new(Queue {
            host: cache.shared().host.clone(),
            work: Box::new(move |argument| Box::pin(work(argument))),
            entry: Box::new(entry),
            options: Box::new(options),
            jobs: RefCell::default(),
            failed: RefCell::default(),
            len: Watched::default(),
            is_running: Cell::new(false),
            save: RefCell::default(),
            listening: Cell::default(),
        });
        let later = Rc::downgrade(&queue);
        let listener = move |event| {
            if let (HostEvent::Online, Some(queue)) = (event, later.upgrade()) {
                queue.advance();
            }
        };
        queue.listening.set(Some(queue.host.listen(Rc::new(listener))));
        Self(queue)
    }

    /// Adds a mutation to the end of the queue, and shows its optimistic data. It runs at once if the browser
    /// is online and the queue is empty. The reply need not be awaited.
    pub fn push(&self, argument: A) -> Reply<Result<R, E>> {
        let (reply, send) = Reply::new();
        let queue = &self.0;
        let (entry, options) = untrack(|| ((queue.entry)(&argument), (queue.options)(&argument)));
        let ahead = queue.of_entry(&entry);
        if ahead.last().is_some_and(|last| !entry.0.is_newest(last.mutation)) {
            ahead.iter().for_each(|job| job.is_overtaken.set(true));
        }
        let committed = entry.0.committed_data();
        let mutation = entry.0.core.machine.borrow_mut().begin_mutation();
        if let Some(optimistic) = &options.optimistic_data {
            let data = untrack(|| optimistic(committed.as_ref(), entry.data().as_ref()));
            entry.0.committed.replace(Some(committed));
            entry.0.write(Some(data));
        }
        let send = Cell::new(Some(Box::new(send) as Send<R, E>));
        let job = Job { argument, entry, options, mutation, is_overtaken: Cell::default(), send };
        queue.jobs.borrow_mut().push_back(Rc::new(job));
        queue.changed();
        queue.advance();
        reply
    }

    /// Number of mutations that wait or run. Tracked, as a signal's `get` is.
    pub fn len(&self) -> usize {
        self.0.len.get()
    }

    /// Whether no mutation waits or runs. Tracked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the mutations that an earlier page left in the storage, and keeps those of the queue there from
    /// now on, each until its answer has come. A failed one stays for another three seconds: if the page is
    /// reloaded in that time, the next page runs it again. `version` changes with the shape of the arguments:
    /// those of another version are dropped.
    pub fn persist(&self, storage: impl Storage, version: u32)
    where
        A: Serialize + DeserializeOwned,
    {
        let kept = storage.load().and_then(|text| serde_json::from_str::<(u32, Vec<A>)>(&text).ok());
        let save = move |arguments: &[A]| match serde_json::to_string(&(version, arguments)) {
            Ok(text) if !arguments.is_empty() => storage.save(&text),
            _ => storage.remove(),
        };
        self.0.save.replace(Some(Box::new(save)));
        let kept = kept.filter(|(known, _)| *known == version);
        kept.into_iter().flat_map(|(_, arguments)| arguments).for_each(|argument| drop(self.push(argument)));
        self.0.changed();
    }
}

impl<A, T, R, E> Queue<A, T, R, E>
where
    A: Clone + 'static,
    T: Value,
    R: 'static,
    E: Value,
{
    fn changed(&self) {
        if let Some(save) = &*self.save.borrow() {
            let jobs = self.jobs.borrow();
            let queued = jobs.iter().map(|job| &job.argument);
            let arguments: Vec<A> = self.failed.borrow().iter().chain(queued).cloned().collect();
            save(&arguments);
        }
        let len = self.jobs.borrow().len();
        self.len.set_if_changed(len);
    }

    /// Keeps a failed mutation in the storage until the page is known to stay.
    fn keep_failed(self: &Rc<Self>, argument: A) {
        if self.save.borrow().is_none() {
            return;
        }
        self.failed.borrow_mut().push_back(argument);
        let queue = Rc::downgrade(self);
        let forget = move || {
            if let Some(queue) = queue.upgrade() {
                queue.failed.borrow_mut().pop_front();
                queue.changed();
            }
        };
        self.host.set_timer(KEEP_FAILED_MS, Box::new(forget));
    }

    /// Queued mutations of an entry that have an effect on it.
    fn of_entry(&self, entry: &Entry<T, E>) -> Vec<Rc<Job<A, T, R, E>>> {
        let jobs = self.jobs.borrow();
        jobs.iter().filter(|job| job.entry == *entry && !job.is_overtaken.get()).cloned().collect()
    }

    /// Starts the first mutation, unless one is running or the browser is offline.
    fn advance(self: &Rc<Self>) {
        let first = self.jobs.borrow().front().cloned();
        let Some(job) = first.filter(|_| self.host.is_online() && !self.is_running.get()) else { return };
        self.is_running.set(true);
        let work = untrack(|| (self.work)(job.argument.clone()));
        let queue = self.clone();
        self.host.spawn(Box::pin(async move {
            let result = work.await;
            queue.jobs.borrow_mut().pop_front();
            if result.is_err() {
                queue.keep_failed(job.argument.clone());
            }
            untrack(|| queue.settle(&job, &result));
            queue.is_running.set(false);
            queue.changed();
            if let Some(send) = job.send.take() {
                send(result);
            }
            queue.advance();
        }));
    }

    /// Removes a finished mutation from the entry's optimistic data.
    fn settle(&self, job: &Job<A, T, R, E>, result: &Result<R, E>) {
        let (entry, options) = (&job.entry.0, &job.options);
        let behind = self.of_entry(&job.entry);
        let newest = behind.last().map_or(job.mutation, |last| last.mutation);
        if job.is_overtaken.get() || !entry.is_newest(newest) {
            return;
        }
        let committed = entry.committed_data();
        let committed = match (result, &options.populate_cache, &options.optimistic_data) {
            (Ok(answer), Some(populate), _) => populate(answer, committed.as_ref()),
            (Ok(_), None, Some(optimistic)) => Some(optimistic(committed.as_ref(), committed.as_ref())),
            (Ok(_), None, None) => committed,
            (Err(error), ..) => match options.rolls_back(error) {
                true => committed,
                false => entry.data.get_untracked(),
            },
        };
        let mut shown = committed.clone();
        for optimistic in behind.iter().filter_map(|job| job.options.optimistic_data.as_ref()) {
            shown = Some(optimistic(committed.as_ref(), shown.as_ref()));
        }
        // Code of the app has run: it may have written data or emptied the cache.
        if !entry.is_newest(newest) {
            return;
        }
        entry.committed.replace(Some(committed).filter(|_| !behind.is_empty()));
        entry.write(shown);
        if behind.is_empty() {
            entry.end_mutation(newest, options.revalidates(entry.data.get_untracked().as_ref()));
        }
    }
}
