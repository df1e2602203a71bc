/** The service of the examples as a process, and a tenant of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { root } from '../shared.ts';

/** A server that runs, and can be killed and started again with the same settings and the same Redis. */
export class ServiceProcess {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'quern-service-'));
  readonly settings: string = join(this.folder, 'quern-service.json');
  /** What it has printed. */
  lines: string[] = [];
  address = '';
  readonly #redisPort: number;
  #process: ChildProcess | null = null;

  /** @param settings null to have the service make its own */
  constructor(redisPort: number, settings: object | null) {
    this.#redisPort = redisPort;
    if (settings !== null) writeFileSync(this.settings, JSON.stringify(settings));
  }

  /** Starts it and waits until it listens. */
  async start(): Promise<void> {
    const env = {
      ...process.env,
      PORT: '0',
      REDIS_URL: `redis://127.0.0.1:${this.#redisPort}`,
      QUERN_SERVICE_SETTINGS: this.settings,
    };
    const main = join(root, 'build/examples/service/main.js');
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    this.lines = [];
    for await (const line of createInterface({ input: child.stdout })) {
      this.lines.push(line);
      const [, address] = /^listening on (.*)$/.exec(line) ?? [];
      if (address !== undefined) {
        this.address = address;
        return;
      }
    }
    throw new Error(`the service ended: ${this.lines.join('\n')}`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#process!;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what the service answers is checked by the tests
export type Answer = { readonly status: number; readonly body: any };

export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** What stands for a body: bytes, text, or pieces as long as they are asked for. */
type Body = Uint8Array | string | Iterable<Uint8Array>;

/** Sends a request by `node:http`, since the tests run where there is no native Wasm, and so no `fetch`. */
export const exchange = (
  url: string,
  authorization: string | undefined,
  method = 'GET',
  body?: Body,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const type = { 'content-type': 'application/octet-stream' };
    const headers = { ...type, ...(authorization === undefined ? {} : { authorization }) };
    const sent = request(url, { method, headers }, async (response) => {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece as Buffer);
      const bytes = Buffer.concat(pieces);
      const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
      resolve({ status: response.statusCode!, body: isJson ? JSON.parse(bytes.toString()) : bytes });
    });
    sent.on('error', reject);
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) sent.end(body);
    else Readable.from(body).on('error', reject).pipe(sent);
  });

/** Asks as a tenant. */
export const askAs =
  (service: ServiceProcess, key: string) =>
  (method: string, path: string, body?: Body): Promise<Answer> =>
    exchange(service.address + path, `Bearer ${key}`, method, body);
