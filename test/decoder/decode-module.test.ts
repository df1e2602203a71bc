/** Modules: what the record holds, where errors are, and that no bytes can do harm. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isQuernError } from '../../src/errors.ts';
import {
  MAX_DATA_SEGMENTS,
  MAX_FUNCTION_BYTES,
  MAX_PARAMS,
  MAX_RESULTS,
  MAX_STRUCT_FIELDS,
} from '../../src/syntax/limits.ts';
import { FUNCREF, HEAP_FUNC, I32, I64, refType } from '../../src/syntax/types.ts';
import { decodeModule } from '../../src/wasm.ts';
import {
  assemble,
  encode,
  encodeAll,
  header,
  list,
  type ModuleSource,
  section,
  text,
  u32,
} from '../assembler.ts';

/** A module that has every section. */
const everything: ModuleSource = {
  types: [
    {},
    { params: ['i32'], results: ['i64', 'f32'] },
    [0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 3, 1, 0x5e, 0x78, 0],
  ],
  imports: [
    ['env', 'f', [0, ...u32(1)]],
    ['env', 'm', [2, 1, 1, 2]],
    ['env', 'g', [3, 0x7e, 1]],
  ],
  funcs: [
    {
      locals: [
        [3, 'i64'],
        [1, 'funcref'],
      ],
      code: ['nop'],
    },
    { type: 1, code: ['unreachable'] },
  ],
  tables: [
    { min: 1, max: 10 },
    { min: 2n ** 40n, is64: true, element: 'externref' },
  ],
  memories: [{ min: 1 }],
  tags: [0],
  globals: [{ type: 'i32', isMutable: true, init: [['i32.const', 42]] }],
  exports: [
    ['run', 'func', 1],
    ['', 'memory', 0],
  ],
  start: 1,
  elements: [
    [0, ...encodeAll([['i32.const', 0], 'end']), ...list([[1], [2]])],
    [5, 0x70, ...list([encodeAll([['ref.null', 'func'], 'end'])])],
    [3, 0, 0],
  ],
  dataCount: 2,
  data: [
    [0, ...encodeAll([['i32.const', 8], 'end']), ...text('hi')],
    [1, 0],
  ],
  customs: [['notes', [1, 2, 3]]],
};

const throwsAt = (bytes: Uint8Array, code: string, offset: number): void => {
  assert.throws(
    () => decodeModule(bytes),
    (error: unknown) => {
      assert.ok(isQuernError(error));
      assert.deepEqual([error.code, error.details.offset], [code, offset], error.message);
      return true;
    },
  );
};

describe('the record', () => {
  const module = decodeModule(assemble(everything));

  test('index spaces list imports first', () => {
    assert.equal(module.funcs.length, 3);
    assert.equal(module.importedFuncCount, 1);
    assert.equal(module.funcs[0].body, null);
    assert.deepEqual(
      module.funcs.map((func) => func.typeIndex),
      [1, 0, 1],
    );
    assert.equal(module.memories.length, 2);
    assert.deepEqual(
      module.globals.map(({ type }) => type),
      [
        { type: I64, isMutable: true },
        { type: I32, isMutable: true },
      ],
    );
    assert.equal(module.tags[0].type, module.types[0]);
  });

  test('bodies are ranges, locals are runs', () => {
    const body = module.funcs[1].body!;
    assert.deepEqual(body.locals, [
      { count: 3, type: I64 },
      { count: 1, type: FUNCREF },
    ]);
    assert.equal(body.localCount, 4);
    assert.deepEqual([...module.bytes.subarray(body.codeStart, body.end)], encodeAll(['nop', 'end']));
  });

  test('expressions are ranges with their end', () => {
    const { start, end } = module.globals[1].init!;
    assert.deepEqual([...module.bytes.subarray(start, end)], encodeAll([['i32.const', 42], 'end']));
  });

  test('segments', () => {
    const [active, passive, declarative] = module.elements;
    assert.deepEqual(
      [active.mode, active.funcIndices, active.type],
      ['active', [1, 2], refType(HEAP_FUNC, false)],
    );
    assert.deepEqual([passive.mode, passive.expressions?.length, passive.type], ['passive', 1, FUNCREF]);
    assert.equal(declarative.mode, 'declarative');
    const [first, second] = module.data;
    assert.equal(String.fromCharCode(...module.bytes.subarray(first.start, first.end)), 'hi');
    assert.deepEqual([second.mode, second.end - second.start], ['passive', 0]);
  });

  test('limits keep 64 bits', () => {
    assert.deepEqual(module.tables[1].type.limits, { min: 2n ** 40n, max: null, address: I64 });
  });

  test('sections and customs lie where they lie', () => {
    const custom = module.customs[0];
    assert.deepEqual([...module.bytes.subarray(custom.start, custom.end)], [1, 2, 3]);
    assert.deepEqual(
      module.sections.map(({ name }) => name),
      [
        'type',
        'import',
        'function',
        'table',
        'memory',
        'tag',
        'global',
        'export',
        'start',
        'element',
        'data count',
        'code',
        'data',
        'custom',
      ],
    );
    assert.equal(module.sections.at(-1)?.end, module.bytes.length);
  });

  test('equal groups of types are the same objects, in every module', () => {
    const again = decodeModule(assemble({ types: everything.types! }));
    assert.deepEqual(
      again.types.map(({ id }) => id),
      module.types.map(({ id }) => id),
    );
    assert.equal(again.types[2], module.types[2]);
  });

  test('an empty module is a module', () => {
    assert.equal(decodeModule(Uint8Array.from(header)).funcs.length, 0);
  });
});

describe('errors say where', () => {
  const at = header.length;
  test('header', () => {
    throwsAt(new Uint8Array(), 'malformed.end', 0);
    throwsAt(Uint8Array.of(0, 0x61, 0x73, 0x6e, 1, 0, 0, 0), 'malformed.magic', 0);
    throwsAt(Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 0, 0), 'malformed.version', 4);
    for (const version of [0x0a, 0x0c, 0x0d, 1])
      throwsAt(Uint8Array.of(0, 0x61, 0x73, 0x6d, version, 0, 1, 0), 'malformed.component', 4);
  });
  test('sections', () => {
    throwsAt(Uint8Array.from([...header, 14, 0]), 'malformed.section-id', at);
    throwsAt(Uint8Array.from([...header, 1, 5, 0]), 'malformed.length', at + 2);
    throwsAt(
      Uint8Array.from([...header, ...section(3, [0]), ...section(1, [0])]),
      'malformed.section-order',
      at + 3,
    );
    throwsAt(Uint8Array.from([...header, ...section(1, [0, 0])]), 'malformed.section-size', at + 3);
  });
  test('a type index that does not exist', () => {
    throwsAt(Uint8Array.from([...header, ...section(3, [1, 7])]), 'invalid.unknown-type', at + 3);
  });
});

describe('limits', () => {
  const limitOf = (source: ModuleSource): number | undefined => {
    try {
      decodeModule(assemble(source));
      return undefined;
    } catch (error) {
      assert.ok(isQuernError(error, 'limit.module'), `${error}`);
      return error.details.limit;
    }
  };
  const many = (count: number): 'i32'[] => Array<'i32'>(count).fill('i32');

  test('of types', () => {
    assert.equal(limitOf({ types: [{ params: many(MAX_PARAMS), results: many(MAX_RESULTS) }] }), undefined);
    assert.equal(limitOf({ types: [{ params: many(MAX_PARAMS + 1) }] }), MAX_PARAMS);
    assert.equal(limitOf({ types: [{ results: many(MAX_RESULTS + 1) }] }), MAX_RESULTS);
    const fields = Array<number[]>(MAX_STRUCT_FIELDS + 1).fill([0x7f, 0]);
    assert.equal(limitOf({ types: [[0x5f, ...list(fields)]] }), MAX_STRUCT_FIELDS);
  });

  test('of segments and bodies', () => {
    const data = Array<number[]>(MAX_DATA_SEGMENTS + 1).fill([1, 0]);
    assert.equal(limitOf({ data }), MAX_DATA_SEGMENTS);
    const size = MAX_FUNCTION_BYTES + 1;
    const bytes = new Uint8Array(size + 100);
    const prefix = assemble({ funcs: [] }).subarray(0, header.length + 6);
    const head = [...prefix, ...section(3, [1, 0]), 10, ...u32(1 + u32(size).length + size), 1, ...u32(size)];
    bytes.set(head);
    assert.throws(() => decodeModule(bytes.subarray(0, head.length + size)), {
      code: 'limit.module',
    });
  });

  test('a recursive group may be large', () => {
    const group = [0x4e, ...list(Array<number[]>(200_000).fill([0x5f, 0]))];
    assert.equal(decodeModule(assemble({ types: [group] })).types.length, 200_000);
  });

  test('huge counts cost nothing', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const id of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13]) {
      assert.throws(() => decodeModule(Uint8Array.from([...header, ...section(id, huge)])), {
        name: 'MalformedError',
      });
    }
    const body = [...list([[...huge, 0x7f]]), ...encode('end')];
    const funcs = [...section(1, list([[0x60, 0, 0]])), ...section(3, [1, 0])];
    const module = decodeModule(
      Uint8Array.from([...header, ...funcs, ...section(10, [1, ...u32(body.length), ...body])]),
    );
    assert.equal(module.funcs[0].body?.localCount, 0xffff_ffff);
  });
});

describe('hostile bytes give an error of Quern, or a module', () => {
  const whole = assemble(everything);
  const attempt = (bytes: Uint8Array): void => {
    try {
      decodeModule(bytes);
    } catch (error) {
      assert.ok(isQuernError(error), `${error}`);
    }
  };

  test('every prefix', () => {
    const boundaries = new Set([header.length, ...decodeModule(whole).sections.map(({ end }) => end)]);
    for (let length = 0; length < whole.length; length++) {
      if (boundaries.has(length)) attempt(whole.subarray(0, length));
      else
        assert.throws(() => decodeModule(whole.subarray(0, length)), { name: 'MalformedError' }, `${length}`);
    }
  });

  test('every byte replaced by every edge value', () => {
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0x00, 0x01, 0x0b, 0x3f, 0x40, 0x41, 0x60, 0x63, 0x70, 0x7f, 0x80, 0xfb, 0xff]) {
        const bytes = whole.slice();
        bytes[at] = value;
        attempt(bytes);
      }
    }
  });

  test('bytes inserted and removed anywhere', () => {
    fc.assert(
      fc.property(
        fc.nat(whole.length),
        fc.nat(4),
        fc.uint8Array({ maxLength: 6 }),
        (at, removed, inserted) => {
          attempt(Uint8Array.from([...whole.subarray(0, at), ...inserted, ...whole.subarray(at + removed)]));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
