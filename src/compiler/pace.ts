/** Two rows: for hosts that compile JavaScript, and for those that interpret it. */

/** When generated code is worth its price. */
export interface Pace {
  /** Samples of a function before it is compiled. */
  readonly threshold: number;
  /** Bytes of a function that cost as much as a sample; it must be sampled that often again. */
  readonly bytesPerSample: number;
  /** Samples of a unit before its first functions are compiled, for each of `threshold`. */
  readonly firstSamples: number;
  /** The number of samples grows by this factor until it is decided again what is compiled. */
  readonly lookGrowth: number;
  /** The share of the samples that small functions must hold to be compiled without all others. */
  readonly kernelShare: number;
  /** Samples before all functions are compiled that have run, for each of `threshold`: at least, and more for their bytes. */
  readonly whole: { readonly samples: number; readonly bytesPerSample: number } | null;
}

/**
 * PERF: V8 takes 100 to 300 ms of CPU time to compile the compiler itself; the interpreter takes 0.5 ms for a sample.
 * Nothing is compiled in its first half second: when it began after 0.13 s, zstd took 1.4 times as long for ten
 * units. A kernel costs 20 to 60 µs per byte before it pays off, 3 of them for generating it and the rest for V8; a whole
 * program costs 6 to 17. The interpreter has then run a function for 250 µs per byte, or the program for 18, so that
 * programs of any length are not much slower with a compiler than without: sql.js is compiled whole after 6 seconds.
 */
export const withJit: Pace = {
  threshold: 4,
  bytesPerSample: 32,
  firstSamples: 256,
  lookGrowth: 1.5,
  kernelShare: 1 / 2,
  whole: { samples: 450, bytesPerSample: 110 },
};
/**
 * PERF: without a compiler of JavaScript, code costs 8 µs per byte and is at its full speed, five times that of the
 * interpreter, at once. The interpreter takes 30 ms for a sample.
 */
export const withoutJit: Pace = {
  threshold: 1,
  bytesPerSample: 4096,
  firstSamples: 8,
  lookGrowth: 1,
  kernelShare: 0,
  whole: null,
};
