/**
 * Compares results with what a script expects, bit by bit.
 *
 * `nan:canonical` is exactly the quiet bit, of either sign; `nan:arithmetic` is any NaN with the quiet bit set.
 */
import type { Engine, RawValue, ReferenceKind } from './engine.ts';
import { HostReference } from './engine.ts';
import type { ScriptValue } from './script.ts';

/** Makes the host references of one script: the same number gives the same object. */
export class HostReferences {
  private readonly byId = new Map<number, HostReference>();
  get(id: number): HostReference {
    let reference = this.byId.get(id);
    if (reference === undefined) this.byId.set(id, (reference = new HostReference(id)));
    return reference;
  }
}

/** The raw value of an argument. */
export const toRaw = (value: ScriptValue, hosts: HostReferences): RawValue => {
  switch (value.type) {
    case 'v128':
      return value.lanes.reduceRight(
        (bits, lane) => (bits << BigInt(value.laneBits)) | (toRaw(lane, hosts) as bigint),
        0n,
      );
    case 'null':
      return null;
    case 'host':
      return hosts.get(value.id);
    case 'some':
    case 'either':
      throw new Error(`${value.type} is not an argument`);
    default:
      if ('nan' in value) throw new Error('a NaN pattern is not an argument');
      return value.bits;
  }
};

/** Layout of the two float formats: sign, exponent and quiet bits. */
const floats = {
  f32: { sign: 1n << 31n, exponent: 0x7f80_0000n, quiet: 0x0040_0000n },
  f64: { sign: 1n << 63n, exponent: 0x7ff0_0000_0000_0000n, quiet: 0x0008_0000_0000_0000n },
} as const;

const matchesNan = (bits: bigint, type: 'f32' | 'f64', pattern: 'canonical' | 'arithmetic'): boolean => {
  const { sign, exponent, quiet } = floats[type];
  const magnitude = bits & ~sign;
  const quietNan = exponent | quiet;
  return pattern === 'canonical' ? magnitude === quietNan : (magnitude & quietNan) === quietNan;
};

/** Reference kinds that a type name of a script admits. */
const kindsOf: Readonly<Record<string, readonly ReferenceKind[]>> = {
  funcref: ['func'],
  externref: ['extern'],
  anyref: ['i31', 'struct', 'array', 'extern'],
  eqref: ['i31', 'struct', 'array'],
  i31ref: ['i31'],
  structref: ['struct'],
  arrayref: ['array'],
  exnref: ['exn'],
};

/** Whether `actual` is what the script expects. */
export const matches = (
  expected: ScriptValue,
  actual: RawValue | undefined,
  engine: Engine,
  hosts: HostReferences,
): boolean => {
  switch (expected.type) {
    case 'either':
      return expected.values.some((value) => matches(value, actual, engine, hosts));
    case 'null':
      return actual === null;
    case 'host':
      return actual === hosts.get(expected.id);
    case 'some': {
      if (typeof actual !== 'object' || actual === null) return false;
      const kind = actual instanceof HostReference ? 'extern' : engine.kindOf(actual);
      // `extern.convert_any` can turn any non-null reference into an externref, so externref requires no kind.
      return expected.of === 'externref' || (kind !== null && (kindsOf[expected.of] ?? []).includes(kind));
    }
    case 'v128': {
      if (typeof actual !== 'bigint') return false;
      const mask = (1n << BigInt(expected.laneBits)) - 1n;
      return expected.lanes.every((lane, i) =>
        matches(lane, (actual >> BigInt(i * expected.laneBits)) & mask, engine, hosts),
      );
    }
    default:
      if (typeof actual !== 'bigint') return false;
      return 'nan' in expected ? matchesNan(actual, expected.type, expected.nan) : actual === expected.bits;
  }
};

/** Text of an expected value, for failures. */
export const expectedText = (value: ScriptValue): string => {
  switch (value.type) {
    case 'either':
      return value.values.map(expectedText).join(' or ');
    case 'null':
      return `null ${value.of}`;
    case 'host':
      return `${value.of} host ${value.id}`;
    case 'some':
      return `non-null ${value.of}`;
    case 'v128':
      return `v128 (${value.lanes.map(expectedText).join(' ')})`;
    default:
      return `${value.type} ${'nan' in value ? `nan:${value.nan}` : `0x${value.bits.toString(16)}`}`;
  }
};

/** Text of a result, for failures. */
export const rawText = (value: RawValue | undefined): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  return value instanceof HostReference ? `host ${value.id}` : 'a reference';
};

/** The nearest value that must not match: one bit off, or the other nullness. For proving the runner. */
export const flipped = (value: ScriptValue): ScriptValue => {
  switch (value.type) {
    case 'either':
      return { type: 'either', values: value.values.map(flipped) };
    case 'null':
      return { type: 'some', of: value.of };
    case 'host':
      return { type: 'host', of: value.of, id: value.id + 1 };
    case 'some':
      return { type: 'null', of: value.of };
    case 'v128':
      return { ...value, lanes: value.lanes.map((lane, i) => (i === 0 ? flipped(lane) : lane)) };
    default:
      // A NaN pattern becomes the signalling NaN that neither pattern admits.
      if ('nan' in value) return { type: value.type, bits: floats[value.type].exponent | 1n };
      return { type: value.type, bits: value.bits ^ 1n };
  }
};
