/** `quern trace`: what a call does, line by line; and where it first differs from another call. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { debugCall } from '../debug-node.ts';
import { openDebuggedCall, Shown } from './debug.ts';
import { access } from './files.ts';
import type { Parsed } from './flags.ts';
import { usageError } from './parse.ts';
import { compileFromFlags } from './plugin-flags.ts';

type Flags = Parsed<'trace'>['flags'];

/** Characters per write. */
const CHUNK = 1 << 16;
/** Equal lines shown before the first difference. */
const CONTEXT = 3;

/** The destination of lines. */
interface Sink {
  write(line: string): void;
  /** Resolves when more can be written. */
  ready(): Promise<void>;
  close(): void;
}

/** Passes lines on in pieces. */
class Sheets {
  private readonly send: (text: string) => void;
  private text = '';

  constructor(send: (text: string) => void) {
    this.send = send;
  }

  write(line: string): void {
    this.text += `${line}\n`;
    if (this.text.length >= CHUNK) this.flush();
  }

  flush(): void {
    if (this.text !== '') this.send(this.text);
    this.text = '';
  }
}

const toStdout = (): Sink => {
  const { stdout } = process;
  const sheets = new Sheets((text) => void stdout.write(text));
  return {
    write: (line) => sheets.write(line),
    ready: async () => {
      sheets.flush();
      if (stdout.writableNeedDrain) await new Promise((resolve) => stdout.once('drain', resolve));
    },
    close: () => sheets.flush(),
  };
};

const toFile = (path: string): Sink => {
  const file = access('write the trace', () => openSync(path, 'w'));
  const sheets = new Sheets((text) => {
    for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(file, rest));
  });
  return {
    write: (line) => sheets.write(line),
    ready: () => Promise.resolve(),
    close: () => {
      sheets.flush();
      closeSync(file);
    },
  };
};

/** Selects the functions to trace, by their names. */
const pickerOf = ({ function: names }: Flags): ((name: string) => boolean) => {
  if (names === undefined) return () => true;
  const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const patterns = names.map((name) => new RegExp(`^${name.split('*').map(quoted).join('.*')}$`, 's'));
  return (name) => patterns.some((pattern) => pattern.test(name));
};

/** Compares lines with those of a trace, up to the first that differs. */
class Comparison {
  private readonly expected: readonly string[];
  private count = 0;
  /** The difference; null while there is no difference. */
  report: string | null = null;

  constructor(path: string) {
    const text = access('read the trace', () => readFileSync(path, 'utf8'));
    this.expected = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  }

  /** Whether all lines so far are equal; null stands for the end. */
  take(line: string | null): boolean {
    const { expected, count } = this;
    if (this.report !== null) return false;
    if ((expected[count] ?? null) === line) {
      this.count++;
      return true;
    }
    const before = expected.slice(Math.max(0, count - CONTEXT), count).map((text) => `  ${text}\n`);
    const [old, now] = [expected[count], line].map((text) => text ?? '(the end)');
    this.report = `line ${count + 1}\n${before.join('')}- ${old}\n+ ${now}\n`;
    return false;
  }
}

/** Runs `quern trace`. */
export const runTrace = async ({ operands, flags, isQuiet }: Parsed<'trace'>): Promise<void> => {
  const names = operands as readonly [string, string | undefined];
  if (flags.replay !== undefined && flags.resume !== undefined)
    throw usageError('--replay and --resume exclude each other');
  const comparison = flags.diff === undefined ? null : new Comparison(flags.diff);
  const shown = new Shown();
  const compiled = await compileFromFlags(names[0], flags, isQuiet);
  const [plugin, call] = await openDebuggedCall(compiled, names, flags, shown.options);
  const sink = flags.output !== undefined ? toFile(flags.output) : comparison === null ? toStdout() : null;
  try {
    const session = debugCall(plugin, call, { historyBytes: 0, breathe: async () => sink?.ready() });
    const { reason } = await session.trace({
      detail: flags.calls ? 'calls' : 'instructions',
      includes: pickerOf(flags),
      onLine: (line) => {
        sink?.write(line);
        if (comparison?.take(line) === false) session.interrupt();
      },
    });
    session.detach();
    if (reason === 'interrupt') await plugin.activeCall?.cancel();
    else comparison?.take(null);
    // The error of the call.
    if (reason !== 'done' && reason !== 'interrupt') await plugin.activeCall?.run();
    if (call.status === 'failed' && reason === 'done') await call.run();
  } finally {
    sink?.close();
    if (comparison?.report) {
      process.stdout.write(comparison.report);
      process.exitCode = 1;
    }
    await plugin.close();
  }
};
