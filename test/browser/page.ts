/**
 * The page of `browser.test.ts`: the neutral entry point as it was built, in a browser that allows neither code from
 * strings nor native Wasm. Runs plug-ins, HTTP, all tests of files and escapes on memory files, and C programs.
 */
import { createPlugin, isQuernError, MemoryFiles, type PluginOptions } from '../../src/index.ts';
import type { PrecompiledModule } from '../../src/precompiled.ts';
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { assert } from '../wasi/assertions.ts';
import { guestAttempts } from '../wasi/attempts.ts';
import { behaviours } from '../wasi/behaviours.ts';
import { Guest, provideGuest } from '../wasi/guest.ts';
import type { PageReport, PageTask } from './report.ts';

type Check = () => void | Promise<void>;

const bytesOf = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(path)).arrayBuffer());
const task = (await (await fetch('/task.json')).json()) as PageTask;
provideGuest(await bytesOf('/guest.wasm'));
const sender = await bytesOf('/sender.wasm');

const send = async (url: string, options: PluginOptions): Promise<string | undefined> => {
  const plugin = await createPlugin({ wasm: [{ data: sender }] }, options);
  try {
    return (await plugin.call('get', JSON.stringify({ url })))?.text();
  } finally {
    await plugin.close();
  }
};
const precompiledAt = async (path: string): Promise<PrecompiledModule> =>
  ((await import(path)) as { readonly default: PrecompiledModule }).default;
/** The code of the error that something rejects with; null when it does not. */
const codeOf = (promise: Promise<unknown>): Promise<string | null> =>
  promise.then(
    () => null,
    (error: unknown) => (isQuernError(error) ? error.code : String(error)),
  );

const { origin } = new URL(import.meta.url);
const host = new URL(task.allowed).hostname;
const redirect = `${task.allowed}/to?u=${encodeURIComponent(`${task.foreign}/secret`)}`;

const checks: Readonly<Record<string, Check>> = {
  'the page allows neither native Wasm nor code from strings': async () => {
    const native = (globalThis as { WebAssembly?: { compile(bytes: Uint8Array): Promise<unknown> } })
      .WebAssembly;
    const compiled = await native?.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(
      () => true,
      () => false,
    );
    assert.notEqual(compiled, true);
    let isRefused = false;
    try {
      new Function('return 1')();
    } catch {
      isRefused = true;
    }
    assert.ok(isRefused, 'code from strings ran');
  },
  'a plug-in answers': async () => {
    const plugin = await createPlugin({ wasm: [{ data: sender }] });
    assert.equal((await plugin.call('echo', 'from a page'))?.text(), 'from a page');
  },
  'a plug-in runs JavaScript that was made at build time': async () => {
    const wasm = [{ data: sender }];
    const plugin = await createPlugin({ wasm }, { precompiled: await precompiledAt('/sender.js') });
    const plain = await createPlugin({ wasm });
    assert.equal((await plugin.call('echo', 'from a page'))?.text(), 'from a page');
    await plain.call('echo', 'from a page');
    assert.equal(plugin.fuelConsumed, plain.fuelConsumed);
    // A file that was altered shows that it is what runs: it multiplies by 4.
    const store = new Store({ precompiled: await precompiledAt('/altered.js') });
    const { exports } = instantiate(store, compileModule(await bytesOf('/triple.wasm')), () => undefined);
    assert.equal(invoke(exports.get('run') as FuncInstance, [14n])[0], 56n);
  },
  'a plug-in is loaded by its URL, also through a redirect': async () => {
    const wasm = [{ url: `${task.allowed}/to?u=${encodeURIComponent(`${origin}/sender.wasm`)}` }];
    const plugin = await createPlugin({ wasm });
    assert.equal((await plugin.call('echo', 'loaded'))?.text(), 'loaded');
  },
  'a plug-in is loaded by URLs relative to the page': async () => {
    const inline = `data:application/wasm;base64,${btoa(String.fromCharCode(...(await bytesOf('/sender.wasm'))))}`;
    for (const url of ['sender.wasm', './sender.wasm', '/sender.wasm', `${origin}/sender.wasm`, inline]) {
      for (const source of [url, { wasm: [{ url }] }])
        assert.equal((await (await createPlugin(source)).call('echo', 'loaded'))?.text(), 'loaded');
    }
  },
  'a request to an allowed host is answered': async () => {
    assert.equal(await send(`${task.allowed}/echo`, { allowedHosts: [host] }), 'echo');
  },
  'a request to another host is refused': async () => {
    assert.equal(
      await codeOf(send(`${task.foreign}/direct`, { allowedHosts: ['a.test'] })),
      'host.http-refused',
    );
  },
  'a redirect that cannot be checked is refused': async () => {
    assert.equal(await codeOf(send(redirect, { allowedHosts: [host] })), 'host.http-redirect');
    const own = `${task.allowed}/to?u=/echo`;
    assert.equal(await codeOf(send(own, { allowedHosts: [host, 'a.test'] })), 'host.http-redirect');
  },
  'a redirect is followed where every host is allowed': async () => {
    const url = `${task.allowed}/to?u=${encodeURIComponent(`${task.foreign}/open`)}`;
    assert.equal(await send(url, { allowedHosts: ['*'] }), 'foreign');
  },
};

const onMemory = (contents: Record<string, string>, run: (guest: Guest) => void): void => {
  const guest = new Guest({ '/': new MemoryFiles(contents) });
  try {
    run(guest);
  } finally {
    guest.end();
  }
};
const places = { inside: '/srv/inside', outside: '/srv/outside' };
const fileChecks: [string, Check][] = [
  ...Object.entries(behaviours).map(([name, run]): [string, Check] => [
    `files: ${name}`,
    () => onMemory({}, run),
  ]),
  ...Object.entries(guestAttempts).map(([name, attempt]): [string, Check] => [
    `escape: ${name}`,
    () =>
      onMemory({ file: 'mine', 'dir/x': '' }, (guest) => {
        guest.unlink('dir/x');
        attempt(guest, places);
      }),
  ]),
];

const runProgram = async (name: string): Promise<{ stdout: string; exitCode: number | string }> => {
  let stdout = '';
  const decoder = new TextDecoder();
  const plugin = await createPlugin(
    { wasm: [{ data: await bytesOf(`/program/${name}`) }] },
    {
      wasi: {
        args: [`${name}.wasm`, 'x', 'y'],
        env: { HOME: '/home' },
        stdin: 'first\nsecond\n',
        stdout: (chunk) => void (stdout += decoder.decode(chunk, { stream: true })),
        preopens: { '/': new MemoryFiles() },
      },
    },
  );
  const exitCode = await plugin.call('_start').then(
    () => 0,
    (error: unknown) => (isQuernError(error, 'exit.code') ? (error.details.exitCode ?? -1) : String(error)),
  );
  return { stdout, exitCode };
};

const results: { name: string; failure: string | null }[] = [];
for (const [name, check] of [...Object.entries(checks), ...fileChecks]) {
  const failure = await Promise.resolve()
    .then(check)
    .then(
      () => null,
      (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
  results.push({ name, failure });
}
const programs: Record<string, { stdout: string; exitCode: number | string }> = {};
for (const name of task.programs) programs[name] = await runProgram(name);
const report: PageReport = { checks: results, programs };
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
