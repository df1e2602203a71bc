/**
 * Translates the validated body of a function into internal code, in one pass.
 *
 * Fast code keeps `local.get`, constants and one comparison pending and folds them into the operation that
 * uses them; at every boundary (label, call, sized operation) all operands are in their canonical slots. Careful code
 * is the same walk with nothing pending and a `charge` before each instruction, so both have the same frame and may
 * take over from each other at any boundary. Validation is trusted; nothing is checked here.
 */
import {
  type InstructionRow,
  instructions,
  type Mnemonic,
  type MnemonicOf,
} from '../../syntax/instructions.ts';
import { MAX_CODE_WORDS, MAX_CODE_WORDS_PER_BYTE } from '../../syntax/limits.ts';
import { signatures } from '../../syntax/signatures.ts';
import {
  F32,
  F64,
  type FuncType,
  HEAP_ANY,
  HEAP_EXTERN,
  HEAP_I31,
  I32,
  I64,
  isRef,
  refType,
  type ValType,
} from '../../syntax/types.ts';
import { type CodeMap, noPlaces } from '../code/code-map.ts';
import type { CodeSpace } from '../code/code-space.ts';
import type { CodeRegion, FuncCode } from '../code/compiled-module.ts';
import { ENTRY_COST, FRAME_WORDS, HEADER_WORDS, ZERO_END, ZERO_START } from '../code/encoding.ts';
import { opOf } from '../code/isa.ts';
import { observedEvents } from '../code/observer.ts';
import { slotCountOf } from '../code/types-layout.ts';
import { entryCost } from '../fuel/schedules.ts';
import * as aggregates from './aggregates.ts';
import * as atomics from './atomics.ts';
import { type FastCode, Translation } from './body.ts';
import * as control from './control.ts';
import * as exceptions from './exceptions.ts';
import { type Lowering, lowerings } from './lowerings.ts';
import * as numeric from './numeric.ts';
import * as references from './references.ts';
import { staticSize } from './size-terms.ts';
import * as variables from './variables.ts';
import * as vectors from './vectors.ts';

/** The finished code of a function, before it has a place. Translating another one invalidates it. */
export class TranslatedCode {
  private readonly t: Translation;

  constructor(t: Translation) {
    this.t = t;
  }

  /** Words, including the header. */
  get size(): number {
    return HEADER_WORDS + this.t.writer.size;
  }

  get usesVectors(): boolean {
    return this.t.usesVectors;
  }

  /** Copies the code to its place. */
  copyTo(space: CodeSpace, start: number): CodeRegion {
    const { t } = this;
    const entry = start + HEADER_WORDS;
    t.writer.finish(space.words, entry);
    space.words[entry - ZERO_START] = t.frame.zeroStart;
    space.words[entry - ZERO_END] = t.frame.stackBase;
    space.words[entry - FRAME_WORDS] = 2 * t.code.frameSlots;
    space.words[entry - ENTRY_COST] = t.writer.firstStretchCost;
    const handlers = t.handlers.place(entry, (label) => t.writer.placeOf(label));
    return { start, entry, end: start + this.size, func: t.code, isCareful: t.isCareful, handlers };
  }

  /** Boundaries and sites. */
  map(): CodeMap {
    return this.t.writer.map();
  }
}

/**
 * Translates the body of a function.
 *
 * @param fast for careful code, the fast code that can take over; null makes fast code
 * @param isRecording whether the result has its boundaries and sites
 * @returns null for fast code that would be too large
 */
export const translate = (
  code: FuncCode,
  fast: FastCode | null,
  isRecording: boolean,
): TranslatedCode | null => {
  let t = translateBody(code, fast, isRecording, { clearsRefs: false, fuses: true });
  // Two facts are known only at the end of a body: whether it touches references, on which its first operation
  // depends, and whether it has vector operations: vector loops lack fused ones, and would be left at each.
  if (t !== null && ((t.usesRefs && !t.clearsRefs) || (t.usesVectors && t.writer.fuses)))
    t = translateBody(code, fast, isRecording, { clearsRefs: t.usesRefs, fuses: !t.usesVectors });
  return t === null ? null : new TranslatedCode(t);
};

const nowhere: FastCode = { map: noPlaces, entry: 0, chargesAll: false };

/**
 * Walks over the body of a function, and reports the stack before each reachable instruction, with all operands in
 * their canonical slots. Makes no code.
 *
 * @returns the translation at its end
 */
export const walkBody = (code: FuncCode, visit: (t: Translation) => void): Translation =>
  translateBody(code, nowhere, false, { clearsRefs: false, fuses: false }, visit)!;

/** What a translation takes from an earlier one. */
interface Findings {
  readonly clearsRefs: boolean;
  readonly fuses: boolean;
}

const translateBody = (
  code: FuncCode,
  fast: FastCode | null,
  isRecording: boolean,
  { clearsRefs, fuses }: Findings,
  visit: (t: Translation) => void = () => {},
): Translation | null => {
  const t = new Translation(code, fast, isRecording, fuses);
  const func = code.unit.module.funcs[code.index]!;
  const body = func.body!;
  const type = func.type.comp as FuncType;
  // DETERMINISM: regardless of the code that a call runs in, the fast code is made first, and decides.
  const limit =
    t.isCareful || code.unit.observer !== null
      ? Number.POSITIVE_INFINITY
      : Math.max(MAX_CODE_WORDS, MAX_CODE_WORDS_PER_BYTE * (body.end - body.start));
  t.reader.reset(body.codeStart, body.end);
  t.writer.offset = body.codeStart;
  t.controls.push({
    kind: 'func',
    label: t.writer.newLabel(),
    elseLabel: -1,
    base: 0,
    type,
    isReferenced: false,
  });
  // The entry has its own cost, so its place differs from that of the first instruction.
  t.boundary(body.start);
  t.observe(observedEvents.entered, code.index);
  t.charge(entryCost(code.unit.schedule, body.localCount, slotCountOf(type.results)));
  t.clearsRefs = clearsRefs || t.frame.hasRefs || type.results.some(isRef);
  // Clears the references of locals, and makes the reference stack long enough for the frame.
  if (t.clearsRefs) t.writer.emit(opOf.zero_refs, t.frame.zeroStart, t.frame.stackBase, code.frameSlots);
  while (t.controls.length > 0) {
    t.reader.read();
    t.writer.offset = t.reader.offset;
    visit(t);
    translateInstruction(t);
    if (t.writer.size > limit) {
      t.release();
      return null;
    }
  }
  control.finishStubs(t);
  exceptions.finishHandlers(t);
  t.release();
  return t;
};

/** The cost of the reader's current instruction, except for costs that are only known at run time. */
export const priceOf = (t: Translation): number => {
  const row = instructions[t.reader.row]!;
  return t.code.unit.schedule.cost[row.fuel] + staticSize(t, row);
};

/** Most fuel of one stretch: with one more instruction, the sum stays below 2^31. */
const MAX_RUN = 0x7f00_0000;

const translateInstruction = (t: Translation): void => {
  const row = instructions[t.reader.row]!;
  const isStopping = isStop(t, row);
  if (isStopping) {
    t.settleAll();
    t.writer.boundary(t.reader.offset);
  }
  const price = priceOf(t);
  if (t.writer.cost + price > MAX_RUN) t.splitStretch();
  t.chargeInstruction(price);
  // Calls of the host are reported where they are made.
  if (isStopping && row.fuel !== 'call') t.observe(observedEvents.before, 0);
  lower(t, row);
  // Code after a branch that may be taken runs less often.
  if (row.fuel === 'branch' && t.controls.length > 0) t.count();
};

const lower = (t: Translation, row: InstructionRow): void => {
  const lowering = rowLowerings[t.reader.row]!;
  if (typeof lowering === 'function') {
    lowering(t);
    return;
  }
  switch (lowering.kind) {
    case 'binary':
      numeric.binary(t, lowering, resultOf(t));
      break;
    case 'comparison':
      numeric.comparison(t, lowering);
      break;
    case 'unary':
      numeric.unary(t, lowering, resultOf(t));
      break;
    case 'load':
      numeric.load(t, lowering, resultOf(t));
      break;
    case 'store':
      numeric.store(t, lowering);
      break;
    case 'vector':
      vectors.instruction(t, lowering, row, resultOf(t));
      break;
    default:
      // Only the type changes: the bits stay where they are, pending or not.
      t.types[t.height - 1] = resultOf(t);
  }
};

/**
 * Whether an instruction may have to wait for fuel beyond its own cost, or for the host: before it, everything is in
 * canonical slots, and there is a boundary.
 */
const isStop = (t: Translation, { flow }: InstructionRow): boolean =>
  flow === 'stops' || (flow === 'stops-if-imported' && t.reader.index < t.code.unit.module.importedFuncCount);

/** The result type of an instruction with a fixed signature; 0 for none. */
const resultOf = (t: Translation): ValType => signatures[t.reader.row]!.results[0] ?? 0;

/** Address type of the memory that the instruction names. */
const memoryAddress = (t: Translation): ValType =>
  t.code.unit.module.memories[t.reader.index]!.limits.address;
const tableAddress = (t: Translation): ValType =>
  t.code.unit.module.tables[t.reader.index]!.type.limits.address;

type Special = (t: Translation) => void;
const atomicOps = Object.fromEntries(
  instructions.filter(({ fuel }) => fuel === 'atomic').map(({ name }) => [name, atomics.atomic]),
) as Record<MnemonicOf<'atomic'>, Special>;
/** The instructions that are not translated by tables: all that `lowerings.ts` lacks. */
const specials: Record<Exclude<Mnemonic, keyof typeof lowerings>, Special> = {
  nop: () => {},
  unreachable: (t) => control.unreachable(t),
  block: (t) => control.block(t, 'block'),
  loop: (t) => control.block(t, 'loop'),
  if: (t) => control.ifElse(t),
  else: (t) => control.else_(t),
  end: (t) => control.end(t),
  br: (t) => control.br(t),
  br_if: (t) => control.brIf(t),
  br_table: (t) => control.brTable(t),
  return: (t) => control.return_(t),
  call: (t) => control.call(t),
  call_indirect: (t) => control.callIndirect(t),
  return_call: (t) => control.returnCall(t, false),
  return_call_indirect: (t) => control.returnCall(t, true),
  throw: (t) => exceptions.throw_(t),
  throw_ref: (t) => exceptions.throwRef(t),
  try_table: (t) => exceptions.tryTable(t),
  try: (t) => exceptions.try_(t),
  catch: (t) => exceptions.catch_(t),
  catch_all: (t) => exceptions.catch_(t),
  delegate: (t) => exceptions.delegate(t),
  rethrow: (t) => exceptions.rethrow(t),
  'i64.add128': (t) => atomics.wide(t, opOf.i64_add128, 4),
  'i64.sub128': (t) => atomics.wide(t, opOf.i64_sub128, 4),
  'i64.mul_wide_s': (t) => atomics.wide(t, opOf.i64_mul_wide_s, 2),
  'i64.mul_wide_u': (t) => atomics.wide(t, opOf.i64_mul_wide_u, 2),
  ...atomicOps,
  'memory.atomic.wait32': (t) => atomics.wait(t),
  'memory.atomic.wait64': (t) => atomics.wait(t),
  drop: (t) => variables.drop(t),
  select: (t) => variables.select(t, null),
  'select t': (t) => variables.select(t, t.reader.valTypes[0]!),
  'local.get': (t) => variables.getLocal(t),
  'local.set': (t) => variables.setLocal(t, false),
  'local.tee': (t) => variables.setLocal(t, true),
  'global.get': (t) => variables.getGlobal(t),
  'global.set': (t) => variables.setGlobal(t),
  'i32.const': (t) => variables.constant(t, I32),
  'i64.const': (t) => variables.constant(t, I64),
  'f32.const': (t) => variables.constant(t, F32),
  'f64.const': (t) => variables.constant(t, F64),
  'v128.const': (t) => vectors.constant(t),
  'i32.eqz': (t) => numeric.testZero(t, false),
  'i64.eqz': (t) => numeric.testZero(t, true),
  'ref.null': (t) => variables.nullReference(t),
  'ref.is_null': (t) => t.simple(opOf.ref_is_null, 1, I32),
  'ref.func': (t) => variables.functionReference(t),
  'ref.as_non_null': (t) => references.asNonNull(t),
  'ref.eq': (t) => t.simple(opOf.ref_eq, 2, I32),
  'ref.test': (t) => references.refTest(t, false),
  'ref.test null': (t) => references.refTest(t, true),
  'ref.cast': (t) => references.refCast(t, false),
  'ref.cast null': (t) => references.refCast(t, true),
  'ref.i31': (t) => t.simple(opOf.ref_i31, 1, refType(HEAP_I31, false)),
  'i31.get_s': (t) => t.simple(opOf.i31_get_s, 1, I32),
  'i31.get_u': (t) => t.simple(opOf.i31_get_u, 1, I32),
  'any.convert_extern': (t) => references.convert(t, HEAP_ANY),
  'extern.convert_any': (t) => references.convert(t, HEAP_EXTERN),
  call_ref: (t) => references.callRef(t),
  return_call_ref: (t) => references.returnCallRef(t),
  br_on_null: (t) => references.brOnNull(t),
  br_on_non_null: (t) => references.brOnNonNull(t),
  br_on_cast: (t) => references.brOnCast(t, false),
  br_on_cast_fail: (t) => references.brOnCast(t, true),
  br_on_cast_desc_eq: (t) => references.brOnCastDescEq(t, false),
  br_on_cast_desc_eq_fail: (t) => references.brOnCastDescEq(t, true),
  'ref.get_desc': (t) => references.refGetDesc(t),
  'ref.cast_desc_eq': (t) => references.refCastDescEq(t, false),
  'ref.cast_desc_eq null': (t) => references.refCastDescEq(t, true),
  'struct.new': (t) => aggregates.structNew(t),
  'struct.new_default': (t) => aggregates.structNewDefault(t),
  'struct.new_desc': (t) => aggregates.structNewDesc(t),
  'struct.new_default_desc': (t) => aggregates.structNewDefaultDesc(t),
  'struct.get': (t) => aggregates.structGet(t, false),
  'struct.get_s': (t) => aggregates.structGet(t, false),
  'struct.get_u': (t) => aggregates.structGet(t, true),
  'struct.set': (t) => aggregates.structSet(t),
  'array.new': (t) => aggregates.arrayNew(t),
  'array.new_default': (t) => aggregates.arrayNewDefault(t),
  'array.new_fixed': (t) => aggregates.arrayNewFixed(t),
  'array.new_data': (t) => aggregates.arrayNewFrom(t, opOf.array_new_data),
  'array.new_elem': (t) => aggregates.arrayNewFrom(t, opOf.array_new_elem),
  'array.get': (t) => aggregates.arrayGet(t, false),
  'array.get_s': (t) => aggregates.arrayGet(t, false),
  'array.get_u': (t) => aggregates.arrayGet(t, true),
  'array.set': (t) => aggregates.arraySet(t),
  'array.len': (t) => t.simple(opOf.array_len, 1, I32),
  'array.fill': (t) => aggregates.arrayFill(t),
  'array.copy': (t) => aggregates.arrayCopy(t),
  'array.init_data': (t) => aggregates.arrayInit(t, opOf.array_init_data),
  'array.init_elem': (t) => aggregates.arrayInit(t, opOf.array_init_elem),
  'memory.size': (t) => t.simple(opOf.memory_size, 0, memoryAddress(t), t.reader.index),
  'memory.grow': (t) => t.sized(opOf.memory_grow, 1, memoryAddress(t), t.reader.index),
  'memory.fill': (t) => t.sized(opOf.memory_fill, 3, null, t.reader.index),
  'memory.copy': (t) => t.sized(opOf.memory_copy, 3, null, t.reader.index, t.reader.index2),
  'memory.init': (t) => t.sized(opOf.memory_init, 3, null, t.reader.index, t.reader.index2),
  'data.drop': (t) => t.simple(opOf.data_drop, 0, null, t.reader.index),
  'table.get': (t) => variables.getElement(t),
  'table.set': (t) => t.simple(opOf.table_set, 2, null, t.reader.index),
  'table.size': (t) => t.simple(opOf.table_size, 0, tableAddress(t), t.reader.index),
  'table.grow': (t) => t.sized(opOf.table_grow, 2, tableAddress(t), t.reader.index),
  'table.fill': (t) => t.sized(opOf.table_fill, 3, null, t.reader.index),
  'table.copy': (t) => t.sized(opOf.table_copy, 3, null, t.reader.index, t.reader.index2),
  'table.init': (t) => t.sized(opOf.table_init, 3, null, t.reader.index, t.reader.index2),
  'elem.drop': (t) => t.simple(opOf.elem_drop, 0, null, t.reader.index),
};

const all: Record<Mnemonic, Lowering | Special> = { ...lowerings, ...specials };
/** How each row is translated. */
export const rowLowerings: readonly (Lowering | Special)[] = instructions.map(({ name }) => all[name]);
