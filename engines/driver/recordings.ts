/** Replays the recording of another engine, and verifies each of its receipts. */
import { isQuernError } from '../../src/errors/errors.ts';
import { replayRecording, verifyReceipt } from '../../src/index.ts';
import type { RecordingProgram } from '../program.ts';
import { bytesOf } from './plugins.ts';

/** One line for each receipt; the last one is verified separately, which replays everything again. */
export const transcribeRecording = async (
  { id, wasm, recording, receipts }: RecordingProgram,
  print: (line: string) => void,
): Promise<void> => {
  try {
    const calls = await replayRecording(bytesOf(wasm), recording);
    for (const [i, receipt] of receipts.entries()) {
      const found = calls[i]?.receipt;
      const holds = JSON.stringify(found) === JSON.stringify(receipt);
      print(`receipt of ${id}.${receipt.function} ${holds ? 'holds' : `differs: ${JSON.stringify(found)}`}`);
    }
    const last = receipts[receipts.length - 1]!;
    const { functionName } = await verifyReceipt(last, bytesOf(wasm), recording);
    print(`receipt of ${id}.${functionName} verified, fuel ${last.fuel}`);
  } catch (error) {
    print(`recording of ${id}: ${isQuernError(error) ? error.message : String(error)}`);
  }
};
