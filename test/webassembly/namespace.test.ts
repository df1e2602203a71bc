/**
 * The JavaScript API as programs see it. The official tests cover it by the letter (`npm run js-api`); these run
 * without them, and cover what they leave out.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWebAssembly, type ResponseLike, WebAssembly } from '../../src/webassembly.ts';
import { assemble, type Instruction, type ModuleSource, type Type, u32, valType } from '../assembler.ts';

const local = (index: number): Instruction => ['local.get', index];
const i32 = (value: number): Instruction => ['i32.const', value];
const func = (type: number): number[] => [0, ...u32(type)];
const instanceOf = (source: ModuleSource, imports?: Record<string, Record<string, unknown>>) =>
  new WebAssembly.Instance(new WebAssembly.Module(assemble(source)), imports);

/** A module whose function `f` gives its parameters back. */
const identity = (...params: Type[]): ModuleSource => ({
  types: [{ params, results: params }],
  funcs: [{ code: params.map((_, i) => local(i)) }],
  exports: [['f', 'func', 0]],
});
/** A module whose function `f` calls the import `m` `f` of the same type. */
const calling = (params: readonly Type[], results: readonly Type[]): ModuleSource => ({
  types: [{ params, results }],
  imports: [['m', 'f', func(0)]],
  funcs: [{ code: [...params.map((_, i) => local(i)), ['call', 0]] }],
  exports: [['f', 'func', 1]],
});

describe('values', () => {
  test('numbers are converted as the language converts them', () => {
    const { f } = instanceOf(identity('i32')).exports;
    const cases: readonly (readonly [unknown, number])[] = [
      [2 ** 32 + 5, 5],
      [-1.9, -1],
      [undefined, 0],
      ['0x10', 16],
      [{ valueOf: () => 7 }, 7],
      [Number.NaN, 0],
    ];
    for (const [value, expected] of cases) assert.equal(f(value), expected);
    for (const wrong of [1n, Symbol()]) assert.throws(() => f(wrong), TypeError);
  });

  test('i64 is a bigint, and wraps', () => {
    const { f } = instanceOf(identity('i64')).exports;
    assert.equal(f(2n ** 63n), -(2n ** 63n));
    assert.equal(f('12'), 12n);
    assert.equal(f(-1n), -1n);
    assert.throws(() => f(1), TypeError);
  });

  test('floats keep their values, and a NaN is the canonical one', () => {
    const { f } = instanceOf(identity('f32', 'f64')).exports;
    assert.deepEqual(f(0.1, 0.1), [Math.fround(0.1), 0.1]);
    assert.deepEqual(f(-0, Number.NEGATIVE_INFINITY), [-0, Number.NEGATIVE_INFINITY]);
    const { bits } = instanceOf({
      types: [{ params: ['f64'], results: ['i64'] }],
      funcs: [{ code: [local(0), ['i64.reinterpret_f64']] }],
      exports: [['bits', 'func', 0]],
    }).exports;
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0];
    assert.equal(BigInt.asUintN(64, bits(odd)), 0x7ff8_0000_0000_0000n);
  });

  test('any value is an externref, and comes back as it was', () => {
    const { f } = instanceOf(identity('externref')).exports;
    const values = [undefined, null, true, 'text', Symbol(), 1.5, -0, 2 ** 40, 3n, {}, () => 1, f];
    for (const value of values) assert.ok(Object.is(f(value), value), String(value));
  });

  test('only exported functions and null are a funcref', () => {
    const { f } = instanceOf(identity('funcref')).exports;
    assert.equal(f(f), f);
    assert.equal(f(null), null);
    for (const wrong of [() => 1, {}, undefined]) assert.throws(() => f(wrong), TypeError);
  });

  test('an anyref is an i31, an object of the guest or a value of the host', () => {
    const { f } = instanceOf(identity('anyref')).exports;
    for (const value of [0, 2 ** 30 - 1, 2 ** 30, 1.5, 'x', f]) assert.ok(Object.is(f(value), value));
    const { small } = instanceOf({
      types: [{ params: [{ heap: 'i31', nullable: true }], results: ['anyref'] }],
      funcs: [{ code: [local(0)] }],
      exports: [['small', 'func', 0]],
    }).exports;
    assert.equal(small(-(2 ** 30)), -(2 ** 30));
    assert.ok(Object.is(small(-0), 0));
    for (const wrong of [2 ** 30, 1.5, 'x']) assert.throws(() => small(wrong), TypeError);
  });

  test('structures and arrays are opaque objects with an identity', () => {
    const { make, same, any } = instanceOf({
      types: [
        [0x5f, 1, 0x7f, 1],
        { results: [{ heap: 0, nullable: false }] },
        {
          params: [
            { heap: 0, nullable: true },
            { heap: 0, nullable: true },
          ],
          results: ['i32'],
        },
        { params: ['externref'], results: ['externref'] },
      ],
      funcs: [
        { type: 1, code: [i32(42), ['struct.new', 0]] },
        { type: 2, code: [local(0), local(1), ['ref.eq']] },
        { type: 3, code: [local(0)] },
      ],
      exports: [
        ['make', 'func', 0],
        ['same', 'func', 1],
        ['any', 'func', 2],
      ],
    }).exports;
    const one = make() as object;
    assert.equal(Object.getPrototypeOf(one), null);
    assert.deepEqual(Reflect.ownKeys(one), []);
    assert.throws(() => Object.assign(one, { x: 1 }), TypeError);
    assert.throws(() => Object.preventExtensions(one), TypeError);
    assert.equal(same(one, one), 1);
    assert.equal(same(one, make()), 0);
    assert.equal(any(one), one);
    assert.throws(() => same({}, one), TypeError);
  });

  test('several results are an array, and any iterable of the right length', () => {
    const { f } = instanceOf(calling(['i32', 'i64'], ['i64', 'i32']), {
      m: { f: (a: number, b: bigint) => new Set([b, a]) },
    }).exports;
    assert.deepEqual(f(1, 2n), [2n, 1]);
    for (const wrong of [[1n], [1n, 2, 3], 1, undefined, {}]) {
      const other = instanceOf(calling(['i32', 'i64'], ['i64', 'i32']), { m: { f: () => wrong } }).exports;
      assert.throws(() => other['f'](1, 2n), TypeError);
    }
  });

  test('a v128 or an exnref does not cross, in either direction', () => {
    for (const type of ['v128', 'exnref'] as const) {
      let count = 0;
      const { f } = instanceOf(identity(type)).exports;
      assert.throws(() => f(), TypeError);
      const { g } = instanceOf(
        {
          types: [{ params: [type] }, {}],
          imports: [['m', 'f', func(0)]],
          funcs: [
            {
              type: 1,
              code: [
                type === 'v128' ? ['v128.const', new Array<number>(16).fill(0)] : ['ref.null', 'exn'],
                ['call', 0],
              ],
            },
          ],
          exports: [['g', 'func', 1]],
        },
        { m: { f: () => count++ } },
      ).exports;
      assert.throws(() => g(), TypeError);
      assert.equal(count, 0);
    }
  });
});

describe('functions', () => {
  test('have the name, length and identity that the standard gives them', () => {
    const instance = instanceOf({
      ...identity('i32', 'i32'),
      exports: [
        ['f', 'func', 0],
        ['g', 'func', 0],
      ],
    });
    const { f, g } = instance.exports;
    assert.equal(f, g);
    assert.deepEqual([f.name, f.length, 'prototype' in f], ['0', 2, false]);
    // No source of Quern, as engines show none.
    for (const text of [String(f), Function.prototype.toString.call(f)])
      assert.match(text, /^function [^{]*\{ \[native code\] \}$/);
    assert.throws(() => Reflect.construct(f, []), TypeError);
    const other = instanceOf(calling(['i32', 'i32'], ['i32', 'i32']), { m: { f } });
    assert.deepEqual(other.exports['f'](1, 2), [1, 2]);
  });

  test('an imported function of JavaScript is called without this, and another object when it is exported', () => {
    const seen: unknown[] = [];
    const fn = function (this: unknown, ...args: unknown[]): void {
      seen.push(this, ...args);
    };
    const { f, again } = instanceOf(
      {
        ...calling(['i32'], []),
        exports: [
          ['f', 'func', 1],
          ['again', 'func', 0],
        ],
      },
      { m: { f: fn } },
    ).exports;
    f(5);
    assert.deepEqual(seen, [undefined, 5]);
    assert.notEqual(again, fn);
    again(6);
    assert.equal(seen[3], 6);
  });

  test('calls nest through functions of JavaScript, and too many throw a RangeError', () => {
    let depth = 0;
    const { f } = instanceOf(calling(['i32'], ['i32']), {
      m: {
        f: (n: number) => {
          depth++;
          return n === 0 ? 100 : f(n - 1) + 1;
        },
      },
    }).exports as { f: (n: number) => number };
    assert.equal(f(50), 150);
    depth = 0;
    assert.throws(() => f(1e6), RangeError);
    assert.ok(depth > 50);
    assert.equal(f(3), 103);
  });

  test('a promise is a value like any other', () => {
    const { f } = instanceOf(calling([], ['externref']), { m: { f: async () => 1 } }).exports;
    assert.ok(f() instanceof Promise);
    const { n } = instanceOf(
      { ...calling([], ['i32']), exports: [['n', 'func', 1]] },
      { m: { f: async () => 1 } },
    ).exports;
    assert.equal(n(), 0);
  });
});

describe('errors', () => {
  const trapping = instanceOf({
    types: [{}],
    funcs: [{ code: [['unreachable']] }, { code: [['call', 0]] }, { code: [['call', 2]] }],
    exports: [
      ['run', 'func', 1],
      ['recurse', 'func', 2],
    ],
    customs: [['name', [1, 7, 1, 0, 4, 0x6f, 0x6f, 0x70, 0x73]]],
  }).exports;

  test('a trap is a RuntimeError with our code, offset and the guest in its stack', () => {
    const error = assert.throws(
      () => trapping['run'](),
      (thrown: Error & { code?: string; details?: { backtrace: { funcName: string }[] } }) => {
        assert.ok(thrown instanceof WebAssembly.RuntimeError && thrown instanceof Error);
        assert.equal(thrown.name, 'RuntimeError');
        assert.equal(thrown.message, 'unreachable');
        assert.equal(thrown.code, 'trap.unreachable');
        assert.deepEqual(
          thrown.details?.backtrace.map(({ funcName }) => funcName),
          ['oops', 'run'],
        );
        assert.match(thrown.stack ?? '', /^RuntimeError: unreachable\n {4}at oops \(wasm-function\[0\]:0x/);
        return true;
      },
    );
    assert.equal(error, undefined);
  });

  test('a stack that is exhausted is a RangeError, as in JavaScript', () => {
    assert.throws(() => trapping['recurse'](), {
      name: 'RangeError',
      message: /^Maximum call stack size exceeded/,
    });
  });

  test('bad bytes are a CompileError, a missing import a TypeError or LinkError', () => {
    const { CompileError, LinkError, Module, Instance } = WebAssembly;
    assert.throws(() => new Module(Uint8Array.of(1, 2)), CompileError);
    assert.throws(
      () => new Module(assemble({ funcs: [{ code: [['i32.add']] }] })),
      (error: Error) => {
        assert.ok(error instanceof CompileError);
        assert.equal((error as Error & { code: string }).code, 'invalid.type');
        return true;
      },
    );
    const module = new Module(assemble(calling([], [])));
    assert.throws(() => new Instance(module), TypeError);
    assert.throws(() => new Instance(module, {}), TypeError);
    assert.throws(() => new Instance(module, { m: {} }), LinkError);
    const { f } = instanceOf(identity('i32')).exports;
    assert.throws(() => new Instance(module, { m: { f } }), LinkError);
  });

  test('validate reports without throwing', () => {
    assert.equal(WebAssembly.validate(assemble({})), true);
    assert.equal(WebAssembly.validate(Uint8Array.of(0, 1, 2, 3)), false);
    assert.equal(WebAssembly.validate(new ArrayBuffer(0)), false);
    assert.throws(() => WebAssembly.validate('bytes' as never), TypeError);
  });

  test('the error classes have the form of NativeError', () => {
    const { RuntimeError } = WebAssembly;
    assert.equal(Object.getPrototypeOf(RuntimeError), Error);
    const error = RuntimeError('called', { cause: 1 });
    assert.ok(error instanceof RuntimeError);
    assert.deepEqual([error.message, error.cause, String(error)], ['called', 1, 'RuntimeError: called']);
    class Own extends RuntimeError {}
    assert.ok(new Own() instanceof Own);
  });

  test('an error that JavaScript throws passes through the guest as it is', () => {
    const thrown = { not: 'an error' };
    const { f } = instanceOf(calling([], []), {
      m: {
        f: () => {
          throw thrown;
        },
      },
    }).exports;
    assert.throws(
      () => f(),
      (error) => error === thrown,
    );
  });
});

describe('exceptions', () => {
  /** `catchAll` calls the import and gives 1 if something was caught. */
  const catching: ModuleSource = {
    types: [{}, { results: ['i32'] }],
    imports: [['m', 'f', func(0)]],
    funcs: [
      {
        type: 1,
        code: [
          ['block', null],
          ['try_table', null, [{ tag: null, withRef: false, label: 0 }]],
          ['call', 0],
          'end',
          i32(0),
          ['return'],
          'end',
          i32(1),
        ],
      },
    ],
    exports: [['catchAll', 'func', 1]],
  };
  const caught = (f: () => void): unknown => instanceOf(catching, { m: { f } }).exports['catchAll']();

  test('the guest catches what JavaScript throws, but no trap, even one that came through JavaScript', () => {
    assert.equal(
      caught(() => {
        throw new Error('caught');
      }),
      1,
    );
    assert.equal(
      caught(() => {}),
      0,
    );
    const { f: trap } = instanceOf({
      funcs: [{ code: [['unreachable']] }],
      exports: [['f', 'func', 0]],
    }).exports;
    assert.throws(() => caught(trap), WebAssembly.RuntimeError);
    assert.throws(() => caught(() => trap()), WebAssembly.RuntimeError);
  });

  test('an exception keeps its identity, tag and values through the guest', () => {
    const tag = new WebAssembly.Tag({ parameters: ['i32', 'externref'] });
    const payload = {};
    const exception = new WebAssembly.Exception(tag, [7, payload], { traceStack: true });
    const { f } = instanceOf(calling([], []), {
      m: {
        f: () => {
          throw exception;
        },
      },
    }).exports;
    assert.throws(
      () => f(),
      (error) => error === exception,
    );
    assert.equal(exception.is(tag), true);
    assert.equal(exception.is(WebAssembly.JSTag), false);
    assert.equal(exception.getArg(tag, 0), 7);
    assert.equal(exception.getArg(tag, 1), payload);
    assert.throws(() => exception.getArg(tag, 2), RangeError);
    assert.match(exception.stack ?? '', /exception keeps|namespace\.test/);
    assert.equal(new WebAssembly.Exception(tag, [1, 2]).stack, undefined);
    assert.throws(() => new WebAssembly.Exception(tag, [1]), TypeError);
  });
});

describe('memories', () => {
  test('a buffer is the memory, and growing detaches it', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 3 });
    const { buffer } = memory;
    assert.equal(memory.buffer, buffer);
    new Uint8Array(buffer)[5] = 99;
    assert.equal(memory.grow(1), 1);
    assert.equal(buffer.byteLength, 0);
    assert.equal(memory.buffer.byteLength, 2 * 65536);
    assert.equal(new Uint8Array(memory.buffer)[5], 99);
    const second = memory.buffer;
    assert.equal(memory.grow(0), 2);
    assert.equal(second.byteLength, 0);
    assert.equal(new Uint8Array(memory.buffer)[5], 99);
    assert.throws(() => memory.grow(2), RangeError);
  });

  test('growing inside the guest detaches it, too, and both sides see what the other writes', () => {
    const { grow, load, memory } = instanceOf({
      types: [{ params: ['i32'], results: ['i32'] }],
      memories: [{ min: 1 }],
      funcs: [{ code: [local(0), ['memory.grow', 0]] }, { code: [local(0), ['i32.load8_u', {}]] }],
      exports: [
        ['grow', 'func', 0],
        ['load', 'func', 1],
        ['memory', 'memory', 0],
      ],
    }).exports;
    let { buffer } = memory;
    // Page by page, the engine holds more room than the memory has; the buffer shows none of it.
    for (let pages = 1; pages < 8; pages++) {
      new Uint8Array(buffer)[pages] = pages;
      assert.equal(grow(1), pages);
      assert.equal(buffer.byteLength, 0);
      if (pages % 2 === 0) assert.equal(grow(0), pages + 1);
      ({ buffer } = memory);
      assert.equal(buffer.byteLength, (pages + 1) * 65536);
      assert.equal(load(pages), pages);
    }
    assert.throws(() => load(8 * 65536), WebAssembly.RuntimeError);
  });

  test('a host function may make the memory grow under a running call', () => {
    const { f, memory } = instanceOf(
      {
        types: [{}, { params: ['i32'], results: ['i32'] }],
        imports: [['m', 'grow', func(0)]],
        memories: [{ min: 1 }],
        funcs: [{ type: 1, code: [['call', 0], local(0), ['i32.load8_u', {}]] }],
        exports: [
          ['f', 'func', 1],
          ['memory', 'memory', 0],
        ],
      },
      {
        m: {
          grow: () => {
            memory.grow(1);
            new Uint8Array(memory.buffer)[70_000] = 5;
          },
        },
      },
    ).exports as { f: (n: number) => number; memory: InstanceType<typeof WebAssembly.Memory> };
    assert.equal(f(70_000), 5);
  });

  test('a resizable buffer grows with the memory, and the memory with it', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
    const fixed = memory.buffer;
    const buffer = memory.toResizableBuffer() as ArrayBuffer & {
      readonly resizable: boolean;
      resize(length: number): void;
    };
    assert.equal(fixed.byteLength, 0);
    assert.equal(buffer.resizable, true);
    assert.equal(memory.toResizableBuffer(), buffer);
    const view = new Uint8Array(buffer);
    view[1] = 11;
    memory.grow(1);
    assert.equal(memory.buffer, buffer);
    assert.deepEqual([view.length, view[1]], [2 * 65536, 11]);
    buffer.resize(3 * 65536);
    assert.equal(memory.grow(0), 3);
    for (const wrong of [2 * 65536, 3 * 65536 + 1, 5 * 65536])
      assert.throws(() => buffer.resize(wrong), RangeError);
    const again = memory.toFixedLengthBuffer();
    assert.equal(buffer.byteLength, 0);
    assert.deepEqual([again.byteLength, new Uint8Array(again)[1]], [3 * 65536, 11]);
    assert.throws(() => new WebAssembly.Memory({ initial: 1 }).toResizableBuffer(), TypeError);
  });

  test('a memory whose buffer JavaScript detached is lost, with a clear error', () => {
    const { load, memory } = instanceOf({
      types: [{ params: ['i32'], results: ['i32'] }],
      memories: [{ min: 1 }],
      funcs: [{ code: [local(0), ['i32.load8_u', {}]] }],
      exports: [
        ['load', 'func', 0],
        ['memory', 'memory', 0],
      ],
    }).exports;
    assert.equal(load(0), 0);
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    assert.throws(() => load(0), { name: 'RuntimeError', message: /detached/ });
    assert.throws(() => memory.grow(1), { name: 'TypeError', message: /detached/ });
  });

  test('buffers of a shared memory show the same bytes before and after a growth', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
    const old = memory.buffer as unknown as SharedArrayBuffer;
    assert.ok(old instanceof SharedArrayBuffer && Object.isFrozen(old));
    const { store } = instanceOf(
      {
        types: [{ params: ['i32', 'i32'] }],
        imports: [['m', 'memory', [2, 3, 1, 4]]],
        funcs: [{ code: [local(0), local(1), ['i32.store8', {}]] }],
        exports: [['store', 'func', 0]],
      },
      { m: { memory } },
    ).exports;
    const view = new Uint8Array(old);
    store(7, 70);
    assert.equal(memory.grow(2), 1);
    const buffer = memory.buffer;
    assert.notEqual(buffer, old);
    assert.deepEqual([old.byteLength, buffer.byteLength], [65536, 3 * 65536]);
    store(8, 80);
    store(100_000, 9);
    assert.deepEqual([view[7], view[8]], [70, 80]);
    view[9] = 90;
    const now = new Uint8Array(buffer);
    assert.deepEqual([now[7], now[9], now[100_000]], [70, 90, 9]);
    assert.throws(() => memory.grow(2), RangeError);
  });

  test('sizes of a 64-bit memory and table are bigints', () => {
    const memory = new WebAssembly.Memory({ address: 'i64', initial: 1n });
    assert.equal(memory.grow(1n), 1n);
    assert.throws(() => memory.grow(1), TypeError);
    const table = new WebAssembly.Table({ address: 'i64', element: 'externref', initial: 1n }, 'x');
    assert.equal(table.length, 1n);
    assert.equal(table.get(0n), 'x');
    assert.equal(table.grow(1n, 'y'), 1n);
    assert.throws(() => table.get(2n), RangeError);
  });

  test('what a descriptor asks for is checked', () => {
    const { Memory } = WebAssembly;
    assert.throws(() => new Memory({} as never), TypeError);
    assert.throws(() => new Memory({ initial: -1 }), TypeError);
    assert.throws(() => new Memory({ initial: 2, maximum: 1 }), RangeError);
    assert.throws(() => new Memory({ initial: 65_537 }), RangeError);
    assert.throws(() => new Memory({ initial: 65_536 }), RangeError);
    assert.throws(() => new Memory({ initial: 1, shared: true }), TypeError);
  });
});

describe('tables, globals and modules', () => {
  test('the same instance always has the same object', () => {
    const source: ModuleSource = {
      types: [{}],
      tables: [{ min: 1 }],
      memories: [{ min: 1 }],
      globals: [{ type: 'i32', isMutable: true, init: [i32(5)] }],
      exports: [
        ['table', 'table', 0],
        ['memory', 'memory', 0],
        ['global', 'global', 0],
      ],
    };
    const { table, memory, global } = instanceOf(source).exports;
    const importing: ModuleSource = {
      types: [{}],
      imports: [
        ['m', 'table', [1, ...valType('funcref'), 0, 1]],
        ['m', 'memory', [2, 0, 1]],
        ['m', 'global', [3, ...valType('i32'), 1]],
      ],
      exports: source.exports!,
    };
    const other = instanceOf(importing, { m: { table, memory, global } }).exports;
    assert.deepEqual([other['table'], other['memory'], other['global']], [table, memory, global]);
    assert.ok(other['table'] === table && other['memory'] === memory && other['global'] === global);
    global.value = 7;
    assert.equal(other['global'].value, 7);
    assert.throws(() => {
      global.value = 1n;
    }, TypeError);
  });

  test('objects of one namespace can be imported by modules of another', () => {
    const other = createWebAssembly();
    const memory = new other.Memory({ initial: 1 });
    const { memory: same } = instanceOf(
      { imports: [['m', 'memory', [2, 0, 1]]], exports: [['memory', 'memory', 0]] },
      { m: { memory } },
    ).exports;
    assert.equal(same, memory);
    assert.ok(same instanceof other.Memory && !(same instanceof WebAssembly.Memory));
  });

  test('a module lists its imports, exports and custom sections', () => {
    const { Module } = WebAssembly;
    const module = new Module(
      assemble({
        ...calling([], []),
        customs: [
          ['a', [1, 2]],
          ['b', [3]],
          ['a', []],
        ],
      }),
    );
    assert.deepEqual(Module.imports(module), [{ module: 'm', name: 'f', kind: 'function' }]);
    assert.deepEqual(Module.exports(module), [{ name: 'f', kind: 'function' }]);
    assert.deepEqual(
      Module.customSections(module, 'a').map((buffer) => [...new Uint8Array(buffer)]),
      [[1, 2], []],
    );
    assert.throws(() => Module.exports({}), TypeError);
  });

  test('a module survives being sent to a worker', () => {
    const sent = structuredClone({ module: new WebAssembly.Module(assemble(identity('i32'))) }).module;
    const { f } = new WebAssembly.Instance(sent).exports;
    assert.equal(f(3), 3);
    assert.ok(sent instanceof WebAssembly.Module);
    assert.throws(() => WebAssembly.Module.exports(structuredClone({})), TypeError);
  });
});

describe('what is asynchronous', () => {
  test('arguments are read at once, imports of bytes are not', async () => {
    const bytes = assemble(calling([], ['i32']));
    const order: string[] = [];
    const imports = {
      get m() {
        order.push('read');
        return { f: () => 3 };
      },
    };
    const promise = WebAssembly.instantiate(bytes, imports);
    bytes.fill(0);
    assert.deepEqual(order, []);
    const { instance, module } = await promise;
    assert.deepEqual(order, ['read']);
    assert.equal(instance.exports['f'](), 3);
    const second = WebAssembly.instantiate(module, imports);
    assert.deepEqual(order, ['read', 'read']);
    assert.equal((await second).exports['f'](), 3);
  });

  test('failures are rejections', async () => {
    await assert.rejects(WebAssembly.compile(Uint8Array.of(1)), WebAssembly.CompileError);
    await assert.rejects(WebAssembly.compile(1 as never), TypeError);
    await assert.rejects(WebAssembly.instantiate(assemble(calling([], []))), TypeError);
    await assert.rejects(WebAssembly.instantiate(assemble({}), 1 as never), TypeError);
  });

  test('a start function runs once, and what it throws is what the caller sees', async () => {
    const source: ModuleSource = { types: [{}], imports: [['m', 'f', func(0)]], start: 0 };
    let count = 0;
    await WebAssembly.instantiate(assemble(source), { m: { f: () => count++ } });
    assert.equal(count, 1);
    const failing = { m: { f: () => assert.fail('thrown') } };
    await assert.rejects(WebAssembly.instantiate(assemble(source), failing), /thrown/);
  });

  test('a response is compiled if it has the right type and was a success', async () => {
    const { compileStreaming, instantiateStreaming } = WebAssembly;
    // Node's own class would load its HTTP client, which wants a global namespace.
    const response = (type: string, status = 200): ResponseLike => ({
      ok: status === 200,
      headers: { get: (name) => (name.toLowerCase() === 'content-type' ? type : null) },
      arrayBuffer: async () => assemble(identity('i32')).buffer,
    });
    await compileStreaming(response('application/wasm'));
    const { instance } = await instantiateStreaming(Promise.resolve(response('Application/WASM')));
    assert.equal(instance.exports['f'](4), 4);
    await assert.rejects(compileStreaming(response('application/octet-stream')), TypeError);
    await assert.rejects(compileStreaming(response('application/wasm;charset=utf-8')), TypeError);
    await assert.rejects(compileStreaming(response('application/wasm', 404)), TypeError);
    await assert.rejects(compileStreaming(assemble({}) as never), TypeError);
  });
});
