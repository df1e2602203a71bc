/** Generates a function: instruction by instruction, then fuel, then text. */
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import { slotCountOf } from '../interpreter/code/types-layout.ts';
import { entryCost, valuesCost } from '../interpreter/fuel/schedules.ts';
import { blockType } from '../interpreter/translate/control.ts';
import { sizeTerms } from '../interpreter/translate/size-terms.ts';
import { walkBody } from '../interpreter/translate/translate.ts';
import { instructions, type Mnemonic } from '../syntax/instructions.ts';
import type { FuncType, ValType } from '../syntax/types.ts';
import { call, callIndirect, distance, frameWords } from './calls.ts';
import * as control from './control.ts';
import { cut } from './cutting.ts';
import { ExitWriter } from './exit-writer.ts';
import { type Control, Generator, isNumeric, NotCompiled } from './generator.ts';
import { i64Rules } from './int64.ts';
import { offsetComment } from './listing.ts';
import { memoryRules } from './memory.ts';
import { conversionRules, f32Rules, f64Rules, i32Rules, type Rule } from './numeric.ts';
import type { LoopRange } from './part.ts';
import { type FrameValue, print } from './printer.ts';
import type { CompiledFunction } from './scope.ts';
import { CHARACTERS, complete, type Steps } from './steps.ts';
import { FRAME_WORDS, HELD_PER_WORD, type Target } from './target.ts';
import { placeTests } from './tests-of-fuel.ts';
import { type Mark, remaining } from './tree.ts';
import { variableRules } from './variables.ts';

/** Instructions that the interpreter always executes; the rest of their function is compiled. */
const left = [
  'unreachable',
  'memory.grow',
  'memory.init',
  'data.drop',
  'elem.drop',
  'table.size',
  'return_call',
  'return_call_indirect',
  'throw',
] as const satisfies readonly Mnemonic[];

const rules: Partial<Record<Mnemonic, Rule>> = {
  ...variableRules,
  ...i32Rules,
  ...i64Rules,
  ...f32Rules,
  ...f64Rules,
  ...conversionRules,
  ...memoryRules,
  ...Object.fromEntries(left.map((name) => [name, control.leaveHere])),
  block: control.block,
  try_table: control.tryTable,
  loop: control.loop,
  if: control.ifElse,
  else: control.else_,
  end: control.end,
  br: control.br,
  br_if: control.brIf,
  br_table: control.brTable,
  return: control.return_,
  call,
  call_indirect: callIndirect,
};

/** By row of the instruction table; a function with an instruction that has no rule stays with the interpreter. */
const ruleOf: readonly (Rule | undefined)[] = instructions.map(({ name }) => rules[name]);
/** Whether the price of an instruction depends on the operands of its label. */
const labelTerm: readonly boolean[] = instructions.map(({ name }) => {
  const term = (sizeTerms as Partial<Record<Mnemonic, unknown>>)[name];
  return term === 'label' || term === 'labels';
});

/** The JavaScript of a function, or of one of its loops. */
export interface GeneratedFunction extends CompiledFunction {
  /** Replaced by equal text that is part of another. */
  text: string;
  /** Functions of the module that it calls by name. */
  readonly callees: readonly number[];
}

/** Frames with more slots stay with the interpreter: exits name all of them. */
const MAX_FRAME_SLOTS = 1024;
/**
 * Larger functions stay with the interpreter: walking over one, or evaluating its text, is a step that cannot be
 * divided.
 */
const MAX_BYTES = 2 ** 17;
/** As much as V8 reads in 20 ms. */
const MAX_CHARACTERS = 2 ** 20;

/** Instructions of a step. */
const STEP = 512;
/** Walking a statement takes as long as reading this many instructions. */
const WALK_SHARE = 4;

/**
 * Generates a function from its validated body.
 *
 * @returns null for one that stays with the interpreter
 */
export const generateFunction = (unit: CodeUnit, index: number, target: Target): GeneratedFunction | null =>
  complete(functionSteps(unit, index, target));

/** The same in steps. */
export const functionSteps = (
  unit: CodeUnit,
  index: number,
  target: Target,
): Steps<GeneratedFunction | null> =>
  attempt(unit, index, () => {
    const g = new Generator(unit, index, target, false);
    const { body, reader, type } = g;
    reader.reset(body.codeStart, body.end);
    control.openFunction(g);
    const start = g.mark();
    const exit = g.newExit(-1, start, []);
    g.charge(entryCost(unit.schedule, body.localCount, slotCountOf(type.results)));
    return generate(g, index, start, exit, []);
  });

/**
 * Generates a loop of a function, to be entered while the interpreter runs the function: it reads the frame when it
 * begins, and is left at its end as at any other place.
 *
 * @param id its number among the functions of the unit and their loops
 */
export const loopSteps = (
  unit: CodeUnit,
  index: number,
  { offset, surroundings }: LoopPlace,
  id: number,
  target: Target,
): Steps<GeneratedFunction | null> =>
  attempt(unit, index, () => {
    const g = new Generator(unit, index, target, true);
    const { body, reader } = g;
    const { controls, params, baseSlots } = surroundings;
    for (const { kind, type } of controls) control.openOutside(g, kind, type);
    g.baseSlots = baseSlots;
    if (!params.every(isNumeric)) throw new NotCompiled();
    const start = g.mark();
    const exit = g.newExit(-1, start, []);
    // The operands that the loop takes are in the frame.
    const read: FrameValue[] = [];
    for (const type of params) {
      const to = g.freshVariable(type);
      read.push({ operand: to, slot: baseSlots + read.length });
      g.push(to);
    }
    reader.reset(offset, body.end);
    return generate(g, id, start, exit, read);
  });

function* attempt(
  unit: CodeUnit,
  index: number,
  make: () => Steps<GeneratedFunction>,
): Steps<GeneratedFunction | null> {
  if (unit.funcs[index]!.frameSlots > MAX_FRAME_SLOTS || isLarge(unit, index)) return null;
  try {
    return yield* make();
  } catch (error) {
    if (error instanceof NotCompiled) return null;
    throw error;
  }
}

const isLarge = ({ module }: CodeUnit, index: number): boolean => {
  const { codeStart, end } = module.funcs[index]!.body!;
  return end - codeStart > MAX_BYTES;
};

/** The surroundings of a loop: constructs, types of its parameters, and slots before these. */
interface Surroundings {
  readonly controls: readonly { readonly kind: Control['kind']; readonly type: FuncType }[];
  readonly params: readonly ValType[];
  readonly baseSlots: number;
}

/** A loop of a body. */
export interface LoopPlace extends LoopRange {
  end: number;
  readonly surroundings: Surroundings;
}

/** The loops of a body in the order of their offsets, except those that cannot be reached or compiled. */
export const loopsOf = (code: FuncCode): LoopPlace[] => {
  if (isLarge(code.unit, code.index)) return [];
  const loops: LoopPlace[] = [];
  const open: LoopPlace[] = [];
  const { end } = code.unit.module.funcs[code.index]!.body!;
  walkBody(code, (t) => {
    const { controls, reader } = t;
    while (open.length > 0 && open[open.length - 1]!.surroundings.controls.length >= controls.length)
      open.pop()!.end = reader.offset;
    if (instructions[reader.row]!.name !== 'loop') return;
    const around: { kind: Control['kind']; type: FuncType }[] = [];
    for (const { kind, type } of controls) {
      if (kind === 'try') return;
      around.push({ kind, type });
    }
    const { params } = blockType(t);
    const surroundings = { controls: around, params, baseSlots: t.slotAt(t.height - params.length) };
    const loop = { offset: reader.offset, head: reader.pos, end, surroundings };
    open.push(loop);
    loops.push(loop);
  });
  return loops;
};

/** Generates up to the end of the outermost construct. */
function* generate(
  g: Generator,
  id: number,
  start: Mark,
  exit: number,
  read: readonly FrameValue[],
): Steps<GeneratedFunction> {
  const { reader, unit } = g;
  const { schedule } = unit;
  const pay = g.pay('entry', null, start, exit);
  const outside = g.isRegion ? g.controls.length : 0;
  const first = g.isRegion ? reader.pos : -1;
  let count = 0;
  do {
    if (++count % STEP === 0) yield STEP;
    reader.read();
    g.begin(reader.offset);
    // The head of a loop executes nothing: leaving there would lead back there.
    if (g.target.chance !== null && g.isAtBoundary && g.reader.offset !== first)
      g.text(`if(chance())X(${g.exit})`);
    const row = instructions[reader.row]!;
    const rule = ruleOf[reader.row];
    if (rule === undefined) throw new NotCompiled();
    g.charge(schedule.cost[row.fuel]);
    if (labelTerm[reader.row]) {
      const label = control.target(g, row.name === 'br_table' ? reader.labels[0]! : reader.index);
      g.charge(valuesCost(schedule, slotCountOf(control.labelTypes(label))));
    }
    const { list } = g;
    const { length } = list;
    const { offset } = reader;
    rule(g);
    if (g.target.showsOffsets && list.length > length)
      list.splice(length, 0, { kind: 'text', text: offsetComment(offset), reads: [], writes: [] });
  } while (g.controls.length > outside);
  const walk = Math.ceil(count / WALK_SHARE);
  yield (count % STEP) + walk;
  placeTests(g.root);
  yield walk;
  const words = yield* cutUp(g, walk);
  yield walk;
  return yield* finish(g, id, pay.need, read, words, walk);
}

function* finish(
  g: Generator,
  id: number,
  entryNeed: number,
  read: readonly FrameValue[],
  words: number,
  walk: number,
): Steps<GeneratedFunction> {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    let number = numbers.get(name);
    if (number === undefined) {
      number = names.length;
      numbers.set(name, number);
      names.push(name);
    }
    return number;
  };
  const writer = new ExitWriter(g.exits.length, numberOf);
  for (const { offset, mark, operands, front } of g.exits)
    writer.add(
      {
        offset,
        remaining: remaining(mark),
        front,
        distance: front > 0 ? distance(g.baseSlots, operands) : 0,
      },
      operands,
      g.baseSlots,
    );
  const locals = g.locals.map((_, slot) => g.local(slot));
  const begun = g.isRegion ? locals : locals.slice(0, g.type.params.length);
  const exits = writer.finish(locals, [...begun.map((operand, slot) => ({ operand, slot })), ...read]);
  const frame = frameWords(g) + words;
  if (names.length + FRAME_WORDS > HELD_PER_WORD * frame) throw new NotCompiled();
  yield walk;
  const printed = print(g, id, names, read, frame);
  if (printed.text.length > MAX_CHARACTERS) throw new NotCompiled();
  yield printed.text.length / CHARACTERS;
  return {
    index: g.index,
    id,
    isLoop: g.isRegion,
    callees: [...g.callees],
    ...printed,
    exits,
    frameWords: frame,
    entryNeed,
  };
}

/** Cuts a function that is too large; words of the JavaScript stack that its pieces need. */
function* cutUp(g: Generator, walk: number): Steps<number> {
  const { hasJit, sizes } = g.target;
  if (!hasJit || g.hasHandlers) return 0;
  const cutting = cut(g.root, g.names, Math.max(g.names.room, ...g.variables) + 1, sizes);
  for (;;) {
    const { done, value } = cutting.next();
    if (!done) {
      yield walk * value;
      continue;
    }
    if (value === null) throw new NotCompiled();
    g.isCut = value > 0;
    return value;
  }
}
