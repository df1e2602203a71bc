/** Function bodies and constant expressions as text, one instruction a line, or folded. @spec text-instr */
import { InstructionReader } from '../decoder/instruction-reader.ts';
import { instructionText } from '../decoder/instruction-text.ts';
import { MalformedError } from '../errors/errors.ts';
import { instructions, rowOf } from '../syntax/instructions.ts';
import { keywords } from '../syntax/mnemonics.ts';
import type { ConstExpr, FuncBody, Module } from '../syntax/module.ts';
import { type Arity, arityOf } from './arities.ts';
import { FoldedNodes } from './folded-nodes.ts';
import type { PrintContext } from './print-context.ts';
import type { TextWriter } from './text-writer.ts';

const flows = instructions.map(({ flow }) => flow);

/** A reader of instructions in which types are their indices. */
const indexReader = ({ bytes }: Module): InstructionReader =>
  new InstructionReader(bytes, [], 'code', (index) => index);

/** How a body is printed: each instruction as it is read, with blocks handled separately. */
interface BodyStyle {
  plain(text: string, hint: string): void;
  open(row: number, text: string, hint: string): void;
  divide(row: number, text: string): void;
  close(row: number, text: string): void;
  /** The body ends. */
  end(): void;
}

/** One instruction a line. */
const plainStyle = (out: TextWriter): BodyStyle => {
  const line = (text: string, hint: string): void => {
    if (hint !== '') out.line(hint);
    out.line(text);
  };
  return {
    plain: line,
    open(_row, text, hint) {
      line(text, hint);
      out.indent();
    },
    divide(_row, text) {
      out.outdent();
      out.line(text);
      out.indent();
    },
    close(_row, text) {
      out.outdent();
      out.line(text);
    },
    end: () => {},
  };
};

/** Operands in the parentheses of their instruction, and blocks in separate parentheses. */
const foldedStyle = (out: TextWriter, arity: () => Arity): BodyStyle => {
  const nodes = new FoldedNodes(out);
  const begin = (text: string): void => {
    out.line(text);
    out.indent();
  };
  const end = (): void => {
    nodes.flush();
    out.outdent();
    out.line(')');
  };
  /** Whether each open block has arms in separate parentheses. */
  const hasArms: boolean[] = [];
  return {
    plain(text, hint) {
      const [operands, results] = arity();
      nodes.add(text, hint, operands, results);
    },
    open(row, text, hint) {
      const condition = row === rowOf.if ? nodes.takeOperand() : null;
      nodes.flush();
      if (hint !== '') out.line(hint);
      begin(`(${text}`);
      condition?.();
      const arm = row === rowOf.if ? '(then' : row === rowOf.try ? '(do' : null;
      hasArms.push(arm !== null);
      if (arm !== null) begin(arm);
    },
    divide(_row, text) {
      end();
      begin(`(${text}`);
    },
    close(row, text) {
      if (hasArms.pop()) end();
      if (row === rowOf.delegate) out.line(`(${text})`);
      end();
    },
    end: () => nodes.flush(),
  };
};

export class BodyPrinter {
  private readonly context: PrintContext;
  private readonly reader: InstructionReader;
  private readonly style: BodyStyle;
  /** Branch hints to print, by the offset of the instruction. */
  private readonly hints: ReadonlyMap<number, string>;

  constructor(context: PrintContext, out: TextWriter, hints: ReadonlyMap<number, string>, isFolded: boolean) {
    const { module } = context;
    const reader = indexReader(module);
    this.context = context;
    this.reader = reader;
    this.style = isFolded ? foldedStyle(out, () => arityOf(reader, module)) : plainStyle(out);
    this.hints = hints;
  }

  /** Prints the instructions of a function, except for the last `end`. */
  body(func: number, { codeStart, end }: FuncBody): void {
    const { context, hints, reader, style } = this;
    const { labels, names } = context;
    labels.length = 0;
    let block = 0;
    reader.reset(codeStart, end);
    for (;;) {
      reader.read();
      const { row } = reader;
      const flow = flows[row]!;
      const hint = hints.size === 0 ? '' : (hints.get(reader.offset) ?? '');
      if (flow === 'opens') {
        const text = instructionText(reader, context);
        const label = names.label(func, block++);
        const keyword = keywords[row]!;
        style.open(row, label === null ? text : `${keyword} ${label}${text.slice(keyword.length)}`, hint);
        labels.push(label);
      } else if (flow === 'divides') style.divide(row, instructionText(reader, context));
      else if (flow !== 'closes') style.plain(instructionText(reader, context), hint);
      else if (labels.length === 0) {
        style.end();
        if (row === rowOf.end && reader.pos === end) return;
        throw new MalformedError('malformed.section-size', { section: 'code', offset: reader.offset });
      } else {
        labels.pop();
        style.close(row, instructionText(reader, context));
      }
    }
  }

  /** A constant expression in one line: each instruction in parentheses, unless there are blocks. */
  expression({ start, end }: ConstExpr): string {
    const { context, reader } = this;
    const parts: string[] = [];
    let hasBlocks = false;
    let depth = 0;
    reader.reset(start, end);
    while (reader.pos < end) {
      reader.read();
      const flow = flows[reader.row]!;
      if (flow === 'opens') {
        depth++;
        context.labels.push(null);
      } else if (flow === 'closes') {
        if (depth-- === 0) break;
        context.labels.pop();
      }
      hasBlocks ||= flow === 'opens' || flow === 'divides';
      parts.push(instructionText(reader, context));
    }
    return parts.map((part) => (hasBlocks ? part : `(${part})`)).join(' ');
  }
}
