/** What servers of tests have in common. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A port of this machine that nobody uses now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });

/** A folder of a server, which goes when the server does. */
export const makeFolder = (name: string): string => mkdtempSync(join(tmpdir(), `quern-${name}-`));

/**
 * Runs a server until its standard input ends, and deletes its folder: so it does not outlive the test, whatever the
 * test dies of.
 */
const SUPERVISED =
  'folder="$1" signal="$2"; shift 2; "$@" & read -r _; kill "-$signal" $!; wait; rm -rf "$folder"';

/** Starts a server. @param signal what makes it end at once @returns what stops it */
export const startServer = (
  folder: string,
  command: string,
  args: readonly string[],
  signal: 'TERM' | 'QUIT',
  options: SpawnOptions = {},
): (() => Promise<void>) => {
  const child = spawn('sh', ['-c', SUPERVISED, 'sh', folder, signal, command, ...args], {
    ...options,
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return () => {
    child.stdin!.end();
    return ended;
  };
};
