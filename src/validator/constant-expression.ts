/**
 * Validates constant expressions: initialisers of globals and tables, elements, and offsets of segments (spec
 * chapter Validation/Instructions, "Constant Expressions").
 */
import { instructions } from '../syntax/instructions.ts';
import type { ConstExpr } from '../syntax/module.ts';
import type { FuncType, ValType } from '../syntax/types.ts';
import { rowIsConstant, rowIsExtendedConstant, rules } from './rules.ts';
import type { BodyState } from './stacks.ts';

const noLocals: FuncType = { kind: 'func', params: [], results: [] };

/**
 * Checks that an expression is constant and has the type `type`. @spec valid-constant
 *
 * @throws InvalidError
 */
export const validateConstExpr = (s: BodyState, expression: ConstExpr, type: ValType): void => {
  const { reader } = s;
  reader.reset(expression.start, expression.end);
  s.begin(-1, [type]);
  s.locals.reset(noLocals, null);
  while (s.depth > 0) {
    reader.read();
    const { row } = reader;
    if (!rowIsConstant[row]) s.fail('invalid.constant');
    if (s.context.isDisabled[row] !== 0) s.use(instructions[row]!.since);
    if (rowIsExtendedConstant[row]) s.use('extended-const');
    rules[row]!(s);
  }
};
