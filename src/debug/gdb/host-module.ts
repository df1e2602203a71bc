/**
 * A module that represents the host: LLDB shows frames by code of modules, so this module has an empty function for
 * each host function, with its name.
 */

import { ByteWriter } from '../../syntax/byte-writer.ts';
import { CUSTOM_SECTION, sectionTable } from '../../syntax/section-table.ts';

/** Size, no locals, `end`. */
const EMPTY_BODY = [2, 0, 0x0b];
const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** The type of functions without parameters and results. */
const EMPTY_TYPE = [0x60, 0, 0];
/** Number of the subsection of the name section that names functions. */
const FUNCTION_NAMES = 1;

/** The module, and the offset of each function's code. */
export interface HostModule {
  readonly bytes: Uint8Array;
  offsetOf(index: number): number;
}

const idOf = (keyword: string): number => sectionTable.find((row) => row.keyword === keyword)!.id;

/** Writes contents preceded by their length. */
const sized = (out: ByteWriter, id: number, write: (content: ByteWriter) => void): void => {
  const content = new ByteWriter();
  write(content);
  out.byte(id);
  out.u32(content.length);
  out.take(content);
};

/** The module with functions of these names. */
export const hostModule = (names: readonly string[]): HostModule => {
  const out = new ByteWriter();
  out.append(Uint8Array.from(HEAD));
  sized(out, idOf('type'), (content) => content.append(Uint8Array.from([1, ...EMPTY_TYPE])));
  sized(out, idOf('func'), (content) => {
    content.u32(names.length);
    for (const _ of names) content.byte(0);
  });
  sized(out, idOf('code'), (content) => {
    content.u32(names.length);
    for (const _ of names) content.append(Uint8Array.from(EMPTY_BODY));
  });
  const end = out.length;
  sized(out, CUSTOM_SECTION, (content) => {
    content.name('name');
    sized(content, FUNCTION_NAMES, (list) => {
      list.u32(names.length);
      names.forEach((name, i) => {
        list.u32(i);
        list.name(name);
      });
    });
  });
  const start = end - EMPTY_BODY.length * names.length;
  return {
    bytes: out.finish(),
    offsetOf: (index) => start + EMPTY_BODY.length * index + EMPTY_BODY.length - 1,
  };
};
