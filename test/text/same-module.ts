/**
 * Whether two binaries are the same module: equal in everything but the length of integers, how equal locals are run
 * together, and a data count section that no code needs.
 */
import { InstructionReader } from '../../src/decoder/instruction-reader.ts';
import { instructions } from '../../src/inspect.ts';
import type { ConstExpr, FuncBody } from '../../src/syntax/module.ts';
import { decodeModule, type Module } from '../../src/wasm.ts';

/** A value as text in which positions in the binary do not count. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (key, part: unknown) => {
    if (
      [
        'offset',
        'position',
        'start',
        'end',
        'group',
        'layout',
        'supertype',
        'descriptor',
        'describes',
      ].includes(key)
    )
      return undefined;
    return typeof part === 'bigint' ? `${part}n` : part;
  });

/** A reader in which types are their indices. */
const readerOf = ({ bytes }: Module, { start, end }: ConstExpr): InstructionReader => {
  const reader = new InstructionReader(bytes, [], 'code', (index) => index);
  reader.reset(start, end);
  return reader;
};

/** Fields of a reader that are one number each. */
const numbers = [
  ...(['row', 'index', 'index2', 'lo', 'hi', 'align', 'memory', 'valType', 'blockTypeIndex'] as const),
  ...(['heapType', 'heapType2', 'isNullable', 'isNullable2', 'lane', 'labelCount'] as const),
];
const lists = ({ valTypes, bytes16, labels, labelCount, catches }: InstructionReader): string =>
  [valTypes, bytes16, labels.subarray(0, labelCount), textOf(catches)].join('|');

/** Whether two ranges are the same instructions, with all that they carry. */
const areSameCode = (a: InstructionReader, b: InstructionReader): boolean => {
  while (a.pos < a.end && b.pos < b.end) {
    a.read();
    b.read();
    for (const field of numbers) if (a[field] !== b[field]) return false;
    if (listRows.has(a.row) && lists(a) !== lists(b)) return false;
  }
  return a.pos >= a.end && b.pos >= b.end;
};
/** Rows whose immediates are more than numbers. */
const listRows = new Set(
  instructions.flatMap(({ immediates }, row) =>
    immediates.some((kind) => ['valtypes', 'v128', 'lanes16', 'labels', 'catches'].includes(kind))
      ? [row]
      : [],
  ),
);

const localsOf = ({ locals }: FuncBody): string => {
  const runs: [count: number, type: number][] = [];
  for (const { count, type } of locals) {
    const last = runs.at(-1);
    if (last?.[1] === type) last[0] += count;
    else if (count > 0) runs.push([count, type]);
  }
  return runs.join(';');
};

/** The first part in which they differ; null where they are the same module. */
export const differenceOf = (left: Uint8Array, right: Uint8Array): string | null => {
  if (Buffer.compare(left, right) === 0) return null;
  const a = decodeModule(left);
  const b = decodeModule(right);
  const areEqual = (x: ConstExpr | null, y: ConstExpr | null): boolean => {
    if (x === null || y === null) return x === y;
    return areSameCode(readerOf(a, x), readerOf(b, y));
  };
  const codeOf = ({ codeStart: start, end }: FuncBody): ConstExpr => ({ start, end });
  const bodyDiffers = (x: FuncBody, y: FuncBody): boolean =>
    localsOf(x) !== localsOf(y) || !areEqual(codeOf(x), codeOf(y));
  const plainParts = ['types', 'imports', 'importLists', 'exports', 'memories', 'tags', 'start'] as const;
  for (const part of plainParts) if (textOf(a[part]) !== textOf(b[part])) return part;
  for (const part of ['funcs', 'tables', 'globals', 'elements', 'data', 'customs'] as const)
    if (a[part].length !== b[part].length) return part;
  for (const [i, { typeIndex, body }] of a.funcs.entries()) {
    const other = b.funcs[i]!;
    if (typeIndex !== other.typeIndex || (body === null) !== (other.body === null)) return `func ${i}`;
    if (body !== null && bodyDiffers(body, other.body!)) return `body ${i}`;
  }
  for (const part of ['tables', 'globals'] as const)
    for (const [i, { type, init }] of a[part].entries()) {
      const other = b[part][i]!;
      if (textOf(type) !== textOf(other.type) || !areEqual(init, other.init)) return `${part} ${i}`;
    }
  for (const [i, { offset, expressions, ...rest }] of a.elements.entries()) {
    const { offset: otherOffset, expressions: others, ...otherRest } = b.elements[i]!;
    const sameItems = (expressions ?? []).every((item, k) => areEqual(item, others?.[k] ?? null));
    if (textOf(rest) !== textOf(otherRest) || !areEqual(offset, otherOffset) || !sameItems)
      return `element ${i}`;
    if (expressions?.length !== others?.length) return `element ${i}`;
  }
  const sameBytes = (x: ConstExpr, y: ConstExpr): boolean =>
    Buffer.compare(left.subarray(x.start, x.end), right.subarray(y.start, y.end)) === 0;
  for (const [i, segment] of a.data.entries()) {
    const other = b.data[i]!;
    if (segment.mode !== other.mode || segment.memoryIndex !== other.memoryIndex) return `data ${i}`;
    if (!areEqual(segment.offset, other.offset) || !sameBytes(segment, other)) return `data ${i}`;
  }
  for (const [i, custom] of a.customs.entries())
    if (custom.name !== b.customs[i]!.name || !sameBytes(custom, b.customs[i]!))
      return `custom ${custom.name}`;
  return null;
};
