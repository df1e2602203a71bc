/** Runs recorded plug-ins on the official SDK in processes of their own, on one engine or another. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { noWasm, proof } from '../../proof.ts';
import { preload, runScript, sourcePreload } from '../children.ts';
import type { PackageName } from './departures.ts';
import type { SetUpRun } from './outcomes.ts';

/** Flags of Node by what they stand for; without a compiler there is no native Wasm. */
export const modes = {
  native: [],
  'no native Wasm': [...proof, preload],
  jitless: ['--jitless', preload],
  /** Code from strings is allowed: `further` flags may compile everything. */
  compiled: [...noWasm, sourcePreload],
} as const;
export type Mode = keyof typeof modes;

/** Starts a server that answers as that of the record did. */
export const startServer = async (): Promise<{ readonly port: number; stop(): void }> => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      response.statusCode = url?.startsWith('/teapot') ? 418 : 200;
      response.setHeader('x-fixture', 'yes');
      response.setHeader('content-type', 'text/plain');
      response.end(JSON.stringify({ method, url, body, accept: headers['x-accept'] ?? null }));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() };
};

/** Runs set-ups, and gives what became of each. */
export const runSetUps = async (
  packageName: PackageName,
  mode: Mode,
  port: number,
  ids: readonly string[],
  further: readonly string[] = [],
): Promise<readonly SetUpRun[]> => {
  const args = [packageName, String(port), ...ids];
  const output = await runScript('extism-sdk/child.js', [...further, ...modes[mode]], args);
  // The plug-ins print, too.
  const lines = output.split('\n').filter((line) => line.startsWith('{"id"'));
  return lines.map((line) => JSON.parse(line) as SetUpRun);
};
