/**
 * What plug-ins leave in memory: `npm run bench:host -- --cycles 10000`. Each cycle compiles a unique module, creates
 * a plug-in, calls it and closes it, in one JavaScript job: the event loop never turns.
 */
import { createPlugin } from '../src/node.ts';
import { assemble, type Instruction } from '../test/assembler.ts';
import { collect } from '../test/garbage.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** A plug-in that is like no other, in its code and in its types. */
const makeVariant = (serial: number): Uint8Array => {
  const own = Array.from({ length: 20 }, (_, i) => ({
    params: Array.from({ length: 24 }, (_, bit) => (((20 * serial + i) >> bit) & 1 ? 'i32' : 'i64') as 'i32'),
  }));
  const add: Instruction[] = [['local.get', 0], ['i32.const', serial], 'i32.add', ['local.set', 0]];
  return assemble({
    types: [{ results: ['i32'] }, ...own],
    memories: [{ min: 16 }],
    funcs: [
      {
        type: 0,
        locals: [[1, 'i32']],
        code: [...Array.from({ length: 100 }, () => add).flat(), ['i32.const', 0]],
      },
    ],
    exports: [['work', 'func', 0]],
  });
};

export const measureCycles = async (count: number): Promise<void> => {
  for (let i = 1; i <= count; i++) {
    const plugin = await createPlugin(makeVariant(i));
    await plugin.call('work');
    await plugin.close();
    if (i % Math.ceil(count / 10) > 0) continue;
    // Buffers are freed on another thread.
    for (let times = 0; times < 3; times++) collect();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    console.log(
      `${i} cycles: heap ${megabytes(heapUsed)}, buffers ${megabytes(arrayBuffers)}, resident ${megabytes(rss)}`,
    );
  }
};
