/**
 * Times of files to the nanosecond.
 *
 * Node sets times as floating-point seconds, and keeps microseconds of them. Guests compare what they set with what
 * they read, so the exact value is remembered as long as the file has the rounded one.
 */
import type { FileStat, FileTimes } from '../platform/files.ts';

type TimeKey = 'atim' | 'mtim';
interface Remembered {
  readonly asked: bigint;
  readonly stored: bigint;
}

/** Most files whose times are remembered; the oldest is dropped. */
const MAX_FILES = 4096;

const keyOf = ({ dev, ino }: FileStat): string => `${dev}:${ino}`;

/** What guests of one tree set, by file. */
export class ExactTimes {
  readonly #byFile = new Map<string, Readonly<Record<TimeKey, Remembered>>>();

  /** Attributes with the times that were set. */
  refine(stat: FileStat): FileStat {
    const known = this.#byFile.get(keyOf(stat));
    if (known === undefined) return stat;
    const exact = (key: TimeKey): bigint => (known[key].stored === stat[key] ? known[key].asked : stat[key]);
    return { ...stat, atim: exact('atim'), mtim: exact('mtim') };
  }

  /**
   * Sets times.
   *
   * @param read reads the attributes from the host
   * @param write sets both times, in seconds
   */
  set(times: FileTimes, read: () => FileStat, write: (atim: number, mtim: number) => void): void {
    const before = this.refine(read());
    const atim = times.atim ?? before.atim;
    const mtim = times.mtim ?? before.mtim;
    write(Number(atim) / 1e9, Number(mtim) / 1e9);
    const after = read();
    const key = keyOf(after);
    this.#byFile.delete(key);
    if (this.#byFile.size >= MAX_FILES) this.#byFile.delete(this.#byFile.keys().next().value!);
    this.#byFile.set(key, {
      atim: { asked: atim, stored: after.atim },
      mtim: { asked: mtim, stored: after.mtim },
    });
  }
}
