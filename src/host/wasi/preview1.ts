/**
 * WASI preview 1 without files: arguments, environment, clocks, random, standard streams, exit. Everything else
 * can be imported and answers as the standard says for descriptors that are streams or not open.
 *
 * Each function is code over operands; the wrapper made from the ABI table checks bounds, maps errors, charges.
 */
import { ExitError, UsageError } from '../../errors/errors.ts';
import { type FuelSchedule, hostBytesCost } from '../../interpreter/fuel.ts';
import {
  type Caller,
  type FuncInstance,
  type HostWrite,
  rawHostFunction,
} from '../../interpreter/function.ts';
import type { Clock, RandomSource } from '../sources.ts';
import { encodeUtf8 } from '../text.ts';
import {
  CLOCK_LAST,
  type CodedWasiName,
  errno,
  FDFLAGS_ALL,
  FILETYPE_CHARACTER_DEVICE,
  type WasiFunctionName,
  type WasiFunctionRow,
  wasiAbi,
} from './abi.ts';
import { type Stream, standardStreams } from './descriptors.ts';
import { ErrnoSignal, GuestMemory, MAX_TRANSFER } from './guest-memory.ts';
import { MAX_SUBSCRIPTIONS, readClock, readPoll } from './poll.ts';

/** What a WASI program sees of its surroundings. */
export interface WasiOptions {
  /** Arguments; by convention the first is the program's name. Default: none. */
  readonly args?: readonly string[];
  /** Environment variables. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. Default: empty. */
  readonly stdin?: string | Uint8Array;
  /** Receives what is written to standard output. Default: dropped. */
  readonly stdout?: (chunk: Uint8Array) => void;
  /** Receives what is written to standard error. Default: dropped. */
  readonly stderr?: (chunk: Uint8Array) => void;
}

/** Operands of one call. */
interface WasiCall {
  readonly memory: GuestMemory;
  readonly caller: Caller;
  /** Parameter `i` as an unsigned number. */
  u32(i: number): number;
  /** Parameter `i` as an unsigned 64-bit value. */
  u64(i: number): bigint;
  /** Counts bytes that cross the border, for the bill. */
  moved(byteCount: number): void;
}

type WasiCode = (wasi: Preview1, call: WasiCall) => number | Promise<() => number>;

const RANDOM_CHUNK = 65_536;

/** Strings as C has them: each ended by a zero byte. */
const cStrings = (strings: readonly string[], what: string): Uint8Array[] =>
  Array.from(strings, (text) => {
    if (typeof text !== 'string' || text.includes('\0')) {
      throw new UsageError('usage.argument', { detail: `${what} must be strings without zero characters` });
    }
    return encodeUtf8(`${text}\0`);
  });

/** State of the WASI of one plug-in; all of its modules share it. */
export class Preview1 {
  readonly args: readonly Uint8Array[];
  readonly environ: readonly Uint8Array[];
  readonly descriptors: Map<number, Stream>;
  readonly clock: Clock;
  readonly random: RandomSource;

  constructor(options: WasiOptions, clock: Clock, random: RandomSource) {
    this.args = cStrings(options.args ?? [], 'wasi.args');
    this.environ = cStrings(
      Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
      'wasi.env',
    );
    const stdin = typeof options.stdin === 'string' ? encodeUtf8(options.stdin) : options.stdin;
    const drop = (): void => {};
    for (const name of ['stdout', 'stderr'] as const) {
      if (typeof (options[name] ?? drop) !== 'function') {
        throw new UsageError('usage.argument', { detail: `wasi.${name} must be a function` });
      }
    }
    this.descriptors = standardStreams(
      stdin ?? new Uint8Array(0),
      options.stdout ?? drop,
      options.stderr ?? drop,
    );
    this.clock = clock;
    this.random = random;
  }

  /** The open descriptor of parameter `i`. @throws ErrnoSignal */
  stream(call: WasiCall, i = 0): Stream {
    const stream = this.descriptors.get(call.u32(i));
    if (stream === undefined) throw new ErrnoSignal('badf');
    return stream;
  }
}

/** Writes strings one behind the other at parameter 1 and their addresses at parameter 0. */
const writeStrings = (strings: readonly Uint8Array[], call: WasiCall): number => {
  let pointerAt = call.u32(0);
  let at = call.u32(1);
  for (const bytes of strings) {
    call.memory.slice(at, bytes.length).set(bytes);
    call.memory.writeU32(pointerAt, at);
    call.moved(bytes.length);
    pointerAt += 4;
    at += bytes.length;
  }
  return errno.success;
};

const writeSizes = (strings: readonly Uint8Array[], call: WasiCall): number => {
  call.memory.writeU32(call.u32(0), strings.length);
  call.memory.writeU32(
    call.u32(1),
    strings.reduce((sum, bytes) => sum + bytes.length, 0),
  );
  return errno.success;
};

const transfer = (call: WasiCall, move: (buffer: Uint8Array) => number): number => {
  let total = 0;
  // Addresses are checked before anything is moved.
  const buffers = call.memory.vectors(call.u32(1), call.u32(2));
  call.memory.slice(call.u32(3), 4);
  for (const buffer of buffers) {
    const count = buffer.length === 0 ? 0 : move(buffer);
    total += count;
    if (count < buffer.length) break;
  }
  call.moved(total);
  call.memory.writeU32(call.u32(3), total);
  return errno.success;
};

const codes: Readonly<Record<CodedWasiName, WasiCode>> = {
  args_get: (wasi, call) => writeStrings(wasi.args, call),
  args_sizes_get: (wasi, call) => writeSizes(wasi.args, call),
  environ_get: (wasi, call) => writeStrings(wasi.environ, call),
  environ_sizes_get: (wasi, call) => writeSizes(wasi.environ, call),
  clock_res_get: (wasi, call) => {
    if (call.u32(0) > CLOCK_LAST) return errno.inval;
    call.memory.writeU64(call.u32(1), wasi.clock.resolution);
    return errno.success;
  },
  clock_time_get: (wasi, call) => {
    if (call.u32(0) > CLOCK_LAST) return errno.inval;
    call.memory.writeU64(call.u32(2), readClock(wasi.clock, call.u32(0)));
    return errno.success;
  },
  fd_close: (wasi, call) => (wasi.descriptors.delete(call.u32(0)) ? errno.success : errno.badf),
  fd_fdstat_get: (wasi, call) => {
    const { flags, rights } = wasi.stream(call);
    const at = call.u32(1);
    call.memory.slice(at, 24).fill(0);
    // A character device, so that C libraries send lines as they are finished.
    call.memory.writeU8(at, FILETYPE_CHARACTER_DEVICE);
    call.memory.writeU16(at + 2, flags);
    call.memory.writeU64(at + 8, rights);
    return errno.success;
  },
  fd_fdstat_set_flags: (wasi, call) => {
    const stream = wasi.stream(call);
    if (call.u32(1) > FDFLAGS_ALL) return errno.inval;
    stream.flags = call.u32(1);
    return errno.success;
  },
  fd_fdstat_set_rights: (wasi, call) => {
    const stream = wasi.stream(call);
    if ((call.u64(1) & ~stream.rights) !== 0n || call.u64(2) !== 0n) return errno.notcapable;
    stream.rights = call.u64(1);
    return errno.success;
  },
  fd_filestat_get: (wasi, call) => {
    wasi.stream(call);
    call.memory.slice(call.u32(1), 64).fill(0);
    call.memory.writeU8(call.u32(1) + 16, FILETYPE_CHARACTER_DEVICE);
    return errno.success;
  },
  fd_read: (wasi, call) => {
    const { read } = wasi.stream(call);
    return read === null ? errno.badf : transfer(call, read);
  },
  fd_renumber: (wasi, call) => {
    const stream = wasi.stream(call);
    wasi.stream(call, 1);
    wasi.descriptors.delete(call.u32(0));
    wasi.descriptors.set(call.u32(1), stream);
    return errno.success;
  },
  fd_write: (wasi, call) => {
    const { write } = wasi.stream(call);
    if (write === null) return errno.badf;
    return transfer(call, (buffer) => {
      write(buffer.slice());
      return buffer.length;
    });
  },
  poll_oneoff: (wasi, call) => {
    const [input, output, count, countOut] = [call.u32(0), call.u32(1), call.u32(2), call.u32(3)];
    if (count === 0 || count > MAX_SUBSCRIPTIONS) return errno.inval;
    const poll = readPoll(call.memory, { input, output, count, countOut }, wasi.descriptors, wasi.clock);
    call.moved(48 * count);
    const finish = (): number => {
      poll.finish(memoryOf(call.caller));
      return errno.success;
    };
    const sleeping = poll.wait > 0n ? wasi.clock.sleep?.(poll.wait) : undefined;
    return sleeping === undefined ? finish() : sleeping.then(() => finish);
  },
  proc_exit: (_, call) => {
    const exitCode = call.u32(0);
    throw new ExitError('exit.code', { exitCode, detail: `exit status ${exitCode}` });
  },
  proc_raise: () => errno.nosys,
  random_get: (wasi, call) => {
    const length = call.u32(1);
    if (length > MAX_TRANSFER) return errno.inval;
    const bytes = call.memory.slice(call.u32(0), length);
    for (let at = 0; at < length; at += RANDOM_CHUNK) wasi.random.fill(bytes.subarray(at, at + RANDOM_CHUNK));
    call.moved(length);
    return errno.success;
  },
  sched_yield: () => errno.success,
};

const memoryOf = (caller: Caller): GuestMemory => new GuestMemory(caller.instance?.memory0 ?? null);

/** Runs code, turning signals into numbers. */
const guarded = (run: () => number): number => {
  try {
    return run();
  } catch (error) {
    if (error instanceof ErrnoSignal) return error.value;
    throw error;
  }
};

const codeOf = (name: WasiFunctionName, row: WasiFunctionRow): WasiCode =>
  row.onStream === null
    ? codes[name as CodedWasiName]
    : (wasi, call) =>
        wasi.descriptors.has(call.u32(row.fdParam)) ? errno[row.onStream as 'badf'] : errno.badf;

const createImport = (wasi: Preview1, name: WasiFunctionName, schedule: FuelSchedule): FuncInstance => {
  const row: WasiFunctionRow = wasiAbi[name];
  const code = codeOf(name, row);
  const type = { kind: 'func', params: row.params, results: row.results } as const;
  return rawHostFunction(type, (words, base, caller) => {
    let byteCount = 0;
    const call: WasiCall = {
      memory: memoryOf(caller),
      caller,
      u32: (i) => words[base + 2 * i]! >>> 0,
      u64: (i) => (BigInt(words[base + 2 * i + 1]! >>> 0) << 32n) | BigInt(words[base + 2 * i]! >>> 0),
      moved: (count) => {
        byteCount += count;
      },
    };
    let pending: Promise<() => number> | null = null;
    const result = guarded(() => {
      const answer = code(wasi, call);
      if (typeof answer === 'number') return answer;
      pending = answer;
      return errno.success;
    });
    caller.charge(row.fuel + hostBytesCost(schedule, byteCount));
    if (pending !== null) {
      return (pending as Promise<() => number>).then((finish): HostWrite => {
        return (resumed, at) => {
          resumed[at] = guarded(finish);
        };
      });
    }
    words[base] = result;
    return undefined;
  });
};

/** The functions of preview 1 by import name. */
export const createWasiImports = (wasi: Preview1, schedule: FuelSchedule): Map<string, FuncInstance> => {
  const imports = new Map<string, FuncInstance>();
  for (const name of Object.keys(wasiAbi) as WasiFunctionName[])
    imports.set(name, createImport(wasi, name, schedule));
  return imports;
};
