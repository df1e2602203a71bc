/**
 * Modules as sections, and the code section as bodies, so that what is changed inside can get sizes that are right.
 * Nothing is checked: bytes that cannot be taken apart are left as they are.
 */
import { InstructionReader } from '../../src/decoder/instruction-reader.ts';
import { isQuernError } from '../../src/errors.ts';
import { decodeModule } from '../../src/wasm.ts';
import { header } from '../assembler.ts';
import { join, leb } from './bytes.ts';

/** Id of the code section. */
export const CODE = 10;

/** A section without its size. */
export interface Section {
  readonly id: number;
  readonly contents: Uint8Array;
}

/** A LEB128 of up to five bytes; null if there is none. */
const readLeb = (bytes: Uint8Array, start: number): readonly [value: number, end: number] | null => {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, start + i + 1];
  }
  return null;
};

/** Ranges of bytes that have their sizes before them, up to the first that has none. */
const readSized = (bytes: Uint8Array, start: number, headBytes: number): [number, number, number][] => {
  const ranges: [number, number, number][] = [];
  for (let at = start; at < bytes.length; ) {
    const size = readLeb(bytes, at + headBytes);
    if (size === null || size[1] + size[0] > bytes.length) break;
    ranges.push([at, size[1], size[1] + size[0]]);
    at = size[1] + size[0];
  }
  return ranges;
};

/** The sections of a module; what cannot be read is left out. */
export const readSections = (bytes: Uint8Array): Section[] =>
  readSized(bytes, header.length, 1).map(([head, start, end]) => ({
    id: bytes[head]!,
    contents: bytes.subarray(start, end),
  }));

/** A module of sections; `sizeOf` may tell wrong sizes. */
export const writeSections = (
  sections: readonly Section[],
  sizeOf: (section: Section) => number[] = ({ contents }) => leb(contents.length),
): Uint8Array =>
  join(header, ...sections.flatMap((section) => [[section.id], sizeOf(section), section.contents]));

/** The bodies of a code section, without their sizes. */
export const readBodies = (contents: Uint8Array): Uint8Array[] => {
  const count = readLeb(contents, 0);
  return count === null
    ? []
    : readSized(contents, count[1], 0).map(([, start, end]) => contents.subarray(start, end));
};

/** A code section of bodies. */
export const writeBodies = (bodies: readonly Uint8Array[]): Section => ({
  id: CODE,
  contents: join(leb(bodies.length), ...bodies.flatMap((body) => [leb(body.length), body])),
});

/** An instruction of a body. */
export interface Place {
  readonly start: number;
  readonly end: number;
  /** Row of the instruction table. */
  readonly row: number;
}

/** The instructions of a random body of a module that can be decoded, as places in the body; null for none. */
export const readInstructions = (
  bytes: Uint8Array,
  choose: (count: number) => number,
): { readonly body: number; readonly places: readonly Place[] } | null => {
  try {
    const module = decodeModule(bytes);
    const count = module.funcs.length - module.importedFuncCount;
    if (count === 0) return null;
    const body = choose(count);
    const found = module.funcs[module.importedFuncCount + body]!.body!;
    // Bodies are counted from their vector of locals, whose length lies before `start`.
    const whole = readBodies(readSections(bytes).find(({ id }) => id === CODE)!.contents)[body]!;
    const base = whole.byteOffset - bytes.byteOffset;
    const reader = new InstructionReader(bytes, module.types);
    reader.reset(found.codeStart, found.end);
    const places: Place[] = [];
    while (reader.pos < found.end) {
      reader.read();
      places.push({ start: reader.offset - base, end: reader.pos - base, row: reader.row });
    }
    return { body, places };
  } catch (error) {
    if (isQuernError(error)) return null;
    throw error;
  }
};
