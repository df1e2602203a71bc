/** `--snapshot` and `--resume` of `quern call`: a plug-in in a file, even in the middle of a call. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { ExhaustionError } from '../errors/errors.ts';
import { nameText } from '../errors/texts.ts';
import type { CompiledPlugin, Plugin, PluginCall, PluginOutput } from '../node.ts';
import { access } from './files.ts';
import { usageError } from './parse.ts';

/** The bytes of a snapshot. @throws UsageError */
export const readSnapshot = (file: string): Uint8Array =>
  access('read the snapshot', () => new Uint8Array(readFileSync(file)));

/** The plug-in: new, or from a snapshot, whose call then gets `fuel` more units, or all that it needs. */
export const openPlugin = async (
  compiled: CompiledPlugin,
  fuel: number | null,
  resume: string | undefined,
): Promise<Plugin> => {
  if (resume === undefined) return compiled.instantiate();
  const plugin = await compiled.restore(readSnapshot(resume));
  plugin.activeCall?.addFuel(fuel ?? Number.MAX_SAFE_INTEGER);
  return plugin;
};

/** Writes a snapshot atomically: a crash leaves the old file, which may be the one that was resumed. */
const writeSnapshot = (file: string, plugin: Plugin): void => {
  const part = `${file}.part`;
  try {
    writeFileSync(part, plugin.snapshot());
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
};

/** The call in the snapshot; otherwise a new call of the function. @throws UsageError */
export const callOf = async (
  plugin: Plugin,
  functionName: string | undefined,
  readInput: () => Promise<Uint8Array | string>,
): Promise<PluginCall> => {
  const { activeCall } = plugin;
  if (activeCall === null) {
    if (functionName === undefined) throw usageError('FUNCTION is missing; the snapshot has no paused call');
    return plugin.startCall(functionName, await readInput());
  }
  if (functionName !== undefined && functionName !== activeCall.functionName)
    throw usageError(`the snapshot is in the middle of "${nameText(activeCall.functionName)}"`);
  return activeCall;
};

/**
 * Makes a call, or resumes the one in the snapshot, and writes a snapshot when it has ended or is out of fuel.
 *
 * @throws ExhaustionError when it is out of fuel; the error of the call
 */
export const callOnce = async (
  plugin: Plugin,
  functionName: string | undefined,
  readInput: () => Promise<Uint8Array | string>,
  file: string | undefined,
): Promise<PluginOutput | null> => {
  const call = await callOf(plugin, functionName, readInput);
  try {
    if ((await call.run()) === 'done') return call.output;
    const { fuelConsumed, backtrace } = call;
    throw new ExhaustionError('exhaustion.fuel', { fuelConsumed, backtrace });
  } finally {
    if (file !== undefined) writeSnapshot(file, plugin);
    if (call.status === 'paused') await call.cancel();
  }
};
