/** Every public function, with arguments that are nothing, of another type, or that throw when they are read. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as errors from '../../src/errors.ts';
import { isQuernError } from '../../src/errors.ts';
import * as inspect from '../../src/inspect.ts';
import * as kernel from '../../src/kernel.ts';
import * as node from '../../src/node.ts';
import * as wasm from '../../src/wasm.ts';
import { assemble } from '../assembler.ts';

const bytes = assemble({
  types: [{}, { results: ['i32', 'i32'] }],
  imports: [
    ['env', 'ask', [0, 0]],
    ['env', 'two', [0, 1]],
  ],
  memories: [{ min: 1 }],
  funcs: [{ code: [['call', 0]] }, { code: [['call', 1], 'drop', 'drop'] }],
  exports: [
    ['f', 'func', 2],
    ['g', 'func', 3],
  ],
});
const own = new RangeError('of the embedder');
const throwing = (): never => {
  throw own;
};
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const everyTrap = { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing };

/** Values that no function can use, made again for each use. */
const hostile: Readonly<Record<string, () => unknown>> = {
  null: () => null,
  number: () => 1.5,
  text: () => '\ud800',
  symbol: () => Symbol('s'),
  bigint: () => -(1n << 70n),
  function: () => () => {},
  'empty object': () => ({}),
  'object without prototype': () => Object.create(null),
  array: () => [null],
  'getter that throws': () =>
    new Proxy(
      {},
      {
        ownKeys: () => ['fuel'],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
        get: throwing,
      },
    ),
  'conversions that throw': () => ({ toString: throwing, valueOf: throwing, [Symbol.toPrimitive]: throwing }),
  'proxy that throws': () => new Proxy({}, everyTrap),
  'proxy that was revoked': revoked,
};

const functions = { env: { ask: () => {}, two: () => [1, 2] } };
const options = { functions, logLevel: 'silent' as const };
const compiled = await node.compilePlugin(bytes, options);
const plugin = await compiled.instantiate();
const recorded = await node.createPlugin(bytes, { ...options, record: true });
await recorded.call('f');
const { recording, receipt } = recorded;
const snapshot = plugin.snapshot();
const store = new wasm.Store();
const engine = wasm.compileModule(assemble({ funcs: [{}], exports: [['f', 'func', 0]] }));
const instance = wasm.instantiate(store, engine, () => undefined);
const func = instance.exports.get('f') as wasm.FuncInstance;
const funcType = { kind: 'func', params: [], results: [] } as const;
const module = inspect.decodeModule(assemble({ funcs: [{}], exports: [['f', 'func', 0]] }));
const memoryType = { limits: { min: 1n, max: null, address: wasm.I32 }, isShared: false, pageSizeLog2: 16 };

/** What each function is given that it can use. `null` = values and types that are no functions to be called. */
type Row = readonly unknown[];
const nodeRows: Readonly<Record<string, Row>> = {
  createPlugin: [bytes, options],
  newPlugin: [bytes, options],
  default: [bytes, options],
  compilePlugin: [bytes, options],
  restorePlugin: [bytes, snapshot, options],
  replayRecording: [bytes, recording, {}],
  verifyReceipt: [receipt, bytes, recording, {}],
  createPool: [compiled, {}],
  nodeDirectory: ['build'],
  readOnlyFiles: [new node.MemoryFiles()],
  typedPlugin: [plugin, { f: { input: node.codecs.text, output: node.codecs.text } }],
  typedHostFunction: [{ params: [] }, () => {}],
  defineSchedule: [{ name: 'own-1', base: 'quern-1' }],
  compileModule: [bytes],
  isQuernError: [null, 'usage.argument'],
};
const wasmRows: Readonly<Record<string, Row>> = {
  instantiate: [store, engine, () => undefined, {}],
  invoke: [func, [], {}],
  startExecution: [func, [], {}],
  takeSnapshot: [{ instances: [instance] }],
  restoreSnapshot: [wasm.takeSnapshot({ instances: [instance] }), { instances: [instance] }],
  hostFunction: [funcType, () => []],
  rawHostFunction: [funcType, () => undefined],
  validateModule: [module, wasm.defaultFeatures],
};
const inspectRows: Readonly<Record<string, Row>> = {
  decodeModule: [bytes],
  summariseModule: [bytes],
};

const check = (error: unknown, where: string): void => {
  if (error === own) return;
  assert.ok(isQuernError(error), `${where}: ${String((error as Error)?.stack ?? error)}`);
  assert.doesNotMatch(error.code, /^internal/, `${where}: ${error.message}`);
};

const attempt = async (run: () => unknown, where: string): Promise<void> => {
  try {
    const result: unknown = run();
    if (result instanceof Promise) await result;
  } catch (error) {
    check(error, where);
  }
};

const tryAll = (name: string, fn: (...args: never[]) => unknown, row: Row): void => {
  test(name, async () => {
    for (const [what, make] of Object.entries(hostile)) {
      for (let i = 0; i < row.length; i++) {
        const args = row.map((value, k) => (k === i ? make() : value)) as never[];
        await attempt(() => fn(...args), `${name}, argument ${i}: ${what}`);
      }
    }
  });
};

for (const [entry, exports, rows] of [
  ['quern', node, nodeRows],
  ['quern/wasm', wasm, wasmRows],
  ['quern/inspect', inspect, inspectRows],
] as const) {
  describe(`${entry}, given what it cannot use:`, () => {
    for (const [name, row] of Object.entries(rows))
      tryAll(name, (exports as never as Record<string, (...args: never[]) => unknown>)[name]!, row);
  });
}

test('every function of the main entry has a row', () => {
  const isClass = (value: unknown): boolean => /^class\b/.test(Function.prototype.toString.call(value));
  for (const [name, value] of Object.entries(node)) {
    if (typeof value !== 'function' || isClass(value) || name.endsWith('On') || name === 'Plugin') continue;
    assert.ok(Object.hasOwn(nodeRows, name), name);
  }
  assert.ok(errors.isQuernError(new errors.UsageError('usage.argument')));
  assert.ok(kernel.kernelAbi && memoryType);
});

describe('options of a plug-in, given what they cannot be:', () => {
  const names = [
    ...[
      'useWasi',
      'wasi',
      'enableWasiOutput',
      'logger',
      'onLog',
      'logLevel',
      'functions',
      'config',
      'memory',
    ],
    ...[
      'allowedHosts',
      'allowedPaths',
      'timeoutMs',
      'timeSliceMs',
      'whenBusy',
      'renewAfterFailure',
      'onFailure',
    ],
    ...['fetch', 'allowHttpResponseHeaders', 'fuel', 'schedule', 'deterministic', 'record', 'replay'],
  ];
  for (const name of names) {
    test(name, async () => {
      for (const [what, make] of Object.entries(hostile)) {
        const given = { ...options, ...(name === 'wasi' ? {} : { useWasi: true }), [name]: make() };
        await attempt(async () => (await node.createPlugin(bytes, given)).close(), `${name}: ${what}`);
      }
    });
  }

  test('and those of wasi, memory and deterministic', async () => {
    const groups = {
      wasi: ['args', 'env', 'stdin', 'stdout', 'stderr', 'preopens'],
      memory: ['maxPages', 'maxHeapBytes', 'maxVarBytes', 'maxLogBytes', 'maxHttpResponseBytes'],
      deterministic: ['seed', 'epoch'],
      functions: ['env'],
    };
    for (const [group, members] of Object.entries(groups)) {
      for (const member of members) {
        for (const [what, make] of Object.entries(hostile)) {
          for (const value of [make(), [make()], { a: make() }]) {
            const given = { ...options, useWasi: true, [group]: { [member]: value } };
            const where = `${group}.${member}: ${what}`;
            await attempt(async () => (await node.createPlugin(bytes, given)).close(), where);
          }
        }
      }
    }
  });
});

describe('methods of a plug-in, given what they cannot use:', () => {
  const methods: Readonly<Record<string, Row>> = {
    call: ['f', '', null, {}],
    callDetailed: ['f', '', {}],
    startCall: ['f', '', {}],
    functionExists: ['f'],
    getVariable: ['v'],
    setVariable: ['v', ''],
    deleteVariable: ['v'],
    getConfig: ['k'],
    setConfig: ['k', ''],
  };
  for (const [name, row] of Object.entries(methods)) {
    tryAll(
      name,
      async (...args) => {
        const method = plugin[name as 'call'] as (...given: unknown[]) => unknown;
        try {
          return await method.apply(plugin, args);
        } finally {
          await plugin.activeCall?.cancel();
        }
      },
      row,
    );
  }

  test('limits of a call', async () => {
    for (const name of ['fuel', 'timeoutMs', 'timeSliceMs', 'signal', 'whenBusy']) {
      for (const [what, make] of Object.entries(hostile))
        await attempt(() => plugin.call('f', '', null, { [name]: make() }), `${name}: ${what}`);
    }
  });
});

describe('host functions that are hostile themselves', () => {
  /** In a list: a promise would look at what it resolves to. */
  const outcome = async (ask: () => unknown, name: string, record: boolean): Promise<[unknown]> => {
    const made = await node.createPlugin(bytes, { functions: { env: { ask, two: ask } }, record });
    return made.call(name).then(
      () => ['returned'],
      (error: unknown) => [error],
    );
  };

  test('what they return is judged without a raw error', async () => {
    for (const [what, make] of Object.entries(hostile)) {
      for (const name of ['f', 'g']) {
        for (const record of [false, true]) {
          const [error] = await outcome(make, name, record);
          if (error !== 'returned') check(error, `${name}: ${what}`);
          // The promise of an async function rejects by itself where its value cannot be looked at.
          if (/proxy|getter/.test(what)) continue;
          const [later] = await outcome(async () => make(), name, record);
          if (later !== 'returned') check(later, `${name}, later: ${what}`);
        }
      }
    }
  });

  test('what they throw is passed on as it is', async () => {
    const throwsMessage = Object.defineProperty(new Error(), 'message', { get: throwing });
    for (const make of [...Object.values(hostile), () => throwsMessage]) {
      for (const record of [false, true]) {
        const thrown = make();
        const fail = (): never => {
          throw thrown;
        };
        // Not assert.equal, which looks at what differs.
        assert.ok(
          (await outcome(fail, 'f', record))[0] === thrown,
          `${String(record)} at once ${typeof thrown}`,
        );
        assert.ok(
          (await outcome(() => Promise.reject(thrown), 'f', record))[0] === thrown,
          `${String(record)} later ${typeof thrown}`,
        );
      }
    }
  });

  test('a then that throws is the cause of an error about the value', async () => {
    const result = Object.defineProperty({}, 'then', { get: throwing });
    for (const record of [false, true]) {
      const [error] = await outcome(() => result, 'f', record);
      assert.ok(isQuernError(error, 'host.value'));
      assert.equal(error.details.cause, own);
    }
  });
});
