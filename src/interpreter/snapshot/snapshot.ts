/**
 * Snapshots of the engine: the whole state of a store's instances and of their paused calls as bytes, which can be
 * restored in another process or another JavaScript engine.
 *
 * The embedder names the instances, links the same modules in the same way before it restores, and gets the paused
 * calls to resume. Code is never part of a snapshot, which is bound to the hashes of the modules.
 */

import { badArgument, checkBytes, checkInstance, readOptions } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { UsageError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { isRunning } from '../calls/call-stacks.ts';
import type { Execution } from '../calls/execution.ts';
import type { ExecutionOptions } from '../calls/options.ts';
import { ModuleInstance } from '../instances/module-instance.ts';
import { readExecution, writeExecution } from './executions.ts';
import { featuresOf, Inventory, moduleHash, pricesOf } from './inventory.ts';
import { type FindHostValue, ReferenceReader } from './reference-reader.ts';
import { type NameHostValue, ReferenceWriter } from './reference-writer.ts';
import { foreign, SnapshotFile, type SnapshotReader } from './snapshot-reader.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { readState, writeState } from './store-state.ts';

/**
 * The source of a snapshot.
 *
 * ```ts
 * const make = (): ModuleInstance => instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * // What an externref of the guest may lead to has a name in the bytes.
 * const file = { path: 'note.txt' };
 * const nameHostValue: NameHostValue = (value) => (value === file ? 'file' : undefined);
 * const findHostValue: FindHostValue = (name) => (name === 'file' ? file : undefined);
 * const source: SnapshotSource = { instances: [make()], nameHostValue };
 * const target: SnapshotTarget = { instances: [make()], findHostValue };
 * console.log(restoreSnapshot(takeSnapshot(source), target)); // → []
 * ```
 */
export interface SnapshotSource {
  /** All reachable instances, in the order in which they will be listed when the snapshot is restored. */
  readonly instances: readonly ModuleInstance[];
  /** Calls that are paused, or have not begun. Default: none. */
  readonly executions?: readonly Execution[] | undefined;
  /** Returns names for the embedder's objects that externrefs refer to. Default: such an object is an error. */
  readonly nameHostValue?: NameHostValue | undefined;
}

/**
 * The target for restoring a snapshot.
 *
 * Example: see `SnapshotSource`.
 */
export interface SnapshotTarget {
  /** Instances of the same modules, linked in the same way, that have not run (`skipStart`). */
  readonly instances: readonly ModuleInstance[];
  /** Finds the embedder's objects by their names. */
  readonly findHostValue?: FindHostValue | undefined;
  /**
   * Options of the restored calls. `fuel` is the total that each of them may use, including what it used before; the
   * snapshot can lower it. `careful` is ignored, since it is part of the snapshot.
   */
  readonly options?: ExecutionOptions | undefined;
}

/** Writes the sections of the engine. @internal */
export const writeEngine = (
  out: SnapshotWriter,
  { instances, executions = [], nameHostValue }: SnapshotSource,
): void => {
  const inventory = new Inventory(instances);
  const { store, modules, links } = inventory;
  if (isRunning(store))
    throw new UsageError('usage.state', { detail: 'a call of these instances is running' });
  const refs = new ReferenceWriter(out, inventory, nameHostValue);
  out.section('modules', () => {
    out.text(store.schedule.name);
    out.u32(pricesOf(store.schedule));
    out.list(modules, (compiled) => {
      out.raw(moduleHash(compiled.module));
      out.list(featuresOf(compiled), (feature) => out.text(feature));
    });
  });
  out.section('instances', () => {
    out.list(inventory.moduleNumbers, (number) => out.uint(number));
    out.u32(links);
    out.uint(store.heapBytes);
    out.uint(Math.ceil(store.settleFrom));
  });
  writeState(out, inventory, refs);
  // Objects come before the calls that lead to them, so calls are searched first.
  const calls = new SnapshotWriter();
  const callRefs = refs.into(calls);
  calls.list(executions, (execution) => writeExecution(calls, execution, inventory, callRefs));
  out.section('objects', () => refs.writeObjects());
  out.section('executions', () => out.raw(calls.contents()));
};

/**
 * Reads the sections of the engine.
 *
 * @internal
 * @param into the executions that the snapshot was taken of, to restore their earlier state; null makes new ones
 */
export const readEngine = (
  file: SnapshotFile,
  target: SnapshotTarget,
  into: readonly Execution[] | null = null,
): Execution[] => {
  const { instances, findHostValue = missingValue, options = {} } = target;
  const inventory = new Inventory(instances);
  if (isRunning(inventory.store))
    throw new UsageError('usage.state', { detail: 'a call of these instances is running' });
  file.read('modules', (reader) => checkModules(reader, inventory));
  const applyHeap = file.read('instances', (reader) => readInstances(reader, inventory));
  const refs = new ReferenceReader(inventory, findHostValue);
  file.read('objects', (reader) => refs.readObjects(reader));
  const apply = readState(file, inventory, refs, into !== null);
  const executions = file.read('executions', (reader) =>
    reader.list((i) => readExecution(reader, inventory, refs, options, into?.[i])),
  );
  // The budget counts what exists from now on, not what the instances began with.
  const { store, tables } = inventory;
  store.heapBytes = tables.items.reduce((sum, table) => sum + table.heapBytes, refs.heapBytes);
  if (store.heapBytes > store.maxHeapBytes) throw foreign('it holds more than maxHeapBytes');
  apply();
  // Restored executions are open already.
  applyHeap(into === null ? executions : []);
  return executions;
};

const missingValue = (name: string): never => {
  throw foreign(`it holds the host value "${nameText(name)}"; pass findHostValue`);
};

const checkModules = (reader: SnapshotReader, { store, modules }: Inventory): void => {
  const { schedule } = store;
  const name = reader.text();
  if (name !== schedule.name || reader.u32() !== pricesOf(schedule))
    throw foreign(`taken under the fuel schedule "${nameText(name)}", not "${schedule.name}"`);
  if (reader.uint(Number.MAX_SAFE_INTEGER) !== modules.length)
    throw foreign('taken of a different number of modules');
  for (const compiled of modules) {
    const hash = moduleHash(compiled.module);
    if (reader.raw(hash.length).some((byte, i) => byte !== hash[i])) throw foreign('taken of another module');
    const features = reader.list(() => reader.text());
    if (features.join() !== featuresOf(compiled).join()) throw foreign('taken with other features enabled');
  }
};

/** Checks how the instances are linked; the returned function sets the accounting of the heap. */
const readInstances = (
  reader: SnapshotReader,
  { store, moduleNumbers, modules, links }: Inventory,
): ((executions: readonly Execution[]) => void) => {
  const numbers = reader.list(() => reader.index(modules.length, 'module'));
  if (numbers.join() !== moduleNumbers.join() || reader.u32() !== links)
    throw foreign('the modules were linked in another way');
  const heapBytes = reader.uint(Number.MAX_SAFE_INTEGER);
  const settleFrom = reader.uint(Number.MAX_SAFE_INTEGER);
  if (heapBytes > store.maxHeapBytes) throw foreign('it holds more than maxHeapBytes');
  return (executions) => {
    // SAFETY: a forged snapshot cannot make existing objects count less.
    store.heapBytes = Math.max(heapBytes, store.heapBytes);
    store.settleFrom = settleFrom;
    store.openCalls += executions.filter(({ isOpen }) => isOpen).length;
  };
};

/** The source of a snapshot, checked. @throws UsageError */
const readParts = <T extends SnapshotSource | SnapshotTarget>(value: T): T => {
  const parts = readOptions(value, 'the source of a snapshot');
  const { instances } = parts as Partial<SnapshotSource>;
  if (!Array.isArray(instances)) throw badArgument('instances must be an array');
  for (const instance of instances) checkInstance(instance, ModuleInstance, 'an instance');
  return parts;
};

/**
 * Takes a snapshot: memories, globals, tables, segments, all reachable objects, and paused calls. The same state
 * gives the same bytes, everywhere. Nothing changes, and calls can continue afterwards.
 *
 * A call that waits for a promise of a host function is stored as it was before that function was called; after
 * restoring, the function is called again with the same arguments.
 *
 * ```js
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const call = startExecution(instance.exports.get('double'), [21n], { fuel: 4 });
 * console.log(call.run()); // → paused
 * const bytes = takeSnapshot({ instances: [instance], executions: [call] });
 * console.log(bytes instanceof Uint8Array); // → true
 * ```
 *
 * @throws UsageError while a call runs, and for calls that have ended; SnapshotError (`snapshot.unsupported`) for
 * what cannot be written as bytes: unnamed host values, functions and objects of other instances
 */
export const takeSnapshot = (source: SnapshotSource): Uint8Array => {
  const out = new SnapshotWriter();
  writeEngine(out, readParts(source));
  return out.finish();
};

/**
 * Puts instances into the state of a snapshot, and returns its paused calls, in order.
 *
 * Everything is checked before anything is changed, except for limits of the store, which apply when memories and
 * tables grow: do not use the instances after an error.
 *
 * ```js
 * const make = () => instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const instance = make();
 * const call = startExecution(instance.exports.get('double'), [21n], { fuel: 4 });
 * call.run();
 * const bytes = takeSnapshot({ instances: [instance], executions: [call] });
 * const [rest] = restoreSnapshot(bytes, { instances: [make()] });
 * rest.addFuel(1000);
 * console.log(rest.run(), rest.results, rest.fuelConsumed); // → done [ 42n ] 5
 * ```
 *
 * @throws SnapshotError when the bytes are damaged, incomplete, of another version or of other modules; UsageError
 */
export const restoreSnapshot = (bytes: BytesLike, target: SnapshotTarget): Execution[] => {
  const parts = readParts(target);
  const file = new SnapshotFile(checkBytes(bytes, 'a snapshot'));
  if (file.has('plugin')) throw foreign('it is a snapshot of a plug-in; restore it with restorePlugin');
  return readEngine(file, { ...parts, options: readOptions(parts.options) });
};
