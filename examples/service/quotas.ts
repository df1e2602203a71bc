/**
 * What tenants have used, in Redis. A call first reserves the fuel that it may use, and is billed what its receipt says.
 * Each step is one script, so that no number of servers and no crash lets a tenant use more, or bills a call twice.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Settings, Tenant } from './settings.ts';

/** KEYS = sums, reservations; ARGV = id, fuel, fuel per month, most open calls, now, time to live. */
const RESERVE = `
local used = (redis.call('HGET', KEYS[1], 'spent') or 0) + (redis.call('HGET', KEYS[1], 'reserved') or 0)
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then return 'open' end
if used + tonumber(ARGV[2]) > tonumber(ARGV[3]) then return 'fuel' end
redis.call('HINCRBY', KEYS[1], 'reserved', ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. ARGV[5])
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[6]) end
return ''`;

/** KEYS = sums, reservations; ARGV = id, fuel of the receipt. A reservation that is gone was billed. */
const SETTLE = `
local entry = redis.call('HGET', KEYS[2], ARGV[1])
if not entry then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'reserved', '-' .. string.match(entry, '^%d+'))
redis.call('HINCRBY', KEYS[1], 'spent', ARGV[2])
return 1`;

const KEEP_MS = 100 * 24 * 3600 * 1000;

/** An error with the answer that it gets. */
export type Refusal = Error & { readonly statusCode?: number; readonly code?: string };
export const refusal = (statusCode: number, code: string, message: string): Refusal =>
  Object.assign(new Error(message), { statusCode, code });
/** TABLE: what a tenant is refused for. */
const texts = { fuel: 'not enough fuel is left for this month', open: 'too many calls are not over' };

/** Kinds of calls, in their ids. */
export type Kind = 'call' | 'job';
const idPattern = /^(\d{6})-(call|job)-[0-9a-f-]{36}$/;

/** The id of a new call: the month that it is billed in, its kind, and what nobody can guess. */
export const newId = (kind: Kind): string =>
  `${new Date().toISOString().slice(0, 7).replace('-', '')}-${kind}-${randomUUID()}`;
/** The kind of a call. @returns null for what is no id */
export const kindOf = (id: string): Kind | null => (idPattern.exec(id)?.[2] ?? null) as Kind | null;

export class Quotas {
  readonly #redis: Redis;
  readonly #settings: Settings;

  constructor(redis: Redis, settings: Settings) {
    this.#redis = redis;
    this.#settings = settings;
  }

  /** @throws Error `quota.fuel`, `quota.open` */
  async reserve({ name, fuelPerMonth }: Tenant, id: string, fuel: number): Promise<void> {
    const keys = this.#keysOf(name, id.slice(0, 6));
    const args = [id, fuel, fuelPerMonth, this.#settings.limits.openCalls, Date.now(), KEEP_MS];
    const refused = (await this.#redis.eval(RESERVE, 2, ...keys, ...args)) as keyof typeof texts | '';
    if (refused !== '') throw refusal(429, `quota.${refused}`, texts[refused]);
  }

  /** Bills a call, once. @param fuel what its receipt says; 0 without one */
  async settle(tenant: string, id: string, fuel: number): Promise<void> {
    await this.#redis.eval(SETTLE, 2, ...this.#keysOf(tenant, id.slice(0, 6)), id, fuel);
  }

  async usage({ name, fuelPerMonth }: Tenant): Promise<object> {
    const period = newId('call').slice(0, 6);
    const [sums, reservations] = this.#keysOf(name, period);
    const { spent = '0', reserved = '0' } = await this.#redis.hgetall(sums);
    const openCalls = await this.#redis.hlen(reservations);
    return { period, fuelPerMonth, spent: Number(spent), reserved: Number(reserved), openCalls };
  }

  /** Reservations that are older than `ms`. */
  async *old({ name }: Tenant, ms: number): AsyncGenerator<string> {
    const pattern = this.#keysOf(name, '*')[1];
    for await (const keys of this.#redis.scanStream({ match: pattern }))
      for (const key of keys as string[])
        for (const [id, entry] of Object.entries(await this.#redis.hgetall(key)))
          if (Date.now() - Number(entry.split(' ')[1]) > ms) yield id;
  }

  #keysOf(tenant: string, period: string): [string, string] {
    return [`service:fuel:${tenant}:${period}`, `service:reserved:${tenant}:${period}`];
  }
}
