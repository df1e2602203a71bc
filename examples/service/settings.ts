/** Who may use the service, and how much of it: a file that is made at the first start, and environment variables. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { Redis } from 'ioredis';

/** TABLE: limits that hold for each tenant, unless the file says otherwise. */
const limits = {
  moduleBytes: 16 * 1024 * 1024,
  inputBytes: 1024 * 1024,
  plugins: 100,
  memoryPages: 1024, // 64 MiB
  /** Of a call that does not say; a job may ask for all that is left. */
  callFuel: 1_000_000_000,
  /** Of a direct call, time in line included. */
  deadlineMs: 10_000,
  graceMs: 5000, // until the thread of a call that does not end is ended, without a receipt
  /** Calls and jobs that are not over. */
  openCalls: 20,
  requestsPerMinute: 600,
  /** Calls in line for a thread, of all tenants. */
  waitingCalls: 100,
  sliceFuel: 10_000_000,
  /** How long the job of a worker that died waits for another. */
  lockMs: 10_000,
  /** How often, and how late, what a dead server has left open is billed. */
  sweepMs: 60_000,
  /** How long modules, jobs and receipts are kept after their last use. */
  keepMs: 7 * 24 * 3600 * 1000,
};
export type Limits = typeof limits;

export interface Tenant {
  readonly name: string;
  /** SHA-256 of the tenant's key, hexadecimal. */
  readonly keyHash: string;
  readonly fuelPerMonth: number;
  /** Hosts that the tenant's plug-ins may send requests to. */
  readonly allowedHosts?: readonly string[];
}

export interface Settings {
  /** Of the key that signs receipts: 32 bytes, hexadecimal, and secret. */
  readonly signingSeed: string;
  /** SHA-256 of the key of the dashboard. */
  readonly adminKeyHash: string;
  readonly tenants: readonly Tenant[];
  /** Those that the file does not name are the defaults. */
  readonly limits: Limits;
}

const path = process.env['QUERN_SERVICE_SETTINGS'] ?? 'quern-service.json';

export const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();
/** Whether a key has a hash; takes as long for a wrong one. */
export const hasHash = (key: string, hash: string): boolean => {
  const expected = Buffer.from(hash, 'hex');
  return expected.length === 32 && timingSafeEqual(hashKey(key), expected);
};

/** Writes settings with new keys, and shows the keys this once. */
const makeSettings = (): void => {
  const [tenantKey, adminKey] = [0, 1].map(() => randomBytes(24).toString('base64url')) as [string, string];
  const made: Omit<Settings, 'limits'> = {
    signingSeed: randomBytes(32).toString('hex'),
    adminKeyHash: hashKey(adminKey).toString('hex'),
    tenants: [{ name: 'demo', keyHash: hashKey(tenantKey).toString('hex'), fuelPerMonth: 1e12 }],
  };
  writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  console.log(
    `${path} is new. Key of tenant "demo": ${tenantKey}\nDashboard: user admin, password ${adminKey}`,
  );
};

/** @throws Error for settings that cannot be */
export const readSettings = (): Settings => {
  if (!existsSync(path)) makeSettings();
  const file = JSON.parse(readFileSync(path, 'utf8')) as Settings;
  for (const { name, keyHash, fuelPerMonth } of file.tenants)
    if (!/^[a-z0-9-]+$/.test(name) || !/^[0-9a-f]{64}$/.test(keyHash) || !Number.isSafeInteger(fuelPerMonth))
      throw new Error(`${path}: tenant ${JSON.stringify(name)} needs a name, a keyHash and fuelPerMonth`);
  return { ...file, limits: { ...limits, ...file.limits } };
};

export const connect = (): Redis => {
  const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  return redis.on('error', (error) => console.error(`redis: ${error.message}`));
};

/** A file beside this one, built or not. */
export const sibling = (name: string): URL => new URL(name + extname(import.meta.url), import.meta.url);
