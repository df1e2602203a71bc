/** The custom section of names, from identifiers and annotations. @spec binary-namesec */
import { ByteWriter } from '../syntax/byte-writer.ts';
import type { Tokens } from './tokens.ts';

/** A name: an identifier by its number, or a text. */
type Name = number | string;
export type NameEntry = readonly [index: number, name: Name];
type IndirectEntry = readonly [index: number, names: readonly NameEntry[]];

export class NameSection {
  private readonly tokens: Tokens | null;
  /** The subsections. */
  readonly contents: ByteWriter = new ByteWriter();

  /** @param tokens that contain the identifiers, if names are numbers of them */
  constructor(tokens: Tokens | null) {
    this.tokens = tokens;
  }

  addModule(name: Name): void {
    const out = new ByteWriter();
    this.writeName(out, name);
    this.add(0, out);
  }

  /** Adds a subsection of names, if there are any. */
  addMap(id: number, names: readonly NameEntry[]): void {
    if (names.length === 0) return;
    const out = new ByteWriter();
    this.writeMap(out, names);
    this.add(id, out);
  }

  addIndirectMap(id: number, entries: readonly IndirectEntry[]): void {
    if (entries.length === 0) return;
    const out = new ByteWriter();
    out.u32(entries.length);
    for (const [index, names] of entries) {
      out.u32(index);
      this.writeMap(out, names);
    }
    this.add(id, out);
  }

  private add(id: number, contents: ByteWriter): void {
    this.contents.byte(id);
    this.contents.takeSized(contents);
  }

  private writeMap(out: ByteWriter, names: readonly NameEntry[]): void {
    out.u32(names.length);
    for (const [index, name] of names) {
      out.u32(index);
      this.writeName(out, name);
    }
  }

  private writeName(out: ByteWriter, name: Name): void {
    if (typeof name === 'string') {
      out.name(name);
      return;
    }
    const bytes = this.tokens!.ids.bytesOf(name);
    out.u32(bytes.length);
    out.append(bytes);
  }
}
