/** The file of what is mutated, which every process of a campaign reads. */
import { readFileSync } from 'node:fs';
import type { Json } from './mutate-json.ts';

/** A snapshot, and what it is of. */
export interface TakenSnapshot {
  readonly of: 'zoo' | 'world';
  /** Base64. */
  readonly bytes: string;
}
/** A recording, and receipts of its calls. */
export interface MadeRecording {
  readonly of: 'world' | 'command';
  readonly text: string;
  readonly receipts: readonly Json[];
}
/** Everything that is mutated; bytes are base64. */
export interface Corpus {
  /** Modules that are valid, with all features. */
  readonly valid: readonly string[];
  readonly invalid: readonly string[];
  readonly programs: Readonly<Record<'world' | 'command', string>>;
  readonly snapshots: readonly TakenSnapshot[];
  readonly recordings: readonly MadeRecording[];
  readonly manifests: readonly Json[];
}

/** Reads a corpus. */
export const readCorpus = (path: string): Corpus => JSON.parse(readFileSync(path, 'utf8')) as Corpus;
