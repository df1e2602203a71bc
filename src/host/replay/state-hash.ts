/** A hash of the whole state of a plug-in: two runs are the same if they agree in it. */
import type { MemoryInstance } from '../../interpreter/instances/memory.ts';
import { PAGE_SIZE } from '../../kernel/blocks.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';
import type { Variables } from '../pdk/variables.ts';

/** Bytes of the kernel before its arena. */
const ROOT = 64;

const isZero = (page: Uint8Array): boolean => {
  for (let i = 0; i < page.length; i++) if (page[i] !== 0) return false;
  return true;
};

/** One line for each page that is not zero: most of a memory is zero, and costs only a comparison. */
const pageLines = (name: string, bytes: Uint8Array): string[] => {
  const lines = [`${name} ${bytes.length}`];
  for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
    const page = bytes.subarray(at, at + PAGE_SIZE);
    if (!isZero(page)) lines.push(`${at / PAGE_SIZE} ${sha256Hex(page)}`);
  }
  return lines;
};

/** SHA-256 over the contents of all memories, of the kernel, and of the variables. */
export const stateHash = (
  memories: readonly MemoryInstance[],
  { memory }: Kernel,
  variables: Variables,
): string => {
  const lines = memories.flatMap(({ bytes }, i) => pageLines(`memory ${i}`, bytes));
  const arena = memory.slice(ROOT, memory.pageCount * PAGE_SIZE - ROOT);
  lines.push(...pageLines('kernel', arena ?? new Uint8Array(0)));
  for (const [name, value] of variables.sorted()) {
    lines.push(`variable ${JSON.stringify(name)} ${sha256Hex(value)}`);
  }
  return sha256Hex(encodeUtf8(lines.join('\n')));
};
