/** TABLE: the flags by which scripts run everything on compiled code, and what they stand for. */
import type { Forced } from './forced-compiler.ts';

/** For `parseArgs`. */
export const forcedFlags = {
  /** Every function is compiled before its first call, and every loop. */
  compiled: { type: 'boolean', default: false },
  /** Probability of leaving compiled code at each place where that is possible. */
  exits: { type: 'string', default: '0' },
  /** Share of functions and loops that stay with the interpreter. */
  holes: { type: 'string', default: '0' },
  /** Of the chances that are taken. */
  seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  target: { type: 'string', default: 'jit' },
} as const;

const targets = ['jit', 'nojit', 'pieces'] as const;

type FlagValues = { readonly [Name in keyof typeof forcedFlags]?: string | boolean };

/** How code is compiled; null where it is not. @throws Error for flags that say nothing */
export const forcedOf = (values: FlagValues): Forced | null => {
  if (values.compiled !== true) return null;
  const exits = Number(values.exits ?? forcedFlags.exits.default);
  const holes = Number(values.holes ?? forcedFlags.holes.default);
  const seed = Number(values.seed ?? forcedFlags.seed.default);
  const target = targets.find((name) => name === (values.target ?? forcedFlags.target.default));
  if (!(exits >= 0 && exits <= 1)) throw new Error('--exits takes a probability');
  if (!(holes >= 0 && holes <= 1)) throw new Error('--holes takes a share');
  if (!Number.isSafeInteger(seed)) throw new Error('--seed takes a whole number');
  if (target === undefined) throw new Error(`--target takes one of ${targets.join(', ')}`);
  return { target, exits, holes, seed };
};

/** Flags of Node that compile everything in a process, its workers, and processes with the same flags. */
export const preloadFlags = (forced: Forced | null): readonly string[] => {
  if (forced === null) return [];
  const { target, exits, holes = 0, seed } = forced;
  const url = new URL('./preload.js', import.meta.url);
  url.search = new URLSearchParams({
    target,
    exits: String(exits),
    holes: String(holes),
    seed: String(seed),
  }).toString();
  return [`--import=${url.href}`];
};
