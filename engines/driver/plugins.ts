/**
 * Plug-ins by the public API, with a virtual outside: time, randomness, files, network, and the host functions of the
 * recorded set-ups.
 */

import { decodeBase64 } from '../../src/host/manifest/base64.ts';
import { portablePlatform } from '../../src/host/platform/portable-platform.ts';
import {
  type CurrentPlugin,
  createPluginOn,
  type HostFunctions,
  type HttpRequest,
  type HttpResponse,
  isQuernError,
  MemoryFiles,
  type Platform,
  type Plugin,
  type PluginOptions,
} from '../../src/index.ts';
import { decodeUtf8Lossy, encodeUtf8 } from '../../src/syntax/utf8.ts';
import type { PluginProgram } from '../program.ts';
import { dataDigest, memoryDigest } from './digest.ts';

/** Bytes of a program. */
export const bytesOf = (base64: string): Uint8Array => decodeBase64(base64)!;

/** The host functions that the set-ups were recorded with, and that of the example `counter`. */
const hostFunctions = (): HostFunctions => {
  const values = new Map<string, Uint8Array>();
  const text = (plugin: CurrentPlugin, address: bigint): string => plugin.read(address)!.text();
  const bytes = (plugin: CurrentPlugin, address: bigint): Uint8Array => plugin.read(address)!.bytes();
  return {
    'extism:host/user': {
      host_i64: (_, x: bigint) => BigInt.asIntN(64, x + 1n),
      host_i32: (_, a: number, b: number) => (a + b) | 0,
      host_f32: (_, x: number) => Math.fround(x * 2.5),
      host_f64: (_, a: number, b: number) => a * b + 1,
      host_mix: (_, a: number, b: bigint, c: number, d: number) => a + Number(b) / 1024 + c + d,
      host_void: () => {},
      // Settles later, so that the calls of it pause.
      host_upper: async (plugin, at: bigint) => {
        const lower = text(plugin, at);
        await Promise.resolve();
        return plugin.store(lower.toUpperCase());
      },
      kv_read: (plugin, key: bigint) => plugin.store(values.get(text(plugin, key)) ?? new Uint8Array(4)),
      kv_write: (plugin, key: bigint, value: bigint) => {
        values.set(text(plugin, key), bytes(plugin, value));
      },
      kv_get: (plugin, key: bigint) => {
        const value = values.get(text(plugin, key));
        return value === undefined ? 0n : plugin.store(value);
      },
      kv_put: (plugin, key: bigint, value: bigint) => {
        const name = text(plugin, key);
        const had = values.has(name);
        values.set(name, bytes(plugin, value));
        return had ? 1 : 0;
      },
      kv_del: (plugin, key: bigint) => (values.delete(text(plugin, key)) ? 1 : 0),
      host_reflect: (plugin, at: bigint) => plugin.store(bytes(plugin, at)),
      hello_world: (plugin, at: bigint) => plugin.store(`hello ${text(plugin, at)}`),
      purple_message: (plugin, at: bigint) => plugin.store(`purple ${text(plugin, at)}`),
      green_message: (plugin, at: bigint) => plugin.store(`green ${text(plugin, at)}`),
      now_ms: () => 1_700_000_000_000n,
      remark: async (plugin, total: bigint) => plugin.store(`${total} so far`),
    },
  };
};

/** What the server of the recorded set-ups answers, without the server. */
const answer = async ({ url, method, headers, body }: HttpRequest): Promise<HttpResponse> => {
  const path = url.replace(/^https?:\/\/[^/]*/, '');
  const accept = headers['x-accept'] ?? null;
  const text = JSON.stringify({
    method,
    url: path,
    body: body === null ? '' : decodeUtf8Lossy(body),
    accept,
  });
  return {
    status: path.startsWith('/teapot') ? 418 : 200,
    headers: [
      ['x-fixture', 'yes'],
      ['content-type', 'text/plain'],
    ],
    // A list does for `for await`; not every engine has asynchronous generators.
    body: [encodeUtf8(text)] as unknown as AsyncIterable<Uint8Array>,
  };
};

const createPlugin = createPluginOn({ ...portablePlatform, http: answer } satisfies Platform);

type Print = (line: string) => void;

type Code = Pick<PluginOptions, 'compiler' | 'precompiled'>;

const open = (program: PluginProgram, print: Print, code: Code): Promise<Plugin> =>
  createPlugin(bytesOf(program.wasm), {
    ...code,
    useWasi: program.useWasi,
    config: program.config,
    allowedHosts: program.allowedHosts,
    allowHttpResponseHeaders: true,
    wasi: { preopens: Object.fromEntries(program.directories.map((path) => [path, new MemoryFiles()])) },
    functions: hostFunctions(),
    logLevel: 'trace',
    onLog: (level, message) => print(`  log ${level}: ${message}`),
    deterministic: { seed: 7, epoch: 1_700_000_000_000 },
  });

/** How a call ended, as a text that must be the same everywhere. */
const endOf = async (plugin: Plugin, fn: string, input: Uint8Array, fuel: number): Promise<string> => {
  try {
    const result = await plugin.callDetailed(fn, input, { fuel });
    const { output, returnCode, error } = result;
    const data = output === null ? 'none' : dataDigest(output.bytes());
    return `returned ${returnCode} | ${data} | ${JSON.stringify(error)}`;
  } catch (error) {
    return isQuernError(error)
      ? `${error.code} | ${JSON.stringify(error.message)}`
      : `threw ${String(error)}`;
  }
};

/** Calls a plug-in's functions in order; one line for each call. */
export const transcribePlugin = async (program: PluginProgram, print: Print, code: Code): Promise<void> => {
  const plugin = await open(program, print, code);
  const { memories } = await plugin.getInstance();
  print(`${program.id} | initialised | fuel ${plugin.fuelConsumed} | memory ${memoryDigest(memories)}`);
  let [fuel] = program.fuel;
  for (const { fn, input } of program.calls) {
    const end = await endOf(plugin, fn, bytesOf(input), fuel);
    print(`${program.id}.${fn} | ${end} | fuel ${plugin.fuelConsumed} | memory ${memoryDigest(memories)}`);
    fuel = program.fuel[1];
  }
};
