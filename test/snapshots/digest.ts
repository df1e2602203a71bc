/** Short texts for state that is compared between processes. */
import { createHash } from 'node:crypto';

/** Length and hash. */
export const digest = (bytes: Uint8Array): string =>
  `${bytes.length}:${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;

/** The same of memories; independent of the code that writes snapshots. */
export const memoryText = (memories: readonly { readonly bytes: Uint8Array }[]): string =>
  memories.map(({ bytes }) => digest(bytes)).join(' ');
