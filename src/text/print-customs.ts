/**
 * Custom sections as annotations: with their places, except for those that a reader makes from printed names and
 * branch hints. @spec text-annot
 */
import { branchHintSection, decodeBranchHints } from '../decoder/branch-hints.ts';
import { isQuernError } from '../errors/errors.ts';
import { ByteWriter } from '../syntax/byte-writer.ts';
import type { CustomSection, Module } from '../syntax/module.ts';
import { CUSTOM_SECTION, sectionTable } from '../syntax/section-table.ts';
import { bytesText, nameString } from './literals.ts';
import type { PrintedNames } from './print-names.ts';

/** A custom section and the preceding non-custom section, by its keyword; null for none. */
interface PlacedCustom {
  readonly custom: CustomSection;
  readonly after: string | null;
  /** Whether no other section follows. */
  readonly isLast: boolean;
  /** Whether the code section follows immediately. */
  readonly isBeforeCode: boolean;
}
export type PlacedCustoms = readonly PlacedCustom[];

const keywordOf = (id: number): string => sectionTable.find((row) => row.id === id)!.keyword;

export const placeCustoms = ({ customs, sections }: Module): PlacedCustoms => {
  const placed: PlacedCustom[] = [];
  let after: string | null = null;
  for (const [i, { id }] of sections.entries()) {
    if (id !== CUSTOM_SECTION) {
      after = keywordOf(id);
      continue;
    }
    const next = sections[i + 1];
    placed.push({
      custom: customs[placed.length]!,
      after,
      isLast: sections.slice(i).every((section) => section.id === CUSTOM_SECTION),
      isBeforeCode: next !== undefined && next.id !== CUSTOM_SECTION && keywordOf(next.id) === 'code',
    });
  }
  return placed;
};

const contentsOf = (module: Module, { start, end }: CustomSection): Uint8Array =>
  module.bytes.subarray(start, end);

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The section of branch hints that a reader makes from annotations. */
const hintSection = (module: Module, hints: ReadonlyMap<number, boolean>): Uint8Array => {
  const out = new ByteWriter();
  const groups = new ByteWriter();
  let count = 0;
  const offsets = [...hints.keys()].sort((a, b) => a - b);
  let at = 0;
  for (const [func, { body }] of module.funcs.entries()) {
    if (body === null) continue;
    const from = at;
    while (at < offsets.length && offsets[at]! < body.end) at++;
    if (at === from) continue;
    count++;
    groups.u32(func);
    groups.u32(at - from);
    for (const offset of offsets.slice(from, at)) {
      groups.u32(offset - body.start);
      groups.u32(1);
      groups.byte(hints.get(offset) ? 1 : 0);
    }
  }
  out.u32(count);
  out.take(groups);
  return out.finish();
};

/** The section of branch hints, if annotations express all of it. */
const printedHints = (
  module: Module,
  placed: PlacedCustoms,
): { readonly custom: CustomSection; readonly hints: ReadonlyMap<number, boolean> } | null => {
  const found = placed.filter(({ custom }) => custom.name === branchHintSection);
  if (found.length !== 1 || !found[0]!.isBeforeCode) return null;
  const { custom } = found[0]!;
  try {
    const hints = decodeBranchHints(module);
    return isEqual(hintSection(module, hints), contentsOf(module, custom)) ? { custom, hints } : null;
  } catch (error) {
    if (!isQuernError(error)) throw error;
    return null;
  }
};

/** Annotations of branch hints, by the offset of the instruction. */
export const hintLines = (module: Module, placed: PlacedCustoms): ReadonlyMap<number, string> => {
  const printed = printedHints(module, placed);
  if (printed === null) return new Map();
  return new Map(
    [...printed.hints].map(([offset, isLikely]) => [
      offset,
      `(@${branchHintSection} "\\0${isLikely ? 1 : 0}")`,
    ]),
  );
};

/** Annotations of custom sections, in order. Names must have been printed. */
export const customLines = (module: Module, placed: PlacedCustoms, names: PrintedNames): string[] => {
  const hints = printedHints(module, placed)?.custom;
  const lines: string[] = [];
  for (const [i, { custom, after, isLast }] of placed.entries()) {
    if (custom === hints) continue;
    const place = isLast ? '' : after === null ? ' (before first)' : ` (after ${after})`;
    const contents = contentsOf(module, custom);
    if (custom === names.section && isEqual(names.sectionOfText(), contents)) {
      // Without contents: it determines where the reader puts the names.
      if (i < placed.length - 1 || !isLast || contents.length === 0) lines.push(`(@custom "name"${place})`);
      continue;
    }
    const text = contents.length === 0 ? '' : ` ${bytesText(contents)}`;
    lines.push(`(@custom ${nameString(custom.name)}${place}${text})`);
  }
  return lines;
};
