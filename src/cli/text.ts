/** `quern wat` and `quern wasm`: a module as text, and text as a module. */
import { writeFileSync } from 'node:fs';
import { parseModule, printModule } from '../text.ts';
import type { Parsed } from './flags.ts';
import { readFile, readModule } from './modules.ts';

const write = (output: string | undefined, contents: string | Uint8Array): void => {
  if (output === undefined) process.stdout.write(contents);
  else writeFileSync(output, contents);
};

/** Runs `quern wat`. */
export const runWat = async ({ operands, flags }: Parsed<'wat'>): Promise<void> => {
  write(flags.output, printModule(await readModule(operands[0]!), { folded: flags.folded ?? false }));
};

/** Runs `quern wasm`. */
export const runWasm = async ({ operands, flags }: Parsed<'wasm'>): Promise<void> => {
  write(flags.output, parseModule(await readFile(operands[0]!), { names: !flags['no-names'] }));
};
