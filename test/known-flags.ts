/** Flags of Node and V8 come and go between versions. */
import { spawnSync } from 'node:child_process';

/** Of these flags, those that this Node knows: V8 drops a flag when what it switches on has become the rule. */
export const knownFlags = (flags: readonly string[]): string[] =>
  flags.filter((flag) => spawnSync(process.execPath, [flag, '--version'], { stdio: 'ignore' }).status === 0);
