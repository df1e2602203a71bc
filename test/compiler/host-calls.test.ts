/** Generated code calls functions of the host as the interpreter does. */
import { opOf } from '../../src/interpreter/code/isa.ts';
import {
  ExceptionInstance,
  type Execution,
  F32,
  F64,
  type FuncInstance,
  funcDefType,
  type GlobalInstance,
  type HostWrite,
  I32,
  I64,
  type MemoryInstance,
  type ModuleInstance,
  makeException,
  type RawHostCode,
  rawHostFunction,
  restoreSnapshot,
  startExecution,
  TagInstance,
  takeSnapshot,
  type ValType,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type Type } from '../assembler.ts';
import { everyWay, functionsOf, type Load, stateOf } from './compiled.ts';

import { finish, host, i32, increment, start, sums, toI32, type } from './host-cases.ts';

everyWay('results and fuel, with each amount of fuel', true, async (load, log) => {
  const instance = load(sums, { f: host(log, increment) });
  const whole = start(instance, 3);
  await finish(whole, log);
  for (let fuel = 0; fuel <= whole.fuelConsumed; fuel++) await finish(start(instance, 3, { fuel }), log);
});

everyWay('charges beyond the fuel there is are owed', true, async (load, log) => {
  const f = host(log, (words, base, caller) => {
    caller.charge(1000);
    words[base]!++;
    return undefined;
  });
  const instance = load(sums, { f });
  for (let fuel = 0; fuel < 4000; fuel += 37) await finish(start(instance, 2, { fuel }), log);
});

everyWay(
  'no more is used than there is where a call of the host brings fuel into hand',
  true,
  async (load, log) => {
    const charging = (words: Int32Array, base: number, caller: { charge(fuel: number): void }): undefined => {
      caller.charge(3000);
      words[base]!++;
    };
    const instance = load(sums, { f: host(log, charging, toI32, 7, false) });
    const onSlice = (): boolean => false;
    for (let fuel = 0; fuel < 400_000; fuel += 37_777)
      await finish(start(instance, 200, { fuel, onSlice }), log);
  },
);

everyWay('onSlice is called after functions that are not brief', true, async (load, log) => {
  const instance = load(sums, { f: host(log, increment, toI32, 7, false) });
  for (const isPausing of [false, true]) {
    const execution = start(instance, 4, {
      onSlice: () => {
        log.events.push('look');
        return isPausing;
      },
    });
    await finish(execution, log);
  }
});

everyWay('a stack that may be seen is there for functions that are not brief', false, async (load, log) => {
  const calls: Execution[] = [];
  const look = (): number => log.events.push(functionsOf(stateOf(calls[0]!).stack));
  const f = host(
    log,
    (words, base, caller) => {
      look();
      return increment(words, base, caller, []);
    },
    toI32,
    7,
    false,
  );
  calls.push(start(load(sums, { f }), 3, { onSlice: () => look() < 0 }, true));
  await finish(calls[0]!, log);
});

everyWay(
  'onSlice pauses the call where frames are not laid, or changes the memory',
  true,
  async (load, log) => {
    const fuel = 10 ** 7;
    for (const isPausing of [false, true]) {
      let instance: ModuleInstance;
      const memory = (): MemoryInstance => instance.exports.get('memory') as MemoryInstance;
      const f = host(log, (words, base, caller) => {
        memory().view.setInt32(72, words[base]!, true);
        return increment(words, base, caller, []);
      });
      instance = load(sums, { f });
      const onSlice = (): boolean => {
        if (memory().byteLength < 4 * 65536) memory().grow(1);
        return isPausing;
      };
      // Where it is asked depends on the code that runs; the result of the call does not.
      const execution = start(instance, 6000, { fuel, onSlice });
      let isExact = true;
      while (execution.run() === 'paused')
        isExact &&= execution.pause === 'slice' && execution.fuelConsumed + execution.fuelLeft === fuel;
      const { view, byteLength } = memory();
      log.events.push(isExact, byteLength, view.getInt32(72, true), stateOf(execution));
    }
  },
);

everyWay('fuel that was used is exact in functions of the host', true, async (load, log) => {
  const calls: Execution[] = [];
  const f = host(log, (words, base, caller) => {
    const [call] = calls;
    log.events.push([words[base], call!.fuelConsumed, call!.fuelLeft]);
    return increment(words, base, caller, []);
  });
  const instance = load(sums, { f });
  calls.push(start(instance, 10_000, { fuel: 10 ** 8 }));
  await finish(calls[0]!, log);
});

for (const [name, make] of Object.entries({
  Error: () => new Error('of the host'),
  RangeError: () => new RangeError('of the host'),
  TypeError: () => new TypeError('of the host'),
}))
  everyWay(`what the host throws ends the call: ${name}`, true, async (load, log) => {
    const f = host(log, (words, base, caller) => {
      if (words[base] === 6) throw make();
      return increment(words, base, caller, []);
    });
    await finish(start(load(sums, { f }), 4), log);
  });

const catching = assemble({
  types: [{ params: ['i32'], results: ['i32'] }, { params: ['i32'] }],
  imports: [
    ['env', 'f', [0, 0]],
    ['env', 'tag', [4, 0, 1]],
  ],
  funcs: [
    { type: 0, code: [['local.get', 0], i32(2), 'i32.mul', ['call', 0], i32(1), 'i32.add'] },
    {
      type: 0,
      locals: [[2, 'i32']],
      code: [
        ...[
          ['loop', null],
          ['local.get', 2],
          ['block', 'i32'],
        ],
        ...[['try_table', 'i32', [{ tag: 0, withRef: false, label: 0 }]]],
        ...[['local.get', 0], ['local.tee', 1], ['call', 1], i32(100), 'i32.add', 'end', 'end'],
        ...['i32.add', ['local.get', 1], 'i32.add', ['local.set', 2]],
        ...[['local.get', 0], i32(1), 'i32.sub', ['local.tee', 0], ['br_if', 0], 'end', ['local.get', 2]],
      ] as Instruction[],
    },
  ],
  exports: [['run', 'func', 2]],
});
everyWay('exceptions of the host go to handlers of the guest', true, async (load, log) => {
  const tag = new TagInstance({ type: funcDefType([I32], []) });
  const f = host(log, (words, base, caller) => {
    if (words[base]! % 4 === 0) throw makeException(tag, [BigInt(words[base]!)]);
    if (words[base] === 14) throw makeException(new TagInstance({ type: funcDefType([], []) }), []);
    return increment(words, base, caller, []);
  });
  const instance = load(catching, { f, tag });
  const execution = start(instance, 6);
  await finish(execution, log);
  for (let fuel = 0; fuel < 250; fuel++) await finish(start(instance, 6, { fuel }), log);
  const failing = start(instance, 7);
  await finish(failing, log);
  log.events.push((failing.error as { details: object }).details instanceof ExceptionInstance);
});

const later =
  (value: number): RawHostCode =>
  (words, base, caller) => {
    const before = words[base]!;
    caller.charge(5);
    const write: HostWrite = (to, at) => {
      to[at] = before + value;
    };
    if (before % 3 === 0) return Promise.resolve(write);
    write(words, base, []);
    return undefined;
  };

everyWay('promises of the host pause the call', true, async (load, log) => {
  const instance = load(sums, { f: host(log, later(9)) });
  for (let fuel = 150; fuel < 250; fuel += 3) await finish(start(instance, 3, { fuel }), log);
  const rejected = host(log, (words, base, caller) =>
    words[base] === 12 ? Promise.reject(new Error('late')) : later(9)(words, base, caller, []),
  );
  await finish(start(load(sums, { f: rejected }), 4), log);
});

everyWay('a call that waits for the host is saved as the interpreter saves it', true, async (load, log) => {
  const load1 = (): ModuleInstance => load(sums, { f: host(log, later(9)) });
  const instance = load1();
  const execution = start(instance, 3);
  execution.run();
  const snapshot = takeSnapshot({ instances: [instance], executions: [execution] });
  log.events.push(snapshot);
  const [restored] = restoreSnapshot(snapshot, { instances: [load1()] });
  await finish(restored!, log);
});

everyWay('memory that a function of the host makes grow', true, async (load, log) => {
  let instance: ModuleInstance;
  const f = host(log, (words, base) => {
    const memory = instance.exports.get('memory') as MemoryInstance;
    const old = memory.grow(1);
    memory.view.setInt32(72, old * 1000 + words[base]!, true);
    (instance.exports.get('global') as GlobalInstance).words[0] = old;
    return undefined;
  });
  instance = load(sums, { f });
  await finish(start(instance, 20), log);
});

everyWay('memory that grows in a call of the host in a call of the host', true, async (load, log) => {
  let instance: ModuleInstance;
  // Functions are in their places after the first run.
  let calls = -2;
  const f = host(log, (words, base) => {
    calls++;
    if (calls === 1) {
      const inner = start(instance, 3);
      inner.run();
      log.events.push(stateOf(inner));
    }
    const memory = instance.exports.get('memory') as MemoryInstance;
    if (calls === 3) memory.grow(1);
    memory.view.setInt32(72, words[base]!, true);
    return undefined;
  });
  instance = load(sums, { f });
  for (const argument of [1, 4]) await finish(start(instance, argument), log);
});

everyWay(
  'what precedes the stretch after a call is not a place to enter code at',
  true,
  async (load, log) => {
    // The price of the run is the number of the operation that enters code.
    for (let count = opOf.enter_compiled.code - 8; count <= opOf.enter_compiled.code; count++) {
      const code: Instruction[] = [
        ['local.get', 0],
        ['call', 0],
        ...Array<Instruction>(count).fill('i32.eqz'),
      ];
      const bytes = assemble({
        types: [{ params: ['i32'], results: ['i32'] }],
        imports: [['env', 'f', [0, 0]]],
        funcs: [{ type: 0, code }],
        exports: [['run', 'func', 1]],
      });
      const f = host(log, (words, base, caller) => {
        if (words[base] === 0) throw new Error('of the host');
        return later(9)(words, base, caller, []);
      });
      const instance = load(bytes, { f });
      for (const argument of [1, 0, 3]) await finish(start(instance, argument), log);
    }
  },
);

everyWay('functions of the host that call Wasm in turn', true, async (load, log) => {
  let instance: ModuleInstance;
  let depth = 0;
  const f = host(log, (words, base) => {
    const argument = words[base]!;
    if (depth >= 3 || argument > 2) return undefined;
    depth++;
    const inner = start(instance, argument + 1, { fuel: 100 + 50 * argument });
    inner.run();
    log.events.push(stateOf(inner));
    if (depth === 2) (instance.exports.get('memory') as MemoryInstance).grow(1);
    depth--;
    words[base] = inner.fuelConsumed;
    return undefined;
  });
  instance = load(sums, { f });
  await finish(start(instance, 5), log);
});

// `run(n)` calls itself n deep, and the host at the bottom.
const deep = assemble({
  types: [{ params: ['i32'], results: ['i32'] }],
  imports: [['env', 'f', [0, 0]]],
  funcs: [
    {
      type: 0,
      locals: [[3, 'i64']],
      code: [
        ...[['local.get', 0], 'i32.eqz', ['if', 'i32'], i32(7), ['call', 0]],
        ...['else', ['local.get', 0], i32(1), 'i32.sub', ['call', 1], i32(1), 'i32.add', 'end'],
      ] as Instruction[],
    },
  ],
  exports: [['run', 'func', 1]],
});
everyWay('calls nested without end, each of them deep', true, async (load, log) => {
  let instance: ModuleInstance;
  const f = host(log, (words, base) => {
    const inner = start(instance, 900);
    inner.run();
    if (inner.error !== undefined) throw inner.error;
    words[base] = Number(inner.results[0]);
    return undefined;
  });
  instance = load(deep, { f });
  const execution = start(instance, 900);
  execution.run();
  log.events.push((execution.error as { code: string }).code, execution.fuelConsumed);
});

/** A value of each type, and what the host makes of it: bits, NaN with a payload among them. */
const bits = [0n, 1n, 0x7ff00001n, 0x7fc00000n, 0xffc00000n, 0x7ff8000000000000n, 0xfff8000000000001n];
const names: readonly Type[] = ['i32', 'i64', 'f32', 'f64'];
const types: readonly ValType[] = [I32, I64, F32, F64];
const all = assemble({
  types: [
    { params: names, results: [...names].reverse() },
    { params: ['i64'], results: ['i64'] },
  ],
  imports: [['env', 'f', [0, 0]]],
  funcs: [
    {
      type: 1,
      locals: [
        [1, 'f64'],
        [1, 'f32'],
      ],
      code: [
        ...[['local.get', 0], 'i32.wrap_i64', ['local.get', 0], ['local.get', 0], 'i32.wrap_i64'],
        ...['f32.reinterpret_i32', ['local.get', 0], 'f64.reinterpret_i64', ['call', 0]],
        ...['i64.extend_i32_u', 'i64.add', ['local.set', 0], ['local.set', 2], ['local.set', 1]],
        ...[['local.get', 0], ['local.get', 1], 'i64.reinterpret_f64', 'i64.add'],
        ...[['local.get', 2], 'i32.reinterpret_f32', 'i64.extend_i32_u', 'i64.add'],
      ] as Instruction[],
    },
  ],
  exports: [['run', 'func', 1]],
});
everyWay('values of all types, with all bits', true, async (load, log) => {
  for (const value of bits) {
    const f = host(
      log,
      (words, base) => {
        log.events.push([...words.subarray(base, base + 8)].filter((_, i) => i !== 1 && i !== 5));
        const [low, high] = [Number(value & 0xffffffffn) | 0, Number(value >> 32n) | 0];
        words.set([low, high, low, 0, low, high, low, 0], base);
        return undefined;
      },
      type(types, [...types].reverse()),
    );
    const instance = load(all, { f });
    for (const argument of bits) {
      const run = instance.exports.get('run') as FuncInstance;
      await finish(startExecution(run, [argument]).hideStack(), log);
    }
  }
});

/** Functions of Wasm, of another instance, are no functions of the host. */
everyWay('imports that are functions of Wasm', false, async (load: Load, log) => {
  const other = load(sums, { f: rawHostFunction(toI32, increment, 7, true) });
  const instance = load(sums, { f: other.exports.get('run')! });
  for (let fuel = 0; fuel < 1500; fuel += 61) await finish(start(instance, 3, { fuel }), log);
});
