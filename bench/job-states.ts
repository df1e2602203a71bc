/**
 * `node build/bench/job-states.js [--fuel N]`: the cost of storing the state of a job after each slice, for two
 * long-running programs: CPU time of the snapshot and of the changes, and their sizes. The first round warms up: the
 * places where calls may pause are found once for each function.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { storeState } from '../src/job/state.ts';
import { compilePlugin } from '../src/node.ts';
import { shared } from '../test/shared.ts';

interface Recorded {
  readonly id: string;
  readonly wasm: string;
  readonly wasi: boolean;
  readonly calls: readonly { readonly fn: string; readonly in: { readonly text?: string } | null }[];
}
const { values } = parseArgs({ options: { fuel: { type: 'string', default: '1000000' } } });
const fuel = Number(values.fuel);
const ROUNDS = 4;

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;

const setUps = JSON.parse(readFileSync(shared('plugins', 'golden.json'), 'utf8')) as Recorded[];
for (const id of ['quickjs', 'sqlite', 'jq']) {
  const { wasm, wasi, calls } = setUps.find((setUp) => setUp.id === id)!;
  const options = { useWasi: wasi, deterministic: {} };
  const compiled = await compilePlugin(readFileSync(shared('plugins', wasm)), options);
  const times: number[] = [];
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const plugin = await compiled.instantiate(options);
    for (const { fn, in: input } of calls) {
      if (input !== null && input.text === undefined) continue;
      const call = await plugin.startCall(fn, input?.text ?? '', { fuel: 0 });
      let pieces: readonly Uint8Array[] = [];
      let before: Uint8Array | null = null;
      for (;;) {
        call.addFuel(fuel);
        // Some calls end with an error of the plug-in.
        if ((await call.run().catch(() => 'failed')) !== 'paused') break;
        const start = cpu();
        const stored = storeState(pieces, before, plugin.snapshot());
        const time = cpu() - start;
        if (round > 0) times.push(time);
        if (round > 0 && before !== null) shares.push(stored.mark.byteLength / stored.snapshot.length);
        ({ pieces, snapshot: before } = stored);
      }
    }
    await plugin.close();
  }
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  console.log(
    `${id.padEnd(8)} ${times.length} slices, CPU ${median(times).toFixed(2)} ms; ` +
      `of a whole snapshot ${percent(median(shares))}, at most ${percent(Math.max(...shares.filter((s) => s < 1)))}`,
  );
}
