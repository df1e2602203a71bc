/** What the loops of WASI are put together from: paths and buffers in memory, descriptors, and calls. */
import { WASI_NAMESPACE, type WasiFunctionName, wasiAbi } from '../../../src/host/wasi/abi.ts';
import type { Instruction } from '../../assembler.ts';
import { u32 } from '../../assembler.ts';
import { FIRST_IMPORT, type Forms, get, i32, i64, type LoopSpec, set } from './loop.ts';
import { LINKS, LONG_LINK, MANY, NESTED } from './surroundings.ts';

const drop: Instruction = 'drop';
/** The pre-opened directory. */
export const ROOT = i32(3);
export const ALL_RIGHTS = (1n << 30n) - 1n;
export const ONE_MIB = 1 << 20;

/** Where things lie in the memory of the plug-in. */
export const OUT = 512;
const STRINGS = 1024;
export const VECTORS = 0x1_0000;
export const DATA = 0x2_0000;
const PAGES = 32;
/** Room for data; also the bytes of one large buffer. */
export const ROOM = 0x10_0000;
export const MAX_VECTORS = 1024;
export const MAX_SUBSCRIPTIONS = 4096;

const texts = {
  file: 'file',
  missing: 'missing',
  new: 'new',
  other: 'other',
  directory: 'dir',
  many: MANY,
  link: 'link-0',
  longLink: LONG_LINK,
  /** Down and up again, as often as a path can say. */
  walk: `${'dir/../'.repeat(580)}file`,
  walkNew: `${'dir/../'.repeat(580)}new`,
  walkOther: `${'dir/../'.repeat(580)}other`,
  walkLink: `${'dir/../'.repeat(580)}${LONG_LINK}`,
  down: `${'d/'.repeat(NESTED)}file`,
  /** A link to a link to a link. */
  links: `link-${LINKS}`,
  /** Each component a link. */
  linked: `${'dir-link/../'.repeat(30)}file`,
  dots: `${'./'.repeat(2000)}file`,
  target: 'x/'.repeat(2000),
} as const;
export type Text = keyof typeof texts;
const addresses = {} as Record<Text, number>;
let behind = STRINGS;
for (const key of Object.keys(texts) as Text[]) {
  addresses[key] = behind;
  behind += texts[key].length;
}
/** A path as two operands. */
export const path = (text: Text): Instruction[] => [i32(addresses[text]), i32(texts[text].length)];

const segment = (address: number, bytes: readonly number[]): readonly number[] => [
  ...[0, 0x41, ...sleb(address), 0x0b],
  ...u32(bytes.length),
  ...bytes,
];
const sleb = (value: number): number[] =>
  value < 64 ? [value] : [...u32((value & 0x7f) | 0x80).slice(0, 1), ...sleb(value >>> 7)];
const words = (...values: readonly number[]): number[] =>
  values.flatMap((value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]);
const strings = segment(
  STRINGS,
  (Object.values(texts) as string[]).flatMap((text) => Array.from(text, (c) => c.charCodeAt(0))),
);
/** Buffers of a read or write: so many of so many bytes, all in the same place. */
export const vectors = (count: number, length: number): readonly number[] =>
  segment(VECTORS, Array.from({ length: count }, () => words(DATA, length)).flat());
/** Subscriptions of a poll: clocks that have passed, or a file that can be read. */
export const clocks = (count: number, timeout: number): readonly number[] =>
  segment(
    VECTORS,
    Array.from({ length: count }, () => words(0, 0, 0, 0, 1, 0, timeout, 0, 0, 0, 0, 0)).flat(),
  );
export const files = (count: number, fd: number): readonly number[] =>
  segment(VECTORS, Array.from({ length: count }, () => words(0, 0, 1, 0, fd, 0, 0, 0, 0, 0, 0, 0)).flat());

const helpers = [
  ...(['path_open', 'fd_close', 'path_unlink_file', 'path_remove_directory'] as const),
  ...(['fd_filestat_set_size', 'path_rename', 'fd_seek', 'fd_write'] as const),
] satisfies WasiFunctionName[];
export const helper = (name: (typeof helpers)[number]): Instruction[] => [
  ['call', FIRST_IMPORT + 1 + helpers.indexOf(name)],
  drop,
];
export const OWN: readonly Instruction[] = [['call', FIRST_IMPORT], drop];

/** Local 0 holds a descriptor, local 1 counts. */
export const FD = get(0);
export const open = (text: Text, flags = 0, rights = ALL_RIGHTS): Instruction[] => [
  ...[ROOT, i32(1), ...path(text), i32(flags), i64(rights), i64(rights), i32(0), i32(OUT)],
  ...helper('path_open'),
];
export const opened: Instruction[] = [i32(OUT), ['i32.load', {}], set(0)];
export const close: Instruction[] = [FD, ...helper('fd_close')];
export const unlink = (text: Text): Instruction[] => [ROOT, ...path(text), ...helper('path_unlink_file')];
export const empty: Instruction[] = [FD, i64(0), ...helper('fd_filestat_set_size')];
export const rewind: Instruction[] = [FD, i64(0), i32(0), i32(OUT), ...helper('fd_seek')];
/** Flags of `path_open`. */
export const CREAT = 1;
export const TRUNC = 8;
export const onFile: Instruction[] = [...open('file'), ...opened];
export const onNew: Instruction[] = [...open('new', CREAT), ...opened];
/** As many open descriptors as there may be, but for some. */
export const manyDescriptors: Instruction[] = [
  i32(1000),
  set(1),
  ['loop', null],
  ...open('file'),
  ...[get(1), i32(1), 'i32.sub' as const, ['local.tee', 1] as const, ['br_if', 0] as const],
  'end',
];

export type Parts = Pick<LoopSpec, 'before' | 'times' | 'needs'> & { readonly bytes?: readonly number[] };
export const formsFor =
  (name: WasiFunctionName) =>
  (forms: Readonly<Record<'cheap' | 'dear' | string, readonly [readonly Instruction[], Parts?]>>): Forms =>
    Object.fromEntries(
      Object.entries(forms).map(([form, [turn, { bytes, ...parts } = {}]]): [string, LoopSpec] => [
        form,
        {
          turn,
          locals: [[2, 'i32']],
          memories: [{ min: PAGES }],
          data: [strings, ...(bytes === undefined ? [] : [bytes])],
          imports: [name, ...helpers].map((one) => ({
            namespace: WASI_NAMESPACE,
            name: one,
            row: wasiAbi[one],
          })),
          ...parts,
          needs: { files: true, ...parts.needs },
        },
      ]),
    ) as unknown as Forms;
