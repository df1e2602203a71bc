/** The process of `thousand-calls.test.ts`: makes the calls in rounds and prints a report as JSON. */
import { type CurrentPlugin, compilePlugin, type Plugin } from '../../src/node.ts';
import { assemble } from '../assembler.ts';
import { collect, countReachable } from '../garbage.ts';

const CALLS = 1000;
const ROUNDS = 3;

const kernel = 'extism:host/env';
/** `run`: asks the host three times, each time about the answer before, beginning with the input. */
const bytes = assemble({
  types: [
    {},
    { params: ['i64'], results: ['i64'] },
    { params: [], results: ['i64'] },
    { params: ['i64', 'i64'], results: [] },
  ],
  imports: [
    ['extism:host/user', 'ask', [0, 1]],
    [kernel, 'input_offset', [0, 2]],
    [kernel, 'length', [0, 1]],
    [kernel, 'output_set', [0, 3]],
  ],
  funcs: [
    {
      locals: [[1, 'i64']],
      code: [
        ['call', 1],
        ['call', 0],
        ['call', 0],
        ['call', 0],
        ['local.tee', 0],
        ['local.get', 0],
        ['call', 2],
        ['call', 3],
      ],
    },
  ],
  exports: [['run', 'func', 4]],
});

let waiting = 0;
let mostWaiting = 0;
const ask = async (context: CurrentPlugin, handle: bigint): Promise<bigint> => {
  const text = context.read(handle)!.text();
  mostWaiting = Math.max(mostWaiting, ++waiting);
  await new Promise((resolve) => {
    setTimeout(resolve, 100 + ((text.length * 7) % 13));
  });
  waiting--;
  return context.store(`${text}+${context.hostContext<number>()}`);
};

const heap = async (): Promise<number> => {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
};

const compiled = await compilePlugin(
  { wasm: [{ data: bytes }] },
  { functions: { 'extism:host/user': { ask } }, timeoutMs: 600_000, fuel: 1_000_000 },
);
const registered: WeakRef<Plugin>[] = [];
let wrong = 0;

const callOnce = async (index: number): Promise<void> => {
  const plugin = await compiled.instantiate();
  registered.push(new WeakRef(plugin));
  const output = await plugin.call('run', `call ${index}`, index);
  if (output?.text() !== `call ${index}+${index}+${index}+${index}`) wrong++;
};

const round = async (): Promise<void> => {
  await Promise.all(Array.from({ length: CALLS }, (_, index) => callOnce(index)));
};

const heaps: number[] = [];
for (let i = 0; i < ROUNDS; i++) {
  registered.length = 0;
  await round();
  heaps.push(await heap());
}
const alive = await countReachable(registered);
const heapGrowth = heaps.slice(1).map((size, i) => size - heaps[i]!);
process.stdout.write(JSON.stringify({ calls: CALLS, wrong, mostWaiting, alive, heapGrowth }));
