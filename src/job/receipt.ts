/** The forms of receipts: of a job, and of each slice of it. `chain.ts` makes them, `verify.ts` judges them. */

/**
 * What a job came to: the same however it was cut into slices, and wherever they ran. All hashes are SHA-256 as 64
 * hexadecimal digits.
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
  /** The message that the plug-in reported failure with, or null. */
  readonly error: string | null;
  /** Code of the error that the call failed with in its middle, or null. */
  readonly failure: string | null;
  readonly fuel: number;
  readonly schedule: string;
  /** Hash of memories, kernel and variables after a call that returned; null for others. */
  readonly memoryHash: string | null;
  /** Answers of the host. */
  readonly answers: number;
  /** Hash of all of them, in order. */
  readonly transcriptHash: string;
}

/**
 * What one slice came to: a link of the chain.
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
  /** Hash of the receipt before this, without its signature; null in the first. */
  readonly previous: string | null;
  /** Fuel that the job was allowed in all when it paused, or ended. */
  readonly limit: number;
  /** Fuel that it has used in all. */
  readonly fuel: number;
  /** Answers of the host that it has been given in all. */
  readonly answers: number;
  readonly transcriptHash: string;
  /** What was stored of the plug-in; null at the end. */
  readonly state: StateMark | null;
  /** What the job came to; null before its end. */
  readonly end: JobReceipt | null;
  /** Public key of who ran the slice, hexadecimal; null where nobody signed. */
  readonly key: string | null;
  /** Signature over the hash of all the rest, hexadecimal. */
  readonly signature: string | null;
}

/**
 * What was stored of a plug-in.
 *
 * Example: see `SliceReceipt`.
 */
export interface StateMark {
  /** Whether it is a whole snapshot, or what changed since the slice before. */
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
