/** A session of `lldb-dap`, which editors start: what VS Code does with the launch configuration that is printed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { buildPlugins, linesBefore, sources } from './c-plugins.ts';
import { startQuern } from './lldb-session.ts';

const command =
  ['lldb-dap-22', 'lldb-dap-23'].find((name) => spawnSync(name, ['--help']).status === 0) ?? null;
const plugins = command === null ? null : buildPlugins();
after(() => plugins?.remove());
const skip =
  command === null
    ? 'lldb-dap 22 or newer not found'
    : plugins === null
      ? 'clang for wasm32 not found'
      : false;
if (skip !== false) console.log(`NOTICE: ${skip}; the session of an editor is left out.`);

type Fields = Readonly<Record<string, unknown>>;
/** A message of the protocol, as far as it is read here. */
interface Message {
  readonly type: string;
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the protocol's own types are not here.
  readonly body?: any;
}

/** The client's side of the Debug Adapter Protocol. */
class Adapter {
  private readonly process: ChildProcess;
  private readonly answers = new Map<number, (message: Message) => void>();
  private readonly events: Message[] = [];
  private onEvent: () => void = () => {};
  private rest = Buffer.alloc(0);
  private count = 0;

  constructor(name: string) {
    this.process = spawn(name, [], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.process.stdout!.on('data', (chunk: Buffer) => this.receive(chunk));
  }

  private receive(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      const end = this.rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(this.rest.subarray(0, end).toString())![1]);
      if (this.rest.length < end + 4 + length) return;
      const message = JSON.parse(this.rest.subarray(end + 4, end + 4 + length).toString()) as Message;
      this.rest = this.rest.subarray(end + 4 + length);
      if (message.type === 'response') this.answers.get(message.request_seq!)?.(message);
      else if (message.type === 'event') {
        this.events.push(message);
        this.onEvent();
      }
    }
  }

  request(name: string, args: Fields): Promise<Message> {
    const seq = ++this.count;
    const text = JSON.stringify({ seq, type: 'request', command: name, arguments: args });
    this.process.stdin!.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    return new Promise((resolve) => {
      this.answers.set(seq, resolve);
    });
  }

  /** The next event of a name. */
  async event(name: string): Promise<Message> {
    for (;;) {
      const at = this.events.findIndex(({ event }) => event === name);
      if (at >= 0) return this.events.splice(at, 1)[0]!;
      await new Promise<void>((resolve) => {
        this.onEvent = resolve;
      });
    }
  }

  close(): void {
    this.process.kill('SIGKILL');
  }
}

describe('an editor', { skip, timeout: 60_000 }, () => {
  test('stops at a breakpoint in a source, shows variables, and goes back by its console', async () => {
    const quern = await startQuern([plugins!.path('main'), 'count', '--input', 'abcde']);
    const adapter = new Adapter(command!);
    try {
      await adapter.request('initialize', { adapterID: 'lldb-dap', linesStartAt1: true, pathFormat: 'path' });
      const attached = adapter.request('attach', {
        attachCommands: [`process connect --plugin wasm connect://127.0.0.1:${quern.port}`],
      });
      await adapter.event('initialized');
      const line =
        linesBefore + 1 + sources.main.split('\n').findIndex((text) => text.includes('table[value'));
      const path = join(plugins!.folder, 'main.c');
      const set = await adapter.request('setBreakpoints', { source: { path }, breakpoints: [{ line }] });
      assert.equal(set.body.breakpoints[0].verified, true);
      await adapter.request('configurationDone', {});
      assert.equal((await attached).success, true);
      const shown: string[] = [];
      for (const next of ['continue', 'back', 'end']) {
        const { threadId, reason } = (await adapter.event('stopped')).body;
        const { stackFrames } = (await adapter.request('stackTrace', { threadId })).body;
        const { scopes } = (await adapter.request('scopes', { frameId: stackFrames[0].id })).body;
        const { variablesReference } = scopes[0];
        const { variables } = (await adapter.request('variables', { variablesReference })).body;
        const values = variables.map(
          ({ name, value }: { name: string; value: string }) => `${name}=${value}`,
        );
        shown.push(
          [reason, stackFrames[0].name, stackFrames[0].line - line, ...values, stackFrames[1].name].join(' '),
        );
        if (next === 'continue') await adapter.request('continue', { threadId });
        if (next === 'back')
          await adapter.request('evaluate', { expression: 'process continue -R', context: 'repl' });
      }
      assert.deepEqual(shown, [
        'breakpoint square 0 value=1 result=1 sum',
        'breakpoint square 0 value=2 result=4 sum',
        'breakpoint square 0 value=1 result=1 sum',
      ]);
    } finally {
      adapter.close();
      quern.kill();
    }
  });
});
