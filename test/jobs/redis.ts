/** A Redis server of Debian's for tests, on a free port and without files. */
import { spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { freePort, makeFolder, startServer } from './servers.ts';

/** Options for `test()` that skip with a reason where there is no server. */
export const needsRedis: { skip: string | false } = {
  skip:
    spawnSync('redis-server', ['--version']).status === 0
      ? false
      : 'redis-server not found (apt-get install redis-server)',
};

/** A server that runs. */
export class RedisServer {
  readonly port: number;
  readonly #stop: () => Promise<void>;
  readonly #clients: Redis[] = [];

  private constructor(port: number, stop: () => Promise<void>) {
    this.port = port;
    this.#stop = stop;
  }

  /** Starts a server and waits until it answers. */
  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const folder = makeFolder('redis');
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const server = new RedisServer(port, startServer(folder, 'redis-server', args, 'TERM'));
    await server.client().ping();
    return server;
  }

  /** A client, which `stop` closes. */
  client(): Redis {
    const client = new Redis(this.port, '127.0.0.1', { maxRetriesPerRequest: null });
    // While the server starts, connections are refused.
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.#stop();
  }
}
