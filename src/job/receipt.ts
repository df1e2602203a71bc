/** The forms of receipts: of a job, and of each of its slices. `chain.ts` makes them, `verify.ts` verifies them. */

/**
 * The result of a job: the same no matter how it was divided into slices, or where they ran. All hashes are SHA-256
 * as 64 hexadecimal digits.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 'greeting-3', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const { receipt } = await advance(job, { modules: [greet] });
 * const { failure, schedule, answers }: JobReceipt = receipt!;
 * console.log(failure, schedule, answers); // → null quern-1 0
 * ```
 */
export interface JobReceipt {
  readonly version: 1;
  /** Hash of the definition: id, modules, function, input, options, fuel. */
  readonly job: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly function: string;
  readonly inputHash: string;
  /** Null when the plug-in set no output. */
  readonly outputHash: string | null;
  readonly returnCode: number;
  /** The message with which the plug-in reported failure, or null. */
  readonly error: string | null;
  /** Code of the error that aborted the call, or null. */
  readonly failure: string | null;
  readonly fuel: number;
  readonly schedule: string;
  /** Hash of memories, kernel and variables after a call that returned; null for others. */
  readonly memoryHash: string | null;
  /** Answers of the host. */
  readonly answers: number;
  /** Hash of all answers, in order. */
  readonly transcriptHash: string;
}

/**
 * The result of one slice: a link of the chain.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 'greeting-5', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const slice: SliceReceipt | null = (await advance(job, { modules: [greet], fuel: 500 })).slice;
 * const state: StateMark | null = slice!.state;
 * console.log(slice!.slice, slice!.limit, state!.kind, slice!.end); // → 0 500 whole null
 * ```
 */
export interface SliceReceipt {
  readonly version: 1;
  /** Hash of the definition of the job. */
  readonly job: string;
  /** Number of the slice, from 0. */
  readonly slice: number;
  /** Hash of the preceding receipt, without its signature; null in the first. */
  readonly previous: string | null;
  /** Total fuel that the job was allowed when it paused or ended. */
  readonly limit: number;
  /** Total fuel that it has used. */
  readonly fuel: number;
  /** Total number of answers that it has received from the host. */
  readonly answers: number;
  readonly transcriptHash: string;
  /** The stored state of the plug-in; null at the end. */
  readonly state: StateMark | null;
  /** The result of the job; null before its end. */
  readonly end: JobReceipt | null;
  /** Public key of the signer, hexadecimal; null if the slice is not signed. */
  readonly key: string | null;
  /** Signature of the hash of all other fields, hexadecimal. */
  readonly signature: string | null;
}

/**
 * The stored state of a plug-in.
 *
 * Example: see `SliceReceipt`.
 */
export interface StateMark {
  /** Whether it is a complete snapshot, or the changes since the preceding slice. */
  readonly kind: 'whole' | 'changes';
  readonly hash: string;
  readonly byteLength: number;
}

/**
 * Signs receipts: `createSigner` makes one, for Ed25519.
 *
 * ```ts
 * const signer: JobSigner = { key: '00'.repeat(32), sign: async () => new Uint8Array(64) };
 * console.log((await signer.sign(new Uint8Array(32))).length); // → 64
 * ```
 */
export interface JobSigner {
  /** Public key, hexadecimal. */
  readonly key: string;
  sign(message: Uint8Array): Promise<Uint8Array> | Uint8Array;
}
