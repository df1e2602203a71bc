/** Names for backtraces and listings, from the name section; exports fill the gaps. Never fails a module. */
import { isQuernError } from '../errors/errors.ts';
import type { Module } from '../syntax/module.ts';
import { ByteReader } from './byte-reader.ts';

export interface Names {
  readonly moduleName: string | null;
  /** Name of a function, if one is known. */
  funcName(index: number): string | null;
  /** Name of a local, if one is known. */
  localName(funcIndex: number, localIndex: number): string | null;
}

const cache = new WeakMap<Module, Names>();

/** The names of a module. @spec binary-namesec */
export const decodeNames = (module: Module): Names => {
  let names = cache.get(module);
  if (names === undefined) {
    names = readNames(module);
    cache.set(module, names);
  }
  return names;
};

const readNameMap = (r: ByteReader): Map<number, string> => {
  const map = new Map<number, string>();
  const count = r.u32();
  for (let i = 0; i < count; i++) {
    const index = r.u32();
    map.set(index, r.name());
  }
  return map;
};

const readIndirectNameMap = (r: ByteReader): Map<number, Map<number, string>> => {
  const map = new Map<number, Map<number, string>>();
  const count = r.u32();
  for (let i = 0; i < count; i++) {
    const index = r.u32();
    map.set(index, readNameMap(r));
  }
  return map;
};

const readNames = (module: Module): Names => {
  let moduleName: string | null = null;
  let funcs = new Map<number, string>();
  let locals = new Map<number, Map<number, string>>();
  const section = module.customs.find((custom) => custom.name === 'name');
  if (section !== undefined) {
    const r = new ByteReader(module.bytes, section.start, section.end);
    try {
      while (r.pos < section.end) {
        const id = r.byte();
        const size = r.u32();
        const next = r.pos + size;
        if (id === 0) moduleName = r.name();
        else if (id === 1) funcs = readNameMap(r);
        else if (id === 2) locals = readIndirectNameMap(r);
        r.pos = next;
      }
    } catch (error) {
      // What was read before the damage stays; names are only for people.
      if (!isQuernError(error)) throw error;
    }
  }
  const exported = new Map<number, string>();
  for (const { kind, index, name } of module.exports) if (kind === 'func' && !exported.has(index)) exported.set(index, name);
  return {
    moduleName,
    funcName: (index) => {
      const known = funcs.get(index) ?? exported.get(index);
      if (known !== undefined) return known;
      const entry = module.imports.filter((i) => i.desc.kind === 'func')[index];
      return entry === undefined ? null : `${entry.module}.${entry.name}`;
    },
    localName: (funcIndex, localIndex) => locals.get(funcIndex)?.get(localIndex) ?? null,
  };
};
