/** A plug-in that asks everything of its outside, and a recording of it. */
import {
  createPlugin,
  type HostFunctions,
  MemoryFiles,
  type Plugin,
  type PluginOptions,
  type Receipt,
} from '../../src/node.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';
import { appendChecks, parseLog } from './sealing.ts';

export { appendChecks, parseLog };

const wasi = 'wasi_snapshot_preview1';

export const { world, command } = compileWat({
  world: `(module ${kernelImports}
    (import "env" "number" (func $number (param i32 i64 f32 f64) (result f64)))
    (import "env" "act" (func $act (param i32) (result i64)))
    (import "env" "two" (func $two (result i32 i64)))
    (import "${wasi}" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
    (import "${wasi}" "random_get" (func $random_get (param i32 i32) (result i32)))
    (import "${wasi}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "${wasi}" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
    (import "${wasi}" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "${wasi}" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
    (import "${wasi}" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 2000) "file.txt")
    ${outputI64}
    (func (export "numbers")
      (f64.store (i32.const 0) (call $number (i32.const -1) (i64.const -2) (f32.const nan) (f64.const -0)))
      (call $output_i64 (i64.load (i32.const 0))))
    (func (export "act") (call $output_i64 (call $act (i32.wrap_i64 (call $input_length)))))
    (func (export "two") (local $wide i64)
      (local.set $wide (call $two)) (drop)
      (call $output_i64 (local.get $wide)))
    (func (export "clock")
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 8)))
      (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 16)))
      (call $output_i64 (i64.load (i32.const 8))))
    (func (export "random") (drop (call $random_get (i32.const 32) (i32.const 8)))
      (call $output_i64 (i64.load (i32.const 32))))
    (func (export "stdin")
      (i32.store (i32.const 64) (i32.const 256)) (i32.store (i32.const 68) (i32.const 8))
      (i64.store (i32.const 256) (i64.const 0))
      (drop (call $fd_read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72)))
      (call $output_i64 (i64.load (i32.const 256))))
    (func (export "sleep")
      (memory.fill (i32.const 512) (i32.const 0) (i32.const 64))
      (i64.store (i32.const 536) (i64.const 2000000))
      (call $output_i64 (i64.extend_i32_u
        (call $poll_oneoff (i32.const 512) (i32.const 640) (i32.const 1) (i32.const 704)))))
    (func (export "files") (local $fd i32)
      (drop (call $fd_readdir (i32.const 3) (i32.const 4096) (i32.const 1024) (i64.const 0) (i32.const 80)))
      (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 2000) (i32.const 8) (i32.const 0)
        (i64.const -1) (i64.const 0) (i32.const 0) (i32.const 84)))
      (local.set $fd (i32.load (i32.const 84)))
      (drop (call $fd_filestat_get (local.get $fd) (i32.const 5200)))
      (i32.store (i32.const 88) (i32.const 5300)) (i32.store (i32.const 92) (i32.const 8))
      (drop (call $fd_read (local.get $fd) (i32.const 88) (i32.const 1) (i32.const 96)))
      (call $output_i64 (i64.load (i32.const 5300))))
    (func (export "spin") (loop $on (br $on))))`,
  command: `(module ${kernelImports}
    (import "${wasi}" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
    ${outputI64}
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 8)))
      (call $output_i64 (i64.load (i32.const 8)))))`,
});

/** Host functions that use every method of their view of the plug-in; \`act\` chooses by its argument. */
export const functions = (plugin: () => Plugin): HostFunctions => ({
  env: {
    number: (_, a: number, b: bigint, c: number, d: number) => a + Number(b) + (Number.isNaN(c) ? 1 : 0) + d,
    two: async () => [1, 2n],
    act: async (context, what: number) => {
      await Promise.resolve();
      switch (what) {
        case 0: {
          const handle = context.store('some text');
          context.free(context.alloc(100));
          return context.read(handle)!.bytes().length + Number(context.length(handle));
        }
        case 1:
          context.setVariable('x', Uint8Array.of(1, 2, 3));
          context.setVariable('y', 'gone');
          context.deleteVariable('y');
          return context.getVariable('x')!.bytes().length;
        case 2:
          context.setError('reported by the host');
          return 0;
        case 3:
          throw new Error('thrown by the host');
        case 4:
          context.logLevel = 'trace';
          return 'no number';
        case 5:
          plugin().setVariable('z', 'by the owner');
          plugin().setConfig('key', 'value');
          return 5;
        default:
          return new Promise(() => {});
      }
    },
  },
});

/** Calls that ask everything. */
export const calls: readonly (readonly [fn: string, input: string])[] = [
  ['numbers', ''],
  ['two', ''],
  ['act', ''],
  ['act', '1'],
  ['act', '22'],
  ['act', '333'],
  ['act', '4444'],
  ['act', '55555'],
  ['clock', ''],
  ['random', ''],
  ['stdin', ''],
  ['stdin', ''],
  ['sleep', ''],
  ['files', ''],
];

/** What is where the plug-in looks for files. */
export const worldFiles = (): MemoryFiles => {
  const files = new MemoryFiles();
  files.writeFile('file.txt', 'contents');
  files.writeFile('sub/other.txt', 'x');
  return files;
};

/** Makes the plug-in with a real outside. */
export const createWorld = async (options: PluginOptions = {}): Promise<Plugin> => {
  const made: { plugin?: Plugin } = {};
  const chunks = [Uint8Array.of(1, 2, 3), Promise.resolve(Uint8Array.of(4, 5))];
  made.plugin = await createPlugin(world, {
    functions: functions(() => made.plugin!),
    wasi: { preopens: { '/': worldFiles() }, stdin: () => chunks.shift() ?? new Uint8Array(0) },
    logLevel: 'silent',
    ...options,
  });
  return made.plugin;
};

/** Makes all calls. */
export const makeCalls = async (plugin: Plugin): Promise<string[]> => {
  const ends: string[] = [];
  for (const [fn, input] of calls) {
    ends.push(
      await plugin.call(fn, input).then(
        (output) => `${fn} ${output === null ? 'null' : Buffer.from(output.bytes()).toString('hex')}`,
        (error: Error) => `${fn} ${error.message}`,
      ),
    );
  }
  return ends;
};

/** What a plug-in has recorded, with the receipt of each call. */
export interface Recorded {
  readonly recording: string;
  readonly receipts: readonly Receipt[];
}

/** Makes calls, whatever they come to: their receipts say it. */
export const record = async (
  plugin: Plugin,
  list: readonly (readonly [fn: string, input: string | Uint8Array])[],
): Promise<Recorded> => {
  const receipts: Receipt[] = [];
  for (const [fn, input] of list) {
    await plugin.call(fn, input).catch(() => {});
    receipts.push(plugin.receipt);
  }
  const { recording } = plugin;
  await plugin.close();
  return { recording, receipts };
};
