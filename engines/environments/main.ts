/**
 * Runs four plug-ins with the packed package in every environment that is found, and writes `docs/environments.md`:
 * `npm run matrix -- [--install] [--fast] [WORD…]`.
 *
 * `--install` installs those that npm has into `.engines`, `--fast` selects the ones that run at each change, a word
 * those whose names contain it; then nothing is written. Exit code 1 when one fails.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, sharedFolder } from '../../test/shared.ts';
import { type Environment, environments } from './environments.ts';
import { MARK, makeKit, type PluginResult } from './kit.ts';
import { install, type NodeName, nodes } from './places.ts';
import { type Cell, page } from './report.ts';

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { install: { type: 'boolean', default: false }, fast: { type: 'boolean', default: false } },
});
const nameOf = ({ group, title }: Environment): string => `${group} ${title}`.trim();

if (values.install && !install(Object.keys(nodes) as NodeName[], !values.fast))
  console.log('NOTICE: the registry could not be reached; only installed environments run');
if (sharedFolder === null) console.log('NOTICE: the reference data was not found; one plug-in only');
const kit = await makeKit();
const ids = kit.plugins.map(({ id }) => id);

/** The program's report on each plug-in. */
const resultsOf = (text: string): readonly PluginResult[] => {
  const line = text.split('\n').find((item) => item.includes(MARK));
  if (line !== undefined) return JSON.parse(line.slice(line.indexOf(MARK) + MARK.length)) as PluginResult[];
  const said = text.trim().split('\n').slice(-3).join(' ').slice(0, 300);
  return ids.map((id) => ({ id, failure: said }));
};

const cells: Cell[] = [];
for (const environment of environments) {
  const name = nameOf(environment);
  if (values.fast && !environment.isFast) continue;
  if (words.length > 0 && !words.some((word) => name.toLowerCase().includes(word.toLowerCase()))) continue;
  const text = await environment.run(kit);
  const results = text === null ? null : resultsOf(text);
  cells.push({ environment, results });
  const failures = (results ?? []).filter(({ failure }) => failure !== null);
  const said = failures.map(({ id, failure }) => `\n  ${id}: ${failure}`).join('');
  console.log(
    `${results === null ? `absent (${environment.source})` : failures.length === 0 ? 'ok' : 'FAILED'}: ${name}${said}`,
  );
  if (failures.length > 0) process.exitCode = 1;
}
rmSync(kit.folder, { recursive: true });
if (!values.fast && words.length === 0) writeFileSync(join(root, 'docs/environments.md'), page(ids, cells));
