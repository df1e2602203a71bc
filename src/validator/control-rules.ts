/**
 * Typing of control instructions, calls and exceptions (spec chapter Validation/Instructions, "Control
 * Instructions"), and of the exception handling form that preceded 3.0.
 */

import type { Catch } from '../decoder/instruction-reader.ts';
import { MalformedError } from '../errors/errors.ts';
import {
  BOT,
  FUNCREF,
  type FuncType,
  HEAP_EXN,
  heapOf,
  I32,
  isNumOrVec,
  isRef,
  refType,
  type ValType,
} from '../syntax/types.ts';
import { unknownIndex } from './context.ts';
import {
  type BodyState,
  FRAME_BLOCK,
  FRAME_CATCH,
  FRAME_CATCH_ALL,
  FRAME_ELSE,
  FRAME_IF,
  FRAME_LOOP,
  FRAME_TRY,
  FRAME_TRY_TABLE,
  type ValTypes,
} from './stacks.ts';
import { descriptorOf, hierarchyOf } from './variable-rules.ts';

const none: ValTypes = [];
const singletons = new Map<ValType, ValTypes>();
const exnRef: ValTypes = [refType(HEAP_EXN, false)];

/** The type list of one value type; one array per type, so that equal lists are usually the same object. */
const singleton = (type: ValType): ValTypes => {
  // There are unboundedly many defined types.
  if (isRef(type) && heapOf(type) >= 0) return [type];
  let list = singletons.get(type);
  if (list === undefined) singletons.set(type, (list = [type]));
  return list;
};

/** The function type at a type index of the current instruction. */
export const funcTypeAt = (s: BodyState, index: number): FuncType => {
  const type = s.context.module.types[index];
  if (type === undefined) unknownIndex('invalid.unknown-type', index, s.position());
  if (type.comp.kind !== 'func') s.fail('invalid.type', 'not a function type');
  return type.comp;
};

/** Opens a construct of the current block type. @spec valid-blocktype */
const open = (s: BodyState, kind: number): void => {
  const { blockTypeIndex, valType } = s.reader;
  let params = none;
  let results = none;
  if (blockTypeIndex >= 0) {
    const type = funcTypeAt(s, blockTypeIndex);
    s.use('multi-value');
    params = type.params;
    results = type.results;
  } else if (valType !== 0) {
    results = singleton(valType);
    s.useType(valType);
  }
  if (params.length > 0) s.popAll(params);
  s.pushFrame(kind, params, results);
};

/** @spec valid-block */
export const block = (s: BodyState): void => open(s, FRAME_BLOCK);
/** @spec valid-loop */
export const loop = (s: BodyState): void => open(s, FRAME_LOOP);
/** @spec valid-if */
export const if_ = (s: BodyState): void => {
  s.pop(I32);
  open(s, FRAME_IF);
};
/** @spec valid-if */
export const else_ = (s: BodyState): void => {
  // The grammar has `else` only inside `if`, so this is not a type error.
  if (s.frameKind(0) !== FRAME_IF) throw new MalformedError('malformed.end-opcode', s.position());
  const params = s.frameParams;
  const results = s.popFrame();
  s.pushFrame(FRAME_ELSE, params, results);
};
export const end = (s: BodyState): void => {
  const params = s.frameParams;
  const kind = s.frameKind(0);
  const isIf = kind === FRAME_IF;
  const results = s.popFrame();
  dropCaught(s, kind);
  // Without `else` the parameters are the results.
  if (isIf) s.checkMatch(params, results);
  if (s.depth > 0) s.pushAll(results);
};

/** @spec valid-unreachable */
export const unreachable = (s: BodyState): void => s.setPolymorphic();
/** @spec valid-br */
export const br = (s: BodyState): void => {
  s.popAll(s.labelTypes(s.reader.index));
  s.setPolymorphic();
};
/** @spec valid-br_if */
export const br_if = (s: BodyState): void => {
  s.pop(I32);
  const types = s.labelTypes(s.reader.index);
  if (types.length === 0) return;
  s.popAll(types);
  s.pushAll(types);
};
/** @spec valid-br_table */
export const br_table = (s: BodyState): void => {
  const { labels, labelCount } = s.reader;
  s.pop(I32);
  const last = s.labelTypes(labels[labelCount - 1]! >>> 0);
  s.beginChecks();
  let previous: ValTypes | null = null;
  for (let i = 0; i < labelCount; i++) {
    const label = labels[i]! >>> 0;
    if (s.isChecked(label)) continue;
    const types = s.labelTypes(label);
    if (types === previous) continue;
    if (types.length !== last.length) s.fail('invalid.type', 'labels of different arity');
    s.check(types);
    previous = types;
  }
  s.setPolymorphic();
};
/** @spec valid-return */
export const return_ = (s: BodyState): void => {
  s.popAll(s.results);
  s.setPolymorphic();
};

const apply = (s: BodyState, type: FuncType): void => {
  s.popAll(type.params);
  s.pushAll(type.results);
};
const applyTail = (s: BodyState, type: FuncType): void => {
  s.popAll(type.params);
  s.checkMatch(type.results, s.results);
  s.setPolymorphic();
};
const callee = (s: BodyState): FuncType => {
  const { index } = s.reader;
  if (index >= s.context.module.funcs.length) unknownIndex('invalid.unknown-function', index, s.position());
  return s.context.funcType(index);
};
/** Pops the table index of an indirect call. */
const indirectCallee = (s: BodyState): FuncType => {
  const { index, index2 } = s.reader;
  const table = s.context.module.tables[index2]?.type;
  if (table === undefined) unknownIndex('invalid.unknown-table', index2, s.position());
  if (index2 > 0) s.use('reference-types');
  if (!s.matches(table.element, FUNCREF)) s.fail('invalid.type', 'table does not hold functions');
  const type = funcTypeAt(s, index);
  s.pop(table.limits.address);
  return type;
};
/** Pops the function reference of a call by reference. */
const referencedCallee = (s: BodyState): FuncType => {
  const type = funcTypeAt(s, s.reader.index);
  s.pop(refType(s.context.module.types[s.reader.index]!.id, true));
  return type;
};

/** @spec valid-call */
export const call = (s: BodyState): void => apply(s, callee(s));
/** @spec valid-call_indirect */
export const call_indirect = (s: BodyState): void => apply(s, indirectCallee(s));
/** @spec valid-call_ref */
export const call_ref = (s: BodyState): void => apply(s, referencedCallee(s));
/** @spec valid-return_call */
export const return_call = (s: BodyState): void => applyTail(s, callee(s));
/** @spec valid-return_call_indirect */
export const return_call_indirect = (s: BodyState): void => applyTail(s, indirectCallee(s));
/** @spec valid-return_call_ref */
export const return_call_ref = (s: BodyState): void => applyTail(s, referencedCallee(s));

/** @spec valid-drop */
export const drop = (s: BodyState): void => {
  s.popAny();
};
/** @spec valid-select */
export const select = (s: BodyState): void => {
  s.pop(I32);
  const a = s.popAny();
  const b = s.popAny();
  const isPlain = (t: ValType): boolean => t === BOT || isNumOrVec(t);
  if (!isPlain(a) || !isPlain(b)) s.fail('invalid.type', 'select without a type needs numbers or vectors');
  if (a !== b && a !== BOT && b !== BOT) s.fail('invalid.type', 'operands of select differ');
  s.push(a === BOT ? b : a);
};
/** @spec valid-select */
export const select_t = (s: BodyState): void => {
  const { valTypes } = s.reader;
  if (valTypes.length !== 1) s.fail('invalid.result-arity');
  const type = valTypes[0]!;
  s.useType(type);
  s.pop(I32);
  s.pop(type);
  s.pop(type);
  s.push(type);
};

const tagParams = (s: BodyState, index: number): ValTypes => {
  const tag = s.context.module.tags[index];
  if (tag === undefined) unknownIndex('invalid.unknown-tag', index, s.position());
  return (tag.type.comp as FuncType).params;
};
/** @spec valid-throw */
export const throw_ = (s: BodyState): void => {
  s.popAll(tagParams(s, s.reader.index));
  s.setPolymorphic();
};
/** @spec valid-throw_ref */
export const throw_ref = (s: BodyState): void => {
  s.pop(refType(HEAP_EXN, true));
  s.setPolymorphic();
};
/** @spec valid-catch */
const checkCatch = (s: BodyState, clause: Catch): void => {
  const params = clause.tag === null ? none : tagParams(s, clause.tag);
  const operands = clause.withRef ? [...params, ...exnRef] : params;
  s.checkMatch(operands, s.labelTypes(clause.label));
};
/** @spec valid-try_table */
export const try_table = (s: BodyState): void => {
  for (const clause of s.reader.catches) checkCatch(s, clause);
  open(s, FRAME_TRY_TABLE);
};

/** Legacy `try`: its handlers are part of the construct. */
export const try_ = (s: BodyState): void => open(s, FRAME_TRY);
const handler = (s: BodyState, kind: number, params: ValTypes): void => {
  const current = s.frameKind(0);
  if (current !== FRAME_TRY && current !== FRAME_CATCH)
    throw new MalformedError('malformed.end-opcode', s.position());
  const results = s.popFrame();
  dropCaught(s, current);
  // The engine keeps the caught exception below the operands of the handler; it is part of the frame.
  s.push(exnRef[0]!);
  s.pushFrame(kind, params, results);
};
/** Removes the exception below the operands of a handler that has ended. */
const dropCaught = (s: BodyState, kind: number): void => {
  if (kind === FRAME_CATCH || kind === FRAME_CATCH_ALL) s.height--;
};
export const catch_ = (s: BodyState): void => handler(s, FRAME_CATCH, tagParams(s, s.reader.index));
export const catch_all = (s: BodyState): void => handler(s, FRAME_CATCH_ALL, none);
export const delegate = (s: BodyState): void => {
  if (s.frameKind(0) !== FRAME_TRY) throw new MalformedError('malformed.end-opcode', s.position());
  const results = s.popFrame();
  s.labelTypes(s.reader.index);
  s.pushAll(results);
};
export const rethrow = (s: BodyState): void => {
  const { index } = s.reader;
  s.labelTypes(index);
  const kind = s.frameKind(index);
  if (kind !== FRAME_CATCH && kind !== FRAME_CATCH_ALL) s.fail('invalid.rethrow-label');
  s.setPolymorphic();
};

/** Pops a reference and returns its non-null form. */
const popNonNull = (s: BodyState): ValType => refType(heapOf(s.popRef()), false);

/** @spec valid-br_on_null */
export const br_on_null = (s: BodyState): void => {
  const reference = popNonNull(s);
  const types = s.labelTypes(s.reader.index);
  s.popAll(types);
  s.pushAll(types);
  s.push(reference);
};
/** @spec valid-br_on_non_null */
export const br_on_non_null = (s: BodyState): void => {
  const types = s.labelTypes(s.reader.index);
  const last = types[types.length - 1];
  if (last === undefined || !isRef(last)) s.fail('invalid.type', 'label does not take a reference');
  s.push(popNonNull(s));
  s.popAll(types);
  s.pushAll(types.slice(0, -1));
};

interface CastTypes {
  readonly from: ValType;
  readonly to: ValType;
  /** The type after a failed cast: nullable only if the target is not. */
  readonly rest: ValType;
}
const castTypes = (s: BodyState): CastTypes => {
  const { heapType, heapType2, isNullable, isNullable2 } = s.reader;
  const from = refType(heapType, isNullable);
  const to = refType(heapType2, isNullable2);
  s.useType(from);
  s.useType(to);
  return { from, to, rest: refType(heapType, isNullable && !isNullable2) };
};
/** Custom descriptors relaxes the rule of 3.0: the two types only need a common hierarchy. */
const checkHierarchy = (s: BodyState, { from, to }: CastTypes): void => {
  if (hierarchyOf(s, from) !== hierarchyOf(s, to))
    s.fail('invalid.type', 'source and target of a cast have no common supertype');
};
const checkCast = (s: BodyState, types: CastTypes): void => {
  if (s.context.features.has('custom-descriptors')) checkHierarchy(s, types);
  else if (!s.matches(types.to, types.from)) s.fail('invalid.type', 'target of a cast must be a subtype');
};
const branchOnCast = (s: BodyState, from: ValType, taken: ValType, kept: ValType): void => {
  const types = s.labelTypes(s.reader.index);
  const last = types[types.length - 1];
  if (last === undefined || !s.matches(taken, last))
    s.fail('invalid.type', 'label does not take the reference');
  const others = types.slice(0, -1);
  s.pop(from);
  s.popAll(others);
  s.pushAll(others);
  s.push(kept);
};
/** @spec valid-br_on_cast */
export const br_on_cast = (s: BodyState): void => {
  const types = castTypes(s);
  checkCast(s, types);
  branchOnCast(s, types.from, types.to, types.rest);
};
/** @spec valid-br_on_cast_fail */
export const br_on_cast_fail = (s: BodyState): void => {
  const types = castTypes(s);
  checkCast(s, types);
  branchOnCast(s, types.from, types.rest, types.to);
};
/** Custom descriptors, "New Instructions": as above, with the descriptor on top. */
const descriptorCastTypes = (s: BodyState): CastTypes => {
  const types = castTypes(s);
  checkHierarchy(s, types);
  s.pop(descriptorOf(s, s.reader.heapType2));
  return types;
};
export const br_on_cast_desc_eq = (s: BodyState): void => {
  const { from, to, rest } = descriptorCastTypes(s);
  branchOnCast(s, from, to, rest);
};
export const br_on_cast_desc_eq_fail = (s: BodyState): void => {
  const { from, to, rest } = descriptorCastTypes(s);
  branchOnCast(s, from, rest, to);
};
