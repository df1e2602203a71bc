/**
 * Modules, from tokens to bytes. @spec text-module
 *
 * There are three passes over the fields: their identifiers, since any field may refer to any other; types, since
 * type uses append more; and the rest, in the order of the text.
 */

import { ByteWriter } from '../syntax/byte-writer.ts';
import type { ExternKind } from '../syntax/module.ts';
import type { ValType } from '../syntax/types.ts';
import { AnnotationReader } from './annotations.ts';
import { BodyReader } from './body-reader.ts';
import type { Cursor } from './cursor.ts';
import { declareFields, externKinds, kindCodes } from './declarations.ts';
import { copyExternType, copyImport, copyTagType } from './imports.ts';
import { type InstructionPlace, PlaceNotes } from './instruction-places.ts';
import { KEY } from './keywords.ts';
import { type NameEntry, NameSection } from './name-section.ts';
import { SUBSECTION } from './name-tables.ts';
import { Sections, sectionKeywords } from './sections.ts';
import {
  readDataSegment,
  readElementSegment,
  readInlineData,
  readInlineElements,
  type SegmentContext,
} from './segments.ts';
import { Spaces } from './spaces.ts';
import { ID, LEFT, RIGHT } from './tokens.ts';
import { TypeSection } from './type-section.ts';
import {
  copyGlobalType,
  copyMemoryType,
  copyTableType,
  isRefType,
  readAddressType,
  readFuncType,
  readPageSize,
  readRefType,
  readValType,
  writeExactLimits,
  writeValType,
} from './types.ts';

/**
 * How a module is made from its text.
 *
 * ```ts
 * const options: ModuleOptions = { names: false };
 * const bytes = parseModule('(module (func $seven))', options);
 * console.log(decodeModule(bytes).customs.length); // → 0
 * ```
 */
export interface ModuleOptions {
  /** Whether identifiers become a name section; default: true. */
  readonly names?: boolean;
  /**
   * Is told where each instruction of the functions lies in the text, in the order of the binary: what shows a program
   * that runs beside its text. Nothing is told of a text that is no module.
   */
  readonly onInstruction?: (place: InstructionPlace) => void;
}

const TABLE_WITH_INIT = 0x40;
const PAGE = 65_536;

/** Reads the fields from the cursor up to the token `to`; `id` is that of the module, or -1. */
export const readFields = (
  cursor: Cursor,
  to: number,
  id: number,
  options: ModuleOptions,
): Uint8Array<ArrayBuffer> => {
  const { names = true, onInstruction } = options;
  const notes = onInstruction === undefined ? null : new PlaceNotes(cursor.tokens);
  const reader = new ModuleReader(cursor, to, notes);
  const bytes = reader.read(id, names);
  if (onInstruction !== undefined) notes?.tell(reader.codeStart, onInstruction);
  return bytes;
};

class ModuleReader {
  private readonly cursor: Cursor;
  private readonly from: number;
  private readonly to: number;
  private readonly spaces = new Spaces();
  private readonly types: TypeSection;
  private readonly body: BodyReader;
  private readonly sections = new Sections();
  private readonly segments: SegmentContext;
  /** Counts by kind in the fields so far. */
  private readonly counts: Record<ExternKind, number> = { func: 0, table: 0, memory: 0, global: 0, tag: 0 };
  private readonly localNames: (readonly [number, readonly NameEntry[]])[] = [];
  private readonly labelNames: (readonly [number, readonly NameEntry[]])[] = [];

  private readonly notes: PlaceNotes | null;

  constructor(cursor: Cursor, to: number, notes: PlaceNotes | null) {
    this.notes = notes;
    this.cursor = cursor;
    this.from = cursor.pos;
    this.to = to;
    this.types = new TypeSection(this.spaces);
    this.body = new BodyReader(cursor, this.spaces, this.types);
    if (notes !== null) this.body.marks = [];
    this.segments = { cursor, spaces: this.spaces, body: this.body };
  }

  /** Offset of the first body, when the module has been read. */
  get codeStart(): number {
    return this.sections.codeStart;
  }

  read(id: number, withNames: boolean): Uint8Array<ArrayBuffer> {
    const { cursor, from, to, sections, spaces } = this;
    const { tokens } = cursor;
    cursor.annotations = new AnnotationReader(tokens, from, to);
    const name = cursor.annotations.name(from);
    const second = cursor.annotations.take('name', from);
    if (second !== null) cursor.annotations.fail(second, 'multiple module');
    declareFields(cursor, spaces, from, to);
    for (let pos = from; pos < to && tokens.kinds[pos] === LEFT; pos = tokens.values[pos]! + 1) {
      cursor.pos = pos;
      if (cursor.isLeft(KEY.type) || cursor.isLeft(KEY.rec)) this.types.readGroup(cursor);
    }
    for (cursor.pos = from; cursor.pos < to; ) this.field();
    this.customs();
    cursor.annotations.refuseOthers();
    sections.lists.type.count = this.types.count;
    sections.lists.type.bytes.take(this.types.bytes);
    if (withNames) this.writeNames(name ?? (id >= 0 ? id : null));
    return sections.finish();
  }

  /** The custom sections before the current field. */
  private customs(): void {
    const { cursor, sections } = this;
    for (;;) {
      const annotation = cursor.annotations.take('custom', cursor.pos);
      if (annotation === null) return;
      const { name, place, contents } = cursor.annotations.custom(annotation, sectionKeywords);
      sections.addCustom(place, name, contents);
    }
  }

  private field(): void {
    const { cursor, spaces, sections, segments } = this;
    this.customs();
    if (cursor.isLeft(KEY.type) || cursor.isLeft(KEY.rec)) {
      cursor.pos = cursor.tokens.values[cursor.pos]! + 1;
      return;
    }
    const { pos } = cursor;
    if (cursor.enter(KEY.import)) this.import();
    else if (cursor.enter(KEY.func)) this.func();
    else if (cursor.enter(KEY.table)) this.table();
    else if (cursor.enter(KEY.memory)) this.memory();
    else if (cursor.enter(KEY.global)) this.global();
    else if (cursor.enter(KEY.tag)) this.tag();
    else if (cursor.enter(KEY.export)) this.export();
    else if (cursor.enter(KEY.start)) {
      if (sections.start !== null) cursor.failAt(pos, 'multiple start sections');
      sections.start = spaces.func.index(cursor);
    } else if (cursor.enter(KEY.elem)) {
      cursor.takeId();
      readElementSegment(segments, sections.entry('elem'));
    } else if (cursor.enter(KEY.data)) {
      cursor.takeId();
      readDataSegment(segments, sections.entry('data'));
    } else {
      if (cursor.kind === LEFT) cursor.pos++;
      cursor.fail('a field of a module');
    }
    cursor.leave();
  }

  private import(): void {
    const { cursor, spaces, types, sections } = this;
    for (const kind of copyImport(cursor, spaces, types, sections.entry('import'))) this.counts[kind]++;
  }

  private export(): void {
    const { cursor, spaces, sections } = this;
    const name = cursor.name();
    const [, kind] =
      externKinds.find(([keyword]) => cursor.enter(keyword)) ??
      cursor.fail('what is exported, in parentheses');
    this.writeExport(sections.entry('export'), name, kind, spaces[kind].index(cursor));
    cursor.leave();
  }

  private writeExport(out: ByteWriter, name: string, kind: ExternKind, index: number): void {
    out.name(name);
    out.byte(kindCodes[kind]);
    out.u32(index);
  }

  /**
   * The beginning of a definition: its identifier, its exports, and the import that it may be. Returns its index, or
   * -1 for an import, whose type is also read.
   */
  private beginDefinition(kind: ExternKind): number {
    const { cursor, spaces, sections, types } = this;
    cursor.takeId();
    const index = this.counts[kind]++;
    while (cursor.enter(KEY.export)) {
      this.writeExport(sections.entry('export'), cursor.name(), kind, index);
      cursor.leave();
    }
    if (!cursor.enter(KEY.import)) return index;
    const out = sections.entry('import');
    out.name(cursor.name());
    out.name(cursor.name());
    cursor.leave();
    copyExternType(cursor, spaces, types, kind, out);
    return -1;
  }

  /** @spec text-func */
  private func(): void {
    const { cursor, spaces, types, sections, body } = this;
    const index = this.beginDefinition('func');
    if (index < 0) return;
    const { local } = spaces;
    local.reset();
    const given = types.readTypeIndex(cursor);
    const { pos } = cursor;
    const inline = readFuncType(cursor, spaces.type, local);
    if (given >= 0) types.checkInline(cursor, pos, given, inline);
    sections.entry('func').u32(given >= 0 ? given : types.indexOf(inline));
    const params = given >= 0 ? types.funcType(given)?.params : inline.params;
    if (given >= 0 && inline.params.length === 0) local.count = params?.length ?? 0;
    if (params === undefined && cursor.isLeft(KEY.local) && cursor.tokens.kinds[cursor.pos + 2] === ID)
      cursor.failAt(pos, `unknown type ${given}`);
    const locals = this.locals();
    body.reset();
    writeLocals(body.out, locals);
    body.readExpression();
    const code = sections.entry('code');
    code.takeSized(body.out);
    this.notes?.add(code.length - body.out.length, body.marks ?? []);
    if (body.namesData) sections.needsDataCount = true;
    this.hints(index);
    if (local.names.length > 0) this.localNames.push([index, [...local.names]]);
    if (body.labels.names.length > 0) this.labelNames.push([index, [...body.labels.names]]);
  }

  /** @spec text-local */
  private locals(): ValType[] {
    const { cursor, spaces } = this;
    const locals: ValType[] = [];
    while (cursor.enter(KEY.local)) {
      const hasId = cursor.kind === ID;
      while (cursor.kind !== RIGHT) {
        spaces.local.declare(cursor);
        locals.push(readValType(cursor, spaces.type));
        if (hasId) break;
      }
      cursor.leave();
    }
    return locals;
  }

  private hints(index: number): void {
    const { body, sections } = this;
    if (body.hints.length === 0) return;
    sections.hints.count++;
    const out = sections.hints.bytes;
    out.u32(index);
    out.u32(body.hints.length);
    for (const [at, value] of body.hints) {
      out.u32(at);
      out.u32(value.length);
      out.append(value);
    }
  }

  /** @spec text-table */
  private table(): void {
    const { cursor, spaces, sections, body } = this;
    const index = this.beginDefinition('table');
    if (index < 0) return;
    const out = sections.entry('table');
    const address = readAddressType(cursor);
    if (isRefType(cursor)) {
      const type = readRefType(cursor, spaces.type);
      cursor.expectEnter(KEY.elem);
      const count = readInlineElements(this.segments, { index, address, type }, sections.entry('elem'));
      cursor.leave();
      writeValType(out, type);
      writeExactLimits(out, address, count);
      return;
    }
    const type = new ByteWriter();
    copyTableType(cursor, spaces.type, type, address);
    const hasInit = cursor.kind !== RIGHT;
    if (hasInit) {
      out.byte(TABLE_WITH_INIT);
      out.byte(0);
    }
    out.take(type);
    if (!hasInit) return;
    body.reset();
    body.readExpression();
    out.take(body.out);
  }

  /** @spec text-mem */
  private memory(): void {
    const { cursor, sections } = this;
    const index = this.beginDefinition('memory');
    if (index < 0) return;
    const out = sections.entry('memory');
    const address = readAddressType(cursor);
    const pageSize = readPageSize(cursor);
    if (pageSize < 0 && !cursor.isLeft(KEY.data)) {
      copyMemoryType(cursor, out, address);
      return;
    }
    cursor.expectEnter(KEY.data);
    const size = readInlineData(cursor, { index, address }, sections.entry('data'));
    cursor.leave();
    writeExactLimits(out, address, Math.ceil(size / (pageSize < 0 ? PAGE : 2 ** pageSize)), pageSize);
  }

  /** @spec text-global */
  private global(): void {
    const { cursor, spaces, sections, body } = this;
    if (this.beginDefinition('global') < 0) return;
    const out = sections.entry('global');
    copyGlobalType(cursor, spaces.type, out);
    body.reset();
    body.readExpression();
    out.take(body.out);
  }

  /** @spec text-tag */
  private tag(): void {
    const { cursor, spaces, types, sections } = this;
    if (this.beginDefinition('tag') < 0) return;
    copyTagType(cursor, spaces, types, sections.entry('tag'));
  }

  private writeNames(moduleName: number | string | null): void {
    const { spaces, sections, cursor } = this;
    const names = new NameSection(cursor.tokens);
    if (moduleName !== null) names.addModule(moduleName);
    names.addMap(SUBSECTION.func, spaces.func.names);
    names.addIndirectMap(SUBSECTION.local, this.localNames);
    names.addIndirectMap(SUBSECTION.label, this.labelNames);
    names.addMap(SUBSECTION.type, spaces.type.names);
    names.addMap(SUBSECTION.table, spaces.table.names);
    names.addMap(SUBSECTION.memory, spaces.memory.names);
    names.addMap(SUBSECTION.global, spaces.global.names);
    names.addMap(SUBSECTION.elem, spaces.elem.names);
    names.addMap(SUBSECTION.data, spaces.data.names);
    names.addIndirectMap(
      SUBSECTION.field,
      [...spaces.fields].map(([index, fields]) => [index, fields.names] as const),
    );
    names.addMap(SUBSECTION.tag, spaces.tag.names);
    sections.addNames(names.contents);
  }
}

/** Locals as groups of one type. @spec binary-local */
const writeLocals = (out: ByteWriter, locals: readonly ValType[]): void => {
  const runs: [count: number, type: ValType][] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  out.u32(runs.length);
  for (const [count, type] of runs) {
    out.u32(count);
    writeValType(out, type);
  }
};
