/**
 * CRC-32 as in ISO 3309, Ethernet and PNG: what tells an intact snapshot from a damaged one.
 *
 * It guards against accidents, not against forgers, who can compute it too: everything that a snapshot says is
 * checked when it is restored.
 */

const table = new Int32Array(256);
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = (c & 1) !== 0 ? (c >>> 1) ^ 0xedb8_8320 : c >>> 1;
  table[i] = c;
}

/** The checksum of `bytes[start … end)`, as an unsigned number. */
export const crc32 = (bytes: Uint8Array, start = 0, end: number = bytes.length): number => {
  let c = -1;
  for (let i = start; i < end; i++) c = table[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return (c ^ -1) >>> 0;
};
