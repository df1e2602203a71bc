/** `quern call`: makes a plug-in from files and flags, calls it and prints its output. */
import type { Plugin, PluginOutput } from '../node.ts';
import type { Flags, Parsed } from './flags.ts';
import { readInput } from './input.ts';
import { jsonLine, type OutputSink, openOutput } from './output.ts';
import { numberOf, usageError } from './parse.ts';
import { compileFromFlags } from './plugin-flags.ts';
import { openRecording, readRecording, writeReceipt } from './recordings.ts';
import { callOnce, openPlugin } from './snapshots.ts';

type CallFlags = Flags<'call'>;

/** What a command line asks for. */
interface Job {
  readonly source: string;
  readonly functionName: string | undefined;
  readonly flags: CallFlags;
  readonly sink: OutputSink;
}

/** Makes one call, and writes its result. */
const callAndWrite = async (
  plugin: Plugin,
  { functionName = plugin.activeCall?.functionName ?? '', flags, sink }: Job,
  call: () => Promise<PluginOutput | null>,
): Promise<void> => {
  try {
    const output = await call();
    if (flags.json) await sink.write(jsonLine(functionName, plugin.fuelConsumed, { output }));
    else if (output !== null) await sink.write(output.bytes());
  } catch (error) {
    if (flags.json) await sink.write(`${jsonLine(functionName, plugin.fuelConsumed, { error })}\n`);
    throw error;
  } finally {
    if (flags['show-fuel']) process.stderr.write(`fuel: ${plugin.fuelConsumed}\n`);
  }
  if (sink.ending !== '') await sink.write(sink.ending);
};

const callInLoop = async (plugin: Plugin, job: Job, count: number): Promise<void> => {
  const input = await readInput(job.source, job.flags);
  for (let i = 0; i < count; i++)
    await callAndWrite(plugin, job, () => plugin.call(job.functionName!, input));
};

const makeCalls = async (plugin: Plugin, job: Job, count: number): Promise<void> => {
  const { source, functionName, flags } = job;
  if (flags.snapshot === undefined && flags.resume === undefined) return callInLoop(plugin, job, count);
  return callAndWrite(plugin, job, () =>
    callOnce(plugin, functionName, () => readInput(source, flags), flags.snapshot),
  );
};

/** Runs `quern call`. */
export const runCall = async ({ operands, flags, isQuiet }: Parsed<'call'>): Promise<void> => {
  const [source, functionName] = operands as readonly [string, string | undefined];
  const isTaped = flags.record !== undefined || flags.replay !== undefined;
  const isSnapshot = flags.snapshot !== undefined || flags.resume !== undefined;
  if (functionName === undefined && flags.resume === undefined) throw usageError('FUNCTION is missing');
  if (flags.receipt !== undefined && !isTaped) throw usageError('--receipt needs --record or --replay');
  if (flags.record !== undefined && flags.replay !== undefined)
    throw usageError('--record and --replay exclude each other');
  if (flags.resume !== undefined && isTaped) throw usageError('--resume excludes --record and --replay');
  if (flags.loop !== undefined && isSnapshot) throw usageError('--loop excludes --snapshot and --resume');
  const count = numberOf(flags, 'loop') ?? 1;
  const sink = openOutput(flags, count);
  const replay = flags.replay === undefined ? undefined : readRecording(flags.replay);
  const compiled = await compileFromFlags(source, flags, isQuiet);
  const recording = flags.record === undefined ? null : openRecording(flags.record);
  try {
    const plugin = isTaped
      ? await compiled.instantiate({ record: recording?.write, replay })
      : await openPlugin(compiled, numberOf(flags, 'fuel') ?? null, flags.resume);
    try {
      await makeCalls(plugin, { source, functionName, flags, sink }, count);
    } finally {
      if (flags.receipt !== undefined) writeReceipt(flags.receipt, plugin);
      await plugin.close();
    }
  } finally {
    recording?.close();
    sink.close();
  }
};
