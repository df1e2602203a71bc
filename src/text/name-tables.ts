/** The whole name section, for printing: all of its subsections. @spec binary-namesec */
import { ByteReader } from '../decoder/byte-reader.ts';
import { isQuernError } from '../errors/errors.ts';
import type { CustomSection, Module } from '../syntax/module.ts';

export type NameMap = ReadonlyMap<number, string>;

/** TABLE: ids of subsections. */
export const SUBSECTION = {
  module: 0,
  func: 1,
  local: 2,
  label: 3,
  type: 4,
  table: 5,
  memory: 6,
  global: 7,
  elem: 8,
  data: 9,
  field: 10,
  tag: 11,
} as const;
const indirect: readonly number[] = [SUBSECTION.local, SUBSECTION.label, SUBSECTION.field];

export interface NameTables {
  /** The place of the names; null if there are none. */
  readonly section: CustomSection | null;
  readonly moduleName: string | null;
  /** By subsection. */
  readonly maps: ReadonlyMap<number, NameMap>;
  /** Locals and labels by function, fields by type. */
  readonly indirectMaps: ReadonlyMap<number, ReadonlyMap<number, NameMap>>;
}

const readMap = (r: ByteReader): NameMap => {
  const names = new Map<number, string>();
  r.list(() => names.set(r.u32(), r.name()));
  return names;
};

/** Reads the names of a module; damaged parts, and what follows them, are omitted. */
export const readNameTables = (module: Module): NameTables => {
  const sections = module.customs.filter(({ name }) => name === 'name');
  const section = sections[0] ?? null;
  const maps = new Map<number, NameMap>();
  const indirectMaps = new Map<number, ReadonlyMap<number, NameMap>>();
  let moduleName: string | null = null;
  if (section === null) return { section, moduleName, maps, indirectMaps };
  const r = new ByteReader(module.bytes, section.start, section.end);
  try {
    while (r.pos < section.end) {
      const id = r.byte();
      const end = r.u32() + r.pos;
      if (id === SUBSECTION.module) moduleName = r.name();
      else if (indirect.includes(id)) {
        const byIndex = new Map<number, NameMap>();
        indirectMaps.set(id, byIndex);
        r.list(() => byIndex.set(r.u32(), readMap(r)));
      } else if (id <= SUBSECTION.tag) maps.set(id, readMap(r));
      r.pos = end;
    }
  } catch (error) {
    if (!isQuernError(error)) throw error;
  }
  return { section, moduleName, maps, indirectMaps };
};
