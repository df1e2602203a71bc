/**
 * A seeded source of choices for generated tests: the same seed gives the same module on every machine.
 *
 * Numbers come from a pool of edge values half of the time, since uniform ones almost never meet a limit.
 */

/** Edge values of 32 bits. */
export const edges32: readonly number[] = [
  0, 1, 2, -1, -2, 7, 31, 32, 33, 63, 64, 127, 128, 255, -128, -129, 0x7fff, 0x8000, -0x8000, 0xffff, 0x10000,
  0x7ffffffe, 0x7fffffff, -0x80000000, -0x7fffffff,
];

/** Edge values of 64 bits. */
export const edges64: readonly bigint[] = [
  ...edges32.map(BigInt),
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0xffff_ffff_0000_0000n,
  -0x1_0000_0000n,
  -0xffff_ffffn,
  0x20_0000_2000_0001n,
  0x7fff_ffff_0000_0000n,
  0x7fff_ffff_ffff_fffen,
  0x7fff_ffff_ffff_ffffn,
  -0x8000_0000_0000_0000n,
  -0x7fff_ffff_ffff_ffffn,
].map((value) => BigInt.asIntN(64, value));

/** Bits of f32 values: zeros, denormals, limits of integers, infinities, quiet and signalling NaNs. */
export const edgesF32: readonly number[] = [
  0, 0x8000_0000, 1, 0x8000_0001, 0x007f_ffff, 0x0080_0000, 0x3f00_0000, 0x3f80_0000, 0xbf80_0000,
  0x3fc0_0000, 0x4020_0000, 0xbf00_0000, 0x4b00_0000, 0x4aff_ffff, 0x4eff_ffff, 0x4f00_0000, 0xcf00_0000,
  0xcf00_0001, 0x4f7f_ffff, 0x4f80_0000, 0x5eff_ffff, 0x5f00_0000, 0xdf00_0000, 0xdf00_0001, 0x5f7f_ffff,
  0x5f80_0000, 0x7f7f_ffff, 0xff7f_ffff, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffc0_0000, 0x7fa0_0001,
  0xffa0_0001, 0x7fff_ffff, 0xffff_ffff,
];

/** Bits of f64 values, likewise. */
export const edgesF64: readonly bigint[] = [
  0x0000_0000_0000_0000n,
  0x8000_0000_0000_0000n,
  0x0000_0000_0000_0001n,
  0x8000_0000_0000_0001n,
  0x000f_ffff_ffff_ffffn,
  0x0010_0000_0000_0000n,
  0x3fe0_0000_0000_0000n,
  0x3ff0_0000_0000_0000n,
  0xbff0_0000_0000_0000n,
  0xbfef_ffff_ffff_ffffn,
  0x4004_0000_0000_0000n,
  0xbfe0_0000_0000_0000n,
  0x36a0_0000_0000_0000n,
  0x3690_0000_0000_0001n,
  0x41df_ffff_ffc0_0000n,
  0x41df_ffff_ffff_ffffn,
  0x41e0_0000_0000_0000n,
  0xc1e0_0000_0000_0000n,
  0xc1e0_0000_001f_ffffn,
  0xc1e0_0000_0020_0000n,
  0x41ef_ffff_ffff_ffffn,
  0x41f0_0000_0000_0000n,
  0x4330_0000_0000_0000n,
  0x432f_ffff_ffff_ffffn,
  0x43df_ffff_ffff_ffffn,
  0x43e0_0000_0000_0000n,
  0xc3e0_0000_0000_0000n,
  0xc3e0_0000_0000_0001n,
  0x43ef_ffff_ffff_ffffn,
  0x43f0_0000_0000_0000n,
  0x47ef_ffff_e000_0000n,
  0x47ef_ffff_f000_0000n,
  0x7fef_ffff_ffff_ffffn,
  0xffef_ffff_ffff_ffffn,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  0x7ff8_0000_0000_0000n,
  0xfff8_0000_0000_0000n,
  0x7ff0_0000_0000_0001n,
  0xfff4_0000_0000_0001n,
  0xffff_ffff_ffff_ffffn,
];

export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** 32 random bits, unsigned (splitmix32). */
  bits(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor((this.bits() / 0x1_0000_0000) * count);
  }

  /** True in so many of a hundred cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** One of the items, by weight. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T {
    let rest = this.below(items.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, item] of items) if ((rest -= weight) < 0) return item;
    throw new Error('weights must not be negative');
  }

  i32(): number {
    return this.chance(70) ? this.pick(edges32) : this.bits() | 0;
  }

  i64(): bigint {
    if (this.chance(70)) return this.pick(edges64);
    return BigInt.asIntN(64, (BigInt(this.bits()) << 32n) | BigInt(this.bits()));
  }

  /** Bits of a float; of 32 bits as a bigint, as the assembler takes them. */
  f32(): bigint {
    return BigInt(this.chance(60) ? this.pick(edgesF32) : this.bits());
  }

  f64(): bigint {
    if (this.chance(60)) return this.pick(edgesF64);
    return (BigInt(this.bits()) << 32n) | BigInt(this.bits());
  }
}
