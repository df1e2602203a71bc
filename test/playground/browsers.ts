/** The browsers that drive the playground, and the server that they get it from. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { root } from '../shared.ts';
import { startChromium } from './devtools.ts';
import { startFirefox } from './marionette.ts';

/** A browser with one page. */
export interface Browser {
  readonly name: string;
  /** Folder that files are saved in. */
  readonly downloads: string;
  /** Opens a page again, whatever was open. */
  open(url: string): Promise<void>;
  /** Value of an expression in the page, of what JSON can hold. */
  evaluate<T>(expression: string): Promise<T>;
  click(selector: string): Promise<void>;
  /** Presses keys, one for each letter; `Tab` is that key. */
  type(text: string): Promise<void>;
  chooseFile(selector: string, path: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** What was written to the console as an error, or thrown. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

interface Kind {
  readonly start: (path: string) => Promise<Browser>;
  readonly path: string | null;
  /** Environment variable that names another one. */
  readonly variable: string;
}

const placeOf = (variable: string, paths: readonly string[]): string | null =>
  [process.env[variable] ?? '', ...paths].find((path) => path !== '' && existsSync(path)) ?? null;

export const browsers: Readonly<Record<'chromium' | 'firefox', Kind>> = {
  chromium: {
    start: startChromium,
    path: placeOf('QUERN_CHROMIUM', [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
    ]),
    variable: 'QUERN_CHROMIUM',
  },
  firefox: {
    start: startFirefox,
    path: placeOf('QUERN_FIREFOX', ['/usr/bin/firefox-esr', '/usr/bin/firefox']),
    variable: 'QUERN_FIREFOX',
  },
};

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The strictest policy that has a short name; what breaks it is reported. */
const POLICY = "default-src 'self'; report-uri /violation";

/** Runs axe, and writes what it finds where any driver can read it. */
const runAxe =
  "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => { document.body.dataset.axe = JSON.stringify(violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ target, failureSummary }) => target.join(' ') + ' ' + failureSummary) }))); });";

export interface Served {
  readonly url: string;
  /** Paths that were asked for, and reports of the policy. */
  readonly asked: string[];
  readonly violations: string[];
  /** Whether requests are answered; else the network is as if it were gone. */
  isUp: boolean;
  close(): void;
}

/** Serves a folder under `/play/`, and axe. */
export const serve = async (folder: string): Promise<Served> => {
  const asked: string[] = [];
  const violations: string[] = [];
  const server = createServer(async (request, response) => {
    if (!served.isUp) {
      request.socket.destroy();
      return;
    }
    const { pathname } = new URL(request.url!, 'http://x');
    asked.push(pathname);
    let text = '';
    for await (const chunk of request) text += chunk;
    if (pathname === '/violation') violations.push(text);
    const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    const file = join(folder, normalize(name.replace(/^\/play\//, '/')));
    const body =
      name === '/axe.js'
        ? readFileSync(join(root, 'node_modules/axe-core/axe.min.js'))
        : name === '/run-axe.js'
          ? runAxe
          : name.startsWith('/play/') && existsSync(file)
            ? readFileSync(file)
            : null;
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('content-type', types[extname(name)] ?? 'text/plain');
    response.writeHead(body === null ? 404 : 200).end(body ?? '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const served: Served = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/play/`,
    asked,
    violations,
    isUp: true,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return served;
};
