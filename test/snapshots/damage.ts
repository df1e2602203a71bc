/** Damages snapshots, also so that their checksum does not tell. */
import { crc32 } from '../../src/interpreter/snapshot/crc32.ts';
import { TAIL_BYTES } from '../../src/interpreter/snapshot/format.ts';
import type { Random } from '../generators/random.ts';

/** Makes the checksum right. */
export const reseal = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.length - TAIL_BYTES;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(end, crc32(bytes, 0, end), true);
  return bytes;
};

/** A copy with one to four bits or bytes changed; few of them before `from`. */
export const flip = (random: Random, bytes: Uint8Array, from = 0): Uint8Array => {
  const copy = bytes.slice();
  for (let count = 1 + random.below(4); count > 0; count--) {
    const start = random.chance(90) ? from : 0;
    const at = start + random.below(copy.length - start);
    if (random.chance(50)) copy[at]! ^= 1 << random.below(8);
    else copy[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  }
  return copy;
};
