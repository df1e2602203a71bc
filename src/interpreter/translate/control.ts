/** Translates calls, blocks and branches. */
import { instructions } from '../../syntax/instructions.ts';
import { type FuncType, I64, isRef, slotsOf, V128, type ValType } from '../../syntax/types.ts';
import { MAX_PACKED_SLOT } from '../code/encoding.ts';
import { type CallOp, opOf } from '../code/isa.ts';
import { observedEvents } from '../code/observer.ts';
import { layoutOf, slotCountOf } from '../code/types-layout.ts';
import { type Control, is32, type Translation } from './body.ts';
import { branchOn, popCondition } from './numeric.ts';
import { CONSTANT, FEW } from './operand-stack.ts';
import { closeProtection, enterCatch, markDelegate } from './protection.ts';

export const call = (t: Translation): void => {
  const { index } = t.reader;
  const { module } = t.code.unit;
  const type = module.funcs[index]!.type.comp as FuncType;
  const isImport = index < module.importedFuncCount;
  t.settleAll();
  if (t.isCareful) t.writer.emit(opOf.stash);
  const base = t.popSettled(type.params.length);
  const entry = isImport ? 0 : t.code.unit.funcs[index]!.entry;
  const op = isImport ? opOf.call_import : entry === 0 ? opOf.call_lazy : opOf.call;
  if (base > MAX_PACKED_SLOT) finishCall(t, opOf.call_far, type, base * 2, index);
  else finishCall(t, op, type, base, entry === 0 ? index : entry);
};

/** Writes a call, and takes what it returns. */
export const finishCall = (
  t: Translation,
  op: CallOp,
  { results }: FuncType,
  ...operands: readonly number[]
): void => {
  t.writer.emit<string>(op, ...operands);
  t.endStop(results, observedEvents.back, op === opOf.call_import ? operands[1] : -1);
};

export const callIndirect = (t: Translation): void => {
  const { index, index2 } = t.reader;
  const defType = t.code.unit.module.types[index]!;
  const type = defType.comp as FuncType;
  t.settleAll();
  if (t.isCareful) t.writer.emit(opOf.stash);
  const callee = t.slots[t.pop()]!;
  const base = t.popSettled(type.params.length);
  const is64 = t.code.unit.module.tables[index2]!.type.limits.address === I64;
  const isFar = is64 || callee > MAX_PACKED_SLOT;
  if (isFar) finishCall(t, opOf.call_indirect_far, type, callee * 2, base * 2, defType.id, index2);
  else finishCall(t, opOf.call_indirect, type, callee, base, defType.id, index2);
};

/** Tail calls: operands in canonical slots; the operation moves the arguments to the start of the frame. */
export const returnCall = (t: Translation, isIndirect: boolean): void => {
  const { index, index2 } = t.reader;
  const { module } = t.code.unit;
  const defType = isIndirect ? module.types[index]! : module.funcs[index]!.type;
  const type = defType.comp as FuncType;
  t.settleAll();
  if (t.isCareful) t.writer.emit(opOf.stash);
  const callee = isIndirect ? t.slots[t.pop()]! : 0;
  const base = t.popSettled(type.params.length);
  const entry = isIndirect ? 0 : (t.code.unit.funcs[index]?.entry ?? 0);
  const isFar = index < module.importedFuncCount || base > MAX_PACKED_SLOT || type.params.some(isRef);
  const wordCount = 2 * slotCountOf(type.params);
  if (isIndirect) t.writer.emit(opOf.return_call_indirect, callee * 2, base * 2, defType.id, index2);
  else if (isFar) t.writer.emit(opOf.return_call_far, base * 2, index);
  else if (entry === 0) t.writer.emit(opOf.return_call_lazy, base, index, wordCount);
  else t.writer.emit(opOf.return_call, base, entry, wordCount);
  t.writer.endStretch();
  skipUnreachable(t);
};

export const blockType = (t: Translation): FuncType => {
  const { blockTypeIndex, valType } = t.reader;
  if (blockTypeIndex >= 0) return t.code.unit.module.types[blockTypeIndex]!.comp as FuncType;
  return { kind: 'func', params: [], results: valType === 0 ? [] : [valType] };
};

/**
 * Enters a construct: from here on its parameters have the types that it declares, since operands of a later branch
 * to a loop may have less precise types than the first ones.
 *
 * @returns the height below the parameters
 */
export const enterBlock = (t: Translation, { params }: FuncType): number => {
  const base = t.height - params.length;
  // Numbers have no other type.
  if (params.length > FEW && !layoutOf(params).hasRefs) return base;
  if (params.length > FEW) t.types.set(layoutOf(params).types, base);
  else
    params.forEach((type, i) => {
      t.types[base + i] = type;
    });
  return base;
};

export const block = (t: Translation, kind: 'block' | 'loop'): void => {
  const type = blockType(t);
  t.settleAll();
  const label = t.writer.newLabel();
  if (kind === 'loop') t.bind(label);
  t.controls.push({
    kind,
    label,
    elseLabel: -1,
    base: enterBlock(t, type),
    type,
    isReferenced: false,
  });
};

export const ifElse = (t: Translation): void => {
  const type = blockType(t);
  const condition = popCondition(t);
  t.settleAll();
  const elseLabel = t.writer.newLabel();
  branchOn(t, condition, elseLabel, false);
  const label = t.writer.newLabel();
  t.controls.push({
    kind: 'if',
    label,
    elseLabel,
    base: enterBlock(t, type),
    type,
    isReferenced: false,
  });
};

export const else_ = (t: Translation): void => {
  const control = t.controls[t.controls.length - 1]!;
  t.settleAll();
  control.isReferenced = true;
  t.writer.branch(opOf.br, control.label);
  t.writer.endStretch();
  enterElse(t, control);
};

const enterElse = (t: Translation, control: Control): void => {
  t.truncate(control.base);
  t.pushSlots(control.type.params);
  t.bind(control.elseLabel);
  control.elseLabel = -1;
};

export const end = (t: Translation): void => {
  const control = t.controls[t.controls.length - 1]!;
  if (control.kind === 'func') {
    emitReturn(t);
    t.controls.pop();
    return;
  }
  t.settleAll();
  // The results of a handler are above the exception it caught.
  if (control.kind === 'try') moveOperands(t, control);
  leave(t, control);
};

/** After the end of a construct, in reachable code. */
const leave = (t: Translation, control: Control): void => {
  closeProtection(t, control);
  t.controls.pop();
  t.truncate(control.base);
  t.pushSlots(control.type.results);
  if (control.elseLabel >= 0) {
    t.writer.separate();
    t.writer.bind(control.elseLabel);
    control.isReferenced = true;
  }
  if (control.kind !== 'loop' && control.isReferenced) t.bind(control.label);
  else if (control.elseLabel >= 0) t.boundary(t.reader.pos);
};

export const target = (t: Translation, depth: number): Control => {
  return t.controls[t.controls.length - 1 - depth]!;
};

export const labelTypes = (control: Control): readonly ValType[] =>
  control.kind === 'loop' ? control.type.params : control.type.results;

/** Whether operands must move when this branch is taken; they are in canonical slots if not. */
export const movesFor = (t: Translation, control: Control): boolean => {
  return (
    control.kind === 'func' ||
    (labelTypes(control).length > 0 && t.height - labelTypes(control).length !== control.base)
  );
};

/** The code of a taken branch: moves operands where the target expects them, and branches. */
export const emitTaken = (t: Translation, control: Control): void => {
  if (control.kind === 'func') {
    emitReturn(t);
    return;
  }
  moveOperands(t, control);
  control.isReferenced = true;
  t.writer.branch(opOf.br, control.label);
};

/** Moves operands where the label of a construct expects them. */
const moveOperands = (t: Translation, control: Control): void => {
  const types = labelTypes(control);
  let to = t.slotAt(control.base);
  if (types.length > FEW) {
    t.settleTop(types.length);
    t.moveBlock(types, to, t.slots[t.height - types.length]!);
    return;
  }
  for (let i = 0; i < types.length; i++) {
    const h = t.height - types.length + i;
    if (t.where[h] === CONSTANT) t.writeConstant(types[i]!, to, t.valueA[h]!, t.valueB[h]!);
    else t.move(types[i]!, to, t.slotOf(h));
    to += slotsOf(types[i]!);
  }
};

export const br = (t: Translation): void => {
  emitTaken(t, target(t, t.reader.index));
  t.writer.endStretch();
  skipUnreachable(t);
};

export const brIf = (t: Translation): void => {
  const control = target(t, t.reader.index);
  const condition = popCondition(t);
  t.settleTop(labelTypes(control).length);
  if (movesFor(t, control) && labelTypes(control).length > FEW) {
    branchOn(t, condition, stubOf(t, control), true);
  } else if (movesFor(t, control)) {
    t.settleAll();
    const over = t.writer.newLabel();
    branchOn(t, condition, over, false);
    emitTaken(t, control);
    t.writer.endStretch();
    t.bind(over);
  } else {
    control.isReferenced = true;
    branchOn(t, condition, control.label, true);
  }
};

/**
 * The label of the stub that moves the operands on top of the stack to a construct: one for each place of the
 * operands.
 */
const stubOf = (t: Translation, control: Control): number => {
  const types = labelTypes(control);
  const from = t.slots[t.height - types.length]!;
  control.stubs ??= new Map();
  let stub = control.stubs.get(from);
  if (stub === undefined) {
    const isReturn = control.kind === 'func';
    const to = isReturn ? 0 : t.slotAt(control.base);
    stub = { label: t.writer.newLabel(), types, from, to, target: isReturn ? null : control.label };
    control.isReferenced = true;
    control.stubs.set(from, stub);
    t.stubs.push(stub);
  }
  return stub.label;
};

/** Writes the stubs. Nothing is charged in one, so fuel cannot run out there and it needs no boundary. */
export const finishStubs = (t: Translation): void => {
  for (const { label, types, from, to, target } of t.stubs) {
    t.writer.endStretch();
    t.writer.bind(label);
    t.moveBlock(types, to, from);
    if (target === null) t.writer.emit(opOf.return_none);
    else t.writer.branch(opOf.br, target);
  }
  if (t.stubs.length > 0) t.writer.endStretch();
};

export const brTable = (t: Translation): void => {
  const { labels, labelCount } = t.reader;
  const index = t.pop();
  const a = t.slotOf(index);
  t.settleTop(labelTypes(target(t, labels[0]!)).length);
  t.writer.emit(opOf.br_table, a, labelCount - 1);
  /** Labels of the code that moves operands and branches to a construct. */
  const stubs = new Map<Control, number>();
  for (let i = 0; i < labelCount; i++) {
    const control = target(t, labels[i]!);
    if (!movesFor(t, control)) {
      control.isReferenced = true;
      t.writer.tableEntry(control.label);
      continue;
    }
    let stub = stubs.get(control);
    if (stub === undefined) {
      stub = t.writer.newLabel();
      stubs.set(control, stub);
    }
    t.writer.tableEntry(stub);
  }
  t.writer.endStretch();
  for (const [control, label] of stubs) {
    // Nothing is charged here, so fuel cannot run out at a stub and it needs no boundary.
    t.writer.bind(label);
    emitTaken(t, control);
    t.writer.endStretch();
  }
  skipUnreachable(t);
};

export const return_ = (t: Translation): void => {
  emitReturn(t);
  skipUnreachable(t);
};

const emitReturn = (t: Translation): void => {
  const { results } = t.controls[0]!.type;
  const first = t.height - results.length;
  if (results.length === 0) t.writer.emit(opOf.return_none);
  else if (results.length === 1 && results[0] === V128) {
    t.move(V128, 0, t.slotOf(first));
    t.writer.emit(opOf.return_none);
  } else if (results.length === 1) {
    const type = results[0]!;
    t.writer.emit(
      isRef(type) ? opOf.return_ref : is32(type) ? opOf.return32 : opOf.return64,
      t.slotOf(first),
    );
  } else {
    t.settleTop(results.length);
    let to = 0;
    if (results.length > FEW) t.moveBlock(results, 0, t.slots[first]!);
    else
      for (let i = 0; i < results.length; i++) {
        t.move(results[i]!, to, t.slots[first + i]!);
        to += slotsOf(results[i]!);
      }
    t.writer.emit(opOf.return_none);
  }
  t.writer.endStretch();
};

export const unreachable = (t: Translation): void => {
  t.writer.emit(opOf.unreachable);
  t.writer.endStretch();
  skipUnreachable(t);
};

/** Reads on to where code can be reached again: an `else`, or an `end` that a branch leads to. */
export const skipUnreachable = (t: Translation): void => {
  let depth = 0;
  for (;;) {
    t.reader.read();
    t.writer.offset = t.reader.offset;
    const { name, flow } = instructions[t.reader.row]!;
    if (flow === 'opens') depth++;
    else if (depth > 0) {
      if (flow === 'closes') depth--;
    } else if (name === 'else') {
      const control = t.controls[t.controls.length - 1]!;
      enterElse(t, control);
      return;
    } else if (flow === 'divides') {
      enterCatch(t);
      return;
    } else if (flow === 'closes') {
      if (name === 'delegate') markDelegate(t);
      const control = t.controls[t.controls.length - 1]!;
      if (control.kind === 'func') {
        t.controls.pop();
        return;
      }
      if (control.elseLabel >= 0 || (control.kind !== 'loop' && control.isReferenced)) {
        leave(t, control);
        return;
      }
      closeProtection(t, control);
      t.controls.pop();
    }
  }
};
