/**
 * Caches the whole page, so that it opens and trains without a network after the first visit. Files with a hash in their name never
 * change and are served from the cache; the page itself is loaded from the network if possible, so that a new version shows at
 * once.
 */

/** The part of a service worker's global scope that is used here: TypeScript's own library for it conflicts with the page's. */
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}
interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** The build inserts these before this file: the built files, relative to this one, and a hash of their contents. */
declare const builtFiles: readonly string[];
declare const builtVersion: string;

const worker = globalThis as unknown as Scope;
const { scope } = worker.registration;
/** Caches belong to an origin, which may have several of these pages in different folders. */
const prefix = `wgrad ${scope} `;
const cacheName = prefix + builtVersion;

const page = './';
/** Files that have the same name in every version. */
const changing = [page, 'datasets.json'];
const urlOf = (file: string) => new URL(file, scope).href;
const fixed = new Set(builtFiles.filter((file) => !changing.includes(file)).map(urlOf));
const others = new Set(changing.map(urlOf));

worker.addEventListener('install', (event) => event.waitUntil(keepAll()));

async function keepAll(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll([...changing.map((file) => new Request(urlOf(file), { cache: 'no-cache' })), ...fixed]);
}

worker.addEventListener('activate', (event) => event.waitUntil(takeOver()));

/** Takes control of the page that installed it at once, so that its further requests are served from here. */
async function takeOver(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(prefix) && name !== cacheName).map((it) => caches.delete(it)),
  );
  await worker.clients.claim();
}

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = request.url.replace(/[?#].*$/, '');
  if (request.method !== 'GET') return;
  if (fixed.has(url)) event.respondWith(fromCache(url, request));
  else if (others.has(url) || url === urlOf('index.html')) event.respondWith(fromNetwork(url, request));
});

async function fromCache(url: string, request: Request): Promise<Response> {
  return (await (await caches.open(cacheName)).match(url)) ?? fetch(request);
}

async function fromNetwork(url: string, request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await (await caches.open(cacheName)).match(url === urlOf('index.html') ? urlOf(page) : url);
    if (kept) return kept;
    throw error;
  }
}

export {};
