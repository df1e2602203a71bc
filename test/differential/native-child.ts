/** The child process that runs generated programs on the JavaScript engine's own Wasm: a program a line. */
import { createInterface } from 'node:readline';
import type { Entry } from '../generators/world.ts';
import { HostFunctions } from './host-functions.ts';
import { outcomeText, valuesText } from './report.ts';

/** What comes in. */
export interface NativeRequest {
  /** Base64. */
  readonly modules: readonly string[];
  readonly entries: readonly Entry[];
}
/** What goes out. */
export interface NativeAnswer {
  readonly outcomes: readonly string[];
  readonly failure: string | null;
}

interface NativeWasm {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  RuntimeError: new () => Error;
}
const native = (globalThis as unknown as { WebAssembly: NativeWasm }).WebAssembly;

/** V8's words for the traps. */
const trapTexts: readonly (readonly [RegExp, string])[] = [
  [/^memory access out of bounds/, 'trap.memory-bounds'],
  [
    /^(table index is|table access) out of bounds|^element segment|^table .*out of bounds/,
    'trap.table-bounds',
  ],
  [/^(divide|remainder) by zero/, 'trap.divide-by-zero'],
  [/^divide result unrepresentable|^float unrepresentable/, 'trap.integer-overflow'],
  [/^null function or function signature mismatch/, 'trap.indirect-call-type'],
  [/^unreachable/, 'trap.unreachable'],
];

/** Results of two are arrays; i32 comes signed. */
const toValues = (result: unknown): unknown[] => {
  if (result === undefined) return [];
  return (Array.isArray(result) ? result : [result]).map((value: number | bigint) =>
    typeof value === 'number' ? value >>> 0 : BigInt.asUintN(64, value),
  );
};

/** Host functions as native code calls them. */
const makeEnv = (host: HostFunctions): object => {
  const { mix, log, pair } = host.byName;
  const unsigned = (value: number): bigint => BigInt(value >>> 0);
  return {
    mix: (a: number, b: bigint) => Number(mix!([unsigned(a), BigInt.asUintN(64, b)])[0]!) | 0,
    log: (a: number) => {
      log!([unsigned(a)]);
    },
    pair: () => {
      const [a, b] = pair!([]);
      return [a, Number(b)];
    },
  };
};

const run = ({ modules, entries }: NativeRequest): string[] => {
  const host = new HostFunctions();
  const env = makeEnv(host);
  const instances: Readonly<Record<string, unknown>>[] = [];
  for (const module of modules) {
    const imports = { env, m0: instances[0] ?? {} };
    const { exports } = new native.Instance(new native.Module(Buffer.from(module, 'base64')), imports);
    instances.push(exports);
  }
  const memory = instances[0]!['memory0'] as { buffer: ArrayBuffer };
  return entries.map(({ module, name }) => {
    let ending: string;
    try {
      ending = valuesText(toValues((instances[module]![name] as () => unknown)()));
    } catch (error) {
      if (!(error instanceof native.RuntimeError)) throw error;
      ending =
        trapTexts.find(([text]) => text.test((error as Error).message))?.[1] ?? (error as Error).message;
    }
    return outcomeText(name, ending, host, [new Uint8Array(memory.buffer)]);
  });
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer: NativeAnswer;
  try {
    answer = { outcomes: run(JSON.parse(line) as NativeRequest), failure: null };
  } catch (error) {
    answer = { outcomes: [], failure: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
