/** A hash over memory contents, to compare the state that two executors leave behind. */

const prime = 0x0100_0000_01b3n;
const offsetBasis = 0xcbf2_9ce4_8422_2325n;

/** What both the engine's and the reference executor's instances are, as far as memories go. */
export interface HasMemories {
  readonly memories: readonly { readonly bytes: Uint8Array }[];
}

/** FNV-1a over 64 bits of all memories. Runs of zero bytes are hashed by length: memories are mostly zeros. */
export const memoryHash = (instance: HasMemories): string => {
  let hash = offsetBasis;
  const mix = (value: number): void => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(value)) * prime);
  };
  for (const { bytes } of instance.memories) {
    mix(bytes.length);
    let zeros = 0;
    for (const byte of bytes) {
      if (byte === 0) {
        zeros++;
        continue;
      }
      mix(zeros);
      mix(byte);
      zeros = 0;
    }
    mix(zeros);
  }
  return hash.toString(16).padStart(16, '0');
};
