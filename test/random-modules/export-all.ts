/**
 * Two changes to the bytes of a finished module. Exporting everything lets an embedder see all of its state; and
 * where `wasm-opt --denan` has put functions that replace each NaN by zero, they can replace it by the canonical
 * NaN instead: NaNs are then computed with, and their bits are the same on every engine.
 */
import type { Module } from '../../src/wasm.ts';
import { header, list, section, text, u32 } from '../assembler.ts';

const EXPORT_SECTION = 7;
/** Sections that come after the export section: start, elements, data count, code, data. */
const LATER = [8, 9, 12, 10, 11];

interface RawSection {
  readonly id: number;
  readonly bytes: Uint8Array;
}

const readSections = (bytes: Uint8Array): RawSection[] => {
  const sections: RawSection[] = [];
  for (let start = header.length; start < bytes.length; ) {
    let at = start + 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    sections.push({ id: bytes[start]!, bytes: bytes.subarray(start, at + length) });
    start = at + length;
  }
  return sections;
};

/** Names that exported items get: a letter and the index. */
export const exportName = {
  func: (index: number): string => `f${index}`,
  table: (index: number): string => `t${index}`,
  memory: (index: number): string => `m${index}`,
  global: (index: number): string => `g${index}`,
} as const;

const exportSection = (module: Module): RawSection => {
  const entries = [module.funcs, module.tables, module.memories, module.globals].flatMap((items, kind) => {
    const nameOf = Object.values(exportName)[kind]!;
    return items.map((_, index) => {
      return [...text(nameOf(index)), kind, ...u32(index)];
    });
  });
  return { id: EXPORT_SECTION, bytes: Uint8Array.from(section(EXPORT_SECTION, list(entries))) };
};

/** The module with all of its functions, tables, memories and globals exported, and nothing else. */
export const exportAll = (bytes: Uint8Array, module: Module): Uint8Array => {
  const sections = readSections(bytes).filter(({ id }) => id !== EXPORT_SECTION);
  const later = sections.findIndex(({ id }) => LATER.includes(id));
  sections.splice(later < 0 ? sections.length : later, 0, exportSection(module));
  return new Uint8Array(
    Buffer.concat([bytes.subarray(0, header.length), ...sections.map((section) => section.bytes)]),
  );
};

/** `local.get 0, local.get 0, eq, if (result t) local.get 0 else const 0 end end`, as `--denan` writes it. */
const replaceNan = (eq: number, type: number, constOp: number, size: number): Uint8Array =>
  new Uint8Array([
    0x20,
    0,
    0x20,
    0,
    eq,
    0x04,
    type,
    0x20,
    0,
    0x05,
    constOp,
    ...new Array(size).fill(0),
    0x0b,
    0x0b,
  ]);
const helpers = [
  { code: replaceNan(0x5b, 0x7d, 0x43, 4), nan: [0x00, 0x00, 0xc0, 0x7f] },
  { code: replaceNan(0x61, 0x7c, 0x44, 8), nan: [0, 0, 0, 0, 0, 0, 0xf8, 0x7f] },
];
const CONSTANT_AT = 11;

/** The module with the helpers of `--denan` giving canonical NaNs. */
export const keepNans = (bytes: Uint8Array): Uint8Array => {
  const changed = new Uint8Array(bytes);
  for (const { code, nan } of helpers) {
    const at = Buffer.from(bytes).indexOf(code);
    if (at >= 0) changed.set(nan, at + CONSTANT_AT);
  }
  return changed;
};
