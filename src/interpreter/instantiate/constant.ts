/** Evaluates constant expressions. @spec exec-expr */
import { InternalError } from '../../errors/errors.ts';
import { instructions } from '../../syntax/instructions.ts';
import type { ConstExpr } from '../../syntax/module.ts';
import type { ModuleInstance } from '../instances/module-instance.ts';
import type { RawValue } from '../instances/values.ts';
import { evaluateAggregate } from './constant-aggregates.ts';

const binary: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  'i32.add': (a, b) => BigInt.asUintN(32, a + b),
  'i32.sub': (a, b) => BigInt.asUintN(32, a - b),
  'i32.mul': (a, b) => BigInt.asUintN(32, a * b),
  'i64.add': (a, b) => BigInt.asUintN(64, a + b),
  'i64.sub': (a, b) => BigInt.asUintN(64, a - b),
  'i64.mul': (a, b) => BigInt.asUintN(64, a * b),
};

/** The value of a validated constant expression; reads only what the instance already has. */
export const evaluateConstant = (instance: ModuleInstance, expr: ConstExpr): RawValue => {
  const reader = instance.compiled.constants;
  reader.reset(expr.start, expr.end);
  const stack: RawValue[] = [];
  for (;;) {
    reader.read();
    const { name } = instructions[reader.row]!;
    switch (name) {
      case 'end':
        return stack[0] as RawValue;
      case 'i32.const':
      case 'f32.const':
        stack.push(BigInt(reader.lo >>> 0));
        break;
      case 'i64.const':
      case 'f64.const':
        stack.push(reader.bits64);
        break;
      case 'v128.const':
        stack.push(reader.bytes16.reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n));
        break;
      case 'global.get':
        stack.push(instance.globals[reader.index]!.value);
        break;
      case 'ref.null':
        stack.push(null);
        break;
      case 'ref.func':
        stack.push(instance.funcs[reader.index]!);
        break;
      default: {
        if (evaluateAggregate(instance, reader, name, stack)) break;
        const operator = binary[name];
        if (operator === undefined)
          throw new InternalError('internal.bug', { detail: `${name} in a constant expression` });
        const b = stack.pop() as bigint;
        stack.push(operator(stack.pop() as bigint, b));
      }
    }
  }
};
