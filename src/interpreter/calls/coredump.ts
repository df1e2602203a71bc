/**
 * Dumps of calls that failed, in the format that debuggers of Wasm read: a module that is never run, with the stack
 * in custom sections, memories as data segments and globals as constants.
 * @source tool-conventions, Coredump.md; instances as wasmtime writes them
 */
import { decodeNames } from '../../decoder/name-section.ts';
import { F32, F64, I32, I64, isRef, V128, type ValType } from '../../syntax/types.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';
import type { GlobalInstance } from '../instances/global.ts';
import { type MemoryInstance, PAGE_SIZE } from '../instances/memory.ts';
import type { ModuleInstance } from '../instances/module-instance.ts';
import type { SlotValue, StackFrame } from './stack-frames.ts';

/** Bytes in pieces: memories are large, and are copied once. */
type Piece = number | Uint8Array | readonly Piece[];

const unsigned = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
};
const signed = (value: bigint): number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest >= -0x40n && rest < 0x40n) return [...bytes, Number(rest & 0x7fn)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
};
const littleEndian = (value: bigint, byteCount: number): number[] =>
  Array.from({ length: byteCount }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const list = (items: readonly Piece[]): Piece => [unsigned(items.length), items];
const name = (text: string): Piece => {
  const bytes = encodeUtf8(text);
  return [unsigned(bytes.length), bytes];
};

const sizeOf = (piece: Piece): number =>
  typeof piece === 'number'
    ? 1
    : piece instanceof Uint8Array
      ? piece.length
      : piece.reduce<number>((sum, part) => sum + sizeOf(part), 0);

const section = (id: number, contents: Piece): Piece => [id, unsigned(sizeOf(contents)), contents];
const custom = (title: string, contents: Piece): Piece => section(0, [name(title), contents]);

const join = (piece: Piece): Uint8Array => {
  const bytes = new Uint8Array(sizeOf(piece));
  let at = 0;
  const put = (part: Piece): void => {
    if (typeof part === 'number') bytes[at++] = part;
    else if (part instanceof Uint8Array) {
      bytes.set(part, at);
      at += part.length;
    } else for (const inner of part) put(inner);
  };
  put(piece);
  return bytes;
};

const typeCodes: ReadonlyMap<ValType, number> = new Map([
  [I32, 0x7f],
  [I64, 0x7e],
  [F32, 0x7d],
  [F64, 0x7c],
]);

/** The bits of a number as the binary format has them in constants and in frames. */
const number = (type: ValType, value: bigint): number[] => {
  if (type === I32) return signed(BigInt.asIntN(32, value));
  if (type === I64) return signed(BigInt.asIntN(64, value));
  return littleEndian(value, type === F32 ? 4 : 8);
};

/** The format's code for missing values. */
const MISSING = 0x01;
const valuePiece = ({ type, value }: SlotValue): Piece =>
  value === null ? MISSING : [typeCodes.get(type)!, number(type, value)];

/** Opcodes of constants, by the code of their type. */
const constants: ReadonlyMap<number, number> = new Map([
  [0x7f, 0x41],
  [0x7e, 0x42],
  [0x7d, 0x43],
  [0x7c, 0x44],
]);
const END = 0x0b;

/** A global as a constant; references, which are meaningless in other processes, as null. */
const globalPiece = ({ type: { type }, value }: GlobalInstance): Piece => {
  if (isRef(type)) return [0x6f, 0x00, 0xd0, 0x6f, END];
  if (type === V128) return [0x7b, 0x00, 0xfd, 0x0c, littleEndian(value as bigint, 16), END];
  const code = typeCodes.get(type)!;
  return [code, 0x00, constants.get(code)!, number(type, value as bigint), END];
};

const isZero = (bytes: Uint8Array): boolean => {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
};

const memoryPiece = ({ byteLength, is64 }: MemoryInstance): Piece => [
  is64 ? 0x04 : 0x00,
  unsigned(Math.ceil(byteLength / PAGE_SIZE)),
];

/** Data segments for the pages of a memory that are not zero. */
const dataPieces = ({ view, byteLength, is64 }: MemoryInstance, index: number): Piece[] => {
  const segments: Piece[] = [];
  for (let start = 0; start < byteLength; start += PAGE_SIZE) {
    const bytes = new Uint8Array(
      view.buffer,
      view.byteOffset + start,
      Math.min(PAGE_SIZE, byteLength - start),
    );
    if (isZero(bytes)) continue;
    const offset = [is64 ? 0x42 : 0x41, signed(BigInt(start)), END];
    segments.push([index === 0 ? 0x00 : [0x02, unsigned(index)], offset, unsigned(bytes.length), bytes]);
  }
  return segments;
};

/** The contents of a dump. */
interface CoredumpParts {
  /** Name of the program. */
  readonly program: string;
  readonly instances: readonly ModuleInstance[];
  /** Innermost first. */
  readonly frames: readonly StackFrame[];
}

/** The dump of a call that failed, as the bytes of a module. */
export const encodeCoredump = ({ program, instances: given, frames }: CoredumpParts): Uint8Array => {
  // A linked command may have had a separate instance, which only its frames refer to.
  const instances = [...new Set([...given, ...frames.map(({ instance }) => instance)])];
  const modules = [...new Set(instances.map(({ compiled }) => compiled))];
  const memories = [...new Set(instances.flatMap((instance) => instance.memories))];
  const globals = [...new Set(instances.flatMap((instance) => instance.globals))];
  const indices = <T>(items: readonly T[], all: readonly T[]): Piece => {
    const places = new Map(all.map((item, i) => [item, i]));
    return list(items.map((item) => unsigned(places.get(item)!)));
  };
  const framePiece = ({ instance, funcIndex, offset, locals, operands }: StackFrame): Piece => [
    0x00,
    unsigned(instances.indexOf(instance)),
    unsigned(funcIndex),
    unsigned(offset - instance.compiled.module.funcs[funcIndex]!.body!.start),
    list(locals.map(valuePiece)),
    list(operands.map(valuePiece)),
  ];
  return join([
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    custom('core', [0x00, name(program)]),
    custom(
      'coremodules',
      list(modules.map(({ module }) => [0x00, name(decodeNames(module).moduleName ?? '')])),
    ),
    custom(
      'coreinstances',
      list(
        instances.map((instance) => [
          0x00,
          unsigned(modules.indexOf(instance.compiled)),
          indices(instance.memories, memories),
          indices(instance.globals, globals),
        ]),
      ),
    ),
    custom('corestack', [0x00, name('main'), list(frames.map(framePiece))]),
    section(5, list(memories.map(memoryPiece))),
    section(6, list(globals.map(globalPiece))),
    section(11, list(memories.flatMap(dataPieces))),
  ]);
};
