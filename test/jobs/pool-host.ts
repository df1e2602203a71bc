/** What threads import in tests: host functions that end, block or fail their thread. */
import type { CurrentPlugin, HostFunctions } from '../../src/index.ts';
import { createSigner } from '../../src/job.ts';

const isMarked = (plugin: CurrentPlugin): boolean => plugin.hostContext<unknown>() === 'mark';

/** Does what its number says. */
const act = (plugin: CurrentPlugin, n: bigint): bigint | Promise<bigint> => {
  switch (n) {
    case 1n:
      process.exit(7);
      break;
    case 2n:
      setTimeout(() => {
        throw new Error('thrown later');
      });
      return new Promise(() => {});
    case 3n:
      for (;;);
    case 4n:
      throw new RangeError('thrown at once');
    case 5n:
      return new Promise(() => {});
    case 6n: {
      const taken: number[][] = [];
      for (;;) taken.push(new Array<number>(100_000).fill(1.5));
    }
    case 7n:
      setTimeout(() => process.exit(8));
      return 7n;
  }
  return isMarked(plugin) ? -n : n * 10n;
};

export const functions: HostFunctions = { env: { act } };
export const signer = await createSigner(new Uint8Array(32).fill(7));
