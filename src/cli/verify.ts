/** `quern verify`: runs a recording again, isolated from the outside, and compares it with a receipt. */
import { printable } from '../errors/texts.ts';
import { loadModules, resolveManifest } from '../host/manifest/wasm-source.ts';
import { replayRecordingOn, verifyReceiptOn } from '../host/plugin/replay-recording.ts';
import { readJob, verifyJob } from '../job.ts';
import type { Receipt } from '../node.ts';
import { pluginFeatures } from '../syntax/features.ts';
import { compilerOf } from './compiled.ts';
import type { Parsed } from './flags.ts';
import { modulePlatform } from './modules.ts';
import { numberOf, usageError } from './parse.ts';
import { modulesOf } from './plugin-flags.ts';
import { readReceipt, readRecording } from './recordings.ts';
import { featuresOf } from './values.ts';

/** Verifies a job: the whole chain of its receipts. */
const verifyJobFile = async ({ operands, flags }: Parsed<'verify'>): Promise<void> => {
  const [source, path, receipt] = operands as readonly [string, string, string?];
  if (receipt !== undefined) throw usageError('a job contains its receipts; omit RECEIPT');
  const job = readJob(readRecording(path));
  const manifest = await resolveManifest(await modulesOf(source, flags), modulePlatform);
  const loaded = await loadModules(manifest, modulePlatform, featuresOf(flags) ?? pluginFeatures);
  const { receipt: end, output } = await verifyJob(job, {
    modules: loaded.map(({ compiled }) => compiled.module.bytes),
    keys: flags.key,
    fuel: numberOf(flags, 'fuel'),
    compiler: await compilerOf(flags),
  });
  const { fuel } = job.slices[job.slices.length - 1] ?? { fuel: 0 };
  const how = end === null ? 'not ended' : endOf(end);
  process.stderr.write(
    `${printable(job.function)}: ${how}, fuel ${fuel}, slices ${job.slices.length}, answers ${job.journal.length}; holds\n`,
  );
  if (flags.output && output) process.stdout.write(output.bytes());
};

const endOf = ({ failure, error, returnCode }: Pick<Receipt, 'failure' | 'error' | 'returnCode'>): string =>
  failure ?? (error === null ? `returned ${returnCode}` : 'failed');

/** Runs `quern verify`; a difference is an error. */
export const runVerify = async (parsed: Parsed<'verify'>): Promise<void> => {
  const { operands, flags } = parsed;
  if (flags.job) return verifyJobFile(parsed);
  if (flags.key !== undefined) throw usageError('--key needs --job');
  const [source, recordingPath, receiptPath] = operands as readonly [string, string, string?];
  const recording = readRecording(recordingPath);
  const modules = await modulesOf(source, flags);
  const options = {
    fuel: numberOf(flags, 'fuel'),
    features: featuresOf(flags),
    timeoutMs: numberOf(flags, 'timeout'),
    memory: { maxPages: numberOf(flags, 'memory-max') },
    compiler: await compilerOf(flags),
  };
  const calls =
    receiptPath === undefined
      ? await replayRecordingOn(modulePlatform)(modules, recording, options)
      : [await verifyReceiptOn(modulePlatform)(readReceipt(receiptPath), modules, recording, options)];
  for (const { result, receipt } of calls) {
    process.stderr.write(
      `${printable(receipt.function)}: ${endOf(receipt)}, fuel ${receipt.fuel} (${receipt.schedule}); holds\n`,
    );
    if (flags.output && result?.output) process.stdout.write(result.output.bytes());
  }
};
