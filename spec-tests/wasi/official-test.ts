/** One preview-1 test of WebAssembly/wasi-testsuite, and how it is run: the same in Node and in a browser page. */
import { type createPlugin, type FileTree, isQuernError } from '../../src/index.ts';

/** What a test file contains besides its module; missing members have the values of the official specification. */
export interface Specification {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: string | null;
  readonly exit_code?: number;
  readonly stdout?: string;
}

/** A test with its module as bytes. */
export interface OfficialTest {
  /** Language and name, such as `rust/path_link`. */
  readonly name: string;
  readonly wasm: Uint8Array;
  readonly spec: Specification;
  /** The directory that it works in; null for none. */
  readonly tree: FileTree | null;
  /** Whether tests in Rust require the errors of Unix where they would accept several. */
  readonly isStrict: boolean;
}

/** Runs one test by the `createPlugin` of a host; null if it passes, otherwise the reason. */
export const runOfficialTest = async (
  create: typeof createPlugin,
  test: OfficialTest,
): Promise<string | null> => {
  const { name, wasm, spec, tree, isStrict } = test;
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const output = { stdout: '', stderr: '' };
  const collect =
    (stream: 'stdout' | 'stderr') =>
    (chunk: Uint8Array): void => {
      output[stream] += decoders[stream].decode(chunk, { stream: true });
    };
  const plugin = await create(
    { wasm: [{ data: wasm }] },
    {
      wasi: {
        args: [`${name}.wasm`, ...(spec.args ?? [])],
        env: { ...(isStrict && name.startsWith('rust/') ? { ERRNO_MODE_UNIX: '1' } : {}), ...spec.env },
        stdout: collect('stdout'),
        stderr: collect('stderr'),
        preopens: tree === null ? {} : { '/': tree },
      },
    },
  );
  const exitCode = await plugin.call('_start').then(
    () => 0,
    (error: unknown) => (isQuernError(error, 'exit.code') ? error.details.exitCode : String(error)),
  );
  await plugin.close();
  if (exitCode !== (spec.exit_code ?? 0)) return `exit code ${exitCode}: ${output.stderr}`;
  const isSame = spec.stdout === undefined || output.stdout === spec.stdout;
  return isSame ? null : `standard output: ${output.stdout}`;
};

/** A test as sent to a page: module and files are at paths of the server. */
export interface PageTest {
  readonly name: string;
  readonly wasm: string;
  readonly spec: Specification;
  /** Path in the tree → path on the server; null for no tree. */
  readonly files: Readonly<Record<string, string>> | null;
  readonly isStrict: boolean;
}
/** The answer of a page: for each test null, or why it fails. */
export type PageResults = Readonly<Record<string, string | null>>;
