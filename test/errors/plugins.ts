/** Plug-ins, their manifests and their hosts, each at fault in one way. */
import { createPool as createThreadPool } from '../../packages/threads/src/index.ts';
import { advance, createJob, type Job, moduleHash, readJob, verifyJob } from '../../src/job.ts';
import {
  compilePlugin,
  createPlugin,
  createPool,
  defineSchedule,
  type FetchResponse,
  type Manifest,
  type Plugin,
  type PluginOptions,
  quern1,
  replayRecording,
  restorePlugin,
  verifyReceipt,
} from '../../src/node.ts';
import { precompiled } from '../../src/precompiled.ts';
import {
  compileModule,
  EXTERNREF,
  GlobalInstance,
  instantiate,
  Store,
  takeSnapshot,
} from '../../src/wasm.ts';
import { assemble } from '../assembler.ts';
import { actor } from '../jobs/pool-actor.ts';
import { compileWat, kernelImports } from '../wat.ts';
import type { Provocations } from './provocation.ts';

const { guest, spinning, command } = compileWat({
  guest: `(module ${kernelImports}
    (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
    (import "env" "ask" (func $ask (result i32)))
    (memory (export "memory") 1)
    (func (export "nothing"))
    (func (export "ask") (drop (call $ask)))
    (func (export "get") (drop (call $http_request (call $input_offset) (i64.const 0))))
    (func (export "complain") (call $error_set (call $input_offset)))
    (func (export "fail") (result i32) (i32.const 1))
    (func (export "spin") (loop $on (br $on))))`,
  spinning: `(module (func $spin (loop $on (br $on))) (start $spin))`,
  command: `(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (memory (export "memory") 1)
    (func (export "exit") (call $proc_exit (i32.const 3))))`,
});
const manifest: Manifest = { wasm: [{ data: guest }] };

const functions = { env: { ask: () => 1 } };
const create = (options: PluginOptions = {}): Promise<Plugin> =>
  createPlugin(manifest, { functions, ...options });
/** Calls a function of the plug-in. */
const call = async (name: string, input = '', options: PluginOptions = {}): Promise<unknown> =>
  (await create(options)).call(name, input);

/** Requests a URL; the answer is what `response` says. */
const get = (
  response: Partial<FetchResponse> & { readonly type?: string },
  more: PluginOptions = {},
): Promise<unknown> =>
  call('get', '{"url":"http://example.com/"}', {
    allowedHosts: ['example.com'],
    fetch: async () => ({
      status: 200,
      headers: new Map(),
      arrayBuffer: async () => new ArrayBuffer(8),
      ...response,
    }),
    ...more,
  });

/** A plug-in that has been called and was recorded. */
const recorded = async (): Promise<Plugin> => {
  const plugin = await create({ record: true });
  await plugin.call('nothing');
  return plugin;
};

/** A job of the guest. */
const job = (name: string): Job =>
  createJob({ id: name, modules: { main: moduleHash(guest) }, function: name });
/** Restores a snapshot after `change` has changed its bytes. */
const restore = async (change: (bytes: Uint8Array) => Uint8Array, from = manifest): Promise<unknown> =>
  restorePlugin(from, change((await create()).snapshot().slice()), { functions });
/** The version of the format comes after a magic number of eight bytes. */
const VERSION = 8;

/** Queues one call more than may wait. */
const crowd = async (calls: readonly Promise<unknown>[]): Promise<unknown> => {
  const outcomes = await Promise.allSettled(calls);
  const refused = outcomes.find((outcome) => outcome.status === 'rejected');
  throw refused?.reason;
};

type OfHosts =
  | 'HostError'
  | 'ExitError'
  | 'PluginError'
  | 'ManifestError'
  | 'UsageError'
  | 'InterruptedError'
  | 'SnapshotError'
  | 'ReplayError'
  | 'JobError';
type OfExhaustion = 'exhaustion.fuel' | 'exhaustion.pool' | 'exhaustion.queue';

export const plugins: Provocations<OfHosts> & Pick<Provocations<'ExhaustionError'>, OfExhaustion> = {
  'exhaustion.fuel': () => call('spin', '', { fuel: 1000 }),
  'exhaustion.pool': async () => {
    const pool = createPool(await compilePlugin(manifest, { functions }), { maxInstances: 1, maxWaiting: 1 });
    return crowd([1, 2, 3].map(() => pool.call('nothing')));
  },
  'exhaustion.queue': async () => {
    const plugin = await create({ whenBusy: 'queue' });
    return crowd(Array.from({ length: 1002 }, () => plugin.call('nothing')));
  },

  // What a host function throws reaches its caller as it is; the code stands for it in a replay.
  'host.threw': async () => {
    const ask = (): never => {
      throw new Error('no answer');
    };
    const plugin = await create({ record: true, functions: { env: { ask } } });
    await plugin.call('ask').catch(() => undefined);
    const replayed = await createPlugin(manifest, { replay: plugin.recording });
    return replayed.call('ask');
  },
  'host.value': () => call('ask', '', { functions: { env: { ask: () => 'text' as never } } }),
  'host.http-refused': () => get({}, { allowedHosts: [] }),
  'host.http-limit': () => get({}, { memory: { maxHttpResponseBytes: 7 } }),
  'host.http-redirect': () => get({ type: 'opaqueredirect' }),
  'host.http-failed': () => get({ headers: new Map([['x', 'y'.repeat(100_000)]]) }),
  'exit.code': async () =>
    (await createPlugin({ wasm: [{ data: command }] }, { useWasi: true })).call('exit'),
  'plugin.error': () => call('complain', 'It does not work.'),
  'plugin.return-code': () => call('fail'),
  'plugin.function': () => call('missing'),
  'manifest.shape': () => createPlugin({ wasm: [] }),
  'manifest.hash': () => createPlugin({ wasm: [{ data: guest, hash: '0'.repeat(64) }] }),
  'manifest.source': () => createPlugin('build/missing.wasm'),
  'usage.argument': () => create({ fuel: -1 }),
  'usage.precompiled': () => {
    const head = { version: 0, sha256: '', byteLength: 0, schedule: 'quern-1', prices: 0, functions: '' };
    return createPlugin(guest, { precompiled: precompiled(head, () => ({})) });
  },
  'usage.schedule': () => defineSchedule({ ...quern1, name: 'free', growPage: -1 }),
  'usage.state': async () => {
    const plugin = await create();
    await plugin.close();
    return plugin.call('nothing');
  },
  'interrupted.timeout': () => call('spin', '', { timeoutMs: 1 }),
  'interrupted.instantiation': () => createPlugin({ wasm: [{ data: spinning }] }, { timeoutMs: 1 }),
  'interrupted.cancelled': async () =>
    (await create()).call('spin', '', null, { signal: AbortSignal.abort() }),
  'host.thread': async () => {
    const module = new URL('../jobs/pool-host.js', import.meta.url);
    await using pool = createThreadPool(actor, { maxInstances: 1, module });
    return await pool.call('act', '1');
  },
  'snapshot.corrupt': () => restore((bytes) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1)),
  'snapshot.truncated': () => restore((bytes) => bytes.subarray(0, 20)),
  'snapshot.version': () => restore((bytes) => bytes.with(VERSION, 255)),
  'snapshot.foreign': () => restore((bytes) => bytes, { wasm: [{ data: assemble({}) }] }),
  'snapshot.unsupported': () => {
    const bytes = assemble({
      imports: [['host', 'object', [3, 0x6f, 0]]],
      exports: [['object', 'global', 0]],
    });
    const object = new GlobalInstance({ type: EXTERNREF, isMutable: false }, {});
    const instance = instantiate(new Store(), compileModule(bytes), () => object);
    return takeSnapshot({ instances: [instance] });
  },
  'replay.log': () => createPlugin(manifest, { replay: 'no recording' }),
  'replay.module': async () => replayRecording({ wasm: [{ data: command }] }, (await recorded()).recording),
  'replay.diverged': async () => {
    const plugin = await createPlugin(manifest, { replay: (await recorded()).recording });
    return plugin.call('fail');
  },
  'replay.receipt': async () => {
    const { receipt, recording } = await recorded();
    return verifyReceipt({ ...receipt, fuel: receipt.fuel + 1 }, manifest, recording);
  },
  'job.module': () => advance(job('nothing'), { modules: [] }),
  'job.damaged': () => readJob('no job'),
  'job.store': () => {
    const keep = (): never => {
      throw new Error('full');
    };
    return advance(job('ask'), { modules: [guest], functions, keep });
  },
  'job.receipt': async () => {
    const { job: ended } = await advance(job('nothing'), { modules: [guest], functions });
    return verifyJob({ ...ended, slices: [{ ...ended.slices[0]!, fuel: 1 }] }, { modules: [guest] });
  },
};
