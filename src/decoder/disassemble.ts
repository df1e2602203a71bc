/**
 * Function bodies as text: one instruction a line, with its offset in the binary and its depth of nesting. The
 * spelling is the text format's; large groups of locals are abbreviated.
 */
import { UsageError } from '../errors/errors.ts';
import { instructions } from '../syntax/instructions.ts';
import type { FuncBody, Module } from '../syntax/module.ts';
import { branchHintSection, branchHintsOf } from './branch-hints.ts';
import { InstructionReader, nesting } from './instruction-reader.ts';
import { instructionText, TextContext } from './instruction-text.ts';

/**
 * One line of a listing.
 *
 * ```ts
 * const lines: ListingLine[] = [...disassembleFunction(decodeModule(doubleWasm), 0)];
 * console.log(lines.map(({ depth, text }) => `${'  '.repeat(depth)}${text}`).at(-2)); // →   i32.shl
 * ```
 */
export interface ListingLine {
  /** Offset of the instruction in the binary. */
  readonly offset: number;
  /** Nesting, for indentation; 0 for the head of the function. */
  readonly depth: number;
  readonly text: string;
}

/** Instructions that are indented one level less than their block. */
/**
 * Disassembles one function, lazily.
 *
 * ```js
 * for (const { text } of disassembleFunction(decodeModule(doubleWasm), 0)) console.log(text);
 * // → func 0 (;double;) (type 0) (param i32) (result i32)
 * // → local.get 0
 * // → i32.const 1
 * // → i32.shl
 * // → end
 * ```
 *
 * @throws UsageError for an index without a body; MalformedError if the body is damaged, after the lines before
 */
export const disassembleFunction = (module: Module, funcIndex: number): Iterable<ListingLine> => {
  const body = module.funcs[funcIndex]?.body;
  if (!body) {
    const actual = module.funcs[funcIndex] === undefined ? 'it does not exist' : 'it is imported';
    throw new UsageError('usage.argument', {
      funcIndex,
      actual,
      detail: `cannot disassemble function ${funcIndex}: ${actual}`,
    });
  }
  return linesOf(module, funcIndex, body);
};

function* linesOf(module: Module, funcIndex: number, body: FuncBody): Iterable<ListingLine> {
  const context = new TextContext(module);
  const { typeIndex, type } = module.funcs[funcIndex]!;
  const signature = type.comp.kind === 'func' ? context.signature(type.comp) : '';
  const head = `func ${context.func(funcIndex)} (type ${typeIndex}) ${signature}`;
  yield { offset: body.start, depth: 0, text: head.trimEnd() };
  if (body.locals.length > 0) {
    // Groups are not expanded: a body of a few bytes can declare thousands of millions of locals.
    const runs = body.locals.map(({ count, type: local }) =>
      count <= 8
        ? Array<string>(count).fill(context.valType(local)).join(' ')
        : `${context.valType(local)} (;×${count};)`,
    );
    yield { offset: body.start, depth: 1, text: `(local ${runs.filter(Boolean).join(' ')})` };
  }
  const hints = branchHintsOf(module);
  const reader = new InstructionReader(module.bytes, module.types);
  reader.reset(body.codeStart, body.end);
  for (let depth = 1; reader.pos < reader.end; ) {
    reader.read();
    const isLikely = hints.get(reader.offset);
    if (isLikely !== undefined) {
      const text = `(@${branchHintSection} "\\0${isLikely ? 1 : 0}")`;
      yield { offset: reader.offset, depth, text };
    }
    const { flow } = instructions[reader.row]!;
    const isOut = flow === 'divides' || flow === 'closes';
    yield {
      offset: reader.offset,
      depth: Math.max(depth - (isOut ? 1 : 0), 0),
      text: instructionText(reader, context),
    };
    depth = Math.max(depth + nesting[reader.row]!, 0);
  }
}

/**
 * A line for the terminal: offset in hexadecimal, indentation, text.
 *
 * ```js
 * const [, line] = disassembleFunction(decodeModule(doubleWasm), 0);
 * console.log(formatLine(line).trim().endsWith('local.get 0')); // → true
 * ```
 */
export const formatLine = ({ offset, depth, text }: ListingLine): string =>
  `${offset.toString(16).padStart(6, '0')}  ${'  '.repeat(Math.min(depth, 40))}${text}`;
