/** Files of recordings and receipts. */

import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { isObject } from '../errors/checks.ts';
import { isQuernError, type Plugin, type Receipt, type RecordSink } from '../node.ts';
import { access } from './files.ts';

/** A file that a recording is written to line by line, so that a crash loses nothing. */
export const openRecording = (path: string): { readonly write: RecordSink; close(): void } => {
  const file = access('write the recording', () => openSync(path, 'w'));
  return {
    write: (line) => {
      const bytes = Buffer.from(`${line}\n`);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    },
    close: () => closeSync(file),
  };
};

/** The text of a recording. */
export const readRecording = (path: string): string =>
  access('read the recording', () => readFileSync(path, 'utf8'));

/** Writes the receipt of the last call; before the first call, this does nothing. */
export const writeReceipt = (path: string, plugin: Plugin): void => {
  let receipt: Receipt;
  try {
    receipt = plugin.receipt;
  } catch (error) {
    if (isQuernError(error, 'usage.state')) return;
    throw error;
  }
  access('write the receipt', () => writeFileSync(path, `${JSON.stringify(receipt, null, 2)}\n`));
};

/** Reads a receipt. */
export const readReceipt = (path: string): Receipt =>
  access('read the receipt', () => {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isObject(value)) throw new Error('not an object');
    return value as Receipt;
  });
