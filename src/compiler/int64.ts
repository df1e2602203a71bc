/** i64 as pairs of 32-bit numbers, by mnemonic. */
import { I32, I64 } from '../syntax/types.ts';
import type { Generator } from './generator.ts';
import type { Rule } from './numeric.ts';
import { i64Constant, literal, Operand, readsOf } from './operand.ts';

const pop2 = (g: Generator): [Operand, Operand] => {
  const b = g.pop();
  const a = g.pop();
  return [a, b];
};
const simple2 = (g: Generator): [Operand, Operand] => g.simple2(...pop2(g));
const word = (a: Operand): string => (a.constant === null ? `(${a.text}>>>0)` : String(a.constant >>> 0));
const highWord = (a: Operand): string =>
  a.constantHigh === null ? `(${a.high}>>>0)` : String(a.constantHigh >>> 0);

const pair = (
  g: Generator,
  low: string,
  high: string,
  a: Operand,
  b: Operand,
  constantHigh: number | null = null,
): void =>
  g.push(
    new Operand(I64, low, { high, constantHigh, mayTrap: a.mayTrap || b.mayTrap, reads: readsOf(a, b) }),
  );
const test = (g: Generator, text: string, a: Operand, b: Operand): void =>
  g.push(
    new Operand(I32, text, {
      form: 'boolean',
      isNatural: true,
      mayTrap: a.mayTrap || b.mayTrap,
      reads: readsOf(a, b),
    }),
  );

const add: Rule = (g) => {
  const [a, b] = simple2(g);
  const carry = `((${a.text}+${b.text}>>>0)<${word(b)}|0)`;
  const parts = [a, b].filter(({ constantHigh }) => constantHigh !== 0).map(({ high }) => high);
  pair(g, `(${a.text}+${b.text}|0)`, parts.length === 0 ? carry : `(${[...parts, carry].join('+')}|0)`, a, b);
};
const sub: Rule = (g) => {
  const [a, b] = simple2(g);
  const borrow = `(${word(a)}<${word(b)}|0)`;
  const high = b.constantHigh === 0 ? a.high : `${a.high}-${b.high}`;
  pair(g, `(${a.text}-${b.text}|0)`, `(${high}-${borrow}|0)`, a, b);
};
/** The low words' product as a double gives the high word exactly once its own low word is subtracted. */
const multiply: Rule = (g) => {
  const [a, b] = simple2(g);
  g.settleAll(a, b);
  const to = g.freshVariable(I64, a, b);
  g.set(to, `imul(${a.text},${b.text})`, a, b);
  const parts = [`((${word(a)}*${word(b)}-(${to.text}>>>0))*2.3283064365386963e-10+.5|0)`];
  if (b.constantHigh !== 0) parts.push(`imul(${a.text},${b.high})`);
  if (a.constantHigh !== 0) parts.push(`imul(${a.high},${b.text})`);
  g.setHigh(to, `${parts.join('+')}|0`, to, a, b);
  g.push(to);
};
/** By a helper that returns the low word; it leaves if the instruction traps. */
const divide =
  (helper: string): Rule =>
  (g) => {
    const [a, b] = simple2(g);
    g.settleAll(a, b);
    const to = g.freshVariable(I64, a, b);
    g.set(to, `${helper}(${a.text},${a.high},${b.text},${b.high},${g.exit})`, a, b);
    g.setHigh(to, g.target.helperHigh);
    g.push(to);
  };

type Word = readonly [text: string, constant: number | null];
const bitwise =
  (operator: '&' | '|' | '^'): Rule =>
  (g) => {
    const [a, b] = pop2(g);
    const combine = ([x, kx]: Word, [y, ky]: Word): Word => {
      if (kx !== null && ky !== null) {
        const value = operator === '&' ? kx & ky : operator === '|' ? kx | ky : kx ^ ky;
        return [literal(value), value];
      }
      if (operator === '&') {
        // An omitted operand must not be able to leave: otherwise it would have to be evaluated anyway.
        if (kx === 0 && !b.mayTrap) return ['0', 0];
        if (ky === 0 && !a.mayTrap) return ['0', 0];
        if (kx === -1) return [y, null];
        if (ky === -1) return [x, null];
      } else {
        if (kx === 0) return [y, null];
        if (ky === 0) return [x, null];
      }
      return [`(${x}${operator}${y})`, null];
    };
    const [low, constant] = combine([a.text, a.constant], [b.text, b.constant]);
    const [high, constantHigh] = combine([a.high, a.constantHigh], [b.high, b.constantHigh]);
    if (constant !== null && constantHigh !== null) g.push(i64Constant(constant, constantHigh));
    else pair(g, low, high, a, b, constantHigh);
  };

const shift =
  (operator: 'shl' | 'shr_s' | 'shr_u'): Rule =>
  (g) => {
    let [a, b] = pop2(g);
    if (b.constant !== null) {
      a = g.simple(a);
      const n = b.constant & 63;
      if (n === 0) g.push(a);
      else shiftBy(g, operator, a, n);
      return;
    }
    [a, b] = g.simple2(a, b);
    g.settleAll(a, b);
    const to = g.freshVariable(I64, a, b);
    const [x, y, n, lo, hi] = [a.text, a.high, b.text, to.text, to.high];
    // PERF: both branches for a shift by 32 or more are cheaper than a helper.
    const text =
      operator === 'shl'
        ? `if(${n}&32){${hi}=${x}<<${n};${lo}=0}else{${hi}=${y}<<${n}|${x}>>>1>>>~${n};${lo}=${x}<<${n}}`
        : operator === 'shr_s'
          ? `if(${n}&32){${lo}=${y}>>${n};${hi}=${y}>>31}else{${lo}=${x}>>>${n}|${y}<<1<<~${n};${hi}=${y}>>${n}}`
          : `if(${n}&32){${lo}=${y}>>>${n}|0;${hi}=0}else{${lo}=${x}>>>${n}|${y}<<1<<~${n};${hi}=${y}>>>${n}|0}`;
    g.text(text, readsOf(a, b), to.reads);
    g.push(to);
  };

const shiftBy = (g: Generator, operator: 'shl' | 'shr_s' | 'shr_u', a: Operand, n: number): void => {
  const { text: x, high: y } = a;
  const m = n & 31;
  if (operator === 'shl') {
    if (n >= 32) g.push(new Operand(I64, '0', { high: m === 0 ? x : `(${x}<<${m})`, reads: a.reads }));
    else pair(g, `(${x}<<${n})`, `(${a.constantHigh === 0 ? '' : `${y}<<${n}|`}${x}>>>${32 - n})`, a, a);
    return;
  }
  const isSigned = operator === 'shr_s';
  if (a.constantHigh === 0) {
    if (n >= 32) g.push(i64Constant(0, 0));
    else pair(g, `(${x}>>>${n})`, '0', a, a, 0);
  } else if (n >= 32) {
    const low = m === 0 ? y : isSigned ? `(${y}>>${m})` : `(${y}>>>${m})`;
    if (isSigned) pair(g, low, `(${y}>>31)`, a, a);
    else pair(g, low, '0', a, a, 0);
  } else {
    const high = isSigned ? `(${y}>>${n})` : `(${y}>>>${n})`;
    pair(g, `(${x}>>>${n}|${y}<<${32 - n})`, high, a, a);
  }
};

const rotate =
  (isLeft: boolean): Rule =>
  (g) => {
    const [a, b] = simple2(g);
    if (b.constant === null) {
      g.settleAll(a, b);
      const to = g.freshVariable(I64, a, b);
      g.set(to, `rotate64(${a.text},${a.high},${isLeft ? b.text : `64-${b.text}`})`, a, b);
      g.setHigh(to, g.target.helperHigh);
      g.push(to);
      return;
    }
    const n = (isLeft ? b.constant : 64 - b.constant) & 63;
    const m = n & 31;
    const [x, y] = n >= 32 ? [a.high, a.text] : [a.text, a.high];
    if (m === 0) pair(g, x, y, a, a);
    else pair(g, `(${x}<<${m}|${y}>>>${32 - m})`, `(${y}<<${m}|${x}>>>${32 - m})`, a, a);
  };

const equal =
  (isNegated: boolean): Rule =>
  (g) => {
    const [a, b] = pop2(g);
    const low = b.constant === 0 ? a.text : `${a.text}^${b.text}`;
    const high = b.constantHigh === 0 ? a.high : a.constantHigh === 0 ? b.high : `${a.high}^${b.high}`;
    const both = a.constantHigh === 0 && b.constantHigh === 0 ? `(${low})` : `(${low}|${high})`;
    test(g, `(${both}${isNegated ? '!==' : '==='}0)`, a, b);
  };

const compare =
  (operator: '<' | '>' | '<=' | '>=', isSigned: boolean): Rule =>
  (g) => {
    let [a, b] = pop2(g);
    if (a.constantHigh === 0 && b.constantHigh === 0) {
      test(g, `(${word(a)}${operator}${word(b)})`, a, b);
      return;
    }
    if (isSigned && b.constant === 0 && b.constantHigh === 0 && (operator === '<' || operator === '>=')) {
      test(g, `(${a.high}${operator}0)`, a, b);
      return;
    }
    [a, b] = g.simple2(a, b);
    const [x, y] = isSigned ? [a.high, b.high] : [highWord(a), highWord(b)];
    const low = `${word(a)}${operator}${word(b)}`;
    test(g, `(${a.high}===${b.high}?${low}:${x}${operator[0]}${y})`, a, b);
  };

const eqz: Rule = (g) => {
  const a = g.pop();
  test(g, a.constantHigh === 0 ? `(${a.text}===0)` : `((${a.text}|${a.high})===0)`, a, a);
};

const count =
  (write: (a: Operand) => string): Rule =>
  (g) => {
    const a = g.simple(g.pop());
    pair(g, write(a), '0', a, a, 0);
  };

const extend =
  (bits: 8 | 16 | 32): Rule =>
  (g) => {
    const a = g.pop();
    const by = 32 - bits;
    const text = by === 0 ? a.text : `(${a.text}<<${by}>>${by})`;
    const isSimple = by === 0 && a.isSimple;
    const low = g.simple(
      new Operand(I32, text, {
        isSimple,
        mayTrap: a.mayTrap,
        reads: a.reads,
        constant: isSimple ? a.constant : null,
      }),
    );
    g.push(new Operand(I64, low.text, { high: `(${low.text}>>31)`, reads: low.reads }));
  };

export const i64Rules = {
  'i64.eqz': eqz,
  'i64.eq': equal(false),
  'i64.ne': equal(true),
  'i64.lt_s': compare('<', true),
  'i64.lt_u': compare('<', false),
  'i64.gt_s': compare('>', true),
  'i64.gt_u': compare('>', false),
  'i64.le_s': compare('<=', true),
  'i64.le_u': compare('<=', false),
  'i64.ge_s': compare('>=', true),
  'i64.ge_u': compare('>=', false),
  'i64.clz': count((a) => `(${a.high}?clz32(${a.high}):32+clz32(${a.text}))`),
  'i64.ctz': count((a) => `(${a.text}?ctz(${a.text}):32+ctz(${a.high}))`),
  'i64.popcnt': count((a) => `(popcnt(${a.text})+popcnt(${a.high}))`),
  'i64.add': add,
  'i64.sub': sub,
  'i64.mul': multiply,
  'i64.div_s': divide('divS'),
  'i64.div_u': divide('divU'),
  'i64.rem_s': divide('remS'),
  'i64.rem_u': divide('remU'),
  'i64.and': bitwise('&'),
  'i64.or': bitwise('|'),
  'i64.xor': bitwise('^'),
  'i64.shl': shift('shl'),
  'i64.shr_s': shift('shr_s'),
  'i64.shr_u': shift('shr_u'),
  'i64.rotl': rotate(true),
  'i64.rotr': rotate(false),
  'i64.extend8_s': extend(8),
  'i64.extend16_s': extend(16),
  'i64.extend32_s': extend(32),
} as const satisfies Readonly<Record<string, Rule>>;
