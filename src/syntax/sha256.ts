/**
 * SHA-256 (FIPS 180-4): for the hashes in manifests, and for the modules named by snapshots.
 *
 * Synchronous and dependency-free: WebCrypto is not available on every host, and not synchronous.
 */

const roundConstants = new Int32Array(64);
const initialHash = new Int32Array(8);

/** The constants are the first 32 bits of the fractions of roots of primes; computed, not copied. */
const fillConstants = (): void => {
  const fraction = (x: number): number => (x - Math.floor(x)) * 0x1_0000_0000;
  let count = 0;
  for (let candidate = 2; count < 64; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) isPrime &&= candidate % divisor !== 0;
    if (!isPrime) continue;
    // DETERMINISM: a double holds 53 bits; cube roots of primes below 312 need 3 + 32, so rounding has no effect.
    if (count < 8) initialHash[count] = fraction(Math.sqrt(candidate));
    roundConstants[count++] = fraction(Math.cbrt(candidate));
  }
};
fillConstants();

/**
 * Mixes one block of 64 bytes into the hash. PERF: signed words, and rotations that are written out, take less than half
 * of the time without a JIT, and less than a third with one.
 */
const compress = (hash: Int32Array, schedule: Int32Array, block: DataView, offset: number): void => {
  for (let i = 0; i < 16; i++) schedule[i] = block.getInt32(offset + 4 * i);
  for (let i = 16; i < 64; i++) {
    const w15 = schedule[i - 15]!;
    const w2 = schedule[i - 2]!;
    schedule[i] =
      schedule[i - 16]! +
      (((w15 >>> 7) | (w15 << 25)) ^ ((w15 >>> 18) | (w15 << 14)) ^ (w15 >>> 3)) +
      schedule[i - 7]! +
      (((w2 >>> 17) | (w2 << 15)) ^ ((w2 >>> 19) | (w2 << 13)) ^ (w2 >>> 10));
  }
  let a = hash[0]!;
  let b = hash[1]!;
  let c = hash[2]!;
  let d = hash[3]!;
  let e = hash[4]!;
  let f = hash[5]!;
  let g = hash[6]!;
  let h = hash[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[i]! + schedule[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  hash[0] = hash[0]! + a;
  hash[1] = hash[1]! + b;
  hash[2] = hash[2]! + c;
  hash[3] = hash[3]! + d;
  hash[4] = hash[4]! + e;
  hash[5] = hash[5]! + f;
  hash[6] = hash[6]! + g;
  hash[7] = hash[7]! + h;
};

/** SHA-256 of `bytes` as 64 lower-case hexadecimal digits. */
export const sha256Hex = (bytes: Uint8Array): string => {
  const hash = initialHash.slice();
  const schedule = new Int32Array(64);
  const wholeLength = bytes.length - (bytes.length % 64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = 0; offset < wholeLength; offset += 64) compress(hash, schedule, view, offset);
  // The rest, a one bit, zeros, and the length in bits fill one or two blocks.
  const rest = bytes.subarray(wholeLength);
  const tail = new Uint8Array(rest.length < 56 ? 64 : 128);
  tail.set(rest);
  tail[rest.length] = 0x80;
  const tailView = new DataView(tail.buffer);
  tailView.setUint32(tail.length - 8, Math.floor(bytes.length / 0x2000_0000));
  tailView.setUint32(tail.length - 4, bytes.length << 3);
  for (let offset = 0; offset < tail.length; offset += 64) compress(hash, schedule, tailView, offset);
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
};
