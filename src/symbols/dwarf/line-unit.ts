/**
 * One unit of `.debug_line`: its header, and its tables of directories and files, which are read when a file is
 * requested. Versions 2 to 5 of DWARF (the standard's section 6.2.4), in the 32-bit and the 64-bit format.
 */
import { LenientReader } from './lenient-reader.ts';

/** The parts of a module that hold strings of line tables; null if there is none. */
interface StringSections {
  readonly lineStrings: LenientReader | null;
  readonly strings: LenientReader | null;
}

/** The parts of a unit's header that running its program needs. */
export interface LineUnit {
  readonly version: number;
  /** Size of offsets into other sections. */
  readonly offsetSize: 4 | 8;
  readonly minInstructionLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Number of operands of the standard opcodes, from opcode 1. */
  readonly operandCounts: Uint8Array;
  /** The beginning of the tables of directories and files. */
  readonly tables: number;
  readonly program: number;
  /** End of the unit. */
  readonly end: number;
}

/** Reads the header at the cursor and moves the cursor past the unit. Null for a unit that is not understood. */
export const readLineUnit = (r: LenientReader): LineUnit | null => {
  let length = r.u32();
  const offsetSize = length === 0xffffffff ? 8 : 4;
  if (offsetSize === 8) length = r.u64();
  const end = Math.min(r.pos + length, r.end);
  const unit = new LenientReader(r.bytes, r.pos, end);
  r.pos = end;
  const version = unit.u16();
  if (version < 2 || version > 5) return null;
  // Size of an address and of a segment selector.
  if (version >= 5) unit.skip(2);
  const headerLength = offsetSize === 8 ? unit.u64() : unit.u32();
  const program = unit.pos + headerLength;
  const minInstructionLength = unit.byte();
  if (version >= 4) unit.skip(1); // Operations per instruction: 1 except on VLIW machines.
  unit.skip(1); // Whether rows begin statements: all rows count here.
  const lineBase = unit.i8();
  const lineRange = unit.byte();
  const opcodeBase = unit.byte();
  const counts = unit.pos;
  unit.skip(Math.max(0, opcodeBase - 1));
  if (unit.isBroken || lineRange === 0 || program > end) return null;
  return {
    version,
    offsetSize,
    minInstructionLength,
    lineBase,
    lineRange,
    opcodeBase,
    operandCounts: r.bytes.subarray(counts, unit.pos),
    tables: unit.pos,
    program,
    end,
  };
};

/** A file in a table. */
interface FileEntry {
  readonly name: string;
  readonly directory: number;
}

/** Most bytes of tables that are searched for a file. SAFETY: each frame of a backtrace may need another one. */
const MAX_TABLE_BYTES = 1 << 20;
/** Most bytes of a string in another section that are read. */
const MAX_STRING_BYTES = 1024;

/** Path of a file of a unit, as it was passed to the compiler; null if the table does not have it. */
export const filePath = (
  bytes: Uint8Array,
  unit: LineUnit,
  file: number,
  strings: StringSections,
): string | null => {
  const r = new LenientReader(bytes, unit.tables, Math.min(unit.program, unit.tables + MAX_TABLE_BYTES));
  return unit.version >= 5 ? pathInTables(r, unit, file, strings) : pathInLists(r, file);
};

const isAbsolute = (path: string): boolean => /^(?:[/\\]|[A-Za-z]:)/.test(path);

const join = (directory: string, name: string): string =>
  directory === '' || isAbsolute(name) ? name : `${directory.replace(/\/$/, '')}/${name}`;

/** Up to version 4: strings until an empty one. Directory 0 is that of the compiler, which is not in the table. */
const pathInLists = (r: LenientReader, file: number): string | null => {
  const directories: number[] = [];
  while (!r.isDone && r.bytes[r.pos] !== 0) {
    directories.push(r.pos);
    skipText(r);
  }
  r.skip(1);
  for (let index = 1; !r.isDone && r.bytes[r.pos] !== 0; index++) {
    const start = r.pos;
    skipText(r);
    const directory = r.uleb();
    r.uleb(); // Time
    r.uleb(); // Size
    if (index !== file) continue;
    if (r.isBroken) return null;
    const at = directories[directory - 1];
    return join(at === undefined ? '' : textAt(r, at), textAt(r, start));
  }
  return null;
};

const skipText = (r: LenientReader): void => {
  while (!r.isDone && r.byte() !== 0);
};

const textAt = (r: LenientReader, start: number): string =>
  new LenientReader(r.bytes, start, Math.min(r.end, start + MAX_STRING_BYTES)).text();

/** Contents of an entry that are used here. */
const PATH = 1;
const DIRECTORY_INDEX = 2;

/** Version 5: tables that describe their entries. Directory 0 is where the compiler ran. */
const pathInTables = (
  r: LenientReader,
  unit: LineUnit,
  file: number,
  strings: StringSections,
): string | null => {
  const afterDirectories = new LenientReader(r.bytes, r.pos, r.end);
  if (readEntry(afterDirectories, unit, Number.POSITIVE_INFINITY, strings) !== null) return null;
  const entry = readEntry(afterDirectories, unit, file, strings);
  if (entry === null) return null;
  const directoryAt = (index: number): string => {
    const directories = new LenientReader(r.bytes, r.pos, r.end);
    return readEntry(directories, unit, index, strings)?.name ?? '';
  };
  const directory = directoryAt(entry.directory);
  return join(
    isAbsolute(directory) || entry.directory === 0 ? directory : join(directoryAt(0), directory),
    entry.name,
  );
};

/** Reads the table at the cursor up to one entry; null, with the cursor after the table, if it has no such entry. */
const readEntry = (
  r: LenientReader,
  unit: LineUnit,
  wanted: number,
  strings: StringSections,
): FileEntry | null => {
  const formats: [content: number, form: number][] = [];
  for (let i = r.byte(); i > 0; i--) formats.push([r.uleb(), r.uleb()]);
  const count = r.uleb();
  // SAFETY: entries without contents take no bytes, so their count is not bounded by the size.
  if (formats.length === 0) return null;
  for (let index = 0; index < count && !r.isDone; index++) {
    let name = '';
    let directory = 0;
    for (const [content, form] of formats) {
      const value = readForm(r, unit, form, content === PATH && index === wanted ? strings : null);
      if (content === PATH && typeof value === 'string') name = value;
      if (content === DIRECTORY_INDEX && typeof value === 'number') directory = value;
    }
    if (index === wanted) return r.isBroken || name === '' ? null : { name, directory };
  }
  return null;
};

/** Reads one value; strings only if `strings` requests them. Unknown forms end the reading. */
const readForm = (
  r: LenientReader,
  { offsetSize }: LineUnit,
  form: number,
  strings: StringSections | null,
): number | string => {
  const stringAt = (section: LenientReader | null): string => {
    const offset = offsetSize === 8 ? r.u64() : r.u32();
    if (strings === null || section === null || offset >= section.end - section.pos) return '';
    return textAt(section, section.pos + offset);
  };
  switch (form) {
    case 0x08: // DW_FORM_string
      if (strings !== null) return r.text();
      skipText(r);
      return '';
    case 0x0e: // DW_FORM_strp
      return stringAt(strings?.strings ?? null);
    case 0x1f: // DW_FORM_line_strp
      return stringAt(strings?.lineStrings ?? null);
    case 0x0b: // DW_FORM_data1
      return r.byte();
    case 0x05: // DW_FORM_data2
      return r.u16();
    case 0x06: // DW_FORM_data4
      return r.u32();
    case 0x07: // DW_FORM_data8
      return r.u64();
    case 0x0f: // DW_FORM_udata
      return r.uleb();
    case 0x1e: // DW_FORM_data16, a checksum
      r.skip(16);
      return 0;
    case 0x09: // DW_FORM_block
      r.skip(r.uleb());
      return 0;
    default:
      r.isBroken = true;
      return 0;
  }
};
