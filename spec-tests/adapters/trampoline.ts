/**
 * Makes the small modules through which the native adapter calls functions: import `host.func`, export
 * `memory` and `call`. Number `i` of the arguments and results lies at byte `16 * i`; references pass as
 * parameters and results of `call`.
 */

/** A function type as V8's type reflection gives it. */
export interface NativeFunctionType {
  readonly parameters: readonly string[];
  readonly results: readonly string[];
}

interface NumberCodes {
  readonly type: number;
  readonly load: readonly number[];
  readonly store: readonly number[];
}
/** Encodings of types, loads and stores. */
const numbers: Readonly<Record<string, NumberCodes>> = {
  i32: { type: 0x7f, load: [0x28], store: [0x36] },
  i64: { type: 0x7e, load: [0x29], store: [0x37] },
  f32: { type: 0x7d, load: [0x2a], store: [0x38] },
  f64: { type: 0x7c, load: [0x2b], store: [0x39] },
  v128: { type: 0x7b, load: [0xfd, 0x00], store: [0xfd, 0x0b] },
};
const references: Readonly<Record<string, number>> = {
  funcref: 0x70,
  externref: 0x6f,
  anyref: 0x6e,
  eqref: 0x6d,
};

/** Whether values of all types of a function can be passed on. */
export const hasTrampoline = ({ parameters, results }: NativeFunctionType): boolean =>
  [...parameters, ...results].every((type) => type in numbers || type in references);

const leb = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 128))];
const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
];
const name = (text: string): number[] => [...leb(text.length), ...Buffer.from(text)];

const typeCode = (type: string): number => {
  const code = numbers[type]?.type ?? references[type];
  if (code === undefined) throw new TypeError(`no trampoline for type ${type}`);
  return code;
};
const funcType = (parameters: readonly string[], results: readonly string[]): number[] => [
  0x60,
  ...vector(parameters.map((type) => [typeCode(type)])),
  ...vector(results.map((type) => [typeCode(type)])),
];
const memarg = (cell: number): number[] => [0, ...leb(cell * 16)];

/** The code of `call`: push arguments, call, pop results into locals, store numbers, push references. */
const callBody = ({ parameters, results }: NativeFunctionType): number[] => {
  let nextRef = 0;
  const pushes = parameters.flatMap((type, i) => {
    const codes = numbers[type];
    return codes ? [0x41, 0, ...codes.load, ...memarg(i)] : [0x20, ...leb(nextRef++)];
  });
  const firstLocal = nextRef;
  const pops = results.flatMap((_, i) => [0x21, ...leb(firstLocal + results.length - 1 - i)]);
  const stores = results.flatMap((type, i) => {
    const codes = numbers[type];
    const get = [0x20, ...leb(firstLocal + i)];
    return codes ? [0x41, 0, ...get, ...codes.store, ...memarg(i)] : [];
  });
  const refs = results.flatMap((type, i) => (numbers[type] ? [] : [0x20, ...leb(firstLocal + i)]));
  const locals = vector(results.map((type) => [1, typeCode(type)]));
  return [...locals, ...pushes, 0x10, 0, ...pops, ...stores, ...refs, 0x0b];
};

/** The binary of the trampoline for functions of `type`. */
export const trampolineBytes = (type: NativeFunctionType): Uint8Array => {
  const isRef = (t: string): boolean => numbers[t] === undefined;
  const body = callBody(type);
  const refOnly = funcType(type.parameters.filter(isRef), type.results.filter(isRef));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([funcType(type.parameters, type.results), refOnly])),
    ...section(2, vector([[...name('host'), ...name('func'), 0, 0]])),
    ...section(3, vector([[1]])),
    ...section(5, vector([[0, 1]])),
    ...section(
      7,
      vector([
        [...name('memory'), 2, 0],
        [...name('call'), 0, 1],
      ]),
    ),
    ...section(10, vector([[...leb(body.length), ...body]])),
  ]);
};
