// What happens in each scenario, for swr and for leptos-swr alike.
//
// row       the row of the README's table
// answers   per key the answers in order, the last one for all that follow: { ms, data } or { ms, error };
//           without any, the n-th answer to `k` is `kn` after 50 ms
// steps     [at (ms), what, hook or key, argument]
//   mount { key, options } | list { key, size, cursor, options }   a hook begins
//   unmount, key, options, revalidate                               it ends, changes, is asked
//   set { data, revalidate }                                        data is written
//   mutate { ms, data | error, optimistic, revalidate, rollback }   work is done elsewhere
//   size                                                            a list's size
//   focus, hide, show, offline, online, unload { revalidate }       the world
// until     the last millisecond that is looked at
// differs   the reason why leptos-swr does it differently on purpose
//
// Times are chosen so that no two things that race fall into one millisecond.

const ok = (ms, data) => ({ ms, data });
const fail = (ms, error = "failed") => ({ ms, error });
const mount = (at, hook = "h", key = "a", options = {}) => [at, "mount", hook, { key, options }];
const scenario = (row, name, until, steps, more = {}) => ({ row, name, until, steps, answers: {}, ...more });

export const scenarios = [
  // integration
  scenario("integration", "first load", 100, [mount(0)]),
  scenario("integration", "two hooks, one request", 100, [mount(0), mount(20, "i")]),
  scenario("integration", "mount within the dedupe interval", 3000, [mount(0), mount(2040, "i")]),
  scenario("integration", "mount after the dedupe interval", 3000, [mount(0), mount(2060, "i")]),
  scenario("integration", "dedupe interval of 300 ms", 600, [
    mount(0, "h", "a", { dedupingInterval: 300 }), mount(340, "i"), mount(360, "j"),
  ]),
  scenario("integration", "fallback data", 100, [mount(0, "h", "a", { fallbackData: "fallback" })]),
  scenario("integration", "fallback data, not stale", 100, [
    mount(0, "h", "a", { fallbackData: "fallback", revalidateIfStale: false }),
  ]),
  scenario("integration", "no fetch on mount", 100, [mount(0, "h", "a", { revalidateOnMount: false })]),
  scenario("integration", "no fetch on mount, then another key", 200, [
    mount(0, "h", "a", { revalidateOnMount: false }), [50, "key", "h", "b"],
  ]),
  scenario("integration", "fetch on mount despite fallback", 100, [
    mount(0, "h", "a", { fallbackData: "fallback", revalidateIfStale: false, revalidateOnMount: true }),
  ]),
  scenario("integration", "equal data", 300, [mount(0), [100, "revalidate", "h"]], { answers: { a: [ok(50, "same")] } }),
  scenario("integration", "success is told once", 200, [
    mount(0, "h", "a", { callbacks: true }), mount(1, "i", "a", { callbacks: true }), [100, "revalidate", "i"],
  ]),

  // revalidate
  scenario("revalidate", "asked for", 300, [mount(0), mount(0, "i"), [100, "revalidate", "i"]]),
  scenario("revalidate", "newest request wins", 500, [mount(0), [50, "revalidate", "h"]], {
    answers: { a: [ok(200, "old"), ok(50, "new")] },
  }),
  scenario("revalidate", "validating over two requests", 500, [mount(0), [30, "revalidate", "h"]], {
    answers: { a: [ok(50, "old"), ok(100, "new")] },
  }),
  scenario("revalidate", "key without a hook is marked", 1000, [
    mount(0), [100, "unmount", "h"], [200, "invalidate", "a"], mount(300, "i"),
  ]),
  scenario("revalidate", "asked for within the dedupe interval", 300, [mount(0), [60, "revalidate", "h"], [130, "revalidate", "h"]]),

  // error
  scenario("error", "failure", 100, [mount(0, "h", "a", { callbacks: true })], { answers: { a: [fail(50)] } }),
  scenario("error", "data beside the error", 300, [mount(0), [100, "revalidate", "h"]], {
    answers: { a: [ok(50, "data"), fail(50)] },
  }),
  scenario("error", "retries grow", 160000, [mount(0)], { answers: { a: [fail(50)] } }),
  scenario("error", "retry succeeds", 12000, [mount(0)], { answers: { a: [fail(50), ok(50, "data")] } }),
  scenario("error", "two retries at most", 300000, [mount(0, "h", "a", { errorRetryCount: 2 })], { answers: { a: [fail(50)] } }),
  scenario("error", "no retry", 60000, [mount(0, "h", "a", { errorRetryCount: 0 })], { answers: { a: [fail(50)] } }),
  scenario("error", "should not retry", 60000, [mount(0, "h", "a", { shouldRetryOnError: false })], { answers: { a: [fail(50)] } }),
  scenario("error", "short interval", 3000, [mount(0, "h", "a", { errorRetryInterval: 100 })], { answers: { a: [fail(50)] } }),
  scenario("error", "error stays while validating", 400, [mount(0), [100, "revalidate", "h"]], {
    answers: { a: [fail(50), ok(100, "data")] },
  }),
  scenario("error", "fails while hidden", 60000, [mount(0), [20, "hide"]], { answers: { a: [fail(50)] } }),
  scenario("error", "hidden while a retry is set", 40000, [mount(0), [100, "hide"], [30000, "show"]], {
    answers: { a: [fail(50), ok(50, "data")] },
    differs: "swr's retry fires in a hidden tab; ours waits and is made at once when the tab is shown",
  }),
  scenario("error", "mount beside a failed hook", 4000, [mount(0), mount(3000, "i")], { answers: { a: [fail(50)] } }),
  scenario("error", "failed hook gone, then a mount", 4000, [mount(0), [3000, "unmount", "h"], mount(3100, "i")], {
    answers: { a: [fail(50)] },
  }),
  scenario("error", "slow load is told", 5000, [mount(0, "h", "a", { callbacks: true })], { answers: { a: [ok(4000, "data")] } }),
  scenario("error", "error is told once", 200, [
    mount(0, "h", "a", { callbacks: true }), mount(1, "i", "a", { callbacks: true }),
  ], { answers: { a: [fail(50)] } }),
  scenario("error", "retry made needless by a revalidation", 20000, [mount(0), [1000, "revalidate", "h"]], {
    answers: { a: [fail(50), ok(50, "data")] },
    differs: "swr still makes the retry after a later request has succeeded; ours takes it back",
  }),

  // loading
  scenario("loading", "revalidation is not loading", 300, [mount(0), [100, "revalidate", "h"]]),
  scenario("loading", "second hook joins", 200, [mount(0), mount(30, "i")]),
  scenario("loading", "no key", 100, [mount(0, "h", null)]),
  scenario("loading", "key turns up", 300, [mount(0, "h", null), [100, "key", "h", "a"]]),

  // refresh
  scenario("refresh", "interval", 1000, [mount(0, "h", "a", { refreshInterval: 200, dedupingInterval: 100 })]),
  scenario("refresh", "interval below the dedupe interval", 3000, [mount(0, "h", "a", { refreshInterval: 330, dedupingInterval: 1000 })]),
  scenario("refresh", "interval changes", 2000, [
    mount(0, "h", "a", { refreshInterval: 200, dedupingInterval: 0 }),
    [350, "options", "h", { refreshInterval: 500, dedupingInterval: 0 }],
    [1500, "options", "h", { refreshInterval: 0, dedupingInterval: 0 }],
  ]),
  scenario("refresh", "key changes", 3000, [
    mount(0, "h", "a", { refreshInterval: 700, dedupingInterval: 100 }), [1000, "key", "h", "b"],
  ]),
  scenario("refresh", "error stops polling", 5000, [mount(0, "h", "a", { refreshInterval: 1000, errorRetryCount: 0 })], {
    answers: { a: [ok(50, "data"), fail(50)] },
  }),
  scenario("refresh", "hidden", 9000, [mount(0, "h", "a", { refreshInterval: 1000, dedupingInterval: 100, revalidateOnFocus: false }), [1500, "hide"]]),
  scenario("refresh", "hidden and shown", 9000, [
    mount(0, "h", "a", { refreshInterval: 1000, dedupingInterval: 100, revalidateOnFocus: false }), [1500, "hide"], [5730, "show"],
  ], { differs: "swr waits for the next interval; ours polls at once when the tab is shown" }),
  scenario("refresh", "hidden, polled all the same", 4000, [
    mount(0, "h", "a", { refreshInterval: 1000, dedupingInterval: 100, refreshWhenHidden: true }), [1500, "hide"],
  ]),
  scenario("refresh", "offline", 5000, [
    mount(0, "h", "a", { refreshInterval: 1000, dedupingInterval: 100 }), [1500, "offline"],
  ]),
  scenario("refresh", "offline, polled all the same", 4000, [
    mount(0, "h", "a", { refreshInterval: 1000, dedupingInterval: 100, refreshWhenOffline: true }), [1500, "offline"],
  ]),
  scenario("refresh", "last hook gone", 4000, [
    mount(0, "h", "a", { refreshInterval: 1000, dedupingInterval: 100 }), [1500, "unmount", "h"],
  ]),

  // focus
  scenario("focus", "focus", 7000, [mount(0), [6000, "focus"]]),
  scenario("focus", "focus soon after mount", 7000, [mount(0), [4900, "focus"], [5001, "focus"], [5900, "focus"]]),
  scenario("focus", "throttle", 20000, [mount(0), [6000, "focus"], [9000, "focus"], [10990, "focus"], [11010, "focus"]]),
  scenario("focus", "not on focus", 7000, [mount(0, "h", "a", { revalidateOnFocus: false }), [6000, "focus"]]),
  scenario("focus", "on focus, changed while live", 30000, [
    mount(0, "h", "a", { revalidateOnFocus: false }), [6000, "focus"],
    [7000, "options", "h", { revalidateOnFocus: true }], [14000, "focus"],
    [15000, "options", "h", { revalidateOnFocus: false }], [22000, "focus"],
  ]),
  scenario("focus", "shown again", 20000, [mount(0), [8000, "hide"], [9000, "show"]]),
  scenario("focus", "focus while a request is under way", 7000, [mount(0), [6000, "focus"]], { answers: { a: [ok(6500, "slow")] } }),

  // reconnect
  scenario("reconnect", "online again", 4000, [mount(0), [2500, "offline"], [3000, "online"]]),
  scenario("reconnect", "not on reconnect", 4000, [mount(0, "h", "a", { revalidateOnReconnect: false }), [2500, "offline"], [3000, "online"]]),
  scenario("reconnect", "online again while hidden", 4000, [mount(0), [2500, "hide"], [2600, "offline"], [3000, "online"]]),
  scenario("reconnect", "online within the dedupe interval", 4000, [mount(0), [500, "offline"], [600, "online"]]),

  // offline
  scenario("offline", "focus while offline", 8000, [mount(0), [5500, "offline"], [6000, "focus"]]),
  scenario("offline", "fails while offline, online again", 40000, [mount(0), [20, "offline"], [30000, "online"]], {
    answers: { a: [fail(50), ok(50, "data")] },
  }),

  // key
  scenario("key", "answer of an old key", 500, [mount(0), [50, "key", "h", "b"]], {
    answers: { a: [ok(200, "late")], b: [ok(20, "b")] },
  }),
  scenario("key", "new key", 500, [mount(0), [200, "key", "h", "b"]]),
  scenario("key", "back to a cached key", 5000, [mount(0), [200, "key", "h", "b"], [3000, "key", "h", "a"]]),
  scenario("key", "key turns empty", 500, [mount(0), [200, "key", "h", null]]),
  scenario("key", "key turns empty after a failure", 500, [mount(0), [200, "key", "h", null]], { answers: { a: [fail(50)] } }),
  scenario("key", "two hooks change together", 500, [
    mount(0), mount(0, "i"), [200, "key", "h", "b"], [200, "key", "i", "b"],
  ]),

  // laggy
  scenario("laggy", "previous data", 500, [mount(0, "h", "a", { keepPreviousData: true }), [200, "key", "h", "b"]]),
  scenario("laggy", "previous data beside a plain hook", 500, [
    mount(0, "h", "a", { keepPreviousData: true }), mount(0, "i"), [200, "key", "h", "b"], [200, "key", "i", "b"],
  ]),
  scenario("laggy", "previous data before fallback", 500, [
    mount(0, "h", "a", { keepPreviousData: true, fallbackData: "fallback" }), [200, "key", "h", "b"],
  ]),
  scenario("laggy", "changed while live", 900, [
    mount(0), [200, "key", "h", "b"], [400, "options", "h", { keepPreviousData: true }], [600, "key", "h", "c"],
  ]),

  // infinite
  scenario("infinite", "first page", 200, [[0, "list", "l", { key: "p", size: 1 }]]),
  scenario("infinite", "three pages", 400, [[0, "list", "l", { key: "p", size: 3 }]]),
  scenario("infinite", "a page more", 600, [[0, "list", "l", { key: "p", size: 1 }], [200, "size", "l", 2]]),
  scenario("infinite", "a page more without the first", 600, [
    [0, "list", "l", { key: "p", size: 1, options: { revalidateFirstPage: false } }], [200, "size", "l", 2],
  ]),
  scenario("infinite", "cursors", 600, [[0, "list", "l", { key: "p", size: 3, cursor: true }]]),
  scenario("infinite", "all pages asked for", 800, [[0, "list", "l", { key: "p", size: 2 }], [300, "revalidate", "l"]]),
  scenario("infinite", "focus takes the first page", 8000, [[0, "list", "l", { key: "p", size: 2 }], [7000, "focus"]]),
  scenario("infinite", "all pages on focus", 8000, [
    [0, "list", "l", { key: "p", size: 2, options: { revalidateAll: true } }], [7000, "focus"],
  ]),
  scenario("infinite", "parallel", 400, [[0, "list", "l", { key: "p", size: 3, options: { parallel: true } }]]),
  scenario("infinite", "key resets the size", 900, [
    [0, "list", "l", { key: "p", size: 1 }], [200, "size", "l", 2], [500, "key", "l", "q"],
  ]),
  scenario("infinite", "size is persisted", 900, [
    [0, "list", "l", { key: "p", size: 1, options: { persistSize: true } }], [200, "size", "l", 2], [500, "key", "l", "q"],
  ]),
  scenario("infinite", "a page fails", 900, [[0, "list", "l", { key: "p", size: 2 }], [300, "revalidate", "l"]], {
    answers: { p0: [ok(50, "p0")], p1: [ok(50, "p1"), fail(50)] },
  }),
  scenario("infinite", "shared with a query", 900, [
    [0, "list", "l", { key: "p", size: 2 }], [300, "mount", "q", { key: "p1", options: { revalidateIfStale: false } }],
  ]),
  scenario("infinite", "previous pages", 600, [
    [0, "list", "l", { key: "p", size: 1, options: { keepPreviousData: true } }], [200, "key", "l", "q"],
  ]),

  // unload
  scenario("unload", "with a fetch", 500, [mount(0), mount(0, "i"), [200, "unload", null, { revalidate: true }]]),
  scenario("unload", "without a fetch", 500, [mount(0), [200, "unload", null, { revalidate: false }]], {
    differs: "swr then shows loading for ever though it fetches nothing; ours shows what is true",
  }),
  scenario("unload", "request under way", 500, [mount(0), [20, "unload", null, { revalidate: true }]]),
  scenario("unload", "previous data", 500, [
    mount(0, "h", "a", { keepPreviousData: true }), [200, "key", "h", "b"], [220, "unload", null, { revalidate: true }],
  ], { differs: "swr drops the previous data and does not draw, so it stays on show; ours is gone at once" }),
  scenario("unload", "mutation under way", 500, [
    mount(0), [100, "mutate", "h", { ms: 100, data: "worked", optimistic: "hoped" }], [150, "unload", null, { revalidate: false }],
  ], { differs: "as without a fetch: swr then shows loading for ever" }),

  // local mutation
  scenario("local-mutation", "write and fetch", 500, [mount(0), [100, "set", "h", { data: "written", revalidate: true }]]),
  scenario("local-mutation", "write only", 500, [mount(0), [100, "set", "h", { data: "written", revalidate: false }]]),
  scenario("local-mutation", "write over an answer under way", 500, [mount(0), [20, "set", "h", { data: "written", revalidate: false }]], {
    differs: "with data there the hook is no longer loading; swr's goes on loading until the request ends",
  }),
  scenario("local-mutation", "work", 500, [mount(0), [100, "mutate", "h", { ms: 100, data: "worked", revalidate: true }]]),
  scenario("local-mutation", "hope fulfilled", 500, [
    mount(0), [100, "mutate", "h", { ms: 100, data: "worked", optimistic: "hoped", revalidate: true }],
  ]),
  scenario("local-mutation", "hope rolled back", 500, [
    mount(0), [100, "mutate", "h", { ms: 100, error: "failed", optimistic: "hoped", revalidate: false }],
  ]),
  scenario("local-mutation", "hope kept", 500, [
    mount(0), [100, "mutate", "h", { ms: 100, error: "failed", optimistic: "hoped", revalidate: false, rollback: false }],
  ]),
  scenario("local-mutation", "older work ignored", 500, [
    mount(0), [100, "mutate", "h", { ms: 100, data: "older", revalidate: false }],
    [120, "mutate", "h", { ms: 30, data: "newer", revalidate: false }],
  ]),
  scenario("local-mutation", "three hopes fail", 900, [
    mount(0), [100, "mutate", "h", { ms: 100, error: "failed", optimistic: "one", revalidate: false }],
    [120, "mutate", "h", { ms: 100, error: "failed", optimistic: "two", revalidate: false }],
    [140, "mutate", "h", { ms: 100, error: "failed", optimistic: "three", revalidate: false }],
  ]),
  scenario("local-mutation", "error ends with a write", 500, [mount(0), [100, "set", "h", { data: "written", revalidate: false }]], {
    answers: { a: [fail(50)] },
  }),

  // immutable
  scenario("immutable", "focus, network, time", 20000, [
    mount(0, "h", "a", { immutable: true }), [6000, "focus"], [7000, "offline"], [8000, "online"], mount(12000, "i", "a", { immutable: true }),
  ]),
];
