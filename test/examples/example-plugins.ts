/** The compiled example plug-ins, for tests; compiles them where that was not done yet. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../shared.ts';

/** Compiles the examples whose sources are newer than what is there. */
export const buildExamples = (): void => {
  execFileSync(process.execPath, [join(root, 'build/scripts/build-examples.js')], { cwd: root });
};

/** Path of a compiled example. */
export const example = (name: string): string => join(root, 'build/examples', `${name}.wasm`);
