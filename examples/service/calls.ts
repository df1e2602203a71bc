/** Calls of tenants' plug-ins: directly on a thread, or as jobs of the queue. Both are jobs of `quern/job`. */
import { randomInt } from 'node:crypto';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { createJob, type Job, type JobDefinition, type JobReceipt, readJob, writeJob } from 'quern/job';
import { addJob, JobStore, type QuernData } from 'quern-bullmq';
import { advanceOn, createPool, Threads } from 'quern-threads';
import { kindOf, newId, type Quotas, refusal } from './quotas.ts';
import { connect, type Settings, sibling, type Tenant } from './settings.ts';

export const QUEUE = 'plug-ins';

/** How far a call is, as its tenant sees it. */
export interface CallState {
  readonly id: string;
  readonly status: 'open' | 'paused' | 'done' | 'failed';
  /** By the receipts; what is billed after the call. */
  readonly fuel: number;
  readonly receipt: JobReceipt | null;
  /** Why there is no receipt of the end, and never will be. */
  readonly reason: string | null;
}

export type GivenCall = Pick<JobDefinition, 'modules' | 'function' | 'input'> & { readonly fuel: number };

/** Id of a job for all tenants: names of tenants have no dot. */
const joinId = ({ name }: Tenant, id: string): string => `${name}.${id}`;

/** Fuel of a job by its receipts. */
export const fuelOf = ({ slices }: Job): number => slices[slices.length - 1]?.fuel ?? 0;

const stateOf = (id: string, job: Job, reason: string | null): CallState => {
  const receipt = job.slices[job.slices.length - 1]?.end ?? null;
  const state = { id, fuel: fuelOf(job), receipt };
  if (receipt !== null) {
    const { failure, error, returnCode } = receipt;
    const isDone = failure === null && error === null && returnCode === 0;
    return { ...state, status: isDone ? 'done' : 'failed', reason: null };
  }
  // A direct call that has met its deadline does not continue.
  const rest = kindOf(id) === 'call' ? 'paused' : 'open';
  return { ...state, status: reason === null ? rest : 'failed', reason };
};

export class Calls {
  readonly threads: Threads;
  readonly queue: Queue<QuernData>;
  readonly #redis: Redis;
  readonly #store: JobStore;
  readonly #quotas: Quotas;
  readonly #settings: Settings;

  constructor(redis: Redis, quotas: Quotas, settings: Settings) {
    const { waitingCalls, keepMs, graceMs } = settings.limits;
    this.#redis = redis;
    this.#quotas = quotas;
    this.#settings = settings;
    this.#store = new JobStore({ connection: redis, expireMs: keepMs });
    this.queue = new Queue(QUEUE, { connection: connect() });
    const module = sibling('thread');
    this.threads = new Threads({ maxWaiting: waitingCalls, module, killAfterMs: graceMs });
  }

  /** Compiles a plug-in and keeps it for a tenant. @returns its hash @throws what the engine says of it */
  async addPlugin({ name }: Tenant, bytes: Uint8Array): Promise<string> {
    const { deadlineMs, plugins } = this.#settings.limits;
    const key = `service:plugins:${name}`;
    if ((await this.#redis.scard(key)) >= plugins)
      throw refusal(429, 'quota.plugins', `at most ${plugins} plug-ins`);
    await using pool = createPool(bytes, { threads: this.threads });
    await pool.compile({ signal: AbortSignal.timeout(deadlineMs) });
    const hash = await this.#store.putModule(bytes);
    await this.#redis.sadd(key, hash);
    return hash;
  }
  /** @returns null for one that the tenant has not uploaded, even if another has */
  async plugin({ name }: Tenant, hash: string): Promise<Uint8Array | null> {
    const isOwn = await this.#redis.sismember(`service:plugins:${name}`, hash);
    return isOwn === 1 ? this.#store.module(hash) : null;
  }
  async removePlugin({ name }: Tenant, hash: string): Promise<boolean> {
    return (await this.#redis.srem(`service:plugins:${name}`, hash)) === 1;
  }

  #define(tenant: Tenant, id: string, given: GivenCall): JobDefinition {
    const { allowedHosts = [] } = tenant;
    const memory = { maxPages: this.#settings.limits.memoryPages };
    // The clock of the job begins now, and nobody can tell its random numbers beforehand.
    const world = { epoch: Date.now(), seed: randomInt(2 ** 47) };
    return { ...given, id: joinId(tenant, id), options: { memory, allowedHosts, useWasi: true, ...world } };
  }

  /** Runs a call on a thread, until its end or the deadline. @throws Error of the quota, or what is a matter of the host */
  async call(tenant: Tenant, plugin: Uint8Array, given: GivenCall): Promise<CallState> {
    const { deadlineMs, keepMs, graceMs } = this.#settings.limits;
    const deadline = Date.now() + deadlineMs;
    const id = newId('call');
    const job = createJob(this.#define(tenant, id, given));
    await this.#quotas.reserve(tenant, id, job.fuel!);
    let fuel = 0;
    try {
      const signal = AbortSignal.timeout(deadlineMs + graceMs);
      const advanced = await advanceOn(this.threads, job, { modules: [plugin], deadline, signal });
      // Receipts hold without the snapshot, and the job does not continue.
      const ended = { ...advanced.job, state: [] };
      fuel = fuelOf(ended);
      await this.#redis.set(`service:call:${job.id}`, writeJob(ended), 'PX', keepMs);
      return stateOf(id, ended, null);
    } finally {
      await this.#quotas.settle(tenant.name, id, fuel);
    }
  }

  /** Adds a job to the queue. @throws Error of the quota */
  async add(tenant: Tenant, given: GivenCall): Promise<CallState> {
    const id = newId('job');
    const definition = this.#define(tenant, id, given);
    const state = stateOf(id, createJob(definition), null);
    await this.#quotas.reserve(tenant, id, given.fuel);
    const seconds = Math.ceil(this.#settings.limits.keepMs / 1000);
    const jobOptions = { removeOnComplete: { age: seconds }, removeOnFail: { age: seconds } };
    await addJob(this.queue, definition, { connection: this.#redis, jobOptions });
    return state;
  }

  /** A call of a tenant, and the job that it is. @returns null for what is none of the tenant's */
  async find(tenant: Tenant, id: string): Promise<{ readonly state: CallState; readonly job: Job } | null> {
    const kind = kindOf(id);
    if (kind === null) return null;
    const full = joinId(tenant, id);
    if (kind === 'call') {
      const text = await this.#redis.get(`service:call:${full}`);
      const job = text === null ? null : readJob(text);
      return job && { job, state: stateOf(id, job, null) };
    }
    const bull = await this.queue.getJob(full);
    if (bull === undefined) return null;
    const { job } = await this.#store.load(QUEUE, full, bull.data.job);
    const reason = (await bull.isFailed()) ? bull.failedReason : null;
    return { job, state: stateOf(id, job, reason ?? null) };
  }

  /** Cancels a job before its next slice. */
  async cancel(tenant: Tenant, id: string): Promise<void> {
    await this.#store.cancel(QUEUE, joinId(tenant, id));
  }

  /** Bills what a server or a queue has left open: calls that ended without an answer, jobs that are gone. */
  async sweep(): Promise<void> {
    const { deadlineMs, sweepMs } = this.#settings.limits;
    for (const tenant of this.#settings.tenants)
      for await (const id of this.#quotas.old(tenant, deadlineMs + sweepMs)) {
        const found = await this.find(tenant, id);
        const isOver = kindOf(id) === 'call' || found === null || found.state.status !== 'open';
        if (isOver) await this.#quotas.settle(tenant.name, id, found === null ? 0 : fuelOf(found.job));
      }
  }

  async close(): Promise<void> {
    await this.threads.close();
    await this.queue.close();
  }
}
