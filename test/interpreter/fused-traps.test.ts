/**
 * Where a part of a fused operation traps, the bill and the place are those of its own instruction: as in careful
 * code, which runs one operation for each instruction.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TrapError } from '../../src/errors.ts';
import { compileModule, type FuncInstance, instantiate, Store, startExecution } from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';

const a: Instruction = ['local.get', 0];
const b: Instruction = ['local.get', 1];
const i32 = (value: number): Instruction => ['i32.const', value];

/** Bodies with the parameters `a` and `b`, both addresses; a page of memory. */
const bodies: Readonly<Record<string, readonly Instruction[]>> = {
  'a load, then a load from another place': [a, ['i32.load', {}], b, ['i32.load8_u', {}], 'i32.add'],
  'loads of bytes': [a, ['i32.load8_u', {}], b, ['i32.load8_u', {}], 'i32.sub'],
  'a load from the address that was loaded': [a, ['i32.load', {}], ['i32.load', {}], b, 'i32.add'],
  'a value that is stored where it was loaded': [b, a, ['i32.load', {}], ['i32.store', {}], i32(0)],
  'bytes that are copied': [b, a, ['i32.load8_u', {}], ['i32.store8', {}], i32(0)],
  'doubles that are copied': [b, a, ['i64.load', {}], ['i64.store', {}], i32(0)],
  'a sum that is an address': [a, b, 'i32.add', ['i32.load', {}]],
  'a sum that is an address, and the constant beside it': [
    a,
    i32(8),
    'i32.add',
    ['i32.load8_u', {}],
    b,
    'i32.add',
  ],
  'a place in an array': [a, b, i32(2), 'i32.shl', 'i32.add', ['i32.load', { offset: 4 }]],
  'two stores': [a, i32(7), ['i32.store', {}], b, i32(7), ['i32.store', {}], i32(0)],
  'a double that is stored': [b, a, ['f64.load', {}], ['f64.const', 2], 'f64.mul', ['f64.store', {}], i32(0)],
  'doubles that are multiplied and summed': [
    ...([a, ['f64.load', {}], b, ['f64.load', {}], 'f64.mul', a, ['f64.load', {}], 'f64.add'] as const),
    'i32.trunc_f64_s',
  ],
  'a quotient of what was loaded': [a, ['i32.load', {}], b, ['i32.load', {}], i32(1), 'i32.or', 'i32.div_u'],
  'a remainder by a sum': [a, i32(1), b, i32(-64), 'i32.add', 'i32.rem_u', 'i32.add'],
};
/** In bounds, at the border, after it, and where a sum of two is in bounds or not. */
const addresses = [0, 64, 65_528, 65_529, 65_533, 65_535, 65_536, 0x7fffffff, 0x80000000, 0xffffffff];

const outcomeOf = (func: FuncInstance, args: readonly bigint[], careful: boolean): object => {
  const execution = startExecution(func, args, { careful });
  const outcome = execution.run();
  const { results, error, fuelConsumed } = execution;
  if (outcome === 'done') return { results, fuelConsumed };
  assert.ok(error instanceof TrapError);
  const { backtrace = [], fuelConsumed: paid } = error.details;
  return { code: error.code, offsets: backtrace.map(({ offset }) => offset), fuelConsumed, paid };
};

describe('traps of fused operations', () => {
  for (const [name, body] of Object.entries(bodies)) {
    test(name, () => {
      const code = [a, i32(3), 'i32.eq', ['if', null], 'unreachable', 'end', ...body] as Instruction[];
      const bytes = assemble({
        types: [{ params: ['i32', 'i32'], results: ['i32'] }],
        memories: [{ min: 1, max: 1 }],
        funcs: [{ code }],
        exports: [['run', 'func', 0]],
      });
      const compiled = compileModule(bytes);
      let traps = 0;
      for (const x of addresses)
        for (const y of addresses) {
          const [fast, careful] = [false, true].map((isCareful) => {
            const { exports } = instantiate(new Store(), compiled, () => undefined);
            return outcomeOf(exports.get('run') as FuncInstance, [BigInt(x), BigInt(y)], isCareful);
          });
          assert.deepEqual(fast, careful, `${x} ${y}`);
          if ('code' in fast!) traps++;
        }
      assert.ok(traps > 0 && traps < addresses.length ** 2, `${traps} traps`);
    });
  }
});
