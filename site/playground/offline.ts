/** The service worker: keeps the files of this build, so that the page opens without a network. */

/** Put in by the build. */
declare const FILES: readonly string[];
declare const VERSION: string;

interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
/** The worker's own side, as far as it is used. */
interface ServiceScope {
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  skipWaiting(): Promise<void>;
  readonly registration: { readonly scope: string };
}
const scope = globalThis as unknown as ServiceScope;
const name = `quern-playground-${VERSION}`;

scope.addEventListener('install', (event) => {
  const fill = async (): Promise<void> => {
    const cache = await caches.open(name);
    // Past the browser's own store, which may hold files of another build.
    await cache.addAll(
      FILES.map((file) => new Request(new URL(file, scope.registration.scope), { cache: 'reload' })),
    );
    await scope.skipWaiting();
  };
  event.waitUntil(fill());
});

scope.addEventListener('activate', (event) => {
  const forget = async (): Promise<void> => {
    const old = (await caches.keys()).filter((key) => key.startsWith('quern-playground-') && key !== name);
    await Promise.all(old.map((key) => caches.delete(key)));
  };
  event.waitUntil(forget());
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(scope.registration.scope)) return;
  const answer = async (): Promise<Response> => {
    const cache = await caches.open(name);
    const kept = await cache.match(request, { ignoreSearch: true });
    return kept ?? fetch(request);
  };
  event.respondWith(answer());
});
