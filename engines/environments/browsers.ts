/**
 * Runs the program in a browser without a window: in a page, a worker and a service worker, each under a content
 * security policy that allows neither code from text nor native Wasm. It reports with a request.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kit } from './kit.ts';

/** The place in a browser where the program runs. */
export type BrowserPlace = 'page' | 'worker' | 'service worker';
export type BrowserKind = 'chromium' | 'firefox';

const POLICY = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'";
const report = "fetch('/report', { method: 'POST', body: JSON.stringify(results) })";
const run = `import { plugins, probe } from './module.js';\nprobe(plugins).then((results) => ${report});\n`;

/** TABLE: the page's script. A service worker may not have finished starting before it gets a request. */
const scripts: Readonly<Record<BrowserPlace, string>> = {
  page: run,
  worker: "new Worker('./worker.js', { type: 'module' });\n",
  'service worker':
    "navigator.serviceWorker.register('./classic-worker.js').catch((error) => fetch('/report', { method: 'POST', body: JSON.stringify([{ id: 'registration', failure: String(error) }]) }));\n",
};

const flagsOf: Readonly<Record<BrowserKind, (profile: string) => readonly string[]>> = {
  chromium: (profile) => [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    `--user-data-dir=${profile}`,
  ],
  firefox: (profile) => ['--headless', '--no-remote', '--profile', profile],
};

/** Runs the program. @returns what it reports, as JSON */
export const runInBrowser = async (
  { folder }: Kit,
  kind: BrowserKind,
  browserPath: string,
  place: BrowserPlace,
  timeoutMs: number,
): Promise<string> => {
  const { promise, resolve, reject } = deferred();
  const files: Readonly<Record<string, () => string>> = {
    '/': () => '<!doctype html><meta charset="utf-8"><script type="module" src="./main.js"></script>',
    '/main.js': () => scripts[place],
    '/worker.js': () => run,
    // Firefox has no modules in service workers: the script in one file, which prints by a request.
    '/classic-worker.js': () =>
      `self.print = (line) => fetch('/report', { method: 'POST', body: line.slice(line.indexOf('[')) });\n${readFileSync(join(folder, 'script.cjs'), 'utf8')}`,
    '/module.js': () => readFileSync(join(folder, 'module.js'), 'utf8'),
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://x');
    let text = '';
    for await (const chunk of request) text += chunk;
    if (pathname === '/report') resolve(text);
    const find = files[pathname];
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('content-type', pathname === '/' ? 'text/html' : 'text/javascript');
    response.writeHead(find === undefined ? 404 : 200).end(find?.());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = mkdtempSync(join(tmpdir(), 'quern-browser-'));
  // Firefox sends its own requests at the first start.
  writeFileSync(join(profile, 'user.js'), 'user_pref("browser.shell.checkDefaultBrowser", false);\n');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = spawn(browserPath, [...flagsOf[kind](profile), url], {
    stdio: 'ignore',
    // A separate process group: the browser consists of many processes.
    detached: true,
  });
  const exited = once(browser, 'exit');
  const timer = setTimeout(() => reject(new Error(`no report after ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL');
    await exited;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
};

const deferred = () => {
  let resolve: (text: string) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<string>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
};
