/**
 * WASI preview 1: the state of one program, and its functions as imports.
 *
 * The wrapper is made from the ABI table: it finds the descriptor, checks its kind and its rights, bounds and
 * bills what is moved, and turns signals into numbers. The functions themselves are in the files beside this one.
 */
import { checkBytes, isInstance, reading } from '../../errors/arguments.ts';
import { UsageError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { type FuelSchedule, hostBytesCost, hostFunctionCost } from '../../interpreter/fuel/schedules.ts';
import {
  type Caller,
  type FuncInstance,
  type HostWrite,
  type RawHostCode,
  rawHostFunction,
} from '../../interpreter/instances/function.ts';
import type { MemoryInstance } from '../../interpreter/instances/memory.ts';
import type { FileTree } from '../platform/files.ts';
import type { Clock, RandomSource } from '../platform/platform.ts';
import { encodeUtf8 } from '../platform/text.ts';
import {
  INPUT_RIGHTS,
  impliedBy,
  type Layout,
  layouts,
  OUTPUT_RIGHTS,
  type Right,
  rights,
  WASI_NAMESPACE,
  WASI_UNSTABLE_NAMESPACE,
  type WasiFunctionName,
  type WasiFunctionRow,
  type WasiNameOn,
  wasiAbi,
  wasiWorkCost,
} from './abi.ts';
import { anyDescriptorFunctions, fileFunctions } from './descriptor-functions.ts';
import {
  bytesReader,
  type Descriptor,
  DescriptorTable,
  type DirectoryDescriptor,
  type FileDescriptor,
  inputStream,
  outputStream,
  preopenedDirectory,
  type Stream,
  type StreamReader,
} from './descriptors.ts';
import { type Errno, ErrnoSignal, errno } from './errno.ts';
import { directoryFunctions } from './path-functions.ts';
import { programFunctions } from './program-functions.ts';
import { memoryOf, type WasiAnswer, type WasiCall } from './wasi-call.ts';

/**
 * What a WASI program sees of its surroundings.
 *
 * ```ts
 * const wasi: WasiOptions = {
 *   args: ['echo', '--loud'],
 *   env: { LANG: 'C' },
 *   stdin: 'from outside',
 *   stdout: (chunk) => console.log(new TextDecoder().decode(chunk)),
 *   preopens: { '/tmp': new MemoryFiles() },
 * };
 * await (await createPlugin(echoWasm, { wasi })).call('echo'); // → from outside
 * ```
 */
export interface WasiOptions {
  /** Arguments; by convention the first is the program's name. Default: none. */
  readonly args?: readonly string[];
  /** Environment variables. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input: all of it, or a function that reads on, perhaps later; no bytes are the end. Default: empty. */
  readonly stdin?: string | Uint8Array | StreamReader;
  /** Receives what is written to standard output. Default: dropped. */
  readonly stdout?: (chunk: Uint8Array) => void;
  /** Receives what is written to standard error. Default: dropped. */
  readonly stderr?: (chunk: Uint8Array) => void;
  /** Directories by the path that the program knows them by, beside those of `allowedPaths`. Default: none. */
  readonly preopens?: Readonly<Record<string, FileTree>>;
}

type WasiCode = (wasi: Preview1, call: WasiCall) => WasiAnswer;

const mistake = (detail: string): Error => new UsageError('usage.argument', { detail });

/** Strings as C has them, each ended by a zero byte. */
export interface Strings {
  readonly strings: readonly Uint8Array[];
  /** Of all together. */
  readonly byteLength: number;
}

const cStrings = (list: readonly string[], what: string): Strings => {
  const strings = Array.from(list, (text) => {
    if (typeof text !== 'string' || text.includes('\0')) {
      throw mistake(`${what} must be strings without zero characters`);
    }
    return encodeUtf8(`${text}\0`);
  });
  return { strings, byteLength: strings.reduce((sum, bytes) => sum + bytes.length, 0) };
};

const inputOf = (source: WasiOptions['stdin']): Stream => {
  if (typeof source === 'function') return inputStream({ read: source, available: () => 1 });
  const bytes =
    typeof source === 'string' ? encodeUtf8(source) : checkBytes(source ?? new Uint8Array(0), 'wasi.stdin');
  return inputStream(bytesReader(bytes));
};

const outputOf = (options: WasiOptions, name: 'stdout' | 'stderr'): Stream => {
  const write = options[name] ?? (() => {});
  if (typeof write !== 'function') throw mistake(`wasi.${name} must be a function`);
  return outputStream(write);
};

/** State of the WASI of one plug-in; all of its modules share it. */
export class Preview1 {
  readonly args: Strings;
  readonly environ: Strings;
  readonly descriptors = new DescriptorTable();
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Registers what is to be done when the running call is stopped; returns what takes it back. */
  onStop: (listener: () => void) => () => void = () => () => {};
  /** Standard input, output and error as they were at the beginning. */
  readonly streams: readonly Stream[];
  /** Memory of calls that no module makes, but the embedder; null for none. */
  memory: MemoryInstance | null = null;
  /** Pre-opened trees, with the paths that the program knows them by. */
  readonly trees: { readonly name: string; readonly tree: FileTree }[] = [];

  /** @throws UsageError for options that cannot be, and where a directory cannot be opened */
  constructor(options: WasiOptions, clock: Clock, random: RandomSource) {
    this.args = reading('wasi.args', () => cStrings(options.args ?? [], 'wasi.args'));
    this.environ = reading('wasi.env', () =>
      cStrings(
        Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
        'wasi.env',
      ),
    );
    this.clock = clock;
    this.random = random;
    this.streams = reading('wasi', () => [
      inputOf(options.stdin),
      outputOf(options, 'stdout'),
      outputOf(options, 'stderr'),
    ]);
    for (const stream of this.streams) this.descriptors.add(stream, 0);
    try {
      const trees = reading('wasi.preopens', () => Object.entries(options.preopens ?? {}));
      for (const [name, tree] of trees) this.#preopen(name, tree);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #preopen(name: string, tree: FileTree): void {
    if (reading('wasi.preopens', () => typeof tree?.openRoot !== 'function'))
      throw mistake(`wasi.preopens["${nameText(name)}"] is not a file tree`);
    if (name.includes('\0')) throw mistake('wasi.preopens: a path holds a zero character');
    tree.begin?.(this.now);
    const root = tree.openRoot(this.now);
    this.descriptors.add(preopenedDirectory(root, encodeUtf8(name), this.trees.length));
    this.trees.push({ name, tree });
  }

  /** The time that files get. */
  readonly now = (): bigint => this.clock.realtime();

  /** The bytes of a file name. */
  encodeName(name: string): Uint8Array {
    return encodeUtf8(name);
  }

  /** Gives back what the host holds open for the program. */
  close(): void {
    this.descriptors.closeAll();
  }
}

const hasRight = (held: bigint, right: Right): boolean => {
  const stronger = impliedBy[right];
  return (held & (rights[right] | (stronger === undefined ? 0n : rights[stronger]))) !== 0n;
};

/** Why a descriptor cannot do what a row asks for; null when it can. */
const refusal = (descriptor: Descriptor, row: WasiFunctionRow): Errno | null => {
  const { subject, right } = row;
  if (descriptor.kind === 'stream') {
    const possible = descriptor.read === null ? OUTPUT_RIGHTS : INPUT_RIGHTS;
    if (subject !== 'descriptor' || (right !== null && !hasRight(possible, right))) return row.onStream;
  } else if (subject !== 'descriptor' && descriptor.kind !== subject) return row.onOther;
  // Reading a directory as a file is a mistake, whatever its rights are.
  if (descriptor.kind === 'directory' && (right === 'fd_read' || right === 'fd_write')) return 'isdir';
  return right === null || hasRight(descriptor.rights, right) ? null : 'notcapable';
};

/** The code of a row behind the checks of its descriptor. */
const codeOf = (name: WasiFunctionName, row: WasiFunctionRow): WasiCode => {
  if (row.subject === 'nothing') return programFunctions[name as WasiNameOn<'nothing'>];
  return (wasi, call) => {
    const descriptor = wasi.descriptors.get(call.u32(row.fdParam));
    const refused = refusal(descriptor, row);
    if (refused !== null) return refused;
    switch (row.subject) {
      case 'file':
        return fileFunctions[name as WasiNameOn<'file'>](wasi, call, descriptor as FileDescriptor);
      case 'directory':
        return directoryFunctions[name as WasiNameOn<'directory'>](
          wasi,
          call,
          descriptor as DirectoryDescriptor,
        );
      default:
        return anyDescriptorFunctions[name as WasiNameOn<'descriptor'>](wasi, call, descriptor);
    }
  };
};

/** Runs code, turning signals into errors. */
const guarded = <T>(run: () => T): T | Errno => {
  try {
    return run();
  } catch (error) {
    if (isInstance(error, ErrnoSignal)) return error.name;
    throw error;
  }
};

const createImport = (
  wasi: Preview1,
  name: WasiFunctionName,
  namespace: keyof typeof layouts,
  schedule: FuelSchedule,
): FuncInstance => {
  const layout: Layout = layouts[namespace];
  const row: WasiFunctionRow = wasiAbi[name];
  const code = codeOf(name, row);
  const type = { kind: 'func', params: row.params, results: row.results } as const;
  const run: RawHostCode = (words, base, caller: Caller) => {
    let byteCount = 0;
    let workCost = 0;
    const call: WasiCall = {
      memory: memoryOf(wasi, caller),
      caller,
      layout,
      u32: (i) => words[base + 2 * i]! >>> 0,
      u64: (i) => (BigInt(words[base + 2 * i + 1]! >>> 0) << 32n) | BigInt(words[base + 2 * i]! >>> 0),
      moved: (count) => {
        byteCount += count;
      },
      did: (work, count) => {
        workCost += wasiWorkCost(work, count);
      },
    };
    /** Runs code of the function and charges what it moved and did, however it ends. */
    const billed = <T>(part: () => T): T | Errno => {
      byteCount = 0;
      workCost = 0;
      try {
        return guarded(part);
      } finally {
        caller.charge(hostBytesCost(schedule, byteCount) + workCost);
      }
    };
    const answer = billed(() => code(wasi, call));
    if (typeof answer === 'string') {
      words[base] = errno[answer];
      return undefined;
    }
    return answer.then((finish): HostWrite => {
      return (resumed, at) => {
        resumed[at] = errno[billed(finish)];
      };
    });
  };
  return rawHostFunction(type, run, hostFunctionCost(schedule, namespace, name, row.fuel));
};

/** The functions of preview 1 by import name. */
export const createWasiImports = (
  wasi: Preview1,
  schedule: FuelSchedule,
  namespace: keyof typeof layouts = WASI_NAMESPACE,
): Map<string, FuncInstance> =>
  new Map(
    (Object.keys(wasiAbi) as WasiFunctionName[]).map((name) => [
      name,
      createImport(wasi, name, namespace, schedule),
    ]),
  );

/** The functions of both snapshots by namespace. */
export const createWasiNamespaces = (
  wasi: Preview1,
  schedule: FuelSchedule,
): Map<string, Map<string, FuncInstance>> =>
  new Map(
    ([WASI_NAMESPACE, WASI_UNSTABLE_NAMESPACE] as const).map((namespace) => [
      namespace,
      createWasiImports(wasi, schedule, namespace),
    ]),
  );
