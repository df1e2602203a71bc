/** The official suite as it was recorded by another encoder: scripts by their files, and the bytes of their modules. */
import { readdirSync, readFileSync } from 'node:fs';
import { shared, sharedFolder } from '../shared.ts';

interface CommandJson {
  readonly type: string;
  readonly line: number;
  readonly module_type?: string;
  readonly at?: readonly [number, number];
  readonly binary_at?: readonly [number, number];
  readonly commands?: readonly CommandJson[];
}
export interface RecordedCommand {
  readonly type: string;
  readonly line: number;
  /** The module of the command; null where it has none, or one that has no binary. */
  readonly bytes: Uint8Array | null;
}
export interface RecordedScript {
  readonly source: string;
  readonly commands: readonly RecordedCommand[];
}

/** Commands in order, those of threads after the thread. */
export const flat = <T extends { readonly type: string }>(commands: readonly T[]): T[] =>
  commands.flatMap((command) => [
    command,
    ...flat('commands' in command ? (command.commands as readonly T[]) : []),
  ]);

/** Paths of the scripts below the folder of the suite, without `.json`; none where that is absent. */
export const recordedScripts: readonly string[] =
  sharedFolder === null
    ? []
    : readdirSync(shared('spec-suite'), { recursive: true, encoding: 'utf8' })
        .map((path) => path.replaceAll('\\', '/'))
        .filter((path) => /\/.*\.json$/.test(path))
        .map((path) => path.slice(0, -'.json'.length));

export const readRecorded = (name: string): RecordedScript => {
  const { source_filename: source, commands } = JSON.parse(
    readFileSync(shared('spec-suite', `${name}.json`), 'utf8'),
  ) as { source_filename: string; commands: CommandJson[] };
  const binaries = readFileSync(shared('spec-suite', `${name}.bin`));
  return {
    source,
    commands: flat(commands).map(({ type, line, module_type, at, binary_at }) => {
      const range = module_type === 'text' ? binary_at : at;
      const bytes =
        range === undefined ? null : new Uint8Array(binaries.subarray(range[0], range[0] + range[1]));
      return { type, line, bytes };
    }),
  };
};
