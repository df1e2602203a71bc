/**
 * Runs an ES module of the build, as it is, in a page of headless Chromium, and takes what it reports.
 *
 * The page is served from the loopback interface under a content security policy that allows neither code from
 * strings nor native Wasm. It reports by a request to the same server, so that no driver is needed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { root } from '../shared.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** The browser, or null; `QUERN_CHROMIUM` names another one. */
export const chromium: string | null =
  [process.env['QUERN_CHROMIUM'] ?? '', ...places].find((path) => path !== '' && existsSync(path)) ?? null;

/** Neither `unsafe-eval` nor `wasm-unsafe-eval`; requests go to the loopback interface only. */
export const POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self' http://127.0.0.1:* http://localhost:*";

const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.json': 'application/json' };
const page = (module: string): string =>
  `<!doctype html><meta charset="utf-8"><title>Quern</title><script type="module" src="${module}"></script>`;

/** What a page can ask for. */
export interface Served {
  /** A module of the build folder, such as `test/browser/page.js`. */
  readonly module: string;
  /** Answers to other requests, by path. */
  readonly find: (path: string) => Uint8Array | string | null;
  readonly timeoutMs: number;
}

/** Opens a page and returns the first thing that it posts to `/report`, as JSON. @throws when none comes in time */
export const runPage = async ({ module, find, timeoutMs }: Served): Promise<unknown> => {
  let report: (text: string) => void = () => {};
  const reported = new Promise<string>((resolve) => {
    report = resolve;
  });
  const bodyOf = (path: string): Uint8Array | string | null => {
    if (path === '/') return page(`/build/${module}`);
    if (!path.startsWith('/build/')) return find(path);
    const file = join(root, normalize(path));
    return existsSync(file) ? readFileSync(file) : null;
  };
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://x').pathname);
    let text = '';
    for await (const chunk of request) text += chunk;
    const body = path === '/report' ? '' : bodyOf(path);
    response.setHeader('content-security-policy', POLICY);
    // A redirect by another server comes from no origin that has a name.
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader(
      'content-type',
      path === '/' ? 'text/html' : (types[extname(path)] ?? 'application/wasm'),
    );
    response.writeHead(body === null ? 404 : 200).end(body);
    if (path === '/report') report(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = mkdtempSync(join(tmpdir(), 'quern-browser-'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = spawn(chromium ?? '', [...flags, `--user-data-dir=${profile}`, url], {
    stdio: 'ignore',
    // A group of its own: the browser is many processes.
    detached: true,
  });
  const exited = once(browser, 'exit');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no report after ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return JSON.parse(await Promise.race([reported, late]));
  } finally {
    clearTimeout(timer);
    if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL');
    await exited;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
};
