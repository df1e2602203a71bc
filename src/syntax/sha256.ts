/**
 * SHA-256 (FIPS 180-4): for the hashes in manifests, and what snapshots know a module by.
 *
 * Synchronous and dependency-free: WebCrypto is neither on every host nor synchronous.
 */

const roundConstants = new Uint32Array(64);
const initialHash = new Uint32Array(8);

/** The constants are the first 32 bits of the fractions of roots of primes; computed, not copied. */
const fillConstants = (): void => {
  const fraction = (x: number): number => (x - Math.floor(x)) * 0x1_0000_0000;
  let count = 0;
  for (let candidate = 2; count < 64; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) isPrime &&= candidate % divisor !== 0;
    if (!isPrime) continue;
    // DETERMINISM: a double holds 53 bits; cube roots of primes below 312 need 3 + 32, so rounding cannot show.
    if (count < 8) initialHash[count] = fraction(Math.sqrt(candidate));
    roundConstants[count++] = fraction(Math.cbrt(candidate));
  }
};
fillConstants();

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** Mixes one block of 64 bytes into the hash. */
const compress = (hash: Uint32Array, schedule: Uint32Array, block: DataView, offset: number): void => {
  for (let i = 0; i < 16; i++) schedule[i] = block.getUint32(offset + 4 * i);
  for (let i = 16; i < 64; i++) {
    const w15 = schedule[i - 15]!;
    const w2 = schedule[i - 2]!;
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    schedule[i] = schedule[i - 16]! + s0 + schedule[i - 7]! + s1;
  }
  let [a, b, c, d, e, f, g, h] = hash as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[i]! + schedule[i]!) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => {
    hash[i] = hash[i]! + word;
  });
};

/** SHA-256 of `bytes` as 64 lower-case hexadecimal digits. */
export const sha256Hex = (bytes: Uint8Array): string => {
  const hash = initialHash.slice();
  const schedule = new Uint32Array(64);
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
  return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('');
};
