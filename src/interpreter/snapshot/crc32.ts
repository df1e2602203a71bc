/**
 * CRC-32 as in ISO 3309, Ethernet and PNG: distinguishes an intact snapshot from a damaged one.
 *
 * It guards against accidents, not against forgers, who can compute it too: everything in a snapshot is checked when
 * it is restored.
 */

/** Four tables of 256: the effect of a byte on the sum if it is followed by none, one, two and three others. */
const tables = new Int32Array(4 * 256);
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = (c & 1) !== 0 ? (c >>> 1) ^ 0xedb8_8320 : c >>> 1;
  tables[i] = c;
}
for (let i = 256; i < tables.length; i++) {
  const c = tables[i - 256]!;
  tables[i] = tables[c & 255]! ^ (c >>> 8);
}

/**
 * The checksum of `bytes[start … end)`, as an unsigned number. PERF: four bytes per iteration: 0.27 ms instead of
 * 0.78 for a snapshot of 250 kB.
 */
export const crc32 = (bytes: Uint8Array, start = 0, end: number = bytes.length): number => {
  let c = -1;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c =
      tables[768 + (c & 255)]! ^
      tables[512 + ((c >>> 8) & 255)]! ^
      tables[256 + ((c >>> 16) & 255)]! ^
      tables[c >>> 24]!;
  }
  for (; i < end; i++) c = tables[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return (c ^ -1) >>> 0;
};
