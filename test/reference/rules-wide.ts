/** Wide arithmetic: integers of 128 bits as two of 64, the low one first. */
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { signed } from './integers.ts';
import type { Machine, Rule } from './machine.ts';
import { i64 } from './values.ts';

const pushWide = (machine: Machine, value: bigint): void => {
  machine.push(i64(value));
  machine.push(i64(value >> 64n));
};

const popWide = (machine: Machine): bigint => {
  const high = machine.popBits();
  return (high << 64n) | machine.popBits();
};

const binary128 = (apply: (a: bigint, b: bigint) => bigint): Rule => ({
  step(machine) {
    const b = popWide(machine);
    pushWide(machine, apply(popWide(machine), b));
  },
});

const product = (read: (bits: bigint) => bigint): Rule => ({
  step(machine) {
    const b = read(machine.popBits());
    pushWide(machine, read(machine.popBits()) * b);
  },
});

export const wideRules = {
  'i64.add128': binary128((a, b) => a + b),
  'i64.sub128': binary128((a, b) => a - b),
  'i64.mul_wide_s': product((bits) => signed(64, bits)),
  'i64.mul_wide_u': product((bits) => bits),
} satisfies Partial<Record<Mnemonic, Rule>>;
