/**
 * Loads and stores of memory 0, by mnemonic.
 *
 * PERF: if the host compiles JavaScript, a `DataView` beats typed arrays on programs (5.0 against 6.0 times native on
 * SQLite); out of bounds it throws, which the function's `catch` turns into an exit. Without a JIT, a typed array
 * indexed by the quotient is cheapest: a fraction, and every index out of bounds, reads as undefined.
 */
import { hasCheapSizes } from '../interpreter/fuel/schedules.ts';
import { F32, F64, I32, I64, type ValType } from '../syntax/types.ts';
import { leaveHere } from './control.ts';
import type { Generator } from './generator.ts';
import type { Rule } from './numeric.ts';
import { exact, Operand, wrapping } from './operand.ts';

/** The form of a number of some width in memory. */
interface Cell {
  /** Logarithm of its size. */
  readonly shift: 0 | 1 | 2 | 3;
  /** Member of `DataView`, without `get` or `set`. */
  readonly view: string;
  /** Typed array. */
  readonly array: string;
  /** Helper for addresses that are not aligned. */
  readonly slow: string;
}
const cell = (shift: Cell['shift'], view: string, array: string, slow: string): Cell => ({
  shift,
  view,
  array,
  slow,
});
const int8 = cell(0, 'Int8', 'I8', '');
const uint8 = cell(0, 'Uint8', 'U8', '');
const int16 = cell(1, 'Int16', 'I16', 'I16');
const uint16 = cell(1, 'Uint16', 'U16', 'U16');
const int32 = cell(2, 'Int32', 'I32', 'I32');
const float32 = cell(2, 'Float32', 'F32', 'F32');
const float64 = cell(3, 'Float64', 'F64', 'F64');

/** Whether this compiler handles the access; otherwise it leaves before it. */
const isPlain = (g: Generator): boolean => {
  const { lo, hi, memory } = g.reader;
  const type = g.module.memories[memory];
  return memory === 0 && hi === 0 && lo >= 0 && type !== undefined && type.limits.address === I32;
};

/** The address as a number of 0 to 2^32 and more. */
const byteAddress = (a: Operand, offset: number): string => {
  if (a.constant !== null) return String((a.constant >>> 0) + offset);
  const address = a.isNatural ? exact(a) : `(${wrapping(a)}>>>0)`;
  return offset === 0 ? address : `(${address}+${offset})`;
};

/** The index of a `DataView`: beyond the memory, and below 0, it throws. */
const viewIndex = (a: Operand, offset: number): string =>
  offset === 0 && a.constant === null ? exact(a) : byteAddress(a, offset);

/** What an access to an address reads: a `DataView` throws itself, and leaves at the named exit. */
const readsAt = (g: Generator, a: Operand): readonly number[] =>
  g.target.hasJit ? [...a.reads, g.names.exit] : a.reads;

/** The text of a read; its address may be evaluated only once. */
const read = (g: Generator, { shift, view, array, slow }: Cell, a: Operand, offset: number): string => {
  if (g.target.hasJit) {
    g.nameExit();
    return `DV.get${view}(${viewIndex(a, offset)}${shift === 0 ? '' : ',true'})`;
  }
  if (shift === 0) return `(${array}[${byteAddress(a, offset)}]??X(${g.exit}))`;
  const j = a.isSimple ? byteAddress(a, offset) : `(${g.temporary('j')}=${byteAddress(a, offset)})`;
  const again = a.isSimple ? byteAddress(a, offset) : 'j';
  // A hint of less than the natural alignment is usually true.
  if (g.reader.align < shift) return `load${slow}(${byteAddress(a, offset)},${g.exit})`;
  return `(${array}[${j}/${1 << shift}]??load${slow}(${again},${g.exit}))`;
};

const load =
  (type: ValType, from: Cell): Rule =>
  (g) => {
    if (!isPlain(g)) {
      leaveHere(g);
      return;
    }
    const a = g.pop();
    const text = read(g, from, a, g.reader.lo);
    const isNatural = from === uint8 || from === uint16;
    const nanExit = type === F32 || type === F64 ? g.exit : 0;
    g.push(new Operand(type, text, { isNatural, nanExit, mayTrap: true, reads: readsAt(g, a) }));
  };
/** An i64 from a narrower number. */
const loadWide =
  (from: Cell, isSigned: boolean): Rule =>
  (g) => {
    if (!isPlain(g)) {
      leaveHere(g);
      return;
    }
    const a = g.pop();
    const text = read(g, from, a, g.reader.lo);
    if (!isSigned) {
      g.push(new Operand(I64, text, { high: '0', constantHigh: 0, mayTrap: true, reads: readsAt(g, a) }));
      return;
    }
    const low = g.simple(new Operand(I32, text, { mayTrap: true, reads: readsAt(g, a) }));
    g.push(new Operand(I64, low.text, { high: `(${low.text}>>31)`, reads: low.reads }));
  };
const load64: Rule = (g) => {
  if (!isPlain(g)) {
    leaveHere(g);
    return;
  }
  const a = g.pop();
  const offset = g.reader.lo;
  g.settleAll(a);
  const to = g.freshVariable(I64, a);
  if (g.target.hasJit) {
    g.nameExit();
    const i = g.temporary('i');
    // The higher word first: when that is inside, so is the other.
    const high = `${to.high}=DV.getInt32(${i}+4,true)`;
    const low = `${to.text}=DV.getInt32(${i},true)`;
    g.text(`${i}=${byteAddress(a, offset)};${high};${low}`, readsAt(g, a), to.reads);
  } else {
    const j = g.temporary('j');
    const high = `${to.high}=I32[(${j}+4)/4]??loadI32(${j}+4,${g.exit})`;
    const low = `${to.text}=I32[${j}/4]??loadI32(${j},${g.exit})`;
    g.text(`${j}=${byteAddress(a, offset)};${high};${low}`, a.reads, to.reads);
  }
  g.push(to);
};

/** The text of a write; the operands are settled. */
const write = (g: Generator, to: Cell, a: Operand, offset: number, value: string): string => {
  const { shift, view, array, slow } = to;
  const isFloat = to === float32 || to === float64;
  // DETERMINISM: engines may give a NaN any bits.
  const canonical = isFloat ? `;${value}===${value}||canonical${array}` : '';
  if (g.target.hasJit) {
    g.nameExit();
    const little = shift === 0 ? '' : ',true';
    if (!isFloat) return `DV.set${view}(${viewIndex(a, offset)},${value}${little})`;
    const j = g.temporary('j');
    return `${j}=${viewIndex(a, offset)};DV.set${view}(${j},${value}${little})${canonical}(${j})`;
  }
  const j = g.temporary('j');
  const address = `${j}=${byteAddress(a, offset)}`;
  if (shift === 0) return `${address};${array}[${j}]??X(${g.exit});${array}[${j}]=${value}`;
  const k = g.temporary('k');
  const inPlace = `${array}[${k}]=${value}`;
  const test = `if(${array}[${k}=${j}/${1 << shift}]===void 0)store${slow}(${j},${value},${g.exit})`;
  return `${address};${test};else ${inPlace}${isFloat ? `${canonical}(${j})` : ''}`;
};

const store =
  (to: Cell): Rule =>
  (g) => {
    if (!isPlain(g)) {
      leaveHere(g);
      return;
    }
    let value = g.pop();
    let a = g.pop();
    const isTwice = to === float32 || to === float64 || !g.target.hasJit;
    if (isTwice) value = g.simple(value, a);
    g.settleAll(a, value);
    if (!g.target.hasJit) a = g.simple(a, value);
    g.text(write(g, to, a, g.reader.lo, wrapping(value)), [...readsAt(g, a), ...value.reads]);
  };
const store64: Rule = (g) => {
  if (!isPlain(g)) {
    leaveHere(g);
    return;
  }
  let value = g.pop();
  let a = g.pop();
  value = g.simple(value, a);
  a = g.simple(a, value);
  g.settleAll(a, value);
  const offset = g.reader.lo;
  const j = g.temporary('j');
  const reads = [...readsAt(g, a), ...value.reads];
  if (g.target.hasJit) {
    g.nameExit();
    // The higher word is written first: when that is inside, so is the other.
    const address = `${j}=${byteAddress(a, offset)}`;
    g.text(`${address};DV.setInt32(${j}+4,${value.high},true);DV.setInt32(${j},${value.text},true)`, reads);
    return;
  }
  const k = g.temporary('k');
  const test = `if(I32[(${k}=${j}/4)+1]===void 0||I32[${k}]===void 0)`;
  const slow = `storeI64(${j},${value.text},${value.high},${g.exit})`;
  const inPlace = `I32[${k}+1]=${value.high};I32[${k}]=${value.text}`;
  g.text(`${j}=${byteAddress(a, offset)};${test}${slow};else{${inPlace}}`, reads);
};

const size: Rule = (g) => {
  const { index } = g.reader;
  const type = g.module.memories[index]!;
  // Another worker may have grown a shared memory.
  if (index !== 0 || type.pageSizeLog2 !== 16 || type.limits.address !== I32 || type.isShared) {
    leaveHere(g);
    return;
  }
  g.push(
    new Operand(I32, `(${g.target.hasJit ? 'DV.byteLength' : 'U8.length'}/65536|0)`, { isNatural: true }),
  );
};

/** A fill or copy inside memory 0: the helper pays for it, and returns the fuel that is left. */
const sized =
  (helper: string): Rule =>
  (g) => {
    const { module, reader, unit } = g;
    const isFirst = reader.index === 0 && (helper === 'memoryFill' || reader.index2 === 0);
    if (!isFirst || module.memories[0]!.limits.address !== I32 || hasCheapSizes(unit.schedule)) {
      leaveHere(g);
      return;
    }
    const c = g.pop();
    const b = g.pop();
    const a = g.pop();
    g.settleAll(a, b, c);
    const { fuel } = g.names;
    const reads = [...a.reads, ...b.reads, ...c.reads, fuel];
    g.text(`f=${helper}(${exact(a)},${exact(b)},${exact(c)},f,${g.exit})`, reads, [fuel]);
    // Its cost is not known in advance: fuel for the code after it is requested again.
    const mark = g.mark();
    g.pay('sized', mark, mark, g.newExit(reader.pos, mark, g.stack.slice()));
  };

export const memoryRules = {
  'memory.size': size,
  'memory.copy': sized('memoryCopy'),
  'memory.fill': sized('memoryFill'),
  'i32.load': load(I32, int32),
  'i64.load': load64,
  'f32.load': load(F32, float32),
  'f64.load': load(F64, float64),
  'i32.load8_s': load(I32, int8),
  'i32.load8_u': load(I32, uint8),
  'i32.load16_s': load(I32, int16),
  'i32.load16_u': load(I32, uint16),
  'i64.load8_s': loadWide(int8, true),
  'i64.load8_u': loadWide(uint8, false),
  'i64.load16_s': loadWide(int16, true),
  'i64.load16_u': loadWide(uint16, false),
  'i64.load32_s': loadWide(int32, true),
  'i64.load32_u': loadWide(int32, false),
  'i32.store': store(int32),
  'i64.store': store64,
  'f32.store': store(float32),
  'f64.store': store(float64),
  'i32.store8': store(int8),
  'i32.store16': store(int16),
  'i64.store8': store(int8),
  'i64.store16': store(int16),
  'i64.store32': store(int32),
} as const satisfies Readonly<Record<string, Rule>>;
