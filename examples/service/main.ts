/** Starts the service: `npm start`. Environment: PORT, HOST, REDIS_URL, QUERN_SERVICE_SETTINGS. */
import { Worker } from 'node:worker_threads';
import { Calls } from './calls.ts';
import { Quotas } from './quotas.ts';
import { createServer } from './server.ts';
import { connect, readSettings, sibling } from './settings.ts';

const settings = readSettings();
const { signer } = await import('./thread.ts');
const redis = connect();
const quotas = new Quotas(redis, settings);
const calls = new Calls(redis, quotas, settings);
const app = await createServer({ settings, redis, quotas, calls, key: signer.key });

// Jobs run on a thread of their own: a slice that computes must not hold up the requests.
const worker = new Worker(sibling('worker'));
const sweep = (): Promise<void> =>
  calls.sweep().catch((error: Error) => console.error(`sweep: ${error.message}`));
const timer = setInterval(sweep, settings.limits.sweepMs);

const stop = async (code: number): Promise<void> => {
  clearInterval(timer);
  await app.close();
  await calls.close();
  await worker.terminate();
  redis.disconnect();
  process.exit(code);
};
worker.on('error', (error) => {
  console.error(error);
  void stop(1);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(0));

await sweep();
const { HOST = '127.0.0.1', PORT = '8080' } = process.env;
console.log(`listening on ${await app.listen({ host: HOST, port: Number(PORT) })}`);
