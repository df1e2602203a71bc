/** Files that a script writes: it writes those that are stale, or with `--check` fails if one is. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../test/shared.ts';

/**
 * @param command what a person runs to write the files
 * @param explain what has changed, for a person who did not expect it
 */
export const writeOrCheck = (
  files: Readonly<Record<string, string>>,
  command: string,
  explain: (old: string, text: string) => string = () => '',
): void => {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    const old = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (old === text) continue;
    if (process.argv.includes('--check')) {
      console.error(`${path} is stale: run ${command}${explain(old, text)}`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      console.log(`wrote ${path}`);
    }
  }
};
