/** Bytes in every form and of every realm are bytes, wherever an embedder can hand them in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { compileToJavaScript } from '../../src/compile.ts';
import { summariseModule } from '../../src/inspect.ts';
import {
  type BytesLike,
  type CurrentPlugin,
  compilePlugin,
  compilePluginOn,
  createPlugin,
  createPluginOn,
  isQuernError,
  MemoryFiles,
  nodePlatform,
  type Plugin,
  replayRecording,
  restorePlugin,
  verifyReceipt,
} from '../../src/node.ts';
import { compileModule, instantiate, restoreSnapshot, Store, takeSnapshot } from '../../src/wasm.ts';
import { createWebAssembly } from '../../src/webassembly.ts';
import { compileWat, kernelImports } from '../wat.ts';

const { guest, reader } = compileWat({
  guest: `(module ${kernelImports}
    (import "extism:host/user" "give" (func $give (result i64)))
    (func $text (param $block i64) (call $output_set (local.get $block) (call $length (local.get $block))))
    (func (export "echo") (call $text (call $input_offset)))
    (func (export "give") (call $text (call $give))))`,
  reader: `(module ${kernelImports}
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "read") (local $block i64)
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 2))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $block (call $alloc (i64.extend_i32_u (i32.load (i32.const 8)))))
      (call $store_u8 (local.get $block) (i32.load8_u (i32.const 64)))
      (call $store_u8 (i64.add (local.get $block) (i64.const 1)) (i32.load8_u (i32.const 65)))
      (call $output_set (local.get $block) (i64.extend_i32_u (i32.load (i32.const 8))))))`,
});

const give = (plugin: CurrentPlugin): bigint => plugin.store(plugin.hostContext<BytesLike>());
const functions = { 'extism:host/user': { give } };
const create = (): Promise<Plugin> => createPlugin(guest!, { functions });
const echo = await create();

/** A function of another realm. */
const foreign = (text: string): ((bytes: Uint8Array) => BytesLike) => runInNewContext(`(bytes) => ${text}`);
const padded = '[1, ...bytes, 1].slice(0, bytes.length + 2)';

/** Forms of the same bytes; their number is even, so that wider elements can hold them. */
const forms: Readonly<Record<string, (bytes: Uint8Array) => BytesLike | Promise<BytesLike>>> = {
  'an array': (bytes) => bytes,
  'a Buffer': (bytes) => Buffer.from(bytes),
  'a buffer': (bytes) => new Uint8Array(bytes).buffer,
  'a shared buffer': (bytes) => {
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    return shared;
  },
  'a view': (bytes) => new DataView(new Uint8Array(bytes).buffer),
  'a part of a view': (bytes) => new DataView(Uint8Array.of(1, ...bytes, 1).buffer, 1, bytes.length),
  'wider elements': (bytes) => new Uint16Array(new Uint8Array(bytes).buffer),
  'the output of a call': async (bytes) => (await echo.call('echo', bytes))!,
  'a foreign array': foreign('new Uint8Array(bytes)'),
  'a foreign part': foreign(`new Uint8Array(${padded}).subarray(1, bytes.length + 1)`),
  'a foreign buffer': foreign('new Uint8Array(bytes).buffer'),
  'a foreign shared buffer': foreign(
    'Object.assign(new Uint8Array(new SharedArrayBuffer(bytes.length)), bytes).buffer',
  ),
  'a foreign view': foreign('new DataView(new Uint8Array(bytes).buffer)'),
};

const hi = new TextEncoder().encode('Hi');
const even = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length % 2 === 0) return bytes;
  // An empty custom section of an odd length.
  const longer = new Uint8Array(bytes.length + 3);
  longer.set(bytes);
  longer.set([0, 1, 0], bytes.length);
  return longer;
};
const module = even(guest!);
const text = (output: { text(): string } | null): string | undefined => output?.text();
const made = async (plugin: Promise<Plugin>): Promise<string | undefined> =>
  text(await (await plugin).call('echo', 'Hi'));

const recorded = await createPlugin(module, { functions, record: true });
await recorded.call('echo', 'Hi');
const lines = new TextEncoder().encode(recorded.recording);
/** A recording that ends in a line feed may end in two: the second is an empty line that was cut off. */
const evenLines = lines.length % 2 === 0 ? lines : lines.subarray(0, lines.length - 1);
const engine = (): { instances: ReturnType<typeof instantiate>[] } => ({
  instances: [
    instantiate(new Store(), compileModule(even(compileWat({ m: '(module)' }).m!)), () => undefined),
  ],
});

/** TABLE: places that take bytes; each gives `Hi` for those that are right. */
const places: Readonly<
  Record<string, { readonly bytes: Uint8Array; readonly use: (given: BytesLike) => unknown }>
> = {
  'input of a call': { bytes: hi, use: async (given) => text(await echo.call('echo', given)) },
  'input of startCall': {
    bytes: hi,
    use: async (given) => {
      const call = await (await create()).startCall('echo', given);
      await call.run();
      return text(call.output);
    },
  },
  'a plug-in': { bytes: module, use: (given) => made(createPlugin(given, { functions })) },
  'a promise of a plug-in': {
    bytes: module,
    use: (given) => made(createPlugin(Promise.resolve(given), { functions })),
  },
  'a compiled plug-in': {
    bytes: module,
    use: async (given) => made((await compilePlugin(given, { functions })).instantiate()),
  },
  'data of a manifest': {
    bytes: module,
    use: (given) => made(createPlugin({ wasm: [{ data: given }] }, { functions })),
  },
  'the body of a response': {
    bytes: module,
    use: (given) => {
      const response = {
        status: 200,
        headers: { get: () => null },
        arrayBuffer: async () => given as ArrayBuffer,
      };
      return made(createPlugin(response, { functions }));
    },
  },
  'an answer of the fetch option': {
    bytes: module,
    use: (given) => {
      const answer = {
        status: 200,
        headers: new Map<string, string>(),
        arrayBuffer: async () => given as ArrayBuffer,
      };
      return made(createPlugin('https://example.com/a.wasm', { functions, fetch: async () => answer }));
    },
  },
  'a part of an answer of a transport': {
    bytes: module,
    use: (given) => {
      const body = (async function* () {
        yield given as Uint8Array;
      })();
      const http = async () => ({ status: 200, headers: [], body });
      return made(createPluginOn({ ...nodePlatform, http })('https://example.com/a.wasm', { functions }));
    },
  },
  'a file of a platform': {
    bytes: module,
    use: async (given) => {
      const compile = compilePluginOn({ ...nodePlatform, readFile: async () => given as Uint8Array });
      return made((await compile('a.wasm', { functions })).instantiate());
    },
  },
  'what a host function stores': {
    bytes: hi,
    use: async (given) => text(await echo.call('give', '', given)),
  },
  'a variable': {
    bytes: hi,
    use: (given) => {
      echo.setVariable('v', given);
      return text(echo.getVariable('v'));
    },
  },
  'standard input': {
    bytes: hi,
    use: async (given) => text(await (await createPlugin(reader!, { wasi: { stdin: given } })).call('read')),
  },
  'what a reader reads': {
    bytes: hi,
    use: async (given) => {
      const wasi = { stdin: () => given as Uint8Array };
      return text(await (await createPlugin(reader!, { wasi, record: true })).call('read'));
    },
  },
  'what a reader reads later': {
    bytes: hi,
    use: async (given) => {
      const wasi = { stdin: async () => given as Uint8Array };
      return text(await (await createPlugin(reader!, { wasi, record: true })).call('read'));
    },
  },
  'a file in memory': {
    bytes: hi,
    use: (given) => {
      const files = new MemoryFiles();
      files.writeFile('a', given);
      return new TextDecoder().decode(files.readFile('a')!);
    },
  },
  'a snapshot': {
    bytes: (await create()).snapshot(),
    use: (given) => made(restorePlugin(guest!, given, { functions })),
  },
  'a recording': {
    bytes: evenLines,
    use: (given) => made(createPlugin(module, { replay: given })),
  },
  'a recording that is run': {
    bytes: evenLines,
    use: async (given) => text((await replayRecording(module, given))[0]!.result!.output),
  },
  'a recording that is verified': {
    bytes: evenLines,
    use: async (given) => text((await verifyReceipt(recorded.receipt, module, given)).result!.output),
  },
  'a module of the engine': {
    bytes: module,
    use: (given) => compileModule(given).module.exports.length === 2 && 'Hi',
  },
  'a module that is compiled to JavaScript': {
    bytes: module,
    use: (given) => compileToJavaScript(given) === compileToJavaScript(module) && 'Hi',
  },
  'a module that is looked at': {
    bytes: module,
    use: (given) => summariseModule(given).byteLength === module.length && 'Hi',
  },
  'a snapshot of the engine': {
    bytes: takeSnapshot(engine()),
    use: (given) => restoreSnapshot(given, engine()).length === 0 && 'Hi',
  },
  'a module of the JavaScript API': {
    bytes: module,
    use: (given) => {
      const WebAssembly = createWebAssembly();
      return (
        WebAssembly.validate(given as ArrayBuffer) && new WebAssembly.Module(given as ArrayBuffer) && 'Hi'
      );
    },
  },
};

describe('bytes', () => {
  for (const [place, { bytes, use }] of Object.entries(places)) {
    test(place, async () => {
      for (const [form, make] of Object.entries(forms)) {
        if (form === 'wider elements' && bytes.length % 2 === 1) continue;
        const result = await use(await make(bytes));
        assert.ok(result === 'Hi' || typeof result === 'object', `${form}: ${String(result)}`);
      }
    });
  }

  test('of a detached buffer are none', async () => {
    const { buffer } = new Uint8Array(hi);
    const view = new Uint8Array(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    for (const given of [buffer, view]) assert.equal((await echo.call('echo', given))?.byteLength, 0);
  });

  test('are no text, no list and no number', async () => {
    const odd: unknown[] = [{}, [72, 105], 72, new Map(), Object.create(Uint8Array.prototype)];
    for (const given of odd) {
      await assert.rejects(echo.call('echo', given as Uint8Array), (error) =>
        isQuernError(error, 'usage.argument'),
      );
    }
  });

  test('the plug-in does not see what is written to them during a call', async () => {
    const given = Buffer.from('Hi');
    const call = await (await create()).startCall('echo', given);
    given.fill(0);
    await call.run();
    assert.equal(text(call.output), 'Hi');
  });
});
