/**
 * Vector operators on 32-bit words of packed lanes, for the operators whose text would be too long for the
 * vector loop. Pure functions; lane 0 is in the lowest bits.
 */

const clampS8 = (x: number): number => (x > 127 ? 127 : x < -128 ? 128 : x & 255);
const clampU8 = (x: number): number => (x > 255 ? 255 : x < 0 ? 0 : x);
const clampS16 = (x: number): number => (x > 32767 ? 32767 : x < -32768 ? 32768 : x & 65535);
const clampU16 = (x: number): number => (x > 65535 ? 65535 : x < 0 ? 0 : x);

/** Four 16-bit lanes to four 8-bit lanes. @spec op-narrow */
export const narrow8S = (x: number, y: number): number =>
  clampS8((x << 16) >> 16) |
  (clampS8(x >> 16) << 8) |
  (clampS8((y << 16) >> 16) << 16) |
  (clampS8(y >> 16) << 24);
/** @spec op-narrow */
export const narrow8U = (x: number, y: number): number =>
  clampU8((x << 16) >> 16) |
  (clampU8(x >> 16) << 8) |
  (clampU8((y << 16) >> 16) << 16) |
  (clampU8(y >> 16) << 24);
/** Two 32-bit lanes to two 16-bit lanes. @spec op-narrow */
export const narrow16S = (x: number, y: number): number => clampS16(x) | (clampS16(y) << 16);
/** @spec op-narrow */
export const narrow16U = (x: number, y: number): number => clampU16(x) | (clampU16(y) << 16);

/** Only -1 times -1 does not fit. */
const q15 = (x: number, y: number): number => {
  const product = (Math.imul(x, y) + 16384) >> 15;
  return product > 32767 ? 32767 : product & 65535;
};
/** Two lanes of rounding fixed-point multiplication. @spec op-iq15mulrsat */
export const q15mulr = (x: number, y: number): number =>
  q15((x << 16) >> 16, (y << 16) >> 16) | (q15(x >> 16, y >> 16) << 16);

/** Two 16-bit lanes, each the saturated sum of two products of 8-bit lanes. @spec op-irelaxed_dot */
export const dot8 = (x: number, y: number): number =>
  clampS16(Math.imul((x << 24) >> 24, (y << 24) >> 24) + Math.imul((x << 16) >> 24, (y << 16) >> 24)) |
  (clampS16(Math.imul((x << 8) >> 24, (y << 8) >> 24) + Math.imul(x >> 24, y >> 24)) << 16);
