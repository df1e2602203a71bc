/** What every environment runs: plug-ins of four compilers, with calls whose outputs are known. */
import { existsSync, readFileSync } from 'node:fs';
import { buildExamples, example } from '../../test/examples/example-plugins.ts';
import { inputOf, moduleBytes, type RecordedData, readSetUps } from '../../test/plugins/recorded.ts';
import { shared, sharedFolder } from '../../test/shared.ts';

/** A call, as numbers and digits, which can be passed into every environment. */
export interface MatrixCall {
  readonly fn: string;
  readonly input: readonly number[];
  /** The output, two hexadecimal digits for each byte. */
  readonly output: string;
}
export interface MatrixPlugin {
  readonly id: string;
  /** Base64, as in manifests. */
  readonly wasm: string;
  readonly useWasi: boolean;
  readonly config: Readonly<Record<string, string>>;
  readonly calls: readonly MatrixCall[];
}

/** Calls of each plug-in: engines without a JIT take a second for one. */
const MOST_CALLS = 3;
/** Set-ups of the reference data, by their languages: C, C with WASI, Rust. */
const setUps: readonly string[] = ['lua', 'quickjs', 'rust185_wasip1'];

const call = (fn: string, input: Uint8Array, output: Uint8Array): MatrixCall => ({
  fn,
  input: [...input],
  output: Buffer.from(output).toString('hex'),
});

const outputOf = ({ text, b64, file }: RecordedData): Uint8Array =>
  text === undefined
    ? b64 === undefined
      ? readFileSync(shared('plugins', file!))
      : Buffer.from(b64, 'base64')
    : Buffer.from(text);

const ofExample = (id: string, fn: string, input: string, output: string): MatrixPlugin => ({
  id,
  wasm: readFileSync(example(id)).toString('base64'),
  useWasi: false,
  config: { greeting: 'Salut' },
  calls: [call(fn, Buffer.from(input), Buffer.from(output))],
});

/** The plug-ins; without the reference data, the example alone. */
export const matrixPlugins = (): readonly MatrixPlugin[] => {
  if (!existsSync(example('greet'))) buildExamples();
  const recorded = sharedFolder === null ? [] : readSetUps().filter(({ id }) => setUps.includes(id));
  return [
    ofExample('greet', 'greet', 'Ada', 'Salut, Ada!'),
    ...recorded.map((setUp): MatrixPlugin => {
      const calls = setUp.calls.filter((item) => item.out && item.in?.text !== undefined);
      return {
        id: setUp.id,
        wasm: Buffer.from(moduleBytes(setUp)).toString('base64'),
        useWasi: setUp.wasi,
        config: setUp.config ?? {},
        calls: calls.slice(0, MOST_CALLS).map((item) => call(item.fn, inputOf(item), outputOf(item.out!))),
      };
    }),
  ];
};
