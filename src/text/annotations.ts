/** Annotations with a meaning: names, custom sections, branch hints. @spec text-annot */
import { branchHintSection } from '../decoder/branch-hints.ts';
import { ByteWriter } from '../syntax/byte-writer.ts';
import { decodeUtf8 } from '../syntax/utf8.ts';
import { failText } from './malformed-text.ts';
import { appendString, stringBytes } from './strings.ts';
import { type Annotation, ATOM, LEFT, RIGHT, STRING, type Tokens } from './tokens.ts';

/** A place of a custom section. */
export interface CustomPlace {
  readonly side: 'before' | 'after';
  readonly section: string;
}
interface CustomText {
  readonly name: string;
  readonly place: CustomPlace;
  readonly contents: Uint8Array;
}

/** Provides the annotations of a module by the token that follows; one that is not taken is misplaced. */
export class AnnotationReader {
  private readonly tokens: Tokens;
  private readonly first: number;
  private readonly end: number;
  private readonly isTaken: Uint8Array;

  /** Those of the tokens from `from` up to `to`. */
  constructor(tokens: Tokens, from: number, to: number) {
    this.tokens = tokens;
    this.first = this.firstAt(from);
    this.end = this.firstAt(to + 1);
    this.isTaken = new Uint8Array(this.end - this.first);
  }

  /** Index of the first annotation before this token or a later one. */
  private firstAt(token: number): number {
    const { annotations } = this.tokens;
    let low = 0;
    let high = annotations.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (annotations[middle]!.before < token) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get isEmpty(): boolean {
    return this.first === this.end;
  }

  /** The first annotation of this name before this token that was not taken; takes it. */
  take(name: string, token: number): Annotation | null {
    if (this.isEmpty) return null;
    for (let i = Math.max(this.firstAt(token), this.first); i < this.end; i++) {
      const annotation = this.tokens.annotations[i]!;
      if (annotation.before !== token) return null;
      if (annotation.name !== name || this.isTaken[i - this.first] !== 0) continue;
      this.isTaken[i - this.first] = 1;
      return annotation;
    }
    return null;
  }

  /** Fails if one was not taken. */
  refuseOthers(): void {
    const index = this.isTaken.indexOf(0);
    if (index < 0) return;
    const annotation = this.tokens.annotations[this.first + index]!;
    const { name, start } = annotation;
    if (name === branchHintSection) this.fail(annotation, 'not in a function');
    failText(this.tokens.bytes, start, `misplaced @${name} annotation`);
  }

  /** The name that `@name` gives the item here, if any. */
  name(token: number): string | null {
    const annotation = this.take('name', token);
    if (annotation === null) return null;
    const [item, ...others] = annotation.items;
    if (item?.kind !== STRING || others.length > 0) return this.fail(annotation, 'unexpected token');
    return this.stringOf(annotation, item.start, item.end);
  }

  fail(annotation: Annotation, problem: string): never {
    return failText(this.tokens.bytes, annotation.start, `@${annotation.name} annotation: ${problem}`);
  }

  private stringOf(annotation: Annotation, start: number, end: number): string {
    return (
      decodeUtf8(stringBytes(this.tokens.bytes, start, end)) ??
      this.fail(annotation, 'malformed UTF-8 encoding')
    );
  }

  /** The custom section of an annotation. */
  custom(annotation: Annotation, sections: readonly string[]): CustomText {
    const { bytes } = this.tokens;
    const { items } = annotation;
    const wordAt = (index: number): string => {
      const item = items[index];
      return item?.kind === ATOM ? (decodeUtf8(bytes, item.start, item.end) ?? '') : '';
    };
    const first = items[0];
    if (first?.kind !== STRING) return this.fail(annotation, 'missing section name');
    const name = this.stringOf(annotation, first.start, first.end);
    let at = 1;
    let place: CustomPlace = { side: 'after', section: 'last' };
    if (items[1]?.kind === LEFT) {
      const side = wordAt(2);
      if (side !== 'before' && side !== 'after') return this.fail(annotation, 'malformed placement');
      const section = wordAt(3);
      const isEnd = section === (side === 'before' ? 'first' : 'last');
      if (!isEnd && !sections.includes(section)) return this.fail(annotation, 'malformed section kind');
      if (items[4]?.kind !== RIGHT) return this.fail(annotation, 'malformed placement');
      place = { side, section };
      at = 5;
    }
    const contents = new ByteWriter();
    for (const item of items.slice(at)) {
      if (item.kind !== STRING) return this.fail(annotation, 'unexpected token');
      appendString(contents, bytes, item.start, item.end);
    }
    return { name, place, contents: contents.finish() };
  }

  /** The bytes of a branch hint before this token, or null. */
  branchHint(token: number): Uint8Array | null {
    const annotation = this.take(branchHintSection, token);
    if (annotation === null) return null;
    const contents = new ByteWriter();
    for (const item of annotation.items) {
      if (item.kind !== STRING) return this.fail(annotation, 'unexpected token');
      appendString(contents, this.tokens.bytes, item.start, item.end);
    }
    if (this.take(branchHintSection, token) !== null) return this.fail(annotation, 'duplicate annotation');
    return contents.finish();
  }
}
