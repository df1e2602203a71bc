/** Modules as text that reads back to the same module. @spec text-module */
import { ByteReader } from '../decoder/byte-reader.ts';
import { decodeModule, decodeModuleText, type ModuleText } from '../decoder/decode-module.ts';
import { LimitError } from '../errors/errors.ts';
import { MAX_PRINTED_LOCALS } from '../syntax/limits.ts';
import type {
  DataSegment,
  ElementSegment,
  Export,
  Func,
  Global,
  Import,
  ImportType,
  Table,
} from '../syntax/module.ts';
import {
  type FieldType,
  type FuncType,
  I64,
  type Limits,
  type MemoryType,
  type SubType,
  type ValType,
} from '../syntax/types.ts';
import { bytesText, nameString } from './literals.ts';
import { BodyPrinter } from './print-body.ts';
import { PrintContext } from './print-context.ts';
import { customLines, hintLines, type PlacedCustoms, placeCustoms } from './print-customs.ts';
import { TextWriter } from './text-writer.ts';

const limitsText = ({ min, max, address }: Limits): string =>
  `${address === I64 ? 'i64 ' : ''}${min}${max === null ? '' : ` ${max}`}`;

const memoryText = ({ limits, isShared, namesPageSize, pageSizeLog2 }: MemoryType): string =>
  `${limitsText(limits)}${isShared ? ' shared' : ''}${namesPageSize ? ` (pagesize ${2n ** BigInt(pageSizeLog2)})` : ''}`;

/**
 * How a module is printed.
 *
 * ```ts
 * const options: PrintOptions = { folded: true };
 * const text = printModule(parseModule('(func (result i32) i32.const 1 i32.eqz)'), options);
 * console.log(text.includes('(i32.eqz (i32.const 1))')); // → true
 * ```
 */
export interface PrintOptions {
  /** Operands are inside the parentheses of their instruction; without it, each instruction has a line. */
  readonly folded?: boolean;
}

class ModulePrinter {
  private readonly context: PrintContext;
  private readonly out = new TextWriter();
  private readonly bodies: BodyPrinter;
  private readonly groups: ModuleText['groups'];
  private readonly placed: PlacedCustoms;

  constructor({ module, groups }: ModuleText, isFolded: boolean) {
    this.context = new PrintContext(module);
    this.groups = groups;
    this.placed = placeCustoms(module);
    this.bodies = new BodyPrinter(this.context, this.out, hintLines(module, this.placed), isFolded);
  }

  print(): string {
    const { context, out } = this;
    const { module, names } = context;
    out.line(`(module${names.module()}`);
    out.indent();
    this.types();
    const counts: Record<ImportType['kind'], number> = { func: 0, table: 0, memory: 0, global: 0, tag: 0 };
    this.imports(counts);
    for (let i = counts.func; i < module.funcs.length; i++) this.func(i, module.funcs[i]!);
    for (let i = counts.table; i < module.tables.length; i++) this.table(i, module.tables[i]!);
    for (let i = counts.memory; i < module.memories.length; i++)
      out.line(`(memory ${names.define('memory', i)}${memoryText(module.memories[i]!)})`);
    for (let i = counts.tag; i < module.tags.length; i++)
      out.line(`(tag ${names.define('tag', i)}${this.typeUse(module.tags[i]!.type.id)})`);
    for (let i = counts.global; i < module.globals.length; i++) this.global(i, module.globals[i]!);
    for (const entry of module.exports) this.export(entry);
    if (module.start !== null) out.line(`(start ${names.use('func', module.start)})`);
    for (const [i, segment] of module.elements.entries()) this.element(i, segment);
    for (const [i, segment] of module.data.entries()) this.data(i, segment);
    for (const line of customLines(module, this.placed, names)) out.line(line);
    out.outdent();
    out.line(')');
    return out.finish();
  }

  private types(): void {
    const { out } = this;
    let index = 0;
    for (const { types, isGroup } of this.groups) {
      if (isGroup) {
        out.line('(rec');
        out.indent();
      }
      for (const type of types) out.line(this.type(index++, type));
      if (!isGroup) continue;
      out.outdent();
      out.line(')');
    }
  }

  private type(index: number, { isFinal, supertypes, comp, describes, descriptor }: SubType): string {
    const { context } = this;
    const { names } = context;
    const parts: string[] = [];
    if (describes !== null && describes !== undefined)
      parts.push(`(describes ${names.use('type', describes)})`);
    if (descriptor !== null && descriptor !== undefined)
      parts.push(`(descriptor ${names.use('type', descriptor)})`);
    if (comp.kind === 'func') parts.push(`(${['func', ...context.signature(comp)].join(' ')})`);
    else if (comp.kind === 'array') parts.push(`(array ${this.field(comp.element)})`);
    else {
      const fields = comp.fields.map(
        (field, i) => `(field ${names.defineField(index, i)}${this.field(field)})`,
      );
      parts.push(`(${['struct', ...fields].join(' ')})`);
    }
    const supers = supertypes.map((type) => `${names.use('type', type)} `).join('');
    const body = parts.join(' ');
    const sub = isFinal && supers === '' ? body : `(sub ${isFinal ? 'final ' : ''}${supers}${body})`;
    return `(type ${names.define('type', index)}${sub})`;
  }

  private field({ storage, isMutable }: FieldType): string {
    const text = this.context.valType(storage);
    return isMutable ? `(mut ${text})` : text;
  }

  private typeUse(index: number): string {
    return this.context.typeUse(index);
  }

  private tableText(limits: Limits, element: ValType): string {
    return `${limitsText(limits)} ${this.context.valType(element)}`;
  }

  private globalType({ type, isMutable }: Global['type']): string {
    const text = this.context.valType(type);
    return isMutable ? `(mut ${text})` : text;
  }

  private externType(desc: ImportType, counts: Record<ImportType['kind'], number>): string {
    const id = this.context.names.define(desc.kind, counts[desc.kind]++);
    switch (desc.kind) {
      case 'func':
        return `(func ${id}${desc.isExact ? `(exact ${this.typeUse(desc.typeIndex)})` : this.typeUse(desc.typeIndex)})`;
      case 'table':
        return `(table ${id}${this.tableText(desc.type.limits, desc.type.element)})`;
      case 'memory':
        return `(memory ${id}${memoryText(desc.type)})`;
      case 'global':
        return `(global ${id}${this.globalType(desc.type)})`;
      default:
        return `(tag ${id}${this.typeUse(desc.type.type.id)})`;
    }
  }

  private imports(counts: Record<ImportType['kind'], number>): void {
    const { out, context } = this;
    const { imports, importLists } = context.module;
    let next = 0;
    const single = (upTo: number): void => {
      for (; next < upTo; next++) {
        const { module, name, desc }: Import = imports[next]!;
        out.line(`(import ${nameString(module)} ${nameString(name)} ${this.externType(desc, counts)})`);
      }
    };
    for (const { first, count, isOneType } of importLists) {
      single(first);
      if (count === 0) continue;
      const list = imports.slice(first, first + count);
      next = first + count;
      const { module } = list[0]!;
      out.line(`(import ${nameString(module)}`);
      out.indent();
      for (const { name, desc } of list)
        out.line(`(item ${nameString(name)}${isOneType ? '' : ` ${this.externType(desc, counts)}`})`);
      if (isOneType) out.line(this.oneType(list, counts));
      out.outdent();
      out.line(')');
    }
    single(imports.length);
  }

  /** The type of a list, which has no identifiers. */
  private oneType(list: readonly Import[], counts: Record<ImportType['kind'], number>): string {
    const { desc } = list[0]!;
    const at = counts[desc.kind];
    const text = this.externType(desc, { ...counts, [desc.kind]: Number.POSITIVE_INFINITY });
    counts[desc.kind] = at + list.length;
    return text;
  }

  private func(index: number, { typeIndex, body }: Func): void {
    const { context, out } = this;
    const { names } = context;
    const { locals, localCount } = body!;
    const { params, results } = context.funcType(typeIndex)!;
    if (localCount > MAX_PRINTED_LOCALS)
      throw new LimitError('limit.module', {
        ...{ limit: MAX_PRINTED_LOCALS, actual: localCount, funcIndex: index, section: 'code' },
        detail: `${localCount} locals; at most ${MAX_PRINTED_LOCALS} can be printed`,
      });
    names.beginFunc(index, params.length + localCount);
    const id = names.define('func', index);
    const type = names.use('type', typeIndex);
    const head = [`(func ${id}(;${index};) (type ${type})`, ...this.params(index, params)];
    if (results.length > 0) head.push(context.group('result', results));
    out.line(head.join(' '));
    out.indent();
    let at = params.length;
    const declared = locals.flatMap(({ count, type: local }) => Array<ValType>(count).fill(local));
    const groups = this.named('local', index, at, declared);
    at += declared.length;
    if (groups.length > 0) out.line(groups.join(' '));
    this.bodies.body(index, body!);
    out.outdent();
    out.line(')');
  }

  private params(func: number, params: FuncType['params']): string[] {
    return this.named('param', func, 0, params);
  }

  /** Parameters or locals: those with identifiers each on its own, others together. */
  private named(keyword: string, func: number, first: number, types: readonly ValType[]): string[] {
    const { context } = this;
    const groups: string[] = [];
    let plain: ValType[] = [];
    const flush = (): void => {
      if (plain.length > 0) groups.push(context.group(keyword, plain));
      plain = [];
    };
    for (const [i, type] of types.entries()) {
      const id = context.names.defineLocal(func, first + i);
      if (id === '') plain.push(type);
      else {
        flush();
        groups.push(`(${keyword} ${id}${context.valType(type)})`);
      }
    }
    flush();
    return groups;
  }

  private table(index: number, { type, init }: Table): void {
    const { context, out } = this;
    const text = this.tableText(type.limits, type.element);
    const value = init === null ? '' : ` ${this.bodies.expression(init)}`;
    out.line(`(table ${context.names.define('table', index)}${text}${value})`);
  }

  private global(index: number, { type, init }: Global): void {
    const { context, out } = this;
    const value = this.bodies.expression(init!);
    out.line(`(global ${context.names.define('global', index)}${this.globalType(type)} ${value})`);
  }

  private export({ name, kind, index }: Export): void {
    this.out.line(`(export ${nameString(name)} (${kind} ${this.context.names.use(kind, index)}))`);
  }

  private element(index: number, segment: ElementSegment): void {
    const { context, out } = this;
    const { names, module } = context;
    const { mode, offset, tableIndex, funcIndices, type, expressions, position } = segment;
    // Bit 1 of the form means that a table is named, even the first one.
    const namesTable = (new ByteReader(module.bytes, position).u32() & 2) !== 0;
    let text = `(elem ${names.define('elem', index)}`;
    if (mode === 'declarative') text += 'declare ';
    if (mode === 'active') {
      if (namesTable) text += `(table ${names.use('table', tableIndex)}) `;
      text += `(offset ${this.bodies.expression(offset!)}) `;
    }
    text +=
      funcIndices === null
        ? [
            context.valType(type),
            ...expressions!.map((item) => `(item ${this.bodies.expression(item)})`),
          ].join(' ')
        : ['func', ...funcIndices.map((func) => names.use('func', func))].join(' ');
    out.line(`${text})`);
  }

  private data(index: number, { mode, memoryIndex, offset, start, end }: DataSegment): void {
    const { context, out } = this;
    const { names, module } = context;
    let text = `(data ${names.define('data', index)}`;
    if (mode === 'active') {
      if (memoryIndex !== 0) text += `(memory ${names.use('memory', memoryIndex)}) `;
      text += `(offset ${this.bodies.expression(offset!)}) `;
    }
    out.line(`${text}${bytesText(module.bytes, start, end)})`);
  }
}

/**
 * Prints a module as text that reads back to the same module.
 *
 * ```js
 * const text = printModule(parseModule('(module (func $f (export "f") (param i32)))'));
 * console.log(text.includes('(func $f (;0;) (type 0) (param i32)')); // → true
 * ```
 *
 * @throws MalformedError for bytes that are not a module
 */
export const printModule = (bytes: Uint8Array, { folded = false }: PrintOptions = {}): string => {
  // The usual decoder reports errors in the bytes.
  decodeModule(bytes);
  return new ModulePrinter(decodeModuleText(bytes), folded).print();
};
