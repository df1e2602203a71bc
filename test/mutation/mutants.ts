/** A mutant for each seed, the same in every process that reads the same corpus. */
import { Random } from '../generators/random.ts';
import type { Corpus, MadeRecording, TakenSnapshot } from './corpus-file.ts';
import { type Json, mutateJson, mutateText } from './mutate-json.ts';
import { mutateModule } from './mutate-module.ts';
import { mutateRecording, mutateSnapshot } from './mutate-state.ts';

/** What is mutated. */
export const kinds = ['module', 'snapshot', 'recording', 'manifest'] as const;
export type MutantKind = (typeof kinds)[number];

/** Of ten seeds of `all`, so many are modules. */
const MODULES_OF_TEN = 8;
/** The kind of a seed where all of them are wanted. */
export const kindOfSeed = (seed: number): MutantKind =>
  seed % 10 < MODULES_OF_TEN ? 'module' : kinds[1 + ((Math.floor(seed / 10) * 2 + (seed % 10)) % 3)]!;

/** Each further mutation of the same mutant happens in so many of a hundred cases. */
const AGAIN = 35;
/** Of a hundred modules, so many begin as valid ones. */
const VALID = 92;
const MOST_BYTES = 12_288;

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** A recording that was changed, or a receipt, or both. */
export interface ForgedRecording {
  readonly of: MadeRecording['of'];
  readonly text: string;
  /** Null where no receipt is to be verified. */
  readonly receipt: Json | null;
}
/** A manifest as a value or as text. */
export type ForgedManifest = { readonly value: Json } | { readonly text: string };

export class Mutants {
  private readonly corpus: Corpus;

  constructor(corpus: Corpus) {
    this.corpus = corpus;
  }

  module(seed: number): Uint8Array {
    const random = new Random(Math.imul(seed, 0x01000193) ^ 0x6d);
    const { valid, invalid } = this.corpus;
    const pick = (): Uint8Array => bytesOf(random.pick(random.chance(VALID) ? valid : invalid));
    let bytes = pick();
    do bytes = mutateModule(random, bytes, pick());
    while (random.chance(AGAIN) && bytes.length <= MOST_BYTES);
    return bytes;
  }

  snapshot(seed: number): { readonly of: TakenSnapshot['of']; readonly bytes: Uint8Array } {
    const random = new Random(Math.imul(seed, 0x01000193) ^ 0x73);
    const { of, bytes } = random.pick(this.corpus.snapshots);
    const like = this.corpus.snapshots.filter((snapshot) => snapshot.of === of);
    return { of, bytes: mutateSnapshot(random, bytesOf(bytes), bytesOf(random.pick(like).bytes)) };
  }

  recording(seed: number): ForgedRecording {
    const random = new Random(Math.imul(seed, 0x01000193) ^ 0x72);
    const { of, text, receipts } = random.pick(this.corpus.recordings);
    const isReceipt = random.chance(25);
    const receipt = isReceipt || random.chance(15) ? random.pick(receipts) : null;
    return {
      of,
      text: isReceipt && random.chance(70) ? text : mutateRecording(random, text),
      receipt: isReceipt ? mutateJson(random, receipt) : receipt,
    };
  }

  manifest(seed: number): ForgedManifest {
    const random = new Random(Math.imul(seed, 0x01000193) ^ 0x66);
    let value = random.pick(this.corpus.manifests);
    do value = mutateJson(random, value);
    while (random.chance(AGAIN));
    if (random.chance(50)) return { value };
    const text = JSON.stringify(value);
    return { text: random.chance(20) ? mutateText(random, text) : text };
  }
}
