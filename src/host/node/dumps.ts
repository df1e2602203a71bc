/** Dumps of failed calls as files: `EXTISM_COREDUMP` and `EXTISM_MEMDUMP`, as in the Rust SDK, and the command's flags. */
import { writeFileSync } from 'node:fs';
import type { PluginFailure } from '../platform/platform.ts';

/** The files for dumps; absent = none. */
interface DumpFiles {
  readonly coredump?: string | undefined;
  readonly memdump?: string | undefined;
}

/** The dumps that the environment requests. */
export const dumpFilesOf = (variable: (name: string) => string | undefined): DumpFiles => ({
  coredump: variable('EXTISM_COREDUMP') || undefined,
  memdump: variable('EXTISM_MEMDUMP') || undefined,
});

/** Writes the requested dumps; undefined if there are none. A file that cannot be written does not change the error. */
export const dumpWriter = ({
  coredump,
  memdump,
}: DumpFiles): ((failure: PluginFailure) => void) | undefined => {
  if (coredump === undefined && memdump === undefined) return undefined;
  const write = (file: string | undefined, make: () => Uint8Array): void => {
    if (file === undefined) return;
    try {
      // Readable only for the user: a dump contains everything that the plug-in knew.
      writeFileSync(file, make(), { mode: 0o600 });
    } catch (error) {
      process.stderr.write(`cannot write the dump: ${(error as Error).message}\n`);
    }
  };
  return (failure) => {
    write(coredump, failure.coredump);
    write(memdump, failure.memdump);
  };
};
