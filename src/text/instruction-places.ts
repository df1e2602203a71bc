/** Where instructions lie in a text and in the binary that was made of it, for anyone who shows one beside the other. */
import { decodeUtf8Lossy } from '../syntax/utf8.ts';
import { LineCounter } from './malformed-text.ts';
import type { Tokens } from './tokens.ts';

/**
 * Where an instruction lies.
 *
 * ```ts
 * const places: InstructionPlace[] = [];
 * const text = `(func (result i32)
 *   (i32.add (i32.const 1) (i32.const 2)))`;
 * parseModule(text, { onInstruction: (place) => places.push(place) });
 * console.log(places.map(({ line, column }) => `${line}:${column}`).join(' ')); // → 2:13 2:27 2:4 2:40
 * ```
 */
export interface InstructionPlace {
  /** Offset of its first byte in the binary. */
  readonly offset: number;
  /** Line of its keyword, from 1; of the end of a folded block or a function, that of the parenthesis. */
  readonly line: number;
  /** Character in that line, from 1. */
  readonly column: number;
}

export class PlaceNotes {
  private readonly tokens: Tokens;
  /** Offsets from the beginning of the first body, which grow. */
  private readonly offsets: number[] = [];
  private readonly starts: number[] = [];

  constructor(tokens: Tokens) {
    this.tokens = tokens;
  }

  /** @param from where the function's body begins, from the first body on */
  add(from: number, marks: readonly (readonly [at: number, token: number])[]): void {
    for (const [at, token] of marks) {
      this.offsets.push(from + at);
      this.starts.push(this.tokens.starts[token]!);
    }
  }

  /** @param codeStart where the first body lies in the binary */
  tell(codeStart: number, onInstruction: (place: InstructionPlace) => void): void {
    const { offsets, starts, tokens } = this;
    const { bytes } = tokens;
    const counter = new LineCounter(bytes);
    const lines = new Int32Array(starts.length);
    const columns = new Int32Array(starts.length);
    // Operands of folded instructions come before them in the binary and after them in the text.
    const byText = starts.map((_, i) => i).sort((a, b) => starts[a]! - starts[b]!);
    let lineStart = -1;
    let [at, column] = [0, 1];
    for (const i of byText) {
      lines[i] = counter.lineOf(starts[i]!);
      if (counter.start !== lineStart) {
        lineStart = counter.start;
        [at, column] = [lineStart, 1];
      }
      // From the instruction before, not from the beginning: a text may be one line.
      column += decodeUtf8Lossy(bytes.subarray(at, starts[i]!)).length;
      at = starts[i]!;
      columns[i] = column;
    }
    offsets.forEach((offset, i) => {
      onInstruction({ offset: codeStart + offset, line: lines[i]!, column: columns[i]! });
    });
  }
}
