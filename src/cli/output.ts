/** Output of calls: its bytes and nothing else, except for what makes it readable on a terminal. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { isQuernError } from '../errors/errors.ts';
import { messageOf, printableJson } from '../errors/texts.ts';
import type { PluginOutput } from '../node.ts';
import { decodeUtf8 } from '../syntax/utf8.ts';
import { access } from './files.ts';
import type { Flags } from './flags.ts';
import { usageError } from './parse.ts';

/** The destination of outputs. */
export interface OutputSink {
  /** Writes and waits, so that large outputs through pipes are complete. */
  readonly write: (data: Uint8Array | string) => Promise<void>;
  readonly close: () => void;
  /** What follows each output. */
  readonly ending: string;
}

const toStdout = (data: Uint8Array | string): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(data, () => resolve());
  });

/** A file that is created with the first output: a call that fails leaves the old file. */
const fileSink = (path: string): Pick<OutputSink, 'write' | 'close'> => {
  let file: number | null = null;
  return {
    write: async (data) => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      file ??= access('write the output', () => openSync(path, 'w'));
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    },
    close: () => {
      if (file !== null) closeSync(file);
    },
  };
};

/** Opens the destination of outputs. @param count the number of outputs */
export const openOutput = (
  { output, raw, newline, json }: Pick<Flags<'call'>, 'output' | 'raw' | 'newline' | 'json'>,
  count: number,
): OutputSink => {
  if (raw && newline) throw usageError('--raw and --newline exclude each other');
  // Several outputs need separators.
  const isForPeople = output === undefined && (process.stdout.isTTY || count > 1);
  const isLine = !raw && (newline || json || isForPeople);
  const target = output === undefined ? { write: toStdout, close: () => {} } : fileSink(output);
  return { ...target, ending: isLine ? '\n' : '' };
};

/** Bytes as JSON holds them: text where they are text. */
const jsonOutput = (output: PluginOutput | null): { output: string | null; encoding: string | null } => {
  if (output === null) return { output: null, encoding: null };
  const bytes = output.bytes();
  const text = decodeUtf8(bytes);
  return text === null
    ? { output: Buffer.from(bytes).toString('base64'), encoding: 'base64' }
    : { output: text, encoding: 'utf8' };
};

const jsonError = (error: unknown): object => {
  if (!isQuernError(error)) return { code: null, message: messageOf(error) };
  const { code, message, advice, details } = error;
  const { returnCode, backtrace } = details;
  return { code, message, advice, returnCode, backtrace };
};

/** The result of a call, as a line of JSON. */
export const jsonLine = (
  functionName: string,
  fuel: number,
  result: { readonly output: PluginOutput | null } | { readonly error: unknown },
): string =>
  printableJson(
    JSON.stringify({
      function: functionName,
      ...('error' in result
        ? { ...jsonOutput(null), error: jsonError(result.error) }
        : { ...jsonOutput(result.output), error: null }),
      fuel,
    }),
  );
