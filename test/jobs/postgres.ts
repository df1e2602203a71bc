/** A PostgreSQL server of Debian's for tests, on a free port and with a cluster in a temporary folder. */
import './navigator.ts';
import { type SpawnOptions, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Db, PgBoss } from 'pg-boss';
import { freePort, makeFolder, startServer } from './servers.ts';

/** Where Debian has the programs of each version; the newest comes last. */
const VERSIONS = '/usr/lib/postgresql';
const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(a) - Number(b)) : [];
const programs = versions
  .map((version) => join(VERSIONS, version, 'bin'))
  .filter((folder) => existsSync(join(folder, 'initdb')));
const bin = programs[programs.length - 1] ?? null;

/** A number of the user that the server runs as: it refuses to run as root. */
const idOf = (flag: string): number =>
  Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
const isRoot = process.getuid?.() === 0;
const user: SpawnOptions = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};

/** Options for `test()` that skip with a reason where there is no server. */
export const needsPostgres: { skip: string | false } = {
  skip: bin === null ? 'postgresql not found (apt-get install postgresql)' : false,
};

/** A server that runs. */
export class PostgresServer {
  readonly port: number;
  readonly #stop: () => Promise<void>;
  readonly #instances: PgBoss[] = [];

  private constructor(port: number, stop: () => Promise<void>) {
    this.port = port;
    this.#stop = stop;
  }

  /** Makes a cluster, starts a server and waits until it answers. */
  static async start(): Promise<PostgresServer> {
    const port = await freePort();
    const folder = makeFolder('postgres');
    if (isRoot) chownSync(folder, user.uid!, user.gid!);
    const data = join(folder, 'data');
    const init = spawnSync(
      join(bin!, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...user, cwd: folder, encoding: 'utf8' },
    );
    if (init.status !== 0) throw new Error(`initdb: ${init.stderr}`);
    // Nothing of it is to outlive the test, so nothing waits for a disk.
    const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];
    const args = [
      ...['-D', data, '-p', String(port), '-k', folder, '-h', '127.0.0.1'],
      ...settings.flatMap((setting) => ['-c', setting]),
    ];
    const started = new PostgresServer(port, startServer(folder, join(bin!, 'postgres'), args, 'QUIT', user));
    await started.boss();
    return started;
  }

  /** The address of its database. */
  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** An instance of pg-boss, started and with queues, which `stop` stops. */
  async boss(...queues: readonly string[]): Promise<PgBoss> {
    const boss = new PgBoss(bossOptions(this.url));
    // While the server starts, and where a test cuts them, connections are refused.
    boss.on('error', () => {});
    await boss.start({ attempts: 30 });
    this.#instances.push(boss);
    for (const queue of queues) await boss.createQueue(queue);
    return boss;
  }

  /** What runs statements beside everything else. */
  async query(sql: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    const db: Db = this.#instances[0]!.getDb();
    return (await db.executeSql(sql, [...values])).rows;
  }

  async stop(): Promise<void> {
    for (const boss of this.#instances) await boss.stop({ graceful: false }).catch(() => {});
    await this.#stop();
  }
}

/** Settings of pg-boss that see to what is lost every second. */
export const bossOptions = (connectionString: string) => ({
  connectionString,
  superviseIntervalSeconds: 1,
  monitorIntervalSeconds: 1,
  schedule: false,
  monitorVacuum: false,
  reindex: false,
});

/** Where worker processes note what they were asked: the table, and the statement. */
export const LEDGER = 'CREATE TABLE ledger (job text, question bigint, key text)';
export const NOTE = 'INSERT INTO ledger VALUES ($1, $2, $3)';
