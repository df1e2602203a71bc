/**
 * Identifiers for printing, from the name section. Printed names are collected: if they are the whole section, it
 * need not be printed, since the reader makes the same one.
 */
import type { Module } from '../syntax/module.ts';
import { idString, nameString } from './literals.ts';
import { type NameEntry, NameSection } from './name-section.ts';
import { type NameMap, type NameTables, readNameTables, SUBSECTION } from './name-tables.ts';

/** Spaces whose identifiers are known before anything is printed. */
export type NamedSpace = 'func' | 'type' | 'table' | 'memory' | 'global' | 'tag' | 'elem' | 'data';

const none: NameMap = new Map();

/** Identifiers of one index space: different names have different identifiers. */
class Identifiers {
  private readonly texts: (string | undefined)[] = [];
  private readonly used = new Set<string>();
  private readonly names: NameMap;
  /** Indices whose identifiers are not their names. */
  private readonly others = new Set<number>();

  /** @param count the number of items; names beyond it are ignored */
  constructor(names: NameMap, count: number) {
    this.names = names;
    for (const [index, name] of names) {
      if (index >= count) continue;
      let own = name;
      for (let i = index; own === '' || this.used.has(own); i++) own = `${name}.${i}`;
      this.used.add(own);
      if (own !== name) this.others.add(index);
      this.texts[index] = idString(own);
    }
  }

  /** The identifier of an index, otherwise the index. */
  use(index: number): string {
    return this.texts[index] ?? `${index}`;
  }

  /** The identifier in its definition, followed by a space; and the name if it differs. */
  define(index: number, said: NameEntry[]): string {
    const text = this.texts[index];
    if (text === undefined) return '';
    const name = this.names.get(index)!;
    said.push([index, name]);
    return this.others.has(index) ? `${text} (@name ${nameString(name)}) ` : `${text} `;
  }
}

type Indirect = [index: number, names: NameEntry[]];

export class PrintedNames {
  private readonly tables: NameTables;
  private readonly spaces: Readonly<Record<NamedSpace, Identifiers>>;
  /** The printed names, by subsection. */
  private readonly said = new Map<number, NameEntry[]>();
  private readonly saidIndirect = new Map<number, Indirect[]>();
  private locals = new Identifiers(none, 0);
  private labels: NameMap = none;
  private readonly fields = new Map<number, Identifiers>();

  constructor(module: Module) {
    this.tables = readNameTables(module);
    const space = (id: number, { length }: { readonly length: number }): Identifiers =>
      new Identifiers(this.tables.maps.get(id) ?? none, length);
    this.spaces = {
      func: space(SUBSECTION.func, module.funcs),
      type: space(SUBSECTION.type, module.types),
      table: space(SUBSECTION.table, module.tables),
      memory: space(SUBSECTION.memory, module.memories),
      global: space(SUBSECTION.global, module.globals),
      tag: space(SUBSECTION.tag, module.tags),
      elem: space(SUBSECTION.elem, module.elements),
      data: space(SUBSECTION.data, module.data),
    };
  }

  get section(): NameTables['section'] {
    return this.tables.section;
  }

  use(space: NamedSpace, index: number): string {
    return this.spaces[space].use(index);
  }

  define(space: NamedSpace, index: number): string {
    return this.spaces[space].define(index, this.saidOf(SUBSECTION[space]));
  }

  private saidOf(id: number): NameEntry[] {
    let entries = this.said.get(id);
    if (entries === undefined) this.said.set(id, (entries = []));
    return entries;
  }

  private indirectOf(id: number, index: number): NameEntry[] {
    let groups = this.saidIndirect.get(id);
    if (groups === undefined) this.saidIndirect.set(id, (groups = []));
    let last = groups[groups.length - 1];
    if (last === undefined || last[0] !== index) groups.push((last = [index, []]));
    return last[1];
  }

  /** The name after `(module`, with a space before it. */
  module(): string {
    const { moduleName } = this.tables;
    if (moduleName === null) return '';
    return moduleName === '' ? ' (@name "")' : ` ${idString(moduleName)}`;
  }

  /** Begins a function with this many parameters and locals. */
  beginFunc(index: number, localCount: number): void {
    this.locals = new Identifiers(
      this.tables.indirectMaps.get(SUBSECTION.local)?.get(index) ?? none,
      localCount,
    );
    this.labels = this.tables.indirectMaps.get(SUBSECTION.label)?.get(index) ?? none;
  }

  useLocal(index: number): string {
    return this.locals.use(index);
  }

  defineLocal(func: number, index: number): string {
    return this.locals.define(index, this.indirectOf(SUBSECTION.local, func));
  }

  /** The identifier of a block, which need not be unique; null if it has none. */
  label(func: number, block: number): string | null {
    const name = this.labels.get(block);
    if (name === undefined || name === '') return null;
    this.indirectOf(SUBSECTION.label, func).push([block, name]);
    return idString(name);
  }

  private fieldsOf(type: number): Identifiers {
    let fields = this.fields.get(type);
    if (fields === undefined) {
      const names = this.tables.indirectMaps.get(SUBSECTION.field)?.get(type) ?? none;
      this.fields.set(type, (fields = new Identifiers(names, Number.POSITIVE_INFINITY)));
    }
    return fields;
  }

  useField(type: number, index: number): string {
    return this.fieldsOf(type).use(index);
  }

  defineField(type: number, index: number): string {
    return this.fieldsOf(type).define(index, this.indirectOf(SUBSECTION.field, type));
  }

  /** The section that a reader makes from the printed names. */
  sectionOfText(): Uint8Array {
    const section = new NameSection(null);
    if (this.tables.moduleName !== null) section.addModule(this.tables.moduleName);
    for (const id of Object.values(SUBSECTION)) {
      const entries = this.said.get(id);
      if (entries !== undefined) section.addMap(id, entries);
      const groups = this.saidIndirect.get(id)?.filter(([, names]) => names.length > 0);
      if (groups !== undefined) section.addIndirectMap(id, groups);
    }
    return section.contents.finish();
  }
}
