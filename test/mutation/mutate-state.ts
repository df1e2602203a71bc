/**
 * Mutations of snapshots and recordings. Both carry checks against accidents and none against forgers, so most
 * mutants get checks that hold.
 */
import { createHash } from 'node:crypto';
import { HEAD_BYTES, MAGIC, TAIL_BYTES } from '../../src/interpreter/snapshot/format.ts';
import type { Random } from '../generators/random.ts';
import { reseal } from '../snapshots/damage.ts';
import { changeBytes, join, truncate } from './bytes.ts';
import { type Json, mutateJson, mutateText } from './mutate-json.ts';

/** Bytes of the number of a section and of its length. */
const SECTION_HEAD = 9;
const MOST_CHANGES = 3;
/** How many of a hundred mutants are left with checks that fail. */
const BROKEN = 8;

const writeLength = (length: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
};

interface Section {
  readonly id: number;
  readonly contents: Uint8Array;
}

const sectionsOf = (bytes: Uint8Array): Section[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sections: Section[] = [];
  for (let at = HEAD_BYTES; at + SECTION_HEAD <= bytes.length - TAIL_BYTES; ) {
    const start = at + SECTION_HEAD;
    const end = start + view.getUint32(at + 1, true);
    sections.push({ id: bytes[at]!, contents: bytes.subarray(start, end) });
    at = end;
  }
  return sections;
};

/** A snapshot of sections: lengths and checksum are right. */
const writeSnapshot = (head: Uint8Array, sections: readonly Section[]): Uint8Array => {
  const body = join(
    ...sections.flatMap(({ id, contents }) => [[id], writeLength(contents.length), contents]),
  );
  const fixed = head.slice(0, HEAD_BYTES);
  fixed.set(writeLength(HEAD_BYTES + body.length + TAIL_BYTES), MAGIC.length + 4);
  return reseal(join(fixed, body, new Uint8Array(TAIL_BYTES)));
};

/** A mutant of a snapshot; `other` lends sections. */
export const mutateSnapshot = (random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array => {
  if (random.chance(BROKEN))
    return random.chance(30) ? truncate(random, bytes) : changeBytes(random, bytes, other);
  const sections = sectionsOf(bytes);
  const others = sectionsOf(other);
  for (let count = random.chance(60) ? 1 : 1 + random.below(MOST_CHANGES); count > 0; count--) {
    const at = random.below(sections.length);
    const { id, contents } = sections[at]!;
    const lent = others.find((section) => section.id === id);
    if (random.chance(4)) sections.splice(at, 1);
    else if (lent !== undefined && random.chance(10)) sections[at] = lent;
    else sections[at] = { id, contents: changeBytes(random, contents, lent?.contents ?? contents) };
    if (sections.length === 0) break;
  }
  return writeSnapshot(bytes, sections);
};

/** Digits of a check. */
const CHECK_DIGITS = 16;
const CHECK = /,"check":"[0-9a-f]{16}"\}$/;

/** Lines with checks that hold. @param texts events as JSON, without checks */
const seal = (texts: readonly string[]): string => {
  let check = '';
  return texts
    .map((text) => {
      check = createHash('sha256')
        .update(check + text)
        .digest('hex');
      return `${text.slice(0, -1)},"check":"${check.slice(0, CHECK_DIGITS)}"}\n`;
    })
    .join('');
};

/** A mutant of a recording. */
export const mutateRecording = (random: Random, recording: string): string => {
  if (random.chance(BROKEN)) return mutateText(random, recording);
  const texts = recording
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(CHECK, '}'));
  for (let count = 1 + random.below(MOST_CHANGES); count > 0 && texts.length > 0; count--) {
    const at = random.below(texts.length);
    const text = texts[at]!;
    const changed = (): string => {
      try {
        return JSON.stringify(mutateJson(random, JSON.parse(text) as Json));
      } catch {
        return mutateText(random, text);
      }
    };
    random.weighted<() => unknown>([
      [70, () => texts.splice(at, 1, changed())],
      [9, () => texts.splice(at, 1)],
      [9, () => texts.splice(at, 0, random.pick(texts))],
      [9, () => texts.push(...texts.splice(at, 1))],
      [3, () => texts.splice(at, 1, mutateText(random, text))],
    ])();
  }
  return seal(texts);
};
