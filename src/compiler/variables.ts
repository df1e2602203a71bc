/** Generates locals, globals, constants and moves of operands. */
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../interpreter/numerics/floats.ts';
import { F32, F64, I32, I64 } from '../syntax/types.ts';
import { leaveHere } from './control.ts';
import { type Generator, isNumeric, NotCompiled } from './generator.ts';
import type { Rule } from './numeric.ts';
import { condition, exact, floatConstant, i32Constant, i64Constant, isFloat, Operand } from './operand.ts';

const getLocal: Rule = (g) => g.push(g.local(g.reader.index));

const setLocal =
  (isTee: boolean): Rule =>
  (g) => {
    const { index } = g.reader;
    const to = g.local(index);
    let value = g.popArithmetic();
    g.settleAll(value);
    g.settleLocal(index, value);
    if (isFloat(to.type)) {
      if (value.local >= 0 && value.local !== index) g.rawLocals.add(value.local);
      if (value.nanExit !== 0)
        g.list.push({
          kind: 'set-float',
          local: index,
          name: to.text,
          text: value.text,
          checked: g.nanCheck(value),
          reads: g.reading(value.reads, g.nanCheck(value)),
          writes: to.reads,
        });
      else if (value.text !== to.text) g.set(to, value.text, value);
    } else {
      if (value.type === I64 && value.reads.includes(to.reads[0]!) && !value.isSimple)
        value = g.simple(value);
      g.assign(to, value);
    }
    if (isTee) g.push(to);
  };

/** The place of a numeric global: in the words of the instance, or in a separate view. */
const globalAt = (
  g: Generator,
  index: number,
): { readonly type: number; readonly text: string; readonly high: string } => {
  const global = g.module.globals[index]!;
  const { type } = global.type;
  if (!isNumeric(type)) throw new NotCompiled();
  const isOwn = global.init !== null;
  const offset = isOwn ? g.unit.globalOffsets[index]! : 0;
  const suffix = isOwn ? '' : String(index);
  const array = type === F32 ? 'GF' : type === F64 ? 'GD' : 'G';
  const at = type === F64 ? offset / 2 : offset;
  return { type, text: `${array}${suffix}[${at}]`, high: `${array}${suffix}[${at + 1}]` };
};

const getGlobal: Rule = (g) => {
  const { type, text, high } = globalAt(g, g.reader.index);
  if (type === I64) {
    g.settleAll();
    const to = g.freshVariable(I64);
    g.set(to, text);
    g.setHigh(to, high);
    g.push(to);
    return;
  }
  g.push(new Operand(type, text, { nanExit: isFloat(type) ? g.exit : 0, mayTrap: isFloat(type) }));
};
const setGlobal: Rule = (g) => {
  const { type, text, high } = globalAt(g, g.reader.index);
  let value = g.pop();
  if (type !== I32) value = g.simple(value);
  g.settleAll(value);
  g.text(`${text}=${exact(value)}`, value.reads);
  if (type === I64) g.text(`${high}=${value.high}`, value.reads);
  if (isFloat(type)) {
    const index = g.reader.index;
    const isOwn = g.module.globals[index]!.init !== null;
    const words = isOwn ? 'G' : `G${index}`;
    const offset = isOwn ? g.unit.globalOffsets[index]! : 0;
    const bits =
      type === F32
        ? `${words}[${offset}]=${CANONICAL_NAN_32}`
        : `(${words}[${offset}]=0,${words}[${offset + 1}]=${CANONICAL_NAN_64_HIGH})`;
    g.text(`${value.text}===${value.text}||(${bits})`, value.reads);
  }
};

const drop: Rule = (g) => {
  const value = g.popArithmetic();
  // It might trap.
  if (!value.mayTrap) return;
  g.settleAll(value);
  g.text(exact(value), value.reads);
};

const select: Rule = (g) => {
  let test = g.pop();
  let b = g.pop();
  let a = g.pop();
  // Only one of them is evaluated: an operand that might trap must be evaluated before.
  if (a.mayTrap || a.type === I64) a = g.simple(a, b, test);
  if (b.mayTrap || b.type === I64) b = g.simple(b, a, test);
  if (a.type === I64) test = g.simple(test, a, b);
  const reads = [...a.reads, ...b.reads, ...test.reads];
  const text = condition(test);
  if (a.type !== I64) {
    g.push(
      new Operand(a.type, `(${text}?${exact(a)}:${exact(b)})`, {
        reads,
        mayTrap: test.mayTrap,
        isNatural: a.isNatural && b.isNatural,
      }),
    );
    return;
  }
  const high = a.high === b.high ? a.high : `(${text}?${a.high}:${b.high})`;
  const constantHigh = a.constantHigh === b.constantHigh ? a.constantHigh : null;
  g.push(new Operand(I64, `(${text}?${a.text}:${b.text})`, { high, constantHigh, reads }));
};

const float =
  (type: number): Rule =>
  (g) => {
    const constant = floatConstant(type, g.reader.lo, g.reader.hi);
    if (constant === null) leaveHere(g);
    else g.push(constant);
  };

export const variableRules = {
  nop: () => {},
  drop,
  select,
  'select t': select,
  'local.get': getLocal,
  'local.set': setLocal(false),
  'local.tee': setLocal(true),
  'global.get': getGlobal,
  'global.set': setGlobal,
  'i32.const': (g) => g.push(i32Constant(g.reader.lo)),
  'i64.const': (g) => g.push(i64Constant(g.reader.lo, g.reader.hi)),
  'f32.const': float(F32),
  'f64.const': float(F64),
} as const satisfies Readonly<Record<string, Rule>>;
