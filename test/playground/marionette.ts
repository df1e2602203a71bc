/** Firefox without a window, driven by its own protocol: commands of WebDriver as JSON over a socket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from './browsers.ts';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const TAB_KEY = '\ue004';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
};

const connect = async (port: number): Promise<Socket> => {
  for (let attempt = 0; ; attempt++) {
    const socket = connectTo(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (attempt === 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

type Answer = readonly [1, id: number, error: { readonly message: string } | null, result: unknown];

/** Messages have their length in front. */
class Connection {
  private readonly socket: Socket;
  private readonly pending = new Map<number, (answer: Answer) => void>();
  private rest: Buffer = Buffer.alloc(0);
  private count = 0;
  /** Resolves when the other side has said what it is. */
  readonly greeted: Promise<void>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.greeted = new Promise((resolve) => {
      socket.on('data', (chunk) => {
        this.rest = Buffer.concat([this.rest, chunk]);
        for (const message of this.messages()) {
          if (Array.isArray(message))
            this.pending.get((message as unknown as Answer)[1])?.(message as unknown as Answer);
          else resolve();
        }
      });
    });
  }

  private *messages(): Iterable<unknown> {
    for (;;) {
      const colon = this.rest.indexOf(':');
      if (colon < 0) return;
      const length = Number(this.rest.subarray(0, colon).toString());
      if (this.rest.length < colon + 1 + length) return;
      const text = this.rest.subarray(colon + 1, colon + 1 + length).toString();
      this.rest = this.rest.subarray(colon + 1 + length);
      yield JSON.parse(text);
    }
  }

  async send(command: string, given: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.count;
    const answered = new Promise<Answer>((resolve) => this.pending.set(id, resolve));
    const text = JSON.stringify([0, id, command, given]);
    this.socket.write(`${Buffer.byteLength(text)}:${text}`);
    const [, , error, result] = await answered;
    this.pending.delete(id);
    if (error !== null) throw new Error(`${command}: ${error.message}`);
    return (result ?? {}) as Record<string, unknown>;
  }
}

const prefsOf = (port: number, downloads: string): Readonly<Record<string, unknown>> => ({
  'marionette.port': port,
  'browser.shell.checkDefaultBrowser': false,
  'browser.download.folderList': 2,
  'browser.download.dir': downloads,
  'browser.helperApps.neverAsk.saveToDisk': 'application/octet-stream',
  'browser.download.alwaysOpenPanel': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'app.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
});

export const startFirefox = async (path: string): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), 'quern-firefox-'));
  const port = await freePort();
  const prefs = Object.entries(prefsOf(port, profile)).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), prefs.join(''));
  const child = spawn(path, ['--headless', '--no-remote', '--marionette', '--profile', profile], {
    stdio: 'ignore',
    detached: true,
  });
  const exited = once(child, 'exit');
  const socket = await connect(port);
  const connection = new Connection(socket);
  await connection.greeted;
  const session = await connection.send('WebDriver:NewSession', { acceptInsecureCerts: false });
  const { browserVersion } = session['capabilities'] as { readonly browserVersion: string };
  const find = async (selector: string): Promise<string> => {
    const { value } = await connection.send('WebDriver:FindElement', {
      using: 'css selector',
      value: selector,
    });
    return (value as Record<string, string>)[ELEMENT]!;
  };
  const click = async (selector: string): Promise<void> => {
    await connection.send('WebDriver:ElementClick', { id: await find(selector) });
  };
  return {
    name: `Firefox ${browserVersion}`,
    downloads: profile,
    open: async (url) => {
      await connection.send('WebDriver:Navigate', { url: 'about:blank' });
      await connection.send('WebDriver:Navigate', { url });
    },
    evaluate: async (expression) => {
      const { value } = await connection.send('WebDriver:ExecuteScript', {
        script: `return (${expression});`,
        args: [],
      });
      return value as never;
    },
    click,
    type: async (text) => {
      const key = text === 'Tab' ? TAB_KEY : text;
      const actions = [...key].flatMap((value) => [
        { type: 'keyDown', value },
        { type: 'keyUp', value },
      ]);
      await connection.send('WebDriver:PerformActions', { actions: [{ type: 'key', id: 'keys', actions }] });
    },
    chooseFile: async (selector, file) => {
      await connection.send('WebDriver:ElementSendKeys', { id: await find(selector), text: file });
    },
    resize: async (width, height) => {
      await connection.send('WebDriver:SetWindowRect', { x: 0, y: 0, width, height });
    },
    screenshot: async () => {
      const { value } = await connection.send('WebDriver:TakeScreenshot', { full: false });
      return Buffer.from(value as string, 'base64');
    },
    /** What the page itself notes; the console of Firefox is not told. */
    faults: [],
    close: async () => {
      socket.destroy();
      process.kill(-child.pid!, 'SIGKILL');
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
};
