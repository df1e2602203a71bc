/**
 * Names for backtraces and listings, from the name section; exports and imports fill the gaps. Names are only for
 * people: damage in the section ends the reading and never rejects a module. @spec binary-namesec
 */
import { isQuernError } from '../errors/errors.ts';
import type { Module } from '../syntax/module.ts';
import { ByteReader } from './byte-reader.ts';

/**
 * Names of a module, for people: those of the section of names; for functions without one, of exports and imports.
 *
 * ```ts
 * const names: Names = decodeNames(decodeModule(doubleWasm));
 * console.log(names.funcName(0), names.localName(0, 0), names.moduleName); // → double null null
 * ```
 */
export interface Names {
  readonly moduleName: string | null;
  /** Name of a function, if one is known. */
  funcName(index: number): string | null;
  /** Name of a local, if one is known. */
  localName(funcIndex: number, localIndex: number): string | null;
}

type NameMap = ReadonlyMap<number, string>;

const cache = new WeakMap<Module, Names>();

/**
 * The names of a module; read once, names of locals only on demand.
 *
 * ```js
 * console.log(decodeNames(decodeModule(doubleWasm)).funcName(0)); // → double
 * ```
 */
export const decodeNames = (module: Module): Names => {
  let names = cache.get(module);
  if (names === undefined) {
    names = readNames(module);
    cache.set(module, names);
  }
  return names;
};

/** Ids of the subsections read here. */
const MODULE_NAME = 0;
const FUNC_NAMES = 1;
const LOCAL_NAMES = 2;

/** Runs a reader; what it passed on before the damage stays. */
const readLeniently = (read: () => void): void => {
  try {
    read();
  } catch (error) {
    if (!isQuernError(error)) throw error;
  }
};

/** The place of each subsection. */
const subsectionsOf = (module: Module): ReadonlyMap<number, ByteReader> => {
  const found = new Map<number, ByteReader>();
  const section = module.customs.find((custom) => custom.name === 'name');
  if (section === undefined) return found;
  const r = new ByteReader(module.bytes, section.start, section.end);
  readLeniently(() => {
    while (r.pos < section.end) {
      const id = r.byte();
      const size = r.u32();
      const end = Math.min(r.pos + size, section.end);
      found.set(id, new ByteReader(module.bytes, r.pos, end));
      r.pos = end;
    }
  });
  return found;
};

/** @spec binary-namemap */
const readNameMap = (r: ByteReader, map: Map<number, string>): void => {
  r.list(() => {
    const index = r.u32();
    map.set(index, r.name());
  });
};

/** @spec binary-indirectnamemap */
const readLocalNames = (r: ByteReader | undefined): ReadonlyMap<number, NameMap> => {
  const locals = new Map<number, NameMap>();
  readLeniently(() =>
    r?.list(() => {
      const map = new Map<number, string>();
      locals.set(r.u32(), map);
      readNameMap(r, map);
    }),
  );
  return locals;
};

/** Names by import and export, for functions that the section does not name. */
const linkNames = (module: Module): NameMap => {
  const names = new Map<number, string>();
  for (const entry of module.imports) {
    if (entry.desc.kind === 'func') names.set(names.size, `${entry.module}.${entry.name}`);
  }
  const exported = new Set<number>();
  for (const { kind, index, name } of module.exports) {
    if (kind !== 'func' || exported.has(index)) continue;
    exported.add(index);
    names.set(index, name);
  }
  return names;
};

const readNames = (module: Module): Names => {
  const subsections = subsectionsOf(module);
  let moduleName: string | null = null;
  const funcs = new Map<number, string>();
  readLeniently(() => {
    moduleName = subsections.get(MODULE_NAME)?.name() ?? null;
  });
  readLeniently(() => {
    const r = subsections.get(FUNC_NAMES);
    if (r !== undefined) readNameMap(r, funcs);
  });
  const links = linkNames(module);
  let locals: ReadonlyMap<number, NameMap> | null = null;
  return {
    moduleName,
    funcName: (index) => funcs.get(index) ?? links.get(index) ?? null,
    localName: (funcIndex, localIndex) => {
      locals ??= readLocalNames(subsections.get(LOCAL_NAMES));
      return locals.get(funcIndex)?.get(localIndex) ?? null;
    },
  };
};
