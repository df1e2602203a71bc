/**
 * Deadlines and signals end every loop, whatever it does in each round, and other tasks get their turn in the meantime: of
 * calls, of start functions and initialisers, and while programs are translated. A limit on fuel, which no loop
 * reaches in the time that it has, ends what would not stop.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { compileWat, kernelImports } from '../wat.ts';

const loops = {
  nothing: '',
  length: '(drop (call $length (i64.const 0)))',
  input_length: '(drop (call $input_length))',
  'alloc of nothing': '(drop (call $alloc (i64.const 0)))',
  'alloc and free': '(call $free (call $alloc (i64.const 1000)))',
  log: '(call $log_info (i64.const 0))',
  'a host function': '(call $user)',
  'a host function that answers later': '(call $later)',
  'a clock': '(drop (call $clock (i32.const 1) (i64.const 1) (i32.const 8)))',
  'memory.fill': '(memory.fill (i32.const 0) (i32.const 0) (i32.const 60000))',
  'memory.grow by nothing': '(drop (memory.grow (i32.const 0)))',
  'a host function through a table': '(call_indirect (i32.const 0))',
  'calls and bulk operations':
    '(call $nop) (drop (call $input_length)) (memory.copy (i32.const 0) (i32.const 1) (i32.const 9000))',
} as const;
const names = Object.keys(loops) as (keyof typeof loops)[];

const imports = `${kernelImports}
  (import "extism:host/user" "user" (func $user))
  (import "extism:host/user" "later" (func $later))
  (import "extism:host/user" "slow" (func $slow))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))`;
const forever =
  '(loop (drop (call $input_length)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 6000)) (br 0))';
const { main, start, initialise } = compileWat({
  main: `(module ${imports} (memory (export "memory") 1) (table funcref (elem $user)) (func $nop)
    ${names.map((name) => `(func (export "${name}") (loop ${loops[name]} (br 0)))`).join('\n')}
    (func (export "slow") (loop (call $slow) (br 0))))`,
  start: `(module ${imports} (memory (export "memory") 1) (func $run ${forever}) (start $run))`,
  initialise: `(module ${imports} (memory (export "memory") 1) (func (export "_initialize") ${forever}))`,
});

const TIME = 50;
/** Some seconds of all of these loops. */
const FUEL = 3_000_000_000;
let slowCalls = 0;
const create = (data: Uint8Array, options: PluginOptions = {}): Promise<Plugin> =>
  createPlugin(
    { wasm: [{ data }] },
    {
      useWasi: true,
      fuel: FUEL,
      onLog: () => {},
      functions: {
        'extism:host/user': {
          user: () => {},
          later: async () => {},
          slow: () => {
            slowCalls++;
            for (const end = performance.now() + TIME; performance.now() < end; );
          },
        },
      },
      ...options,
    },
  );

describe('a loop is ended', () => {
  for (const name of names)
    test(`by timeoutMs and by a signal: ${name}`, async () => {
      const plugin = await create(main);
      await assert.rejects(plugin.call(name, '', undefined, { timeoutMs: TIME }), {
        code: 'interrupted.timeout',
      });
      const stop = new AbortController();
      setTimeout(() => stop.abort(), TIME);
      await assert.rejects(plugin.call(name, '', undefined, { signal: stop.signal }), {
        code: 'interrupted.cancelled',
      });
      const call = await plugin.startCall(name, '', { timeSliceMs: 8 });
      setTimeout(() => call.requestPause(), TIME);
      assert.equal(await call.run(), 'paused');
      assert.equal(call.pause === 'slice' || call.pause === 'host', true);
      await call.cancel();
    });

  test('right after the host function that took longer than the call may', async () => {
    const plugin = await create(main);
    slowCalls = 0;
    await assert.rejects(plugin.call('slow', '', undefined, { timeoutMs: TIME, fuel: 1000 }), {
      code: 'interrupted.timeout',
    });
    assert.equal(slowCalls, 1);
  });

  for (const [name, bytes] of Object.entries({ start, initialise }))
    test(`in createPlugin: ${name}`, async () => {
      await assert.rejects(create(bytes, { timeoutMs: TIME }), { code: 'interrupted.instantiation' });
    });
});

describe('other tasks get their turn', () => {
  /** How often a timer of 5 ms fires during a call. */
  const countFirings = async (run: () => Promise<unknown>): Promise<number> => {
    let firings = 0;
    const timer = setInterval(() => firings++, 5);
    await run().catch(() => {});
    clearInterval(timer);
    return firings;
  };

  test('in a loop of sized operations', async () => {
    const plugin = await create(main);
    const options = { timeSliceMs: 8, timeoutMs: 200 };
    assert.ok((await countFirings(() => plugin.call('memory.fill', '', undefined, options))) >= 3);
  });

  test('while functions are translated', async () => {
    const total = 60;
    const body = Array.from({ length: 5000 }, (_, i): Instruction[] => [
      ['local.get', 0],
      ['i32.const', i],
      'i32.add',
      ['local.set', 0],
    ]).flat();
    const bytes = assemble({
      types: [{}],
      funcs: [
        { code: Array.from({ length: total }, (_, i): Instruction => ['call', i + 1]) },
        // Each returns at once.
        ...Array.from({ length: total }, () => ({
          locals: [[1, 'i32']] as const,
          code: [['local.get', 0], 'i32.eqz', ['br_if', 0], ...body] as Instruction[],
        })),
      ],
      exports: [['run', 'func', 0]],
    });
    const plugin = await create(bytes);
    const firings = await countFirings(() => plugin.call('run', '', undefined, { timeSliceMs: 8 }));
    assert.ok(firings >= 3, `${firings} times`);
    assert.ok(plugin.fuelConsumed < 200_000, 'less than what is given out at a time');
  });
});
