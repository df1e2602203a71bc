/** The platform of Node.js: clocks, secure random, files, HTTP, console and standard streams. */
import { randomFillSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Clock, Platform } from '../platform/platform.ts';
import { sleepWith } from '../platform/portable-platform.ts';
import { dumpFilesOf, dumpWriter } from './dumps.ts';
import { nodeDirectory } from './files.ts';
import { sendByNode } from './http-transport.ts';

/** `hrtime` starts anywhere; offset by the wall clock once, it gives nanoseconds since 1970. */
const epochOffset = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

const startTimer = (milliseconds: number, onElapsed: () => void): (() => void) => {
  if (milliseconds === 0) {
    // Without the minimum of one millisecond of a timer.
    const task = setImmediate(onElapsed);
    return () => clearImmediate(task);
  }
  const timer = setTimeout(onElapsed, milliseconds);
  return () => clearTimeout(timer);
};

const clock: Clock = {
  // The wall clock is read each time, since it can be set; `hrtime` only refines it below a millisecond.
  realtime: () => {
    const coarse = BigInt(Date.now()) * 1_000_000n;
    const fine = process.hrtime.bigint() + epochOffset;
    return fine >= coarse && fine < coarse + 1_000_000n ? fine : coarse;
  },
  monotonic: () => process.hrtime.bigint(),
  resolution: 1_000n,
  sleep: (nanoseconds) => sleepWith(startTimer, nanoseconds),
};

/**
 * An environment variable. Read when needed, since Deno asks for a permission, and undefined if it is denied: users
 * who need no variable should not have to grant it.
 */
const variable = (name: string): string | undefined => {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
};

/**
 * The platform of the Node entry point.
 *
 * ```js
 * console.log(nodePlatform.clock.monotonic() <= nodePlatform.clock.monotonic()); // → true
 * ```
 */
export const nodePlatform: Platform = {
  clock,
  random: { fill: (bytes) => void randomFillSync(bytes) },
  logger: console,
  readFile: async (path) => readFile(/^file:/i.test(path) ? fileURLToPath(path) : path),
  http: sendByNode,
  startTimer,
  openDirectory: (path) => nodeDirectory(path),
  stdout: (chunk) => void process.stdout.write(chunk),
  stderr: (chunk) => void process.stderr.write(chunk),
  get onFailure() {
    return dumpWriter(dumpFilesOf(variable));
  },
  get wantsWasiOutput() {
    return Boolean(variable('EXTISM_ENABLE_WASI_OUTPUT'));
  },
};
