/** The state of the instances of a store: memories, globals, tables, segments. */

import { SnapshotError } from '../../errors/errors.ts';
import { F32, I32, isRef, V128, type ValType } from '../../syntax/types.ts';
import type { GlobalInstance } from '../instances/global.ts';
import type { MemoryInstance } from '../instances/memory.ts';
import type { ModuleInstance } from '../instances/module-instance.ts';
import type { TableInstance } from '../instances/table.ts';
import type { Ref } from '../instances/values.ts';
import type { Inventory } from './inventory.ts';
import type { ReferenceReader } from './reference-reader.ts';
import type { ReferenceWriter } from './reference-writer.ts';
import { applyRuns, readRuns, writeRuns } from './runs.ts';
import { corrupt, foreign, type SnapshotFile, type SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** Words of a number. */
const wordCount = (type: ValType): number => (type === I32 || type === F32 ? 1 : type === V128 ? 4 : 2);

/** Writes the sections, in order of their numbers. */
export const writeState = (out: SnapshotWriter, inventory: Inventory, refs: ReferenceWriter): void => {
  out.section('memories', () =>
    out.list(inventory.memories.items, (memory) => {
      if (memory.cells !== null) {
        // Other threads write at the same time: there is no single state to save.
        throw new SnapshotError('snapshot.unsupported', { detail: 'a memory that workers share' });
      }
      out.uint(memory.pageCount);
      writeRuns(out, memory.bytes);
    }),
  );
  out.section('globals', () => {
    for (const global of inventory.globals.items) writeGlobal(out, global, refs);
  });
  out.section('tables', () => out.list(inventory.tables.items, (table) => writeTable(out, table, refs)));
  out.section('segments', () => {
    for (const instance of inventory.instances) writeSegments(out, instance, refs);
  });
};

const writeGlobal = (out: SnapshotWriter, global: GlobalInstance, refs: ReferenceWriter): void => {
  const { type } = global.type;
  if (isRef(type)) refs.ref(global.refs[global.refIndex]);
  else for (let i = 0; i < wordCount(type); i++) out.u32(global.words[global.offset + i]!);
};

/** Equal neighbours are one run: most tables are mostly null. */
const writeTable = (out: SnapshotWriter, { elements }: TableInstance, refs: ReferenceWriter): void => {
  const runs: [count: number, ref: Ref][] = [];
  for (const ref of elements) {
    const run = runs[runs.length - 1];
    if (run !== undefined && run[1] === ref) run[0]++;
    else runs.push([1, ref]);
  }
  out.uint(elements.length);
  out.list(runs, ([count, ref]) => {
    out.uint(count);
    refs.ref(ref);
  });
};

const writeSegments = (out: SnapshotWriter, instance: ModuleInstance, refs: ReferenceWriter): void => {
  out.list(instance.elements, (elements, i) => {
    const isDropped = elements.length === 0;
    out.flag(isDropped);
    // Functions by index are known; expressions can make objects, whose identity counts.
    if (!isDropped && instance.compiled.module.elements[i]!.funcIndices === null)
      for (const ref of elements) refs.ref(ref);
  });
  out.list(instance.data, (data) => out.flag(data.length === 0));
};

/**
 * Reads the sections; the returned function applies them, once everything else has been checked.
 *
 * @param isInPlace whether the instances may have run since: memories and tables that have grown shrink
 */
export const readState = (
  file: SnapshotFile,
  inventory: Inventory,
  refs: ReferenceReader,
  isInPlace: boolean,
): (() => void) => {
  const steps: (() => void)[] = [];
  const each = <T>(
    reader: SnapshotReader,
    items: readonly T[],
    what: string,
    read: (item: T) => void,
  ): void => {
    if (reader.uint(Number.MAX_SAFE_INTEGER) !== items.length) throw corrupt(`a different number of ${what}`);
    for (const item of items) read(item);
  };
  file.read('memories', (reader) =>
    each(reader, inventory.memories.items, 'memories', (memory) =>
      steps.push(readMemory(reader, memory, isInPlace)),
    ),
  );
  file.read('globals', (reader) => {
    for (const global of inventory.globals.items) steps.push(readGlobal(reader, global, refs));
  });
  file.read('tables', (reader) =>
    each(reader, inventory.tables.items, 'tables', (table) =>
      steps.push(readTable(reader, table, refs, isInPlace)),
    ),
  );
  file.read('segments', (reader) => {
    for (const instance of inventory.instances) steps.push(readSegments(reader, instance, refs));
  });
  return () => {
    for (const step of steps) step();
  };
};

const readMemory = (reader: SnapshotReader, memory: MemoryInstance, isInPlace: boolean): (() => void) => {
  const pageCount = reader.uint(Number.MAX_SAFE_INTEGER);
  const added = pageCount - memory.pageCount;
  if (added < 0 && !isInPlace)
    throw foreign('a memory is larger than it was; restore into instances that have not run');
  if (!memory.canGrow(added)) throw corrupt(`a memory of ${pageCount} pages`);
  const runs = readRuns(reader, pageCount * memory.pageSize);
  return () => {
    if (added < 0) memory.shrink(pageCount);
    else if (added > 0 && memory.grow(added) < 0)
      throw foreign(`no room for a memory of ${pageCount} pages here`);
    applyRuns(memory.bytes, runs);
  };
};

const readGlobal = (reader: SnapshotReader, global: GlobalInstance, refs: ReferenceReader): (() => void) => {
  const { type } = global.type;
  if (isRef(type)) {
    const ref = refs.ref(reader, type);
    return () => {
      global.refs[global.refIndex] = ref;
    };
  }
  const words = Array.from({ length: wordCount(type) }, () => reader.i32());
  return () => global.words.set(words, global.offset);
};

const readTable = (
  reader: SnapshotReader,
  table: TableInstance,
  refs: ReferenceReader,
  isInPlace: boolean,
): (() => void) => {
  const size = reader.uint(Number.MAX_SAFE_INTEGER);
  const added = size - table.elements.length;
  if (added < 0 && !isInPlace)
    throw foreign('a table is larger than it was; restore into instances that have not run');
  if (!table.canGrow(added)) throw corrupt(`a table of ${size} elements`);
  const { element } = table.type;
  let end = 0;
  const runs = reader.list(() => {
    const start = end;
    end += reader.uint(size);
    if (end > size) throw corrupt('elements go beyond the end of a table');
    return { start, end, ref: refs.ref(reader, element) };
  });
  if (end !== size) throw corrupt('elements of a table are missing');
  return () => {
    if (added < 0) table.elements.length = size;
    else if (table.grow(added, null) < 0) throw foreign(`no room for a table of ${size} elements here`);
    for (const run of runs) table.elements.fill(run.ref, run.start, run.end);
  };
};

const readSegments = (
  reader: SnapshotReader,
  instance: ModuleInstance,
  refs: ReferenceReader,
): (() => void) => {
  const { module } = instance.compiled;
  const count = (expected: number): void => {
    if (reader.uint(Number.MAX_SAFE_INTEGER) !== expected) throw corrupt('a different number of segments');
  };
  const isDropped = (mode: string): boolean => {
    const dropped = reader.flag();
    if (!dropped && mode !== 'passive') throw corrupt('an active segment that was not dropped');
    return dropped;
  };
  count(module.elements.length);
  const elements = module.elements.map(({ mode, funcIndices, expressions, type }): readonly Ref[] => {
    if (isDropped(mode)) return [];
    if (funcIndices !== null) return funcIndices.map((index) => instance.funcs[index]!);
    return (expressions ?? []).map(() => refs.ref(reader, type));
  });
  count(module.data.length);
  const data = module.data.map(({ mode, start, end }) =>
    isDropped(mode) ? new Uint8Array(0) : module.bytes.subarray(start, end),
  );
  return () => {
    elements.forEach((list, i) => {
      instance.elements[i] = list;
    });
    data.forEach((bytes, i) => {
      instance.data[i] = bytes;
    });
  };
};
