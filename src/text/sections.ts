/** The sections of a module that is being written, and their order in the binary. @spec binary-module */
import { branchHintSection } from '../decoder/branch-hints.ts';
import { ByteWriter } from '../syntax/byte-writer.ts';
import { CUSTOM_SECTION, type SectionKeyword, sectionTable } from '../syntax/section-table.ts';
import type { CustomPlace } from './annotations.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Name of the name section. */
const NAMES = 'name';

/** Names of sections, for the placement of custom sections. */
export const sectionKeywords: readonly SectionKeyword[] = sectionTable.map(({ keyword }) => keyword);

/** A section that is a list: its entries, and their number. */
class Entries {
  count = 0;
  readonly bytes: ByteWriter = new ByteWriter();
}

interface Custom {
  readonly place: CustomPlace;
  readonly name: string;
  contents: Uint8Array;
}

const isAt = (place: CustomPlace, side: string, section: string): boolean =>
  place.side === side && place.section === section;

export class Sections {
  readonly lists: Readonly<Record<SectionKeyword, Entries>> = Object.fromEntries(
    sectionKeywords.map((keyword) => [keyword, new Entries()]),
  ) as Record<SectionKeyword, Entries>;
  /** Index of the start function, if there is one. */
  start: number | null = null;
  /** Offset of the first body in the binary that was finished. */
  codeStart = 0;
  /** Whether the code names data segments. */
  needsDataCount = false;
  /** Branch hints: functions, with their hints. */
  readonly hints: Entries = new Entries();
  private readonly customs: Custom[] = [];

  /**
   * Adds the name section: last, unless there is a custom section of its name. Then that section determines its
   * place, and its contents if it is not empty.
   */
  addNames(contents: ByteWriter): void {
    const own = this.customs.find(({ name }) => name === NAMES);
    if (own === undefined) {
      if (contents.length > 0) this.addCustom({ side: 'after', section: 'last' }, NAMES, contents.finish());
    } else if (own.contents.length === 0) own.contents = contents.finish();
  }

  addCustom(place: CustomPlace, name: string, contents: Uint8Array): void {
    this.customs.push({ place, name, contents });
  }

  /** The next entry of a list. */
  entry(keyword: SectionKeyword): ByteWriter {
    const list = this.lists[keyword];
    list.count++;
    return list.bytes;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    for (const byte of HEADER) out.byte(byte);
    this.writeCustoms(out, 'before', 'first');
    for (const { id, keyword } of sectionTable) {
      this.writeCustoms(out, 'before', keyword);
      if (keyword === 'code') this.writeHints(out);
      const contents = this.contentsOf(keyword);
      if (contents !== null) {
        out.byte(id);
        out.takeSized(contents);
        if (keyword === 'code') this.codeStart = out.length - this.lists.code.bytes.length;
      }
      this.writeCustoms(out, 'after', keyword);
    }
    this.writeCustoms(out, 'after', 'last');
    return out.finish();
  }

  private contentsOf(keyword: SectionKeyword): ByteWriter | null {
    const contents = new ByteWriter();
    if (keyword === 'start') {
      if (this.start === null) return null;
      contents.u32(this.start);
    } else if (keyword === 'datacount') {
      if (!this.needsDataCount) return null;
      contents.u32(this.lists.data.count);
    } else {
      const { count, bytes } = this.lists[keyword];
      if (count === 0) return null;
      contents.u32(count);
      contents.take(bytes);
    }
    return contents;
  }

  private writeHints(out: ByteWriter): void {
    const { count, bytes } = this.hints;
    if (count === 0) return;
    const contents = new ByteWriter();
    contents.u32(count);
    contents.take(bytes);
    writeCustom(out, branchHintSection, contents.finish());
  }

  private writeCustoms(out: ByteWriter, side: string, section: string): void {
    for (const { place, name, contents } of this.customs)
      if (isAt(place, side, section)) writeCustom(out, name, contents);
  }
}

/** @spec binary-customsec */
const writeCustom = (out: ByteWriter, name: string, contents: Uint8Array): void => {
  const section = new ByteWriter();
  section.name(name);
  section.append(contents);
  out.byte(CUSTOM_SECTION);
  out.takeSized(section);
};
