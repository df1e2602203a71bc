/** What the operations do that are no instruction of their own: moves, globals, branches, calls, careful code. */
import assert from 'node:assert/strict';
import {
  calls,
  code,
  doubles,
  globals,
  loop,
  type Pc,
  run,
  type Slot,
  words,
} from '../../scripts/dispatch/bodies/loop.ts';
import { scalarBodies as bodies } from '../../scripts/dispatch/bodies/scalar.ts';
import type { HotOp } from '../../src/interpreter/code/isa.ts';
import { EVENT_WORDS, EVENTS_END, FIRST_EVENT, NEXT_EVENT } from '../../src/interpreter/code/observer.ts';
import { COLD_OP, DONE, NEED_FUEL, NO_FUEL, trapStatus } from '../../src/interpreter/loop/status.ts';

const A = 80 as Slot;
const B = 84 as Slot;
const C = 88 as Slot;
const D = 92 as Slot;
const put = (slot: Slot, low: number, high = -1): void => words.set([low, high], slot);
const pair = (slot: Slot): number[] => [...words.subarray(slot, slot + 2)];
const stopped = (body: () => void): number | null => run(body);
/** Runs a body that must continue with the next operation. */
const go = (body: () => void): void => {
  assert.equal(run(body), null);
  assert.equal(loop.pc, loop.next);
};

/** Entry of a function: slots 1 and 2 are zeroed, the frame has 12 words, the first run of code costs 5. */
const ENTRY = 40 as Pc;
const setEntry = (): void => code.set([1, 3, 12, 5], ENTRY - 4);
const checkEntered = (base: Slot): void => {
  assert.deepEqual([loop.pc, loop.fp, loop.sp, loop.fuel], [ENTRY, base, 2, 95]);
  assert.deepEqual([...calls.subarray(0, 2)], [55, 64]);
  const slots = [...doubles.subarray(base / 2, base / 2 + 4)];
  assert.deepEqual(
    slots.map((value) => value === 0),
    [false, true, true, false],
  );
};
const callFails = (body: () => void): void => {
  loop.sp = 0;
  loop.callLimit = 0;
  assert.equal(stopped(body), trapStatus('exhaustion.call-stack'));
  Object.assign(loop, { callLimit: 64, stackLimit: 99 });
  assert.equal(stopped(body), trapStatus('exhaustion.call-stack'));
  loop.stackLimit = 256;
};

/** A table of a function of the instance, one not translated yet, one of elsewhere, a hole. */
const setTable = (): void => {
  const instance = { tables: [{}, { elements: [] as unknown[] }] };
  const type = { matches: () => false };
  const func = { typeId: 7, type, instance, code: { entry: ENTRY } };
  instance.tables[1]!.elements = [func, { ...func, code: { entry: 0 } }, { ...func, instance: {} }, null];
  loop.instance = instance as never;
};
const callElement = (index: number) => () => {
  put(A, index);
  bodies.call_indirect(A, C, 7, 1);
};

const returns = (body: () => void): void => {
  loop.sp = 2;
  loop.fp = 64 as Slot;
  calls.set([30, 96]);
  code[29] = 4;
  assert.equal(stopped(body), null);
  assert.deepEqual([loop.pc, loop.fp, loop.sp, loop.fuel], [30, 96, 0, 96]);
  code[29] = 200;
  loop.sp = 2;
  assert.equal(stopped(body), NO_FUEL);
};

/** Checks by operation. */
export const otherOps: Partial<Record<HotOp, () => void>> = {
  mov32: () => {
    put(A, 5, 6);
    put(D, 1, 2);
    go(() => bodies.mov32(D, A));
    assert.deepEqual(pair(D), [5, 2]);
  },
  mov64: () => {
    put(A, 5, 6);
    go(() => bodies.mov64(D, A));
    assert.deepEqual(pair(D), [5, 6]);
  },
  const32: () => {
    go(() => bodies.const32(D, -7));
    assert.deepEqual(pair(D), [-7, -1]);
  },
  const64: () => {
    go(() => bodies.const64(D, -7, 8));
    assert.deepEqual(pair(D), [-7, 8]);
  },
  select32: () => {
    for (const condition of [0, 1, -1]) {
      put(A, 1, 2);
      put(B, 3, 4);
      put(C, condition);
      go(() => bodies.select32(B, A, B, C));
      assert.deepEqual(pair(B), [condition === 0 ? 3 : 1, 4]);
    }
  },
  select64: () => {
    for (const condition of [0, 1, -1]) {
      put(A, 1, 2);
      put(B, 3, 4);
      put(C, condition);
      go(() => bodies.select64(B, A, B, C));
      assert.deepEqual(pair(B), condition === 0 ? [3, 4] : [1, 2]);
    }
  },
  global_get32: () => {
    globals.set([8, 9], 10);
    go(() => bodies.global_get32(D, 10));
    assert.deepEqual(pair(D), [8, -1]);
  },
  global_get64: () => {
    globals.set([8, 9], 10);
    go(() => bodies.global_get64(D, 10));
    assert.deepEqual(pair(D), [8, 9]);
  },
  global_set32: () => {
    put(A, 8, 9);
    go(() => bodies.global_set32(A, 10));
    assert.deepEqual([...globals.subarray(10, 12)], [8, 0]);
  },
  global_set64: () => {
    put(A, 8, 9);
    go(() => bodies.global_set64(A, 10));
    assert.deepEqual([...globals.subarray(10, 12)], [8, 9]);
  },
  br: () => {
    assert.equal(
      stopped(() => bodies.br(70 as Pc, 3)),
      null,
    );
    assert.deepEqual([loop.pc, loop.fuel], [70, 103]);
    assert.equal(
      stopped(() => bodies.br(71 as Pc, -104)),
      NO_FUEL,
    );
    assert.deepEqual([loop.pc, loop.fuel], [71, -1]);
  },
  br_table: () => {
    // Two words for each of three branches, after the operation.
    code.set([20, 1, 21, 2, 22, 3], 55);
    for (const [index, target, fuel] of [
      [0, 20, 101],
      [1, 21, 102],
      [2, 22, 103],
      [3, 22, 103],
      [-1, 22, 103],
    ] as const) {
      loop.fuel = 100;
      put(A, index);
      assert.equal(
        stopped(() => bodies.br_table(A, 2)),
        null,
      );
      assert.deepEqual([loop.pc, loop.fuel], [target, fuel]);
    }
  },
  call: () => {
    setEntry();
    const call = (): void => bodies.call(C, ENTRY);
    loop.sp = 0;
    assert.equal(stopped(call), null);
    checkEntered(C);
    Object.assign(loop, { sp: 0, fp: 64, fuel: 4 });
    assert.equal(stopped(call), NO_FUEL);
    callFails(() => {
      loop.fp = 64 as Slot;
      call();
    });
  },
  return_call: () => {
    setEntry();
    const call = (): void => bodies.return_call(C, ENTRY, 2);
    loop.sp = 2;
    loop.fp = A;
    put(C, 11, 12);
    words.fill(7, A + 2, A + 8);
    assert.equal(stopped(call), null);
    assert.deepEqual([loop.pc, loop.fp, loop.sp, loop.fuel], [ENTRY, A, 2, 95]);
    assert.deepEqual([...words.subarray(A, A + 8)], [11, 12, 0, 0, 0, 0, 7, 7]);
    loop.fuel = 4;
    assert.equal(stopped(call), NO_FUEL);
    Object.assign(loop, { fp: A, fuel: 100, stackLimit: A + 11 });
    assert.equal(stopped(call), trapStatus('exhaustion.call-stack'));
    assert.equal(loop.fuel, 100);
    loop.stackLimit = 256;
  },
  call_indirect: () => {
    setEntry();
    setTable();
    for (const [index, status] of [
      [1, COLD_OP],
      [2, COLD_OP],
      [3, trapStatus('trap.uninitialised-element')],
      [4, trapStatus('trap.undefined-element')],
      [-1, trapStatus('trap.undefined-element')],
    ] as const) {
      assert.equal(stopped(callElement(index)), status);
    }
    loop.sp = 0;
    assert.equal(stopped(callElement(0)), null);
    checkEntered(C);
    loop.fp = 64 as Slot;
    callFails(callElement(0));
  },
  return_none: () => returns(() => bodies.return_none()),
  return32: () => {
    put(A, 5, 6);
    returns(() => bodies.return32(A));
    assert.deepEqual([...words.subarray(64, 66)], [5, -1]);
  },
  return64: () => {
    put(A, 5, 6);
    returns(() => bodies.return64(A));
    assert.deepEqual([...words.subarray(64, 66)], [5, 6]);
  },
  narrow_address: () => {
    put(A, 5, 0);
    go(() => bodies.narrow_address(D, A));
    assert.equal(words[D], 5);
    put(A, 5, 1);
    go(() => bodies.narrow_address(A, A));
    assert.equal(words[A], -1);
  },
  unreachable: () =>
    assert.equal(
      stopped(() => bodies.unreachable()),
      trapStatus('trap.unreachable'),
    ),
  halt: () =>
    assert.equal(
      stopped(() => bodies.halt()),
      DONE,
    ),
  charge: () => {
    go(() => bodies.charge(40));
    assert.equal(loop.fuel, 60);
    assert.equal(
      stopped(() => bodies.charge(61)),
      NEED_FUEL,
    );
    assert.deepEqual([loop.fuel, loop.need], [60, 61]);
  },
  count: () => {
    for (const [before, after] of [
      [
        [0, 0],
        [1, 0],
      ],
      [
        [-1, 4],
        [0, 5],
      ],
    ] as const) {
      code.set(before, loop.pc + 1);
      const { pc } = loop;
      go(() => bodies.count());
      assert.deepEqual([...code.subarray(pc + 1, pc + 3)], after);
    }
  },
  observe: () => {
    calls[NEXT_EVENT] = FIRST_EVENT;
    go(() => bodies.observe(1, 17, 30));
    loop.sp = 6;
    go(() => bodies.observe(2, -1, 0));
    assert.equal(calls[NEXT_EVENT], FIRST_EVENT + 2 * EVENT_WORDS);
    assert.deepEqual([...calls.subarray(FIRST_EVENT, calls[NEXT_EVENT])], [1, 17, 130, 0, 2, -1, 100, 6]);
    calls[NEXT_EVENT] = EVENTS_END;
    assert.equal(
      stopped(() => bodies.observe(1, 17, 30)),
      COLD_OP,
    );
    assert.equal(calls[NEXT_EVENT], EVENTS_END);
  },
  resume_fast: () => {
    assert.equal(
      stopped(() => bodies.resume_fast(70, 40)),
      null,
    );
    assert.deepEqual([loop.pc, loop.fuel], [70, 60]);
    go(() => bodies.resume_fast(70, 61));
    loop.isArmed = 1;
    go(() => bodies.resume_fast(70, 1));
    assert.equal(loop.fuel, 60);
    loop.isArmed = 0;
  },
};
