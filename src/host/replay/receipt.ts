/**
 * Receipts: the result of a call as hashes. Anyone with the modules and the recording can run the call again, on any
 * JavaScript engine, and check the receipt; see `replayRecording` and `verifyReceipt`.
 */
import { isObject } from '../../errors/checks.ts';
import { ReplayError } from '../../errors/errors.ts';
import type { FuelSchedule } from '../../interpreter/fuel/schedules.ts';
import type { SeenCall } from './session.ts';
import { hashesOf, type Modules } from './settings.ts';

/**
 * The result of a call. All hashes are SHA-256 as 64 hexadecimal digits.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * await plugin.call('greet', 'Ada');
 * const receipt: Receipt = plugin.receipt;
 * console.log(receipt.function, receipt.schedule, receipt.outputHash?.length); // → greet quern-1 64
 * ```
 */
export interface Receipt {
  /** Version of this form. */
  readonly version: 1;
  /** Hash of each module by its name. */
  readonly modules: Readonly<Record<string, string>>;
  readonly function: string;
  readonly inputHash: string;
  /** Null if the plug-in set no output. */
  readonly outputHash: string | null;
  readonly returnCode: number;
  /** The message with which the plug-in reported failure, or null. */
  readonly error: string | null;
  /** Code of the error of the call, or null. */
  readonly failure: string | null;
  readonly fuel: number;
  /** Name of the fuel schedule. */
  readonly schedule: string;
  /** Hash of memories, kernel and variables after the call. */
  readonly memoryHash: string;
  /** Hash of the recording up to the end of the call: of all outside data, and of the settings. */
  readonly transcriptHash: string;
}

/** The receipt of a call. @internal */
export const receiptOf = (call: SeenCall, modules: Modules, schedule: FuelSchedule): Receipt => {
  const { functionName, inputHash, end, transcriptHash } = call;
  return {
    version: 1,
    modules: Object.fromEntries(hashesOf(modules)),
    function: functionName,
    inputHash,
    outputHash: end.output,
    returnCode: end.returnCode,
    error: end.error,
    failure: end.failure,
    fuel: end.fuel,
    schedule: schedule.name,
    memoryHash: end.memory,
    transcriptHash,
  };
};

const fields = [
  ...['version', 'modules', 'function', 'inputHash', 'outputHash', 'returnCode', 'error', 'failure'],
  ...['fuel', 'schedule', 'memoryHash', 'transcriptHash'],
] as const satisfies readonly (keyof Receipt)[];

/** A field as text that does not depend on the order of keys. */
const textOf = (value: unknown): string =>
  isObject(value)
    ? JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : (JSON.stringify(value) ?? 'nothing');

/** Compares a receipt with one of a run. @throws ReplayError `replay.receipt`, which names the first field */
export const compareReceipts = (receipt: Receipt, actual: Receipt): void => {
  for (const field of fields) {
    const [claimed, found] = [textOf(receipt[field]), textOf(actual[field])];
    if (claimed === found) continue;
    throw new ReplayError('replay.receipt', {
      name: field,
      expected: claimed,
      actual: found,
      detail: `${field} is ${claimed} in the receipt and ${found} in the replay`,
    });
  }
};
