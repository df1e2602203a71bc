/** The outside of the programs that snapshots and recordings are of: the same each time, and without a real clock. */
import { MemoryFiles, type PluginOptions } from '../../src/node.ts';

/** Most pages of its memories. */
export const worldPages = 64;

/** Files, functions and settings; each call makes files of its own. */
export const worldOptions = (): PluginOptions => {
  const files = new MemoryFiles();
  files.writeFile('file.txt', 'contents');
  files.writeFile('sub/other.txt', 'x');
  return {
    functions: {
      env: {
        number: (_, a: number) => a,
        two: () => [1, 2n],
        act: (context, what: number) => {
          if (what === 1) context.setVariable('x', Uint8Array.of(1, 2, 3));
          if (what === 2) context.setError('reported by the host');
          return context.read(context.store('some text'))!.bytes().length;
        },
      },
    },
    wasi: { preopens: { '/': files }, stdin: '0123456789' },
    deterministic: { seed: 3 },
    logLevel: 'silent',
    memory: { maxPages: worldPages, maxHeapBytes: 16_777_216 },
  };
};
