/** Chromium without a window, driven by its DevTools protocol over two pipes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Browser } from './browsers.ts';

const flags = [
  ...[
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--remote-debugging-pipe',
  ],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars'],
];

interface Message {
  readonly id?: number;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the protocol's own types are not here.
  readonly params?: any;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** Messages end with a zero byte. */
class Connection {
  private readonly output: Writable;
  private readonly pending = new Map<number, (message: Message) => void>();
  private rest = '';
  private count = 0;
  session: string | undefined;
  onEvent: (message: Message) => void = () => {};

  constructor(output: Writable, input: Readable) {
    this.output = output;
    input.setEncoding('utf8');
    input.on('data', (chunk: string) => {
      const parts = (this.rest + chunk).split('\0');
      this.rest = parts.pop() ?? '';
      for (const part of parts) {
        const message = JSON.parse(part) as Message;
        if (message.id === undefined) this.onEvent(message);
        else this.pending.get(message.id)?.(message);
      }
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: the protocol's own types are not here.
  async send(method: string, params: object = {}): Promise<any> {
    const id = ++this.count;
    const answered = new Promise<Message>((resolve) => this.pending.set(id, resolve));
    this.output.write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    const { result, error } = await answered;
    this.pending.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }
}

/** Events that say that something is wrong. */
const faultOf = ({ method, params }: Message): string | null => {
  if (method === 'Runtime.exceptionThrown')
    return `exception: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`;
  if (method === 'Log.entryAdded' && params.entry.level === 'error') return `log: ${params.entry.text}`;
  if (method === 'Runtime.consoleAPICalled' && (params.type === 'error' || params.type === 'warning'))
    return `console: ${params.args.map(({ value }: { readonly value: unknown }) => value).join(' ')}`;
  return null;
};

export const startChromium = async (path: string): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), 'quern-chromium-'));
  const child = spawn(path, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = once(child, 'exit');
  const connection = new Connection(child.stdio[3] as Writable, child.stdio[4] as Readable);
  const { product } = await connection.send('Browser.getVersion');
  const faults: string[] = [];
  let loaded: () => void = () => {};
  connection.onEvent = (message) => {
    const fault = faultOf(message);
    if (fault !== null) faults.push(fault);
    if (message.method === 'Page.loadEventFired') loaded();
  };
  const { targetInfos } = await connection.send('Target.getTargets');
  const { targetId } = targetInfos.find(({ type }: { readonly type: string }) => type === 'page');
  await connection.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: profile });
  const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true });
  connection.session = sessionId;
  for (const domain of ['Page', 'Runtime', 'Log', 'DOM']) await connection.send(`${domain}.enable`);

  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await connection.send('Runtime.evaluate', {
      ...{ expression: `(${expression})`, returnByValue: true, awaitPromise: true },
    });
    if (exceptionDetails !== undefined)
      throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value as T;
  };
  const press = async (key: string): Promise<void> => {
    const isTab = key === 'Tab';
    const given = isTab
      ? { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 }
      : { key: key === '\n' ? 'Enter' : key, text: key === '\n' ? '\r' : key };
    await connection.send('Input.dispatchKeyEvent', { type: 'keyDown', ...given });
    await connection.send('Input.dispatchKeyEvent', { type: 'keyUp', ...given });
  };
  return {
    name: product,
    downloads: profile,
    open: async (url) => {
      // A change of the fragment alone would not load the page again.
      for (const address of ['about:blank', url]) {
        const arrived = new Promise<void>((resolve) => {
          loaded = resolve;
        });
        await connection.send('Page.navigate', { url: address });
        await arrived;
      }
    },
    evaluate,
    click: async (selector) => {
      const place = await evaluate<{ readonly x: number; readonly y: number } | null>(
        `(() => { const e = document.querySelector(${JSON.stringify(selector)}); if (e === null) return null; e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect(); return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; })()`,
      );
      if (place === null) throw new Error(`nothing to click: ${selector}`);
      const given = { ...place, button: 'left', clickCount: 1 };
      await connection.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...given });
      await connection.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...given });
    },
    type: async (text) => {
      if (text === 'Tab') await press(text);
      else for (const letter of text) await press(letter);
    },
    chooseFile: async (selector, file) => {
      const { root } = await connection.send('DOM.getDocument');
      const { nodeId } = await connection.send('DOM.querySelector', { nodeId: root.nodeId, selector });
      await connection.send('DOM.setFileInputFiles', { nodeId, files: [file] });
    },
    resize: async (width, height) => {
      await connection.send('Emulation.setDeviceMetricsOverride', {
        ...{ width, height, deviceScaleFactor: 1, mobile: width < 500 },
      });
    },
    screenshot: async () => {
      const { data } = await connection.send('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(data, 'base64');
    },
    faults,
    close: async () => {
      process.kill(-child.pid!, 'SIGKILL');
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
};
