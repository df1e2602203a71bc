/**
 * Validates one function body: decodes it once, applies the typing rule of each instruction, and finds the
 * highest operand stack.
 *
 * This loop sees every instruction of a module, megabytes of them, so the common shapes are handled directly on the
 * operand array; everything else (unreachable code, subtypes, errors) goes to the general rule.
 */
import type { InstructionReader } from '../decoder/instruction-reader.ts';
import { MalformedError } from '../errors/errors.ts';
import { instructions } from '../syntax/instructions.ts';
import type { Func, FuncBody } from '../syntax/module.ts';
import { type FuncType, I32, isRef, V128 } from '../syntax/types.ts';
import { applySignature, rowAlignment, rowFirst, rowKind, rowLast, rowResult, rules } from './rules.ts';
import type { BodyState } from './stacks.ts';

/** Applies instructions until the last construct is closed. */
const validateBody = (s: BodyState): void => {
  const { reader, locals } = s;
  const { memoryAddress, isDisabled } = s.context;
  while (s.depth > 0) {
    reader.read();
    if (s.height > s.watermark) s.raise();
    const { row } = reader;
    if (isDisabled[row] !== 0) s.use(instructions[row]!.since);
    const { operands, height, base } = s;
    switch (rowKind[row]) {
      case 0: // special
        rules[row]!(s);
        break;
      case 1: // push
        operands[height] = rowResult[row]!;
        s.height = height + 1;
        break;
      case 2: // unary
        if (height > base && operands[height - 1] === rowLast[row]) operands[height - 1] = rowResult[row]!;
        else applySignature(s);
        break;
      case 3: // binary
        if (
          height > base + 1 &&
          operands[height - 1] === rowLast[row] &&
          operands[height - 2] === rowFirst[row]
        ) {
          operands[height - 2] = rowResult[row]!;
          s.height = height - 1;
        } else applySignature(s);
        break;
      case 4: // load
        if (
          height > base &&
          operands[height - 1] === I32 &&
          !reader.namesMemory &&
          memoryAddress[0] === I32 &&
          reader.hi === 0 &&
          reader.align <= rowAlignment[row]!
        ) {
          operands[height - 1] = rowResult[row]!;
        } else applySignature(s);
        break;
      case 5: // store
        if (
          height > base + 1 &&
          operands[height - 1] === rowLast[row] &&
          operands[height - 2] === I32 &&
          !reader.namesMemory &&
          memoryAddress[0] === I32 &&
          reader.hi === 0 &&
          reader.align <= rowAlignment[row]!
        ) {
          s.height = height - 2;
        } else applySignature(s);
        break;
      case 6: // general
        applySignature(s);
        break;
      case 7: {
        // local.get
        const { index } = reader;
        const type = index < locals.expandedCount && !locals.tracksInit ? locals.types[index]! : V128;
        if (type !== V128) {
          operands[height] = type;
          s.height = height + 1;
        } else rules[row]!(s);
        break;
      }
      case 8: {
        // local.set
        const { index } = reader;
        const type = index < locals.expandedCount && !locals.tracksInit ? locals.types[index]! : V128;
        if (type !== V128 && height > base && operands[height - 1] === type) s.height = height - 1;
        else rules[row]!(s);
        break;
      }
      default: {
        // local.tee
        const { index } = reader;
        const type = index < locals.expandedCount && !locals.tracksInit ? locals.types[index]! : V128;
        if (type === V128 || height === base || operands[height - 1] !== type) rules[row]!(s);
      }
    }
  }
};

/** Checks that the last `end` of a body is its last byte. @throws MalformedError */
export const checkBodyEnd = (reader: InstructionReader, body: FuncBody): void => {
  if (reader.pos === body.end) return;
  const detail = 'bytes after the end of a function';
  throw new MalformedError('malformed.section-size', { section: 'code', offset: reader.pos, detail });
};

/**
 * Validates a defined function and sets its body's `maxStackSlots`. @spec valid-func
 *
 * @throws MalformedError for bytes that are not instructions
 * @throws InvalidError
 */
export const validateFunction = (s: BodyState, funcIndex: number, func: Func): void => {
  const body = func.body!;
  const type = func.type.comp as FuncType;
  s.reader.reset(body.codeStart, body.end);
  s.begin(funcIndex, type.results);
  s.locals.reset(type, body);
  for (const { type: local } of body.locals) {
    if (local === V128 || isRef(local))
      s.context.useType(local, { section: 'code', funcIndex, offset: body.start });
  }
  validateBody(s);
  checkBodyEnd(s.reader, body);
  body.maxStackSlots = s.peak;
};
