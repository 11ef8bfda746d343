// Runs the scenarios through swr itself under fake timers, and writes down what happened: traces/<row>.json.
//
//   npm ci && npm run record

import { mkdirSync, writeFileSync } from "node:fs";
import FakeTimers from "@sinonjs/fake-timers";

const windowEvents = new EventTarget();
const documentEvents = new EventTarget();
globalThis.window = globalThis;
globalThis.addEventListener = windowEvents.addEventListener.bind(windowEvents);
globalThis.removeEventListener = windowEvents.removeEventListener.bind(windowEvents);
globalThis.document = Object.assign(documentEvents, { visibilityState: "visible" });
globalThis.requestAnimationFrame = (run) => setTimeout(run, 0);
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
console.error = () => {}; // react-test-renderer says that it is deprecated, once for each root

const { createElement, useState } = (await import("react")).default;
const { act, create } = (await import("react-test-renderer")).default;
const { default: useSWR, SWRConfig, useSWRConfig } = await import("swr");
const { default: useSWRImmutable } = await import("swr/immutable");
const { default: useSWRInfinite } = await import("swr/infinite");
const { scenarios } = await import("./scenarios.mjs");

Math.random = () => 0.5;

/** One scenario's world. */
class Run {
  constructor(scenario) {
    this.scenario = scenario;
    this.clock = FakeTimers.install({ now: 0, toFake: ["setTimeout", "clearTimeout", "Date"] });
    this.trace = [];
    this.requests = [];
    this.calls = [];
    this.counts = {};
    this.hooks = new Map();
    this.shown = {};
  }

  fetcher = (key) => {
    const count = (this.counts[key] = (this.counts[key] ?? 0) + 1);
    const answers = this.scenario.answers[key];
    const answer = answers ? answers[Math.min(count, answers.length) - 1] : { ms: 50, data: `${key}${count}` };
    this.requests.push(key);
    return this.later(answer);
  };

  later({ ms, data, error }) {
    return new Promise((resolve, reject) => setTimeout(() => (error ? reject(error) : resolve(data)), ms));
  }

  options(hook, { callbacks, immutable, ...options } = {}) {
    const call = (what) => this.calls.push(`${hook} ${what}`);
    if (!callbacks) return options;
    return {
      ...options,
      onSuccess: (data) => call(`success ${data}`),
      onError: (error) => call(`error ${error}`),
      onLoadingSlow: () => call("slow"),
    };
  }

  query(name, { key, options }) {
    const state = { key, options };
    const Query = () => {
      const [, draw] = useState(0);
      state.draw = () => draw((n) => n + 1);
      const use = options.immutable ? useSWRImmutable : useSWR;
      const { data, error, isLoading, isValidating, mutate } = use(
        state.key,
        this.fetcher,
        this.options(name, state.options),
      );
      Object.assign(state, { mutate, now: { data, error, isLoading, isValidating } });
      return null;
    };
    return Object.assign(state, { Component: Query });
  }

  list(name, { key, size, cursor, options }) {
    const state = { key, options };
    const List = () => {
      const [, draw] = useState(0);
      state.draw = () => draw((n) => n + 1);
      const prefix = state.key;
      const getKey = (index, previous) => (cursor ? (index ? previous && `${previous}>` : prefix) : `${prefix}${index}`);
      const { data, error, isLoading, isValidating, mutate, setSize } = useSWRInfinite(getKey, this.fetcher, {
        initialSize: size,
        ...this.options(name, state.options),
      });
      Object.assign(state, { mutate, setSize, now: { data: data?.join(" "), error, isLoading, isValidating } });
      return null;
    };
    return Object.assign(state, { Component: List });
  }

  App = () => {
    const [, draw] = useState(0);
    this.draw = () => draw((n) => n + 1);
    this.config = useSWRConfig();
    return [...this.hooks].map(([name, state]) => createElement(state.Component, { key: name }));
  };

  step([, what, name, argument]) {
    const hook = this.hooks.get(name);
    const quiet = (promise) => Promise.resolve(promise).catch(() => {});
    const steps = {
      mount: () => (this.hooks.set(name, this.query(name, argument)), this.draw()),
      list: () => (this.hooks.set(name, this.list(name, argument)), this.draw()),
      unmount: () => (this.hooks.delete(name), delete this.shown[name], this.draw()),
      key: () => ((hook.key = argument), hook.draw()),
      options: () => ((hook.options = argument), hook.draw()),
      revalidate: () => quiet(hook.mutate()),
      invalidate: () => quiet(this.config.mutate(name)),
      set: () => quiet(hook.mutate(argument.data, { revalidate: argument.revalidate })),
      mutate: () => {
        const { optimistic, revalidate = true, rollback = true } = argument;
        const options = { revalidate, rollbackOnError: rollback };
        if (optimistic) options.optimisticData = optimistic;
        quiet(hook.mutate(this.later(argument), options));
      },
      size: () => quiet(hook.setSize(argument)),
      focus: () => windowEvents.dispatchEvent(new Event("focus")),
      hide: () => this.setVisible("hidden"),
      show: () => this.setVisible("visible"),
      offline: () => windowEvents.dispatchEvent(new Event("offline")),
      online: () => windowEvents.dispatchEvent(new Event("online")),
      unload: () => this.config.unload(argument),
    };
    steps[what]();
  }

  setVisible(state) {
    document.visibilityState = state;
    documentEvents.dispatchEvent(new Event("visibilitychange"));
  }

  /** Writes down what is new in this millisecond. */
  note() {
    const at = this.clock.now;
    for (const request of this.requests.splice(0).sort()) this.trace.push({ at, request });
    for (const call of this.calls.splice(0).sort()) this.trace.push({ at, call });
    for (const [name, { now }] of [...this.hooks].sort()) {
      const shown = { data: now.data ?? null, error: now.error ?? null, isLoading: now.isLoading, isValidating: now.isValidating };
      if (JSON.stringify(shown) !== this.shown[name]) this.trace.push({ at, hook: name, ...shown });
      this.shown[name] = JSON.stringify(shown);
    }
  }

  async settle() {
    for (let round = 0; round < 5; round++) await act(() => this.clock.tickAsync(0));
  }

  nextTimer() {
    return Math.min(Infinity, ...Object.values(this.clock.timers ?? {}).map((timer) => timer.callAt));
  }

  async run() {
    const { steps, until } = this.scenario;
    const value = { provider: () => new Map() };
    let root;
    await act(() => (root = create(createElement(SWRConfig, { value }, createElement(this.App)))));
    const pending = [...steps];
    for (;;) {
      while (pending.length && pending[0][0] <= this.clock.now) {
        const step = pending.shift();
        await act(() => void this.step(step));
      }
      await this.settle();
      this.note();
      const next = Math.min(this.nextTimer(), pending.length ? pending[0][0] : Infinity);
      if (next > until) break;
      await act(() => this.clock.tickAsync(Math.max(next - this.clock.now, 0)));
    }
    await act(() => root.unmount());
    windowEvents.dispatchEvent(new Event("online"));
    document.visibilityState = "visible";
    this.clock.uninstall();
    return { ...this.scenario, trace: this.trace };
  }
}

const rows = {};
for (const scenario of scenarios) (rows[scenario.row] ??= []).push(await new Run(scenario).run());
mkdirSync(new URL("traces/", import.meta.url), { recursive: true });
const line = (value) => JSON.stringify(value);
for (const [row, runs] of Object.entries(rows)) {
  const texts = runs.map(({ trace, ...scenario }) => {
    const head = line(scenario).slice(0, -1);
    return `${head},"trace":[\n${trace.map((record) => "  " + line(record)).join(",\n")}\n]}`;
  });
  writeFileSync(new URL(`traces/${row}.json`, import.meta.url), `[\n${texts.join(",\n")}\n]\n`);
}
console.log(`${scenarios.length} scenarios recorded`);
