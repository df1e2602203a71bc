/**
 * Everything that a snapshot covers, numbered: the instances that the embedder names, and their contents.
 *
 * Linking the same modules in the same way gives the same numbers, so a number is all that a snapshot needs to
 * name a function, host functions included, a memory or a tag. A checksum over which instance holds what shows
 * whether the linking was the same.
 */
import { SnapshotError, UsageError } from '../../errors/errors.ts';
import type { FeatureKey } from '../../syntax/features.ts';
import type { Module } from '../../syntax/module.ts';
import type { DefType } from '../../syntax/types.ts';
import type { CompiledModule } from '../code/compiled-module.ts';
import { moduleSha256 } from '../code/precompiled-module.ts';
import type { FuelSchedule } from '../fuel/schedules.ts';
import type { GlobalInstance } from '../instances/global.ts';
import type { MemoryInstance } from '../instances/memory.ts';
import type { FuncInstance, ModuleInstance } from '../instances/module-instance.ts';
import type { Store } from '../instances/store.ts';
import type { TableInstance } from '../instances/table.ts';
import type { TagInstance } from '../instances/tag.ts';
import { crc32 } from './crc32.ts';

/** Objects by number, in order of the first instance that holds them. */
class Numbered<T extends object> {
  readonly items: T[] = [];
  private readonly numbers = new Map<T, number>();

  add(item: T): number {
    let number = this.numbers.get(item);
    if (number === undefined) {
      number = this.items.length;
      this.numbers.set(item, number);
      this.items.push(item);
    }
    return number;
  }

  /** @throws SnapshotError if it is not in the list */
  numberOf(item: T, what: string): number {
    const number = this.numbers.get(item);
    if (number !== undefined) return number;
    throw new SnapshotError('snapshot.unsupported', {
      detail: `${what} that does not belong to any of the instances`,
    });
  }
}

/** Where a type is declared. */
interface TypePlace {
  readonly module: number;
  readonly index: number;
}

export class Inventory {
  readonly store: Store;
  readonly instances: readonly ModuleInstance[];
  /** Each module once, in order of its first instance. */
  readonly modules: readonly CompiledModule[];
  /** Index in `modules` for each instance. */
  readonly moduleNumbers: readonly number[];
  readonly funcs = new Numbered<FuncInstance>();
  readonly tables = new Numbered<TableInstance>();
  readonly memories = new Numbered<MemoryInstance>();
  readonly globals = new Numbered<GlobalInstance>();
  readonly tags = new Numbered<TagInstance>();
  /** Checksum over which instance holds which numbers. */
  readonly links: number;
  private readonly types = new Map<DefType, TypePlace>();

  /** @throws UsageError for no instances, or instances of several stores */
  constructor(instances: readonly ModuleInstance[]) {
    const [first] = instances;
    if (first === undefined || instances.some(({ store }) => store !== first.store)) {
      throw new UsageError('usage.argument', {
        detail: 'a snapshot is of one or more instances of one store',
      });
    }
    if (new Set(instances).size !== instances.length)
      throw new UsageError('usage.argument', { detail: 'an instance is named twice' });
    this.store = first.store;
    this.instances = instances;
    const keys = instances.map(({ compiled }) => keyOf(compiled));
    const distinct = [...new Set(keys)];
    this.modules = distinct.map((key) => instances[keys.indexOf(key)]!.compiled);
    this.moduleNumbers = keys.map((key) => distinct.indexOf(key));
    const links: number[] = [];
    for (const instance of instances) {
      for (const func of instance.funcs) links.push(this.funcs.add(func));
      for (const table of instance.tables) links.push(this.tables.add(table));
      for (const memory of instance.memories) links.push(this.memories.add(memory));
      for (const global of instance.globals) links.push(this.globals.add(global));
      for (const tag of instance.tags) links.push(this.tags.add(tag));
    }
    this.links = checksum(links);
    this.modules.forEach(({ module }, number) => {
      module.types.forEach((type, index) => {
        if (!this.types.has(type)) this.types.set(type, { module: number, index });
      });
    });
  }

  /** @throws SnapshotError */
  placeOfType(type: DefType): TypePlace {
    const place = this.types.get(type);
    if (place !== undefined) return place;
    throw new SnapshotError('snapshot.unsupported', {
      detail: 'an object of a type that none of the modules declares',
    });
  }
}

const checksum = (numbers: readonly number[]): number => {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => {
    view.setUint32(4 * i, number, true);
  });
  return crc32(bytes);
};

const hashes = new WeakMap<Module, Uint8Array>();

/** SHA-256 of the bytes of a module. */
export const moduleHash = (module: Module): Uint8Array => {
  let hash = hashes.get(module);
  if (hash === undefined) {
    const hex = moduleSha256(module);
    hash = Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
    hashes.set(module, hash);
  }
  return hash;
};

/** The identity of modules: a module that was compiled twice is the same module. */
const keyOf = (compiled: CompiledModule): string =>
  [...moduleHash(compiled.module), ...featuresOf(compiled)].join();

/** The features of a module, in a fixed order. */
export const featuresOf = ({ features }: CompiledModule): readonly FeatureKey[] => [...features].sort();

/** Checksum of the prices of a schedule: different schedules may have the same name. */
export const pricesOf = (schedule: FuelSchedule): number => {
  const { name: _, cost, ...units } = schedule;
  const rows = (record: Readonly<Record<string, unknown>>): string =>
    Object.keys(record)
      .sort()
      .map((key) => `${key}=${String(record[key])};`)
      .join('');
  const text = rows(cost) + rows(units);
  return crc32(Uint8Array.from(text, (char) => char.charCodeAt(0) & 255));
};
