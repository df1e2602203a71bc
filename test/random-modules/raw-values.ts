/** Raw values as the texts of scenarios: what the two executors of this project have in common. */
import { memoryDigest } from '../differential/report.ts';
import type { Kind } from './scenario.ts';

/** An object of the embedder. */
export class HostObject {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}
/** One for each number, so that identity is equality. */
export const hostObjects: readonly HostObject[] = Array.from({ length: 8 }, (_, id) => new HostObject(id));

/** Text of the bits of a number. */
export const numberText = (bits: bigint, kind: Kind): string => {
  switch (kind) {
    case 'f32':
      return `f32:${bits.toString(16).padStart(8, '0')}`;
    case 'f64':
      return `f64:${bits.toString(16).padStart(16, '0')}`;
    default:
      return `${kind}:${bits}`;
  }
};

/** Bits of the text of a number; null for a reference. */
export const numberBits = (text: string): bigint | null => {
  const [kind, digits] = text.split(':') as [string, string];
  switch (kind) {
    case 'i32':
    case 'i64':
      return BigInt(digits);
    case 'f32':
    case 'f64':
      return BigInt(`0x${digits}`);
    default:
      return null;
  }
};

export const memoriesText = (memories: readonly { readonly bytes: Uint8Array }[]): string =>
  memoryDigest(memories.map(({ bytes }) => bytes));
