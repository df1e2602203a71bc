/**
 * Modules as bytes, for tests that must say exactly which byte is where. Sections are given as plain numbers;
 * `u32` encodes counts and sizes.
 */

/** Unsigned LEB128. */
export const u32 = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...u32(Math.floor(value / 128))];

export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;
export const FUNCREF = 0x70;

/** A section of the contents given. */
export const section = (id: number, contents: readonly number[]): number[] => [
  id,
  ...u32(contents.length),
  ...contents,
];
/** A vector: count and entries. */
export const vector = (entries: readonly (readonly number[])[]): number[] => [
  ...u32(entries.length),
  ...entries.flat(),
];
export const funcType = (params: readonly number[], results: readonly number[]): number[] => [
  0x60,
  ...u32(params.length),
  ...params,
  ...u32(results.length),
  ...results,
];

/** A defined function: type index, declared locals as `[count, type]`, instructions with the final `end`. */
export interface FuncBytes {
  readonly type?: number;
  readonly locals?: readonly (readonly [number, number])[];
  readonly code: readonly number[];
}
export interface ModuleBytes {
  readonly types?: readonly (readonly number[])[];
  readonly imports?: readonly (readonly number[])[];
  readonly funcs?: readonly FuncBytes[];
  readonly memories?: readonly (readonly number[])[];
  /** Whole sections that go between memory and code, in order. */
  readonly between?: readonly (readonly number[])[];
}

const body = ({ locals = [], code }: FuncBytes): number[] => {
  const contents = [...vector(locals.map(([count, type]) => [...u32(count), type])), ...code];
  return [...u32(contents.length), ...contents];
};

/** The bytes of a module; without `types`, type 0 is `[] -> []`. */
export const moduleBytes = (m: ModuleBytes): Uint8Array => {
  const funcs = m.funcs ?? [];
  const optional = (id: number, entries: readonly (readonly number[])[] | undefined): number[] =>
    entries === undefined ? [] : section(id, vector(entries));
  // Joined without spreading: bodies may be larger than a call can take arguments.
  const parts = [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, vector(m.types ?? [funcType([], [])])),
    optional(2, m.imports),
    optional(3, funcs.length === 0 ? undefined : funcs.map((f) => u32(f.type ?? 0))),
    optional(5, m.memories),
    (m.between ?? []).flat(),
    optional(10, funcs.length === 0 ? undefined : funcs.map(body)),
  ];
  return Uint8Array.from(parts.flat());
};
