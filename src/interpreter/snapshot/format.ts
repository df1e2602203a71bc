/**
 * TABLE: the format of snapshots. Writer, reader and docs/snapshots.md derive from it.
 *
 * A snapshot is a head, sections in order of their numbers, and a checksum. Numbers are little-endian wherever
 * it runs, so the same state gives the same bytes on every machine and in every JavaScript engine. Nothing in it
 * depends on how code was translated: places in code are byte offsets of the module, frames hold the locals and
 * operands of the standard.
 */

/** First bytes of every snapshot. */
export const MAGIC: readonly number[] = [0x00, 0x71, 0x73, 0x6e, 0x61, 0x70, 0x0d, 0x0a];
/** Version of the format; a change of any section makes a new one. */
export const FORMAT_VERSION = 1;
/** Bytes of the head: magic, version (4), whole length (8). */
export const HEAD_BYTES = 20;
/** Bytes after the last section: the CRC-32 of everything before. */
export const TAIL_BYTES = 4;
/** Unit in which memories are stored: blocks of zeros are omitted. */
export const BLOCK_BYTES = 256;

/** One section. */
interface SectionRow {
  readonly id: number;
  /** Its contents, in the notation of docs/snapshots.md. */
  readonly layout: string;
  readonly summary: string;
}

const row = (id: number, layout: string, summary: string): SectionRow => ({ id, layout, summary });

/** Every section, by name. Those below 32 are the engine's; the others belong to plug-ins. */
export const snapshotSections = {
  modules: row(
    1,
    'schedule:text prices:u32 modules:vec(sha256:byte[32] features:vec(text))',
    'what the snapshot is bound to: the fuel schedule with a checksum of its prices, the modules and their features',
  ),
  instances: row(
    2,
    'instances:vec(module:uint) links:u32 heap:uint settle:uint',
    'the module of each instance, a checksum of what the instances share, and the accounting of the heap',
  ),
  memories: row(
    3,
    'vec(pages:uint runs:vec(zeroBlocks:uint blocks:uint bytes))',
    'size and contents of each memory; blocks of 256 zero bytes are omitted',
  ),
  globals: row(4, 'value*', 'the value of each global'),
  tables: row(5, 'vec(size:uint runs:vec(count:uint ref))', 'size and elements of each table'),
  segments: row(
    6,
    'instance*(elements:vec(dropped:byte ref*) data:vec(dropped:byte))',
    'which segments were dropped, and the references of passive element segments',
  ),
  objects: row(
    7,
    'heads:vec(object) contents:(value* | ref*)*',
    'structures, arrays, exceptions and host values that references lead to; shared ones are stored once, cycles are kept',
  ),
  executions: row(
    8,
    'vec(function:uint flags:byte used:int left:int end:byte frames:vec(function:uint offset:uint) value*)',
    'paused calls: for each frame its function, the place in its code, its locals and its operands',
  ),
  plugin: row(
    32,
    'used:uint stale:byte call:opt(function:text input:bytes initialiser:uint begun:byte limit:opt(uint))',
    'fuel used before, whether the next call needs a new instance, and the paused call',
  ),
  kernel: row(
    33,
    'pages:uint output:byte trusted:byte work:vec(uint) contents:runs',
    'kernel memory with its registers; whether a plug-in has overwritten block headers; work that is not paid for yet',
  ),
  settings: row(
    34,
    'config:vec(text text) variables:vec(text bytes) logLevel:text logBytes:uint answer:opt(status:uint headers:vec(text text))',
    'configuration, variables, log level, and the last HTTP response',
  ),
  sources: row(
    35,
    'clock:opt(start:i64 elapsed:i64) random:opt(u32 u32 u32 u32)',
    'virtual clock and seeded randomness',
  ),
  wasi: row(
    36,
    'trees:vec(name:text root:opt(uint)) volumes:vec(i64) nodes:vec(node) names:(vec(text uint))* descriptors:vec(number:uint descriptor) listings:vec(uint vec(text byte))',
    'files in memory with their contents, and open descriptors with their positions and rights',
  ),
} as const satisfies Readonly<Record<string, SectionRow>>;

/** Name of a section. */
export type SectionName = keyof typeof snapshotSections;

/** The state of a paused call: the `end` of an execution. */
export const AT_INSTRUCTION = 0;
/** In a host function, which is called again when the call resumes. */
export const IN_HOST_CALL = 1;
/** An exception was thrown, and its handler is not found yet. */
export const THROWING = 2;
/** The outermost function has returned. */
export const RETURNED = 3;
/** It has not begun; the values are the arguments. */
export const NOT_BEGUN = 4;
