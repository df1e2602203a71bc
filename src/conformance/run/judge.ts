/** Compares the result of a step with the expected one. */

import { decodeBase64 } from '../../host/manifest/base64.ts';
import { hexOf } from '../../syntax/hex.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';
import type { Bytes, Expectation, LogExpectation } from '../cases/case.ts';
import type { Answer, WireLog } from '../protocol/protocol.ts';

const bytesOf = (bytes: Bytes): Uint8Array =>
  typeof bytes === 'string'
    ? encodeUtf8(bytes)
    : Uint8Array.from(bytes.hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

/** Bytes that a step sends, from a case. */
export const inputBytes = (bytes: Bytes | undefined): Uint8Array => bytesOf(bytes ?? '');

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Most characters of a value in a report. */
const SHOWN = 160;
const shorten = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

const describeBytes = (bytes: Uint8Array): string => {
  const text = String.fromCharCode(...bytes.subarray(0, SHOWN + 1));
  return /^[\n -~]*$/.test(text)
    ? shorten(JSON.stringify(text))
    : `0x${shorten(hexOf(bytes.subarray(0, SHOWN)))}`;
};

/** An expectation in words. */
export const describeExpectation = (expectation: Expectation): string => {
  if ('error' in expectation)
    return expectation.error === true
      ? 'a failure'
      : `a failure that says ${JSON.stringify(expectation.error)}`;
  const { output, logs, calls } = expectation;
  const parts = [
    output === 'any' ? 'success' : output === null ? 'no output' : `output ${describeBytes(bytesOf(output))}`,
    ...(logs === undefined
      ? []
      : [`log ${JSON.stringify(logs.map(({ level, message }) => `${level}: ${message}`))}`]),
    ...(calls === undefined ? [] : [`host calls ${JSON.stringify(calls)}`]),
  ];
  return parts.join(', ');
};

/** An answer in words. */
const describeAnswer = (answer: Answer): string => {
  if ('error' in answer) return `failed: ${shorten(JSON.stringify(answer.error))}`;
  if ('host' in answer) return `${answer.host} ${answer.version}`;
  const output = answer.output ?? null;
  const bytes = output === null ? null : decodeBase64(output);
  return output === null
    ? 'no output'
    : bytes === null
      ? 'output that is not base64'
      : `output ${describeBytes(bytes)}`;
};

const sameLogs = (wanted: readonly LogExpectation[], got: readonly WireLog[]): boolean =>
  wanted.length === got.length &&
  wanted.every(({ level, message }, i) => got[i]!.level === level && got[i]!.message === message);

/** What is wrong with an answer; null if it is as expected. */
export const judge = (expectation: Expectation, answer: Answer): string | null => {
  if ('host' in answer) return 'the adapter answered with a greeting';
  if ('error' in expectation) {
    if (!('error' in answer)) return `got ${describeAnswer(answer)}`;
    const { error } = expectation;
    return error === true || answer.error.includes(error) ? null : describeAnswer(answer);
  }
  if ('error' in answer) return describeAnswer(answer);
  const { output, logs, calls } = expectation;
  if (output !== 'any') {
    const got = answer.output === undefined || answer.output === null ? null : decodeBase64(answer.output);
    const isRight = output === null || got === null ? output === got : isSame(bytesOf(output), got);
    // An empty output and none are the same to most SDKs.
    const isEmpty = output === '' && got === null;
    if (!isRight && !isEmpty) return `got ${describeAnswer(answer)}`;
  }
  if (logs !== undefined && !sameLogs(logs, answer.logs ?? []))
    return `logged ${JSON.stringify((answer.logs ?? []).map(({ level, message }) => `${level}: ${message}`))}`;
  if (calls !== undefined && JSON.stringify(calls) !== JSON.stringify(answer.calls ?? []))
    return `host calls were ${JSON.stringify(answer.calls ?? [])}`;
  return null;
};
