/**
 * The functions of WASI preview 1 as imports.
 *
 * The wrapper is made from the ABI table: it finds the descriptor, checks its kind and its rights, bounds and charges
 * what is moved, and turns signals into numbers. The functions themselves are in the other files of this folder.
 */
import { isInstance } from '../../errors/arguments.ts';
import { type FuelSchedule, hostBytesCost, hostFunctionCost } from '../../interpreter/fuel/schedules.ts';
import { rawHostFunction } from '../../interpreter/instances/host-function.ts';
import type {
  Caller,
  FuncInstance,
  HostWrite,
  RawHostCode,
} from '../../interpreter/instances/module-instance.ts';
import { type Functions, FunctionsOnDemand } from '../../kernel/functions-on-demand.ts';
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
import type { Descriptor, DirectoryDescriptor, FileDescriptor } from './descriptors.ts';
import { type Errno, ErrnoSignal, errno } from './errno.ts';
import { directoryFunctions } from './path-functions.ts';
import type { Preview1 } from './program.ts';
import { programFunctions } from './program-functions.ts';
import { memoryOf, type WasiAnswer, type WasiCall } from './wasi-call.ts';

type WasiCode = (wasi: Preview1, call: WasiCall) => WasiAnswer;

const hasRight = (held: bigint, right: Right): boolean => {
  const stronger = impliedBy[right];
  return (held & (rights[right] | (stronger === undefined ? 0n : rights[stronger]))) !== 0n;
};

/** Why a descriptor does not support a row; null if it does. */
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

/** The code of a row after the checks of its descriptor. */
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
    /** Runs code of the function and always charges what it moved and did. */
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

const names = Object.keys(wasiAbi) as WasiFunctionName[];

/** The functions of preview 1 by import name. */
export const createWasiImports = (
  wasi: Preview1,
  schedule: FuelSchedule,
  namespace: keyof typeof layouts = WASI_NAMESPACE,
): FunctionsOnDemand<WasiFunctionName> =>
  new FunctionsOnDemand(names, (name) => createImport(wasi, name, namespace, schedule));

/** The functions of both snapshots by namespace. */
export const createWasiNamespaces = (wasi: Preview1, schedule: FuelSchedule): Map<string, Functions> =>
  new Map(
    ([WASI_NAMESPACE, WASI_UNSTABLE_NAMESPACE] as const).map((namespace) => [
      namespace,
      createWasiImports(wasi, schedule, namespace),
    ]),
  );
