/**
 * Snapshots of plug-ins: the engine's state and, around it, kernel, variables, configuration, WASI, virtual clock
 * and randomness, and the paused call.
 *
 * It does not contain what belongs to the host: code, host functions, streams, directories, limits. They come from
 * the options with which it is restored.
 */
import { SnapshotError } from '../../errors/errors.ts';
import type { Execution } from '../../interpreter/calls/execution.ts';
import type { ExecutionOptions } from '../../interpreter/calls/options.ts';
import type { ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import { applyRuns, readRuns, writeRuns } from '../../interpreter/snapshot/runs.ts';
import { readEngine, writeEngine } from '../../interpreter/snapshot/snapshot.ts';
import {
  corrupt,
  foreign,
  type SnapshotFile,
  type SnapshotReader,
} from '../../interpreter/snapshot/snapshot-reader.ts';
import { SnapshotWriter } from '../../interpreter/snapshot/snapshot-writer.ts';
import { PAGE_SIZE } from '../../kernel/blocks.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { checkLogLevel } from '../pdk/logging.ts';
import type { Clock, HttpHeaders, RandomSource } from '../platform/platform.ts';
import type { PluginState } from '../state/plugin-state.ts';
import type { Preview1 } from '../wasi/program.ts';
import { readWasi, writeWasi } from './wasi-state.ts';

/** A call that has not ended. */
export interface SavedCall {
  readonly functionName: string;
  /** Input, until the plug-in has received it. */
  readonly input: Uint8Array;
  /** The initialiser that runs, counted over all instances; -1 after the last one. */
  readonly initialiser: number;
  /** Whether it has run at all. */
  readonly hasBegun: boolean;
  /** Limit of fuel; null for none. */
  readonly fuel: number | null;
}

/** The parts of a plug-in while nothing runs. */
export interface PluginParts {
  /** In the order of linking. */
  readonly instances: readonly ModuleInstance[];
  readonly state: PluginState;
  readonly config: Map<string, string>;
  readonly wasi: Preview1 | null;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** Other facts about it. */
interface PluginProgress {
  /** Fuel of the executions of the last call that have ended. */
  readonly fuelConsumed: number;
  /** Whether the next call needs a new instance. */
  readonly isStale: boolean;
  readonly call: SavedCall | null;
}

/** Most work of one kind that a call owes: the kernel's counters of unpaid work have at most 32 bits. */
const MAX_WORK = 0xffff_ffff;

/** Most fuel of executions that have ended: sums with it stay exact. */
const MAX_FUEL_BEFORE = 2 ** 52;

const unsupported = (detail: string): Error => new SnapshotError('snapshot.unsupported', { detail });

/** The snapshot of a plug-in. @throws SnapshotError */
export const writePlugin = (parts: PluginParts, progress: PluginProgress): Uint8Array => {
  const { instances, state, wasi, clock, random } = parts;
  if (state.commandDepth > 0)
    throw unsupported('a linked command is running; take the snapshot before or after');
  const out = new SnapshotWriter();
  writeEngine(out, { instances, executions: state.executions });
  out.section('plugin', () => writeProgress(out, progress));
  out.section('kernel', () => writeKernel(out, state.kernel));
  out.section('settings', () => writeSettings(out, parts));
  out.section('sources', () => {
    const times = clock.storable?.save();
    out.flag(times !== undefined);
    for (const time of times ?? []) out.big(time);
    const words = random.storable?.save();
    out.flag(words !== undefined);
    for (const word of words ?? []) out.u32(word);
  });
  if (wasi !== null) out.section('wasi', () => writeWasi(out, wasi));
  return out.finish();
};

const writeProgress = (out: SnapshotWriter, { fuelConsumed, isStale, call }: PluginProgress): void => {
  out.uint(fuelConsumed);
  out.flag(isStale);
  out.flag(call !== null);
  if (call === null) return;
  out.text(call.functionName);
  out.bytes(call.input);
  out.uint(call.initialiser + 1);
  out.flag(call.hasBegun);
  out.flag(call.fuel !== null);
  if (call.fuel !== null) out.uint(call.fuel);
};

const readProgress = (reader: SnapshotReader, most: number | null): PluginProgress => {
  const fuelConsumed = reader.uint(MAX_FUEL_BEFORE);
  const isStale = reader.flag();
  if (!reader.flag()) return { fuelConsumed, isStale, call: null };
  const functionName = reader.text();
  const input = reader.bytes().slice();
  const initialiser = reader.uint(0xffff) - 1;
  const hasBegun = reader.flag();
  const saved = reader.flag() ? reader.uint(Number.MAX_SAFE_INTEGER) : null;
  const fuel = saved === null || (most !== null && most < saved) ? most : saved;
  return { fuelConsumed, isStale, call: { functionName, input, initialiser, hasBegun, fuel } };
};

const writeKernel = (out: SnapshotWriter, { memory, isOutputSet }: Kernel): void => {
  out.uint(memory.pageCount);
  out.flag(isOutputSet);
  out.flag(memory.isTrusted);
  out.list(memory.work, (count) => out.uint(Math.min(count, MAX_WORK)));
  writeRuns(out, memory.bytes);
};

const readKernel = (reader: SnapshotReader, kernel: Kernel): (() => void) => {
  const pageCount = reader.uint(0xffff);
  const isOutputSet = reader.flag();
  const isTrusted = reader.flag();
  const work = reader.list(() => reader.uint(MAX_WORK));
  if (work.length !== kernel.memory.work.length) throw corrupt('a different number of work counters');
  const runs = readRuns(reader, pageCount * PAGE_SIZE);
  return () => {
    const refusal = kernel.restore(isOutputSet, pageCount, isTrusted, (bytes) => applyRuns(bytes, runs));
    if (refusal !== null) throw corrupt(refusal);
    kernel.memory.work = work;
  };
};

/** Entries of a map in an order that does not depend on when they were set. */
const sorted = <T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

const writeSettings = (out: SnapshotWriter, { state, config }: PluginParts): void => {
  const { variables, logger, lastAnswer } = state;
  out.list(sorted(config), ([key, value]) => {
    out.text(key);
    out.text(value);
  });
  out.list(sorted(variables.entries()), ([name, value]) => {
    out.text(name);
    out.bytes(value);
  });
  out.text(logger.level);
  out.uint(logger.byteCount);
  out.flag(lastAnswer !== null);
  if (lastAnswer === null) return;
  out.uint(lastAnswer.status);
  out.list(lastAnswer.headers, ([name, value]) => {
    out.text(name);
    out.text(value);
  });
};

const readSettings = (reader: SnapshotReader, { state, config }: PluginParts): (() => void) => {
  const settings = reader.list(() => [reader.text(), reader.text()] as const);
  const values = reader.list(() => [reader.text(), reader.bytes().slice()] as const);
  const level = reader.text();
  const byteCount = reader.uint(Number.MAX_SAFE_INTEGER);
  const hasAnswer = reader.flag();
  const status = hasAnswer ? reader.uint(0xffff) : 0;
  const headers: HttpHeaders = hasAnswer ? reader.list(() => [reader.text(), reader.text()] as const) : [];
  return () => {
    const { variables, logger } = state;
    config.clear();
    for (const [name] of [...variables.entries()]) variables.delete(name);
    for (const [key, value] of settings) config.set(key, value);
    for (const [name, value] of values) {
      const refusal = variables.set(name, value);
      if (refusal !== null) throw foreign(refusal);
    }
    try {
      logger.level = checkLogLevel(level);
    } catch {
      throw corrupt('unknown log level');
    }
    logger.byteCount = byteCount;
    state.lastAnswer = hasAnswer ? { status, headers, json: null } : null;
  };
};

const readSources = (reader: SnapshotReader, { clock, random }: PluginParts): (() => void) => {
  const times = reader.flag() ? ([reader.signedBig(), reader.signedBig()] as const) : null;
  const words = reader.flag() ? [reader.i32(), reader.i32(), reader.i32(), reader.i32()] : null;
  const isVirtual = times !== null && words !== null;
  if ((clock.storable !== undefined && random.storable !== undefined) !== isVirtual) {
    throw foreign(
      isVirtual
        ? 'it was deterministic; restore it with the option deterministic'
        : 'it was not deterministic; restore it without the option deterministic',
    );
  }
  return () => {
    if (times !== null) clock.storable?.load(times);
    if (words !== null) random.storable?.load(words);
  };
};

/**
 * Puts a plug-in into the state of a snapshot: one that was just linked, or the one that it was taken of.
 *
 * @param fuel the total that the call may use, regardless of the snapshot; null for no limit
 * @param into the executions of the call whose earlier state is restored; null makes new ones
 * @returns its progress, and its execution, if one is paused
 * @throws SnapshotError
 */
export const readPlugin = (
  file: SnapshotFile,
  parts: PluginParts,
  fuel: number | null,
  options: ExecutionOptions,
  into: readonly Execution[] | null = null,
): PluginProgress & { readonly execution: Execution | null } => {
  const { instances, state, wasi } = parts;
  if (!file.has('plugin')) throw foreign('it is a snapshot of instances; restore it with restoreSnapshot');
  const progress = file.read('plugin', (reader) => readProgress(reader, fuel));
  // Fuel of other executions of the call is not available to the one that resumes.
  const most = fuel === null ? {} : { fuel: Math.max(0, fuel - progress.fuelConsumed) };
  const executions = readEngine(file, { instances, options: { ...options, ...most } }, into);
  const hasExecution = progress.call?.hasBegun === true;
  if (executions.length !== (hasExecution ? 1 : 0)) throw corrupt('a different number of calls');
  const steps = [
    file.read('kernel', (reader) => readKernel(reader, state.kernel)),
    file.read('settings', (reader) => readSettings(reader, parts)),
    file.read('sources', (reader) => readSources(reader, parts)),
  ];
  for (const step of steps) step();
  if (file.has('wasi') !== (wasi !== null))
    throw foreign(`it was made with WASI ${wasi === null ? 'enabled' : 'disabled'}`);
  if (wasi !== null) file.read('wasi', (reader) => readWasi(reader, wasi));
  return { ...progress, execution: executions[0] ?? null };
};
