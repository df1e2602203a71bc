/**
 * Thirteen real plug-ins give the recorded results of the official SDK, call by call.
 *
 * Where that SDK departs from the Extism kernel, the kernel is right: `departures` lists what is expected instead.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createPlugin, type HostFunctions, type Plugin, PluginError, QuernError } from '../../src/node.ts';
import { needsShared, shared } from '../shared.ts';

/** Text, base64, or a file beside the record. */
interface Data {
  readonly text?: string;
  readonly b64?: string;
  readonly file?: string;
}
interface Call {
  readonly fn: string;
  readonly in: Data | null;
  readonly out?: Data | null;
  readonly error?: string;
}
interface SetUp {
  readonly id: string;
  readonly wasm: string;
  readonly sha256: string;
  readonly wasi: boolean;
  readonly config?: Record<string, string>;
  readonly host?: boolean;
  /** Hosts that requests may go to; the set-up then needs the server of `fixture.mjs`. */
  readonly hosts?: readonly string[];
  readonly hostVoid?: readonly string[];
  /** Directories, guest → host; `$EMPTY_DIR` stands for one that is empty. */
  readonly paths?: Readonly<Record<string, string>>;
  readonly calls: readonly Call[];
}

/** Traps by what the recording engine called them. `recurse` may fail in either way, see the record's notes. */
const trapCodes: Readonly<Record<string, readonly string[]>> = {
  unreachable: ['trap.unreachable'],
  'memory access out of bounds': ['trap.memory-bounds', 'exhaustion.call-stack'],
  'divide by zero': ['trap.divide-by-zero'],
  'EXTISM: call canceled due to timeout': ['interrupted.timeout'],
};

type Check = (output: string | null) => void;
const mentions =
  (...lines: string[]): Check =>
  (output) => {
    for (const line of lines) assert.ok(output?.split('\n').includes(line), `${line} in\n${output}`);
  };
/** Calls of `kernel_all` whose record shows the block kernel of the SDK. Key = function and input. */
const departures: Readonly<Record<string, Check>> = {
  'part_output ': (output) => assert.equal(output, '3456'),
  'mem_impl ': mentions('len_mid=0', 'len_zero=0', 'len_freed=0', 'alloc0_is_null=1', 'len_alloc0=0'),
  'mem ': mentions(
    'input_length=0',
    'input_offset_nonzero=0',
    'sum_a=11866',
    'distinct=1',
    'len_big=1048576',
  ),
};

const dataOf = (data: Data): Uint8Array => {
  if (data.text !== undefined) return Buffer.from(data.text, 'utf8');
  return data.b64 === undefined
    ? readFileSync(shared('plugins', data.file ?? ''))
    : Buffer.from(data.b64, 'base64');
};

const checkError = async (plugin: Plugin, call: Call, input: Uint8Array | undefined): Promise<void> => {
  const expected = call.error ?? '';
  const error = await plugin.call(call.fn, input).then(
    () => assert.fail(`${call.fn} succeeded; expected ${expected}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof QuernError, String(error));
  if (expected.startsWith('Plugin')) assert.equal(error.message, expected);
  else assert.ok(trapCodes[expected]?.includes(error.code), `${call.fn}: ${error.code} ${error.message}`);
};

const checkCall = async (plugin: Plugin, call: Call): Promise<void> => {
  const input = call.in === null ? undefined : dataOf(call.in);
  if (call.error !== undefined) return checkError(plugin, call, input);
  if (call.fn === 'fail_quiet') {
    await assert.rejects(
      plugin.call(call.fn, input),
      (error) => error instanceof PluginError && error.details.returnCode === 7,
    );
    return;
  }
  const output = await plugin.call(call.fn, input);
  const departure = departures[`${call.fn} ${call.in?.text}`];
  if (departure !== undefined) departure(output?.text() ?? null);
  else if (call.out === null || call.out === undefined) assert.equal(output, null, call.fn);
  else if (call.out.text !== undefined)
    assert.equal(output?.text(), call.out.text, `${call.fn}(${call.in?.text ?? ''})`);
  else
    assert.ok(
      output !== null && Buffer.compare(output.bytes(), dataOf(call.out)) === 0,
      `${call.fn}: other bytes`,
    );
};

const directoriesOf = (paths: Readonly<Record<string, string>>): Record<string, string> => {
  const empty = mkdtempSync(join(tmpdir(), 'quern-golden-'));
  after(() => rmSync(empty, { recursive: true, force: true }));
  return Object.fromEntries(
    Object.entries(paths).map(([guest, host]) => [guest, host.replace('$EMPTY_DIR', empty)]),
  );
};

/** Starts the server that the record was made with, in a process of its own; it says when it is up. */
const startFixtureServer = async (): Promise<void> => {
  const server = fork(shared('plugins/fixture.mjs'), { execArgv: [], silent: true });
  after(() => server.disconnect());
  await Promise.race([
    once(server.stdout!, 'data'),
    once(server, 'exit').then(() => assert.fail('the fixture server did not start')),
  ]);
};

describe('recorded plug-ins', needsShared, () => {
  if (needsShared.skip) return;
  const setUps = JSON.parse(readFileSync(shared('plugins/golden.json'), 'utf8')) as (SetUp & {
    timeoutMs?: number;
  })[];
  for (const setUp of setUps) {
    test(setUp.id, async () => {
      if (setUp.hosts !== undefined) await startFixtureServer();
      const sink: string[] = [];
      const hostFunctions = (await import(pathToFileURL(shared('plugins/hostfns.mjs')).href)) as {
        makeHost(sink: string[]): HostFunctions;
      };
      const path = shared('plugins', setUp.wasm);
      assert.equal(
        createHash('sha256').update(readFileSync(path)).digest('hex'),
        setUp.sha256,
        'the recorded module',
      );
      const plugin = await createPlugin(
        { wasm: [{ path, hash: setUp.sha256 }] },
        {
          useWasi: setUp.wasi,
          config: setUp.config,
          timeoutMs: setUp.timeoutMs,
          ...(setUp.hosts === undefined ? {} : { allowedHosts: setUp.hosts, allowHttpResponseHeaders: true }),
          ...(setUp.paths === undefined ? {} : { allowedPaths: directoriesOf(setUp.paths) }),
          ...(setUp.host ? { functions: hostFunctions.makeHost(sink) } : {}),
        },
      );
      for (const call of setUp.calls) await checkCall(plugin, call);
      if (setUp.hostVoid !== undefined) assert.deepEqual(sink, setUp.hostVoid);
    });
  }
});
