/** Sessions on calls of the engine: every instruction once, forwards and backwards, and nothing changed by it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DebugSession, Position } from '../../src/debug.ts';
import { debug, type Program, prepare, startOf } from './programs.ts';

const argumentsOf = { calls: 4, flow: 5, growth: 6 } as const;

/** Positions of all instructions, by steps. */
const walk = async (session: DebugSession): Promise<Position[]> => {
  const positions = [session.position!];
  while ((await session.step()).reason !== 'done') positions.push(session.position!);
  return positions;
};

/** Fuel and offset wherever a call of careful code can pause by itself. */
const pauses = ({ execution }: Program): string[] => {
  const found: string[] = [];
  while (execution.run() === 'paused') {
    // What a host function charges is paid after its call.
    if (execution.fuelOwed === 0) found.push(`${execution.fuelConsumed} ${execution.backtrace[0]!.offset}`);
    execution.addFuel(1);
  }
  return [...new Set(found)];
};

for (const name of ['calls', 'flow', 'growth'] as const)
  describe(`the program ${name}`, () => {
    const argument = argumentsOf[name];
    const plain = prepare(name, argument);
    plain.execution.run();
    const { results, fuelConsumed } = plain.execution;

    test('steps come to every instruction, and change nothing', async () => {
      const program = prepare(name, argument);
      const positions = await walk(await debug(program));
      const stepped = new Set(positions.map(({ fuel, offset }) => `${fuel} ${offset}`));
      // Where entering a function cannot be paid for, no instruction comes next.
      const places = pauses(prepare(name, argument, 0)).slice(1);
      const missing = places.filter((place) => !stepped.has(place));
      const entries = new Set(plain.instance.compiled.module.funcs.map(({ body }) => body?.codeStart));
      assert.deepEqual(
        missing.filter((place) => !entries.has(Number(place.split(' ')[1]))),
        [],
      );
      assert.ok(positions.length > places.length / 2);
      assert.deepEqual(program.execution.results, results);
      assert.equal(program.execution.fuelConsumed, fuelConsumed);
      assert.deepEqual(program.ticks, plain.ticks);
    });

    test('steps back come to the same instructions, with the same locals and memory', async () => {
      const program = prepare(name, argument);
      const session = await debug(program);
      const { execution, instance } = program;
      const state = (): unknown => [
        session.position,
        session.stack.map((frame) =>
          session.valuesOf(frame).locals.map(({ value }) => (typeof value === 'bigint' ? value : null)),
        ),
        instance.memory0.pageCount,
        instance.memory0.view.getInt32(64, true),
        instance.memory0.view.getInt32(65532, true),
        instance.tables.map(({ elements }) => elements.length),
      ];
      const seen = [state()];
      for (let i = 0; i < 150; i++) {
        await session.step();
        seen.push(state());
      }
      const ticks = program.ticks.length;
      assert.ok(ticks > 0);
      for (let i = seen.length - 2; i >= 0; i--) {
        assert.equal((await session.reverseStep()).reason, 'step');
        assert.deepEqual(state(), seen[i], `step ${i}`);
      }
      assert.equal((await session.reverseStep()).reason, 'begin');
      for (let i = 1; i < 60; i++) {
        await session.step();
        assert.deepEqual(state(), seen[i]);
      }
      assert.equal(program.ticks.length, ticks);
      assert.equal((await session.continue()).reason, 'done');
      assert.deepEqual(execution.results, results);
      assert.equal(execution.fuelConsumed, fuelConsumed);
      assert.deepEqual(program.ticks, plain.ticks);
    });

    test('a session that has ended leaves the call, and its code, as they were', async () => {
      const program = prepare(name, argument);
      const session = await debug(program);
      for (let i = 0; i < 40; i++) await session.step();
      session.setBreakpoint({ module: 0, offset: startOf(program, 1) });
      session.detach();
      assert.equal(program.execution.run(), 'done');
      assert.equal(program.execution.fuelConsumed, fuelConsumed);
      assert.deepEqual(program.execution.results, results);
    });
  });

describe('breakpoints', () => {
  const SQUARE = 1;
  const FACTORIAL = 2;

  test('stop in each call, also of functions that run already', async () => {
    const program = prepare('calls', 4);
    const session = await debug(program);
    const offset = startOf(program, FACTORIAL);
    session.setBreakpoint({ module: 0, offset });
    const depths: number[] = [];
    for (let i = 0; i < 4; i++) {
      assert.equal((await session.continue()).reason, 'breakpoint');
      assert.equal(session.stack[0]!.offset, offset);
      depths.push(session.stack.length);
    }
    assert.deepEqual(depths, [2, 3, 4, 5]);
    // After a call that is under way: its frame was in fast code when the breakpoint was set.
    await session.continue();
    assert.ok(session.clearBreakpoint({ module: 0, offset }));
    assert.equal(session.stack.length, 2);
    assert.equal(session.stack[1]!.raw.region.isCareful, false);
    const { next } = session.stack[1]!;
    session.setBreakpoint({ module: 0, offset: next });
    assert.equal((await session.continue()).reason, 'breakpoint');
    assert.equal(session.stack.length, 1);
    assert.equal(session.stack[0]!.offset, next);
    session.clearBreakpoint({ module: 0, offset: next });
    assert.equal((await session.continue()).reason, 'done');
  });

  test('lie at instructions that cost nothing, and before code alone', async () => {
    const program = prepare('calls', 2);
    const session = await debug(program);
    const offset = startOf(program, SQUARE) + 2;
    assert.ok(session.setBreakpoint({ module: 0, offset }));
    await session.continue();
    assert.equal(session.stack[0]!.offset, offset);
    assert.equal(session.setBreakpoint({ module: 0, offset: 3 }), false);
    assert.equal(session.setBreakpoint({ module: 1, offset }), false);
    assert.equal(session.clearBreakpoint({ module: 0, offset: 3 }), false);
  });

  test('are found backwards, the last one first, and end at the beginning', async () => {
    const program = prepare('calls', 4);
    const session = await debug(program);
    session.setBreakpoint({ module: 0, offset: startOf(program, SQUARE) });
    const forwards: (Position | null)[] = [];
    while ((await session.continue()).reason === 'breakpoint') forwards.push(session.position);
    assert.equal(forwards.length, 4);
    const again = prepare('calls', 4);
    const other = await debug(again);
    other.setBreakpoint({ module: 0, offset: startOf(again, SQUARE) });
    for (let i = 0; i < 4; i++) await other.continue();
    const backwards: (Position | null)[] = [];
    while ((await other.reverseContinue()).reason === 'breakpoint') backwards.unshift(other.position);
    assert.deepEqual(backwards, forwards.slice(0, 3));
    assert.equal(other.stop.reason, 'begin');
    assert.equal(again.ticks.length, 3);
  });

  test('are found backwards where a function begins with an instruction that costs something', async () => {
    const program = prepare('calls', 4);
    const session = await debug(program);
    session.setBreakpoint({ module: 0, offset: startOf(program, FACTORIAL) });
    const seen: (Position | null)[] = [];
    for (let i = 0; i < 6; i++) {
      await session.continue();
      seen.push(session.position);
    }
    for (let i = 4; i >= 0; i--) {
      assert.equal((await session.reverseContinue()).reason, 'breakpoint');
      assert.deepEqual(session.position, seen[i]);
    }
  });

  test('leave functions without one in fast code', async () => {
    const program = prepare('calls', 4);
    const session = await debug(program);
    session.setBreakpoint({ module: 0, offset: startOf(program, SQUARE) });
    await session.continue();
    await session.continue();
    const [top, caller] = session.stack;
    assert.equal(top!.raw.region.isCareful, true);
    assert.equal(caller!.raw.region.isCareful, false);
  });
});

describe('a watch', () => {
  const range = { module: 0, address: 64, length: 4 };

  test('stops after each change, and backwards before it', async () => {
    const program = prepare('calls', 5);
    const session = await debug(program);
    const value = (): number => program.instance.memory0.view.getInt32(64, true);
    session.setWatch(range);
    const seen: number[] = [];
    while ((await session.continue()).reason === 'watchpoint') seen.push(value());
    assert.deepEqual(seen, [1, 4, 9, 16]);

    const again = prepare('calls', 5);
    const other = await debug(again);
    other.setWatch(range);
    for (let i = 0; i < 4; i++) await other.continue();
    const before: number[] = [];
    while ((await other.reverseContinue()).reason === 'watchpoint') {
      before.push(again.instance.memory0.view.getInt32(64, true));
      const { func, offset } = other.stack[0]!;
      assert.equal(func.unit.module.bytes[offset], 0x36);
    }
    assert.deepEqual(before, [9, 4, 1, 0]);
    assert.equal(other.stop.reason, 'begin');
  });

  test('is found backwards in a function that the call entered with little fuel left of the way', async () => {
    const program = prepare('tail', 5);
    const session = await debug(program);
    session.setWatch(range);
    await session.continue();
    assert.equal((await session.reverseContinue()).reason, 'watchpoint');
    const { func, offset } = session.stack[0]!;
    assert.equal(func.unit.module.bytes[offset], 0x36);
    assert.deepEqual(session.stop.watch, range);
    assert.ok(session.clearWatch(range));
    assert.equal((await session.continue()).reason, 'done');
  });
});

describe('a stack deeper than what is shown of it', () => {
  const bottom = async (): Promise<[Program, DebugSession]> => {
    const program = prepare('deep', 3000);
    const session = await debug(program);
    const { body } = program.instance.compiled.module.funcs[0]!;
    const { bytes } = program.instance.compiled.module;
    session.setBreakpoint({ module: 0, offset: bytes.lastIndexOf(0x08, body!.end) });
    assert.equal((await session.continue()).reason, 'breakpoint');
    return [program, session];
  };

  test('is watched to its outermost function', async () => {
    const [program, session] = await bottom();
    session.setWatch({ module: 0, address: 64, length: 4 });
    assert.equal((await session.continue()).reason, 'watchpoint');
    assert.equal(session.stack[0]!.funcIndex, 1);
    assert.equal((await session.reverseContinue()).reason, 'watchpoint');
    assert.equal(program.instance.memory0.view.getInt32(64, true), 0);
    assert.equal((await session.reverseStep()).reason, 'step');
  });

  test('is left by a step to the handler of what is thrown', async () => {
    const [, session] = await bottom();
    assert.equal((await session.step()).reason, 'step');
    assert.equal(session.stack[0]!.funcIndex, 1);
    assert.equal((await session.reverseStep()).reason, 'step');
    assert.equal(session.stack[0]!.funcIndex, 0);
  });
});

describe('steps', () => {
  test('over a call, and out of a function, run what is called to its end', async () => {
    const program = prepare('calls', 3);
    const session = await debug(program);
    const offsets: number[] = [];
    while (session.stop.reason !== 'done' && offsets.length < 40) {
      offsets.push(session.stack[0]!.offset);
      assert.equal(session.stack.length, 1);
      await session.stepOver();
    }
    assert.ok(new Set(offsets).size > 10);
    session.setBreakpoint({ module: 0, offset: startOf(program, 2) });
    await session.continue();
    await session.continue();
    assert.equal(session.stack.length, 3);
    assert.equal((await session.stepOut()).reason, 'breakpoint');
    session.clearBreakpoint({ module: 0, offset: startOf(program, 2) });
    const { length } = session.stack;
    assert.equal((await session.stepOut()).reason, 'step');
    assert.equal(session.stack.length, length - 1);
  });
});

describe('a call that fails', () => {
  test('is paused at the instruction, with its frames, and can go back', async () => {
    const program = prepare('calls', 7);
    const session = await debug(program);
    const stop = await session.continue();
    assert.deepEqual([stop.reason, stop.detail], ['failure', 'unreachable']);
    assert.equal(session.stack.length, 1);
    assert.equal(session.valuesOf(session.stack[0]!).locals[0]!.value, 7n);
    const { fuel } = session.position!;
    await session.reverseStep();
    assert.deepEqual([session.position!.hasFailed, session.position!.fuel], [false, fuel]);
    assert.equal((await session.continue()).reason, 'failure');
    assert.equal((await session.continue()).reason, 'done');
    assert.equal(session.target.hasFailed, true);
    assert.equal((program.execution.error as { code?: string }).code, 'trap.unreachable');
    const plain = prepare('calls', 7);
    plain.execution.run();
    assert.equal(program.execution.fuelConsumed, plain.execution.fuelConsumed);
  });

  test('and one that is out of fuel, which continues with more', async () => {
    const program = prepare('calls', 4, 100);
    const session = await debug(program);
    assert.equal((await session.continue()).reason, 'fuel');
    program.execution.addFuel(10_000);
    assert.equal((await session.continue()).reason, 'done');
  });
});

describe('the history', () => {
  test('is bounded, and can be switched off', async () => {
    const program = prepare('calls', 4);
    const session = await debug(program, { historyBytes: 0 });
    await session.step();
    assert.equal(session.noHistory, 'no states are kept');
    await assert.rejects(session.reverseStep(), { code: 'usage.state' });
    assert.equal((await session.continue()).reason, 'done');
  });

  test('does not go back beyond a write from outside', async () => {
    const program = prepare('calls', 4);
    const session = await debug(program);
    for (let i = 0; i < 10; i++) await session.step();
    session.forgetHistory();
    const position = session.position!;
    await session.step();
    await session.step();
    assert.equal((await session.reverseStep()).reason, 'step');
    assert.equal((await session.reverseStep()).reason, 'step');
    assert.deepEqual(session.position, position);
    assert.equal((await session.reverseStep()).reason, 'begin');
  });
});

test('instances are debugged by one session at a time', async () => {
  const program = prepare('calls', 4);
  const session = await debug(program);
  await assert.rejects(debug(program), { code: 'usage.state' });
  session.detach();
  await debug(program);
});
