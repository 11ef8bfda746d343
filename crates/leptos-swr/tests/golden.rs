//! Replays what swr did (`golden/traces`, recorded by `golden/record.mjs`) on the virtual clock: the same
//! requests at the same milliseconds, the same data, errors and flags.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use leptos_swr::{
    Cache, Config, Host, MutateOptions, Options, Swr, SwrPages, VirtualHost, use_swr_pages, use_swr_with,
};
use reactive_graph::owner::Owner;
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};
use serde_json::{Value, json};

type Reply = Pin<Box<dyn Future<Output = Result<String, String>>>>;

/// A mounted hook of either kind.
#[derive(Clone)]
struct Hook {
    key: RwSignal<Option<String>>,
    options: RwSignal<Value>,
    owner: Owner,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Query(Swr<String, String>),
    List(SwrPages<String, String>),
}

impl Hook {
    fn shown(&self) -> Value {
        let (data, error, loading, validating) = match &self.kind {
            Kind::Query(hook) => (hook.data.get_untracked(), hook.error, hook.is_loading, hook.is_validating),
            Kind::List(list) => (
                list.data.get_untracked().map(|pages| pages.join(" ")),
                list.error,
                list.is_loading,
                list.is_validating,
            ),
        };
        json!({
            "data": data,
            "error": error.get_untracked(),
            "isLoading": loading.get_untracked(),
            "isValidating": validating.get_untracked(),
        })
    }
}

/// One scenario's world.
struct Run {
    host: VirtualHost,
    cache: Cache,
    owner: Owner,
    answers: Value,
    hooks: BTreeMap<String, Hook>,
    shown: BTreeMap<String, Value>,
    noted: Rc<Noted>,
    trace: Vec<Value>,
}

/// Notes of the hooks' code between two moments.
#[derive(Default)]
struct Noted {
    requests: RefCell<Vec<String>>,
    calls: RefCell<Vec<String>>,
    counts: RefCell<BTreeMap<String, usize>>,
}

impl Run {
    fn new(scenario: &Value) -> Self {
        let host = VirtualHost::new();
        let owner = Owner::new();
        owner.set();
        let cache = Cache::new(Rc::new(host.clone()), Config::default()).provide();
        Self {
            host,
            cache,
            owner,
            answers: scenario["answers"].clone(),
            hooks: BTreeMap::new(),
            shown: BTreeMap::new(),
            noted: Rc::default(),
            trace: Vec::new(),
        }
    }

    fn run(mut self, scenario: &Value) -> Vec<Value> {
        let steps = scenario["steps"].as_array().expect("what golden/record.mjs writes");
        let until = scenario["until"].as_u64().expect("what golden/record.mjs writes");
        let mut pending = steps.iter().peekable();
        loop {
            while let Some(step) = pending.next_if(|step| {
                step[0].as_u64().expect("what golden/record.mjs writes") <= self.host.now_ms()
            }) {
                self.step(step);
                self.host.settle();
            }
            self.host.advance(0);
            self.note();
            let step = pending.peek().map(|step| step[0].as_u64().expect("what golden/record.mjs writes"));
            let next = [self.host.next_timer_ms(), step].into_iter().flatten().min();
            match next {
                Some(next) if next <= until => self.host.advance(next - self.host.now_ms()),
                _ => break,
            }
        }
        self.owner.cleanup();
        self.trace
    }

    fn step(&mut self, step: &Value) {
        let (name, argument) = (step[2].as_str().unwrap_or_default().to_owned(), &step[3]);
        match step[1].as_str().expect("what golden/record.mjs writes") {
            "mount" => self.mount(name, argument, Self::query),
            "list" => self.mount(name, argument, Self::list),
            "unmount" => {
                self.shown.remove(&name);
                self.hooks.remove(&name).expect("what golden/record.mjs writes").owner.cleanup();
            }
            "key" => self.hooks[&name].key.set(argument.as_str().map(str::to_owned)),
            "options" => self.hooks[&name].options.set(argument.clone()),
            "revalidate" => match &self.hooks[&name].kind {
                Kind::Query(hook) => hook.revalidate(),
                Kind::List(list) => list.revalidate(),
            },
            "invalidate" => self.cache.revalidate(&name),
            "set" if argument["revalidate"] == true => {
                self.query_of(&name).set_and_revalidate(text(&argument["data"]));
            }
            "set" => self.query_of(&name).set(text(&argument["data"])),
            "mutate" => self.mutate(&name, argument),
            "size" => match &self.hooks[&name].kind {
                Kind::List(list) => {
                    list.set_size(argument.as_u64().expect("what golden/record.mjs writes") as usize)
                }
                Kind::Query(_) => panic!("{name} is no list"),
            },
            "focus" => self.host.focus(),
            "hide" => self.host.set_visible(false),
            "show" => self.host.set_visible(true),
            "offline" => self.host.set_online(false),
            "online" => self.host.set_online(true),
            "unload" if argument["revalidate"] == true => self.cache.unload_and_revalidate(),
            "unload" => self.cache.unload(),
            other => panic!("expected a step of golden/scenarios.mjs, but found {other:?}"),
        }
    }

    fn query_of(&self, name: &str) -> Swr<String, String> {
        match &self.hooks[name].kind {
            Kind::Query(hook) => *hook,
            Kind::List(_) => panic!("{name} is a list"),
        }
    }

    fn mutate(&self, name: &str, argument: &Value) {
        let mut options = MutateOptions::default().revalidate(argument["revalidate"] != false);
        options.rollback_on_error = argument["rollback"] != false;
        if let Some(hope) = text(&argument["optimistic"]) {
            options = options.optimistic(hope);
        }
        drop(self.query_of(name).mutate(later(&self.host, argument), options));
    }

    fn mount(&mut self, name: String, argument: &Value, hook: fn(&Self, &str, &Value, Signals) -> Kind) {
        let owner = self.owner.with(Owner::new);
        let hook = owner.with(|| {
            let key = RwSignal::new(text(&argument["key"]));
            let options = RwSignal::new(argument["options"].clone());
            let kind = hook(self, &name, argument, Signals { key, options });
            Hook { key, options, owner: owner.clone(), kind }
        });
        self.hooks.insert(name, hook);
    }

    fn query(&self, name: &str, _: &Value, Signals { key, options }: Signals) -> Kind {
        let (noted, name) = (self.noted.clone(), name.to_owned());
        let set = move |target: &mut Options<String, String>| {
            let options = options.get();
            target.fallback_data(text(&options["fallbackData"]));
            if options["callbacks"] == true {
                listen(target, &noted, &name);
            }
            target.configure(|config| configure(config, &options));
        };
        Kind::Query(use_swr_with(move || key.get(), self.fetcher(), set))
    }

    fn list(&self, _: &str, argument: &Value, Signals { key, options }: Signals) -> Kind {
        let (size, cursor) = (
            argument["size"].as_u64().expect("what golden/record.mjs writes") as usize,
            argument["cursor"] == true,
        );
        let get_key = move |index: usize, previous: Option<&String>| match (cursor, index) {
            (true, 0) => key.get(),
            (true, _) => previous.map(|page| format!("{page}>")),
            (false, _) => key.get().map(|key| format!("{key}{index}")),
        };
        Kind::List(use_swr_pages(get_key, self.fetcher(), move |target| {
            let options = options.get();
            let is = |name: &str| options[name].as_bool();
            target.pages.initial_size = size;
            target.pages.revalidate_first_page = is("revalidateFirstPage").unwrap_or(true);
            target.pages.revalidate_all = is("revalidateAll").unwrap_or(false);
            target.pages.parallel = is("parallel").unwrap_or(false);
            target.pages.persist_size = is("persistSize").unwrap_or(false);
            target.configure(|config| configure(config, &options));
        }))
    }

    fn fetcher(&self) -> impl Fn(String) -> Reply + use<> {
        let (noted, answers, host) = (self.noted.clone(), self.answers.clone(), self.host.clone());
        move |key| {
            let mut counts = noted.counts.borrow_mut();
            let count = counts.entry(key.clone()).or_default();
            *count += 1;
            let answer = match answers[&key].as_array() {
                Some(answers) => answers[(*count).min(answers.len()) - 1].clone(),
                None => json!({ "ms": 50, "data": format!("{key}{count}") }),
            };
            noted.requests.borrow_mut().push(key);
            later(&host, &answer)
        }
    }

    /// Writes down what is new in this millisecond.
    fn note(&mut self) {
        let at = self.host.now_ms();
        let (mut requests, mut calls) = (self.noted.requests.take(), self.noted.calls.take());
        requests.sort();
        calls.sort();
        self.trace.extend(requests.into_iter().map(|request| json!({ "at": at, "request": request })));
        self.trace.extend(calls.into_iter().map(|call| json!({ "at": at, "call": call })));
        for (name, hook) in &self.hooks {
            let mut shown = hook.shown();
            if self.shown.insert(name.clone(), shown.clone()) != Some(shown.clone()) {
                shown["at"] = at.into();
                shown["hook"] = name.clone().into();
                self.trace.push(shown);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Signals {
    key: RwSignal<Option<String>>,
    options: RwSignal<Value>,
}

/// The answer that comes after its time.
fn later(host: &VirtualHost, answer: &Value) -> Reply {
    let sleep = host.sleep(answer["ms"].as_u64().expect("what golden/record.mjs writes"));
    let result = match text(&answer["error"]) {
        Some(error) => Err(error),
        None => Ok(text(&answer["data"]).expect("what golden/record.mjs writes")),
    };
    Box::pin(async move {
        sleep.await;
        result
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn listen(options: &mut Options<String, String>, noted: &Rc<Noted>, name: &str) {
    let call = |noted: &Rc<Noted>| {
        let (noted, name) = (noted.clone(), name.to_owned());
        move |what: String| noted.calls.borrow_mut().push(format!("{name} {what}"))
    };
    let (success, error, slow) = (call(noted), call(noted), call(noted));
    options.on_success(move |data| success(format!("success {data}")));
    options.on_error(move |failure| error(format!("error {failure}")));
    options.on_loading_slow(move || slow("slow".to_owned()));
}

/// swr's options, as ours.
fn configure(config: &mut Config, options: &Value) {
    if options["immutable"] == true {
        *config = config.immutable();
    }
    for (name, value) in options.as_object().into_iter().flatten() {
        let yes = value.as_bool().unwrap_or_default();
        let number = value.as_u64().unwrap_or_default();
        let ms = Duration::from_millis(number);
        match name.as_str() {
            "revalidateOnFocus" => config.revalidate_on_focus = yes,
            "revalidateOnReconnect" => config.revalidate_on_reconnect = yes,
            "revalidateIfStale" => config.revalidate_if_stale = yes,
            "revalidateOnMount" => config.revalidate_on_mount = Some(yes),
            "shouldRetryOnError" => config.should_retry_on_error = yes,
            "errorRetryCount" => config.error_retry_count = u32::try_from(number).ok(),
            "errorRetryInterval" => config.error_retry_interval = ms,
            "dedupingInterval" => config.dedupe_interval = ms,
            "refreshInterval" => config.refresh_interval = ms,
            "refreshWhenHidden" => config.refresh_when_hidden = yes,
            "refreshWhenOffline" => config.refresh_when_offline = yes,
            "keepPreviousData" => config.keep_previous_data = yes,
            "callbacks" | "immutable" | "fallbackData" => {}
            "revalidateFirstPage" | "revalidateAll" | "parallel" | "persistSize" => {}
            other => panic!("expected an option of golden/scenarios.mjs, but found {other:?}"),
        }
    }
}

fn scenarios() -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/traces");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("what golden/record.mjs writes")
        .map(|file| file.expect("what golden/record.mjs writes").path())
        .collect();
    files.sort();
    let read = |path| {
        serde_json::from_str::<Vec<Value>>(
            &std::fs::read_to_string(path).expect("what golden/record.mjs writes"),
        )
        .expect("what golden/record.mjs writes")
    };
    files.into_iter().flat_map(read).collect()
}

fn lines(trace: &[Value]) -> String {
    trace.iter().map(|record| format!("  {record}\n")).collect()
}

#[test]
fn traces_are_those_of_swr() {
    let mut wrong = String::new();
    for scenario in scenarios().iter().filter(|scenario| scenario["differs"].is_null()) {
        let ours = Run::new(scenario).run(scenario);
        let swrs = scenario["trace"].as_array().expect("what golden/record.mjs writes");
        if ours != *swrs {
            let name = format!("{} / {}", scenario["row"], scenario["name"]);
            wrong += &format!("{name}\n swr:\n{} leptos-swr:\n{}", lines(swrs), lines(&ours));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn deliberate_differences_are_differences() {
    let scenarios = scenarios();
    let differing: Vec<_> = scenarios.iter().filter(|scenario| scenario["differs"].is_string()).collect();
    for scenario in &differing {
        let ours = Run::new(scenario).run(scenario);
        let swrs = scenario["trace"].as_array().expect("what golden/record.mjs writes");
        assert_ne!(ours, *swrs, "{} no longer differs", scenario["name"]);
    }
    assert!(differing.len() < 10, "{} differences", differing.len());
}

#[test]
fn there_are_scenarios_of_every_row_that_swr_can_record() {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for scenario in scenarios() {
        *rows.entry(text(&scenario["row"]).expect("what golden/record.mjs writes")).or_default() += 1;
    }
    let must =
        ["integration", "revalidate", "error", "loading", "refresh", "focus", "reconnect", "offline", "key"];
    for row in must.iter().chain(&["laggy", "infinite", "unload"]) {
        assert!(rows.contains_key(*row), "no scenario of {row}");
    }
    assert!(rows.values().sum::<usize>() >= 40);
}
