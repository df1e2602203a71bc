/** A worker process: `URL QUEUE SLICE_FUEL`. Its host function keeps a ledger in the database, so that killing it loses nothing. */
import { PgBoss } from 'pg-boss';
import { quernWorker } from '../../packages/pg-boss/src/index.ts';
import type { CurrentPlugin } from '../../src/index.ts';
import type { JobContext } from '../../src/job.ts';
import { bossOptions, NOTE } from './postgres.ts';
import { answerTo } from './worlds.ts';

const [url, queue, sliceFuel] = process.argv.slice(2);
const boss = new PgBoss(bossOptions(url!));
// A slice that another worker has taken over cannot be stored; the queue says so.
boss.on('error', () => {});
await boss.start({ attempts: 10 });

const ask = async (plugin: CurrentPlugin, n: bigint): Promise<bigint> => {
  const { jobId, key } = plugin.hostContext<JobContext>();
  plugin.setVariable(`answer ${n}`, String(answerTo(n)));
  plugin.charge(3);
  await boss.getDb().executeSql(NOTE, [jobId, String(n), key]);
  return answerTo(n);
};

await quernWorker(queue!, {
  boss,
  functions: { 'extism:host/user': { ask } },
  sliceFuel: Number(sliceFuel),
});
