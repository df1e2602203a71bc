/** `quern compile`: the JavaScript of a module, for hosts that refuse code from text. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { CallProfile } from '../compile.ts';
import { compileModule } from '../node.ts';
import { access } from './files.ts';
import type { Parsed } from './flags.ts';
import { readModule } from './modules.ts';
import { usageError } from './parse.ts';
import { scheduleOf } from './schedule.ts';
import { featuresOf } from './values.ts';

const readProfile = (file: string): CallProfile =>
  access(`read the profile ${file}`, () => JSON.parse(readFileSync(file, 'utf8')) as CallProfile);

/** Runs `quern compile`. */
export const runCompile = async ({ operands, flags }: Parsed<'compile'>): Promise<void> => {
  const { target, only, profile, output } = flags;
  if ((only === undefined) !== (profile === undefined))
    throw usageError('--only hot and --profile need each other');
  const bytes = await readModule(operands[0]!);
  const { compileToJavaScript } = await import('../compile.ts');
  const text = compileToJavaScript(compileModule(bytes, featuresOf(flags)), {
    target: target as 'jit' | 'nojit' | undefined,
    schedule: scheduleOf(flags.schedule),
    profile: profile === undefined ? undefined : readProfile(profile),
  });
  if (output === undefined) process.stdout.write(text);
  else writeFileSync(output, text);
};
