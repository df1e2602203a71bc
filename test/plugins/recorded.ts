/** The recorded set-ups of real plug-ins: what `golden.json` of the reference data says, and its inputs. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { HostFunctions } from '../../src/node.ts';
import { shared } from '../shared.ts';

/** Text, base64, or a file beside the record. */
export interface RecordedData {
  readonly text?: string;
  readonly b64?: string;
  readonly file?: string;
}
export interface RecordedCall {
  readonly fn: string;
  readonly in: RecordedData | null;
  readonly out?: RecordedData | null;
  /** Text of the error that the call ended with. */
  readonly error?: string;
}
/** One plug-in with its options, and the calls that go to it in order. */
export interface SetUp {
  readonly id: string;
  readonly wasm: string;
  readonly wasi: boolean;
  readonly config?: Readonly<Record<string, string>>;
  readonly host?: boolean;
  /** What the host functions were told in the calls. */
  readonly hostVoid?: readonly string[];
  /** Whether the record was made in the SDK's worker, which requests and time limits need there. */
  readonly worker?: boolean;
  /** Hosts that requests may go to. */
  readonly hosts?: readonly string[];
  /** Directories, guest → host. */
  readonly paths?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly calls: readonly RecordedCall[];
}

export const readSetUps = (): readonly SetUp[] =>
  JSON.parse(readFileSync(shared('plugins/golden.json'), 'utf8')) as SetUp[];

export const moduleBytes = (setUp: SetUp): Uint8Array =>
  new Uint8Array(readFileSync(shared('plugins', setUp.wasm)));

export const inputOf = ({ in: data }: RecordedCall): Uint8Array => {
  if (data === null) return new Uint8Array(0);
  if (data.text !== undefined) return Buffer.from(data.text, 'utf8');
  return data.b64 === undefined
    ? readFileSync(shared('plugins', data.file ?? ''))
    : Buffer.from(data.b64, 'base64');
};

/** The host functions of the record, with state of their own. @param told receives what they are told */
export const recordedFunctions = async (setUp: SetUp, told: string[] = []): Promise<HostFunctions> => {
  if (!setUp.host) return {};
  const hostFunctions = (await import(pathToFileURL(shared('plugins/hostfns.mjs')).href)) as {
    makeHost(sink: string[]): HostFunctions;
  };
  return hostFunctions.makeHost(told);
};
