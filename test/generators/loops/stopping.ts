/**
 * Stops every loop by a deadline and by a signal, in a child process: one that does not stop is ended from outside,
 * and the next one continues in a new process.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TreeKind } from './surroundings.ts';

/** How loops are stopped. */
export interface StopSettings {
  /** Names of rows, or parts of them; none for all. */
  readonly words: readonly string[];
  readonly where: TreeKind;
  /** Deadline of the first way. */
  readonly timeoutMs: number;
  /** When the signal of the second way is given, and its time slice. */
  readonly abortMs: number;
  readonly timeSliceMs: number;
  /** Indices in `allLoops(words)` of the loops to stop. Default: all. */
  readonly only?: readonly number[];
  /** Whether the first loop is stopped by the signal alone: where a child before has hung. */
  readonly isSignalOnly?: boolean;
  /** Flags of Node beside those of this process. */
  readonly flags?: readonly string[];
}

/** How a loop was stopped. */
export interface Stopped {
  /** In `allLoops`. */
  readonly index: number;
  readonly way: 'timeoutMs' | 'signal';
  /** Code of the error that the call ended with; `NEVER` when it did not end. */
  readonly outcome: string;
  /** Milliseconds from when it was to stop until it had. */
  readonly late: number;
  /** Longest time in which a timer of 10 ms did not fire. */
  readonly longestGap: number;
}

/** What became of a loop that was ended from outside. */
export const NEVER = 'never ended';
/** How long a loop may take to stop, its preparation included. */
const PATIENCE_MS = 10_000;

const child = fileURLToPath(new URL('./stopping-child.js', import.meta.url));

/** What a child does last before it ends: null for all done. */
type Begun = Pick<Stopped, 'index' | 'way'> | null;

/** Runs one child; returns what it was doing when it had to be ended. */
const runChild = async (
  settings: StopSettings,
  first: number,
  folder: string,
  report: (stopped: Stopped) => void,
): Promise<Begun> => {
  const own = process.execArgv.filter((flag) => !flag.startsWith('--test'));
  const flags = [...own, ...(settings.flags ?? [])];
  const started = spawn(process.execPath, [...flags, child, JSON.stringify(settings), String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // What it leaves behind when it is ended is removed with the folder.
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
  });
  let begun: Begun = null;
  let isEndedHere = false;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const ended = new Promise<number | null>((resolve) => {
    started.on('exit', resolve);
  });
  try {
    for await (const line of createInterface({ input: started.stdout })) {
      const said = JSON.parse(line) as Stopped | NonNullable<Begun>;
      clearTimeout(watchdog);
      begun = 'outcome' in said ? null : said;
      if ('outcome' in said) report(said);
      else {
        watchdog = setTimeout(() => {
          isEndedHere = true;
          started.kill('SIGKILL');
        }, PATIENCE_MS);
      }
    }
  } catch (error) {
    started.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(watchdog);
  }
  const status = await ended;
  if (status !== 0 && !isEndedHere) throw new Error(`the child ended with ${status}`);
  return begun;
};

/** Stops every loop in both ways and reports each; what `report` throws ends it. */
export const stopLoops = async (
  settings: StopSettings,
  report: (stopped: Stopped) => void,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-stopping-'));
  let [first, isSignalOnly] = [0, false];
  try {
    for (;;) {
      const hung = await runChild({ ...settings, isSignalOnly }, first, folder, report);
      if (hung === null) return;
      report({ ...hung, outcome: NEVER, late: PATIENCE_MS, longestGap: PATIENCE_MS });
      isSignalOnly = hung.way === 'timeoutMs';
      first = isSignalOnly ? hung.index : hung.index + 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
