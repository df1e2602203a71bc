/**
 * `npm run jobs`: 1,000 jobs of 20 slices on 4 worker processes, one of which is killed every second, beside a run
 * without kills, on each queue; `-- --queue pg-boss` on one of them.
 */
import { parseArgs } from 'node:util';
import { killQueueNames, killQueues } from './kill-queues.ts';
import { type KillReport, runWithKills } from './kills.ts';

const { values } = parseArgs({
  options: {
    queue: { type: 'string', default: '' },
    jobs: { type: 'string', default: '1000' },
    slices: { type: 'string', default: '20' },
    workers: { type: 'string', default: '4' },
    'kill-ms': { type: 'string', default: '1000' },
  },
});
const print = (name: string, jobs: number, report: KillReport): void => {
  const { seconds, kills, slices, bytesPerSlice, repeated } = report;
  console.log(
    `${name}: ${jobs} jobs, ${slices} slices in ${seconds.toFixed(1)} s: ${(jobs / seconds).toFixed(1)} jobs/s, ` +
      `${(slices / seconds).toFixed(0)} slices/s, ${bytesPerSlice} bytes per slice; ${kills} kills, ` +
      `${repeated} questions asked again, each with its key; all receipts as without interruption`,
  );
};

const jobs = Number(values.jobs);
const run = { jobs, slices: Number(values.slices), workers: Number(values.workers) };
const kill = { everyMs: Number(values['kill-ms']) };
for (const name of killQueueNames.filter((item) => values.queue === '' || values.queue === item)) {
  const { skip } = killQueues[name].needs;
  if (skip !== false) {
    console.log(`NOTICE: ${name} is left out: ${skip}`);
    continue;
  }
  print(`${name} without kills`, jobs, await runWithKills(name, { ...run, kill: null }));
  print(`${name} with kills`, jobs, await runWithKills(name, { ...run, kill }));
}
