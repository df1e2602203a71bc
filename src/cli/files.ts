/** Files that a command reads and writes. */
import { usageError } from './parse.ts';

/** Uses a file. @throws UsageError that names what failed */
export const access = <T>(what: string, act: () => T): T => {
  try {
    return act();
  } catch (error) {
    throw usageError(`cannot ${what}: ${(error as Error).message}`);
  }
};
