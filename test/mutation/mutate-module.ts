/**
 * Mutations of modules: of bytes, of sections, of bodies, and of instructions. Most keep the sizes around them right,
 * so that what was changed is looked at; some break them on purpose.
 */
import { type InstructionRow, instructions } from '../../src/inspect.ts';
import type { Random } from '../generators/random.ts';
import { changeBytes, join, leb, replaceRange, someLeb, truncate } from './bytes.ts';
import {
  CODE,
  type Place,
  readBodies,
  readInstructions,
  readSections,
  type Section,
  writeBodies,
  writeSections,
} from './module-parts.ts';

type Mutation = (random: Random, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

/** Picks an item and gives the list with it replaced by others. */
const change = <T>(
  random: Random,
  items: readonly T[],
  replace: (item: T, index: number) => readonly T[],
): T[] => {
  if (items.length === 0) return [];
  const at = random.below(items.length);
  return [...items.slice(0, at), ...replace(items[at]!, at), ...items.slice(at + 1)];
};

/** Doubles, removes, moves or lends an item of a list. */
const rearrange = <T>(random: Random, items: readonly T[], others: readonly T[]): T[] => {
  const pick = random.below(others.length === 0 ? 3 : 5);
  if (pick === 0) return change(random, items, (item) => [item, item]);
  if (pick === 1) return change(random, items, () => []);
  if (pick === 2) {
    const rest = [...items];
    if (rest.length === 0) return rest;
    const [moved] = rest.splice(random.below(rest.length), 1);
    rest.splice(random.below(rest.length + 1), 0, moved!);
    return rest;
  }
  const lent = random.pick(others);
  return pick === 3
    ? change(random, items, () => [lent])
    : items.length === 0
      ? [lent]
      : change(random, items, (item) => [item, lent]);
};

/** Changes the bodies of the code section; without one, the bytes. */
const inBodies = (
  random: Random,
  bytes: Uint8Array,
  other: Uint8Array,
  act: (bodies: readonly Uint8Array[]) => readonly Uint8Array[],
): Uint8Array => {
  const sections = readSections(bytes);
  const code = sections.find(({ id }) => id === CODE);
  if (code === undefined) return changeBytes(random, bytes, other);
  const changed = writeBodies(act(readBodies(code.contents)));
  return writeSections(sections.map((section) => (section === code ? changed : section)));
};

const bodiesOf = (bytes: Uint8Array): Uint8Array[] =>
  readSections(bytes).flatMap(({ id, contents }) => (id === CODE ? readBodies(contents) : []));

/** Opcodes by what stands between them: rows of the same immediates, and of the same type as well. */
const rows = instructions as readonly InstructionRow[];
const groupRows = (keyOf: (row: InstructionRow) => string): Map<string, InstructionRow[]> => {
  const groups = new Map<string, InstructionRow[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
};
const formOf = (row: InstructionRow): string => row.immediates.join();
const kindOf = (row: InstructionRow): string => `${formOf(row)} ${row.type}`;
const sameForm = groupRows(formOf);
const sameKind = groupRows(kindOf);

const opcode = ({ prefix, code }: InstructionRow): number[] =>
  prefix === 0 ? [code] : [prefix, ...leb(code)];

/** What an instruction is replaced by: bytes. */
const replaceInstruction = (
  random: Random,
  body: Uint8Array,
  place: Place,
  places: readonly Place[],
): number[] => {
  const row = rows[place.row]!;
  const own = [...body.subarray(place.start, place.end)];
  const immediates = own.slice(opcode(row).length);
  switch (random.below(8)) {
    case 0:
    case 1:
      return [...opcode(random.pick(sameKind.get(kindOf(row))!)), ...immediates];
    case 2:
      return [...opcode(random.pick(sameForm.get(formOf(row))!)), ...immediates];
    case 3:
      return [];
    case 4:
      return [...own, ...own];
    case 5: {
      const { start, end } = random.pick(places);
      return random.chance(50) ? [...body.subarray(start, end)] : [...own, ...body.subarray(start, end)];
    }
    case 6:
      if (immediates.length === 0) return [...own, ...opcode(random.pick(sameForm.get('')!))];
      return [...opcode(row), ...someLeb(random), ...immediates.slice(1)];
    default: {
      if (immediates.length === 0) return opcode(random.pick(sameKind.get(kindOf(row))!));
      const at = random.below(immediates.length);
      immediates[at] = (immediates[at]! & 0x80) | random.pick([0, 1, 2, 3, 0x3f, 0x40, 0x7e, 0x7f]);
      return [...opcode(row), ...immediates];
    }
  }
};

const instruction: Mutation = (random, bytes, other) => {
  const found = readInstructions(bytes, (count) => random.below(count));
  if (found === null || found.places.length === 0) return changeBytes(random, bytes, other);
  return inBodies(random, bytes, other, (bodies) =>
    bodies.map((body, i) => {
      if (i !== found.body) return body;
      const place = random.pick(found.places);
      return replaceRange(
        body,
        place.start,
        place.end,
        replaceInstruction(random, body, place, found.places),
      );
    }),
  );
};

const swapInstructions: Mutation = (random, bytes, other) => {
  const found = readInstructions(bytes, (count) => random.below(count));
  if (found === null || found.places.length < 3) return changeBytes(random, bytes, other);
  return inBodies(random, bytes, other, (bodies) =>
    bodies.map((body, i) => {
      if (i !== found.body) return body;
      const at = random.below(found.places.length - 1);
      const [first, second] = [found.places[at]!, found.places[at + 1]!];
      return join(
        body.subarray(0, first.start),
        body.subarray(second.start, second.end),
        body.subarray(first.start, first.end),
        body.subarray(second.end),
      );
    }),
  );
};

/** A size that is wrong, or longer than it must be. */
const wrongSize = (random: Random, { contents }: Section): number[] =>
  random.chance(40)
    ? leb(contents.length, 1 + random.below(4))
    : random.chance(60)
      ? leb(Math.max(0, contents.length + random.below(7) - 3))
      : someLeb(random);

const mutations: readonly (readonly [weight: number, mutation: Mutation])[] = [
  [20, instruction],
  [3, swapInstructions],
  [8, changeBytes],
  [1, (random, bytes) => truncate(random, bytes)],
  // Inside a section, whose size stays right.
  [
    8,
    (random, bytes, other) => {
      const sections = readSections(bytes);
      const contents = (section: Section): Uint8Array =>
        random.chance(5) ? truncate(random, section.contents) : changeBytes(random, section.contents, other);
      return writeSections(
        change(random, sections, (section) => [{ ...section, contents: contents(section) }]),
      );
    },
  ],
  [3, (random, bytes, other) => writeSections(rearrange(random, readSections(bytes), readSections(other)))],
  // A section of another module instead of one's own.
  [
    2,
    (random, bytes, other) => {
      const others = readSections(other);
      const sections = readSections(bytes);
      return writeSections(
        change(random, sections, (section) => [others.find(({ id }) => id === section.id) ?? section]),
      );
    },
  ],
  [
    2,
    (random, bytes) => {
      const sections = readSections(bytes);
      const at = random.below(sections.length + 1);
      return writeSections(sections, (section) =>
        sections.indexOf(section) === at ? wrongSize(random, section) : leb(section.contents.length),
      );
    },
  ],
  [
    1,
    (random, bytes) =>
      writeSections(
        readSections(bytes).map((s) => ({ ...s, id: random.chance(20) ? random.below(16) : s.id })),
      ),
  ],
  // Inside a body, whose size and section stay right.
  [
    5,
    (random, bytes, other) =>
      inBodies(random, bytes, other, (bodies) =>
        change(random, bodies, (body) => [changeBytes(random, body, other)]),
      ),
  ],
  [
    3,
    (random, bytes, other) =>
      inBodies(random, bytes, other, (bodies) => rearrange(random, bodies, bodiesOf(other))),
  ],
];

/** One mutation of a module; `other` lends sections and bodies. */
export const mutateModule: Mutation = (random, bytes, other) =>
  random.weighted(mutations)(random, bytes, other);
