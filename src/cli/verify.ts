/** `quern verify`: runs a recording again, with nothing outside, and compares a receipt with it. */
import { printable } from '../errors/texts.ts';
import { replayRecordingOn, verifyReceiptOn } from '../host/plugin/replay-recording.ts';
import { compilerOf } from './compiled.ts';
import type { Parsed } from './flags.ts';
import { modulePlatform } from './modules.ts';
import { numberOf } from './parse.ts';
import { modulesOf } from './plugin-flags.ts';
import { readReceipt, readRecording } from './recordings.ts';
import { featuresOf } from './values.ts';

/** Runs `quern verify`; what does not hold is an error. */
export const runVerify = async ({ operands, flags }: Parsed<'verify'>): Promise<void> => {
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
    const end = receipt.failure ?? (receipt.error === null ? `returned ${receipt.returnCode}` : 'failed');
    process.stderr.write(
      `${printable(receipt.function)}: ${end}, fuel ${receipt.fuel} (${receipt.schedule}); holds\n`,
    );
    if (flags.output && result?.output) process.stdout.write(result.output.bytes());
  }
};
