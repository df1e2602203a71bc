/**
 * A cursor over a mangled name. Demanglers are small recursive readers: if a name does not have the expected form,
 * they throw `NotUnderstood`, and the name stays unchanged. Depth and work are bounded, since names come from the
 * module.
 */

/** Thrown only inside the demanglers. */
class NotUnderstood extends Error {}

/** Deepest nesting of a name. */
const MAX_DEPTH = 100;
/** Most characters of all parts of the readable name; parts that are reused count again. */
const MAX_OUTPUT = 20_000;

export class SymbolReader {
  readonly text: string;
  pos: number;
  private depth = 0;
  private written = 0;

  constructor(text: string, pos: number) {
    this.text = text;
    this.pos = pos;
  }

  fail(): never {
    throw new NotUnderstood();
  }

  /** The next character, which is not consumed; empty at the end. */
  get peek(): string {
    return this.text.charAt(this.pos);
  }

  next(): string {
    if (this.pos >= this.text.length) this.fail();
    return this.text.charAt(this.pos++);
  }

  /** Consumes a text if it comes next. */
  eat(text: string): boolean {
    const isNext = this.text.startsWith(text, this.pos);
    if (isNext) this.pos += text.length;
    return isNext;
  }

  expect(text: string): void {
    if (!this.eat(text)) this.fail();
  }

  /** Consumes the match of a sticky pattern at the cursor; empty without a match. */
  match(pattern: RegExp): string {
    pattern.lastIndex = this.pos;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.pos += found.length;
    return found;
  }

  decimal(): number {
    const digits = this.match(/0|[1-9]\d{0,8}/y);
    return digits === '' ? this.fail() : Number(digits);
  }

  take(count: number): string {
    if (count > this.text.length - this.pos) this.fail();
    this.pos += count;
    return this.text.slice(this.pos - count, this.pos);
  }

  /** Runs a part one level deeper. */
  nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) this.fail();
    const value = read();
    this.depth--;
    return value;
  }

  /** Counts a part of the readable name. */
  made(text: string): string {
    this.written += text.length + 1;
    return this.written > MAX_OUTPUT ? this.fail() : text;
  }
}

/** Runs a demangler; null if it did not understand the name. */
export const attempt = (read: () => string): string | null => {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotUnderstood) return null;
    throw error;
  }
};
