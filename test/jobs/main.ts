/** `npm run jobs`: 1,000 jobs of 20 slices on 4 worker processes, one of which is killed every second, beside a run without kills. */
import { parseArgs } from 'node:util';
import { type KillReport, runWithKills } from './kills.ts';
import { needsRedis } from './redis.ts';

const { values } = parseArgs({
  options: {
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

if (needsRedis.skip !== false) console.log(`NOTICE: ${needsRedis.skip}`);
else {
  const jobs = Number(values.jobs);
  const run = { jobs, slices: Number(values.slices), workers: Number(values.workers) };
  print('without kills', jobs, await runWithKills({ ...run, kill: null }));
  print('with kills', jobs, await runWithKills({ ...run, kill: { everyMs: Number(values['kill-ms']) } }));
}
