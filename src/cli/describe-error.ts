/**
 * Errors as users need them: what happened, where in the plug-in, and what to do about it.
 */
import { type BacktraceFrame, isQuernError, type QuernError } from '../errors/errors.ts';
import { messageOf, nameText, printable, printableLines } from '../errors/texts.ts';
import type { Paint } from './paint.ts';

/** Byte offsets are written as other Wasm tools write them. */
const hex = (offset: number): string => `0x${offset.toString(16)}`;

const frameLine = ({
  moduleName,
  funcName,
  funcIndex,
  offset,
  file,
  line,
  column,
}: BacktraceFrame): string => {
  const source = [file, line, column].filter((part) => part !== undefined).join(':');
  const where = [
    ...(source === '' ? [] : [source]),
    ...(moduleName === '' ? [] : [moduleName]),
    `function ${funcIndex}`,
    `byte ${hex(offset)}`,
  ];
  return printable(`    at ${funcName} (${where.join(', ')})`);
};

/** Frames shown at most; more would only show that a recursion is deep. */
const SHOWN_FRAMES = 16;

const backtraceLines = (frames: readonly BacktraceFrame[]): string[] => {
  const hidden = frames.length - SHOWN_FRAMES;
  const lines = frames.slice(0, SHOWN_FRAMES).map(frameLine);
  return hidden > 0 ? [...lines, `    … and ${hidden} more`] : lines;
};

/** Where in the module, for errors from loading. */
const positionLine = ({
  section,
  funcIndex,
  funcName,
  instruction,
  offset,
}: QuernError['details']): string | null => {
  const parts = [
    ...(section === undefined ? [] : [`section ${section}`]),
    ...(funcIndex === undefined
      ? []
      : [`function ${funcIndex}${funcName === undefined ? '' : ` (${nameText(funcName)})`}`]),
    ...(instruction === undefined ? [] : [`instruction ${instruction}`]),
    ...(offset === undefined ? [] : [`byte ${hex(offset)}`]),
  ];
  return parts.length === 0 ? null : `    at ${parts.join(', ')}`;
};

const describeQuernError = (error: QuernError): string[] => {
  const { details, message, code } = error;
  const lines = [message];
  const { backtrace, returnCode, fuelConsumed } = details;
  if (backtrace !== undefined) lines.push(...backtraceLines(backtrace));
  else {
    const position = positionLine(details);
    if (position !== null) lines.push(position);
  }
  if (code === 'plugin.error' && returnCode !== undefined && returnCode !== 0) {
    lines.push(`returned non-zero exit code: ${returnCode}`);
  }
  if (code === 'exhaustion.fuel' && fuelConsumed !== undefined) lines.push(`fuel used: ${fuelConsumed}`);
  return lines;
};

/** The advice for a wrong command line is its usage, which follows. */
const adviceLines = ({ code, advice }: QuernError): string[] =>
  advice === '' || code === 'usage.argument' ? [] : [`(${code}) ${advice}`];

const causeLines = (error: unknown): string[] => {
  if (!(error instanceof Error)) return [];
  const stack = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const { cause } = error;
  if (cause === undefined) return stack;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : messageOf(cause);
  return [...stack, `Caused by: ${text}`];
};

/** How an error is shown. */
interface ErrorStyle {
  /** With the JavaScript stack and the cause. */
  readonly isVerbose: boolean;
  /** Without advice. */
  readonly isQuiet: boolean;
  readonly paint: Paint;
}

/** Text for standard error. */
export const describeError = (error: unknown, { isVerbose, isQuiet, paint }: ErrorStyle): string => {
  const isOurs = isQuernError(error);
  const lines = isOurs ? describeQuernError(error) : [messageOf(error)];
  const advice = isOurs && !isQuiet ? adviceLines(error) : [];
  // SAFETY: messages and names come from the plug-in; none of them may control the terminal.
  const shown = (texts: readonly string[]): string => printableLines(texts.join('\n'));
  return [
    `${paint.error('Error:')} ${shown(lines)}`,
    ...advice.map((line) => paint.faint(shown([line]))),
    ...(isVerbose ? [shown(causeLines(error))] : []),
    '',
  ].join('\n');
};
