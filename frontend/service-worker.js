// Caches the page, so that it opens while the server is away, with the last known calls of its tab or with an
// error. Calls are never cached: only HTML without calls, and the files of one build, which are named by
// their hashes. build.rs writes VERSION and FILES above this line. Requests below /api are not handled.

/** The path below which everything is; empty at the root. */
const BASE = new URL(".", location).pathname.slice(0, -1);
/** Of this server: others may have the same origin. */
const CACHES = `calls ${BASE} `;
const CACHE = CACHES + VERSION;
/** The page without calls and names, in the language of whom it was asked by. */
const SHELL = `${BASE}/shell`;
/** Scripts with the texts of one language. */
const TEXTS = /\/later-[\w-]+\.js/;

const kept = (address) => caches.match(address, { cacheName: CACHE, ignoreVary: true });

addEventListener("install", (event) => {
  const install = async () => {
    const cache = await caches.open(CACHE);
    // The files are in the browser's HTTP cache. The shell has no hash in its name, so it is requested.
    await cache.addAll([new Request(SHELL, { cache: "no-cache" }), ...FILES.map((file) => BASE + file)]);
    const texts = (await (await kept(SHELL)).text()).matchAll(new RegExp(TEXTS, "g"));
    await cache.addAll([...texts].map(([file]) => BASE + file));
    await skipWaiting();
  };
  event.waitUntil(install());
});

addEventListener("activate", (event) => {
  const activate = async () => {
    // Version 0.1 had no base path.
    const isOwn = (name) => name.startsWith(CACHES) || (!BASE && name.startsWith("calls-"));
    const old = (await caches.keys()).filter((name) => isOwn(name) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await clients.claim();
  };
  event.waitUntil(activate());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  const path = pathname.startsWith(`${BASE}/`) && pathname.slice(BASE.length);
  if (FILES.includes(path) || TEXTS.test(path)) event.respondWith(file(request));
  else if (request.mode === "navigate" && path && (path === "/" || path.startsWith("/calls/")))
    event.respondWith(page(request));
});

const file = async (request) => (await kept(request.url)) ?? fetch(request);

// The server's page if it responds.
const page = async (request) => {
  // Throws without a network or a response.
  const answer = await fetch(request).catch(() => Response.error());
  // 502 to 504: a gateway without a server.
  const isAway = answer.type === "error" || (answer.status >= 502 && answer.status <= 504);
  return (isAway && (await kept(SHELL))) || answer;
};
