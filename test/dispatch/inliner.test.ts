/** The inliner: what is left of small functions, and what it refuses. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { Inliner } from '../../scripts/dispatch/inliner/inline.ts';
import { parseLibrary } from '../../scripts/dispatch/inliner/library.ts';
import { neverEnds } from '../../scripts/dispatch/inliner/nodes.ts';
import { print } from '../../scripts/dispatch/inliner/print.ts';
import type { Target } from '../../scripts/dispatch/inliner/target.ts';
import { nameTemporaries } from '../../scripts/dispatch/inliner/temporaries.ts';

const { factory: make } = ts;
const name = (text: string): ts.Identifier => make.createIdentifier(text);

const target: Target = {
  effects: {
    functions: { get: { reads: ['store'] }, put: { writes: ['store'] } },
    arrays: { store: ['store'], other: ['other'] },
    methods: 'memory',
  },
  kinds: { doubleArrays: ['other'], doubleFunctions: [] },
  variables: new Set(['store', 'other']),
  registers: { fuel: name('fuel') },
  constants: { LIMIT: 9 },
  primitives: new Set(['get', 'put']),
  definitions: {},
  statements: { stop: () => [make.createBreakStatement('out')] },
  omitted: new Set(['charge']),
  numberTypes: new Set(['Slot']),
};

const primitives = `
  const get = (a: Slot): number => store[a];
  const put = (a: Slot, value: number): void => { store[a] = value; };
  import { LIMIT, helper } from './elsewhere.ts';
`;

/** What is left of `body` of some source: its arguments are variables A, B, … of the machine. */
const inline = (source: string, body: string): string => {
  const library = parseLibrary({ 'source.ts': `${primitives}\n${source}\nconst BODY = ${body};` });
  const inliner = new Inliner(library, target);
  const { statements, result, kinds } = inliner.apply(library.constants.get('BODY')!, (parameters) =>
    // Elements of an array: not so cheap that they would be read twice.
    parameters.map((_, i) => ({
      node: make.createElementAccessExpression(name('code'), make.createNumericLiteral(i)),
    })),
  );
  const all = result === undefined ? statements : [...statements, make.createReturnStatement(result)];
  const named = nameTemporaries(all, kinds, (kind, n) => `${kind === 'int' ? 'i' : kind[0]}${n}`);
  return print(inliner.lower(named), '');
};
const is = (source: string, body: string, ...lines: readonly string[]): void =>
  assert.equal(inline(source, body), lines.join('\n'));

describe('arguments', () => {
  test('that are used once stand where their parameter stood', () => {
    is('', '(d, a) => put(d, get(a))', 'store[code[0]] = store[code[1]];');
  });

  test('that are used twice become variables', () => {
    is('', '(a) => put(a, get(a))', 'i0 = code[0];', 'store[i0] = store[i0];');
  });

  test('have the value that they had at the call', () => {
    const swap = 'const swap = (a, x, y) => { put(a, y); put(a + 2, x); };';
    is(
      swap,
      '(a, b) => swap(a, get(a), get(b))',
      'i0 = code[0];',
      'i1 = store[i0];',
      'store[i0] = store[code[1]];',
      'store[i0 + 2] = i1;',
    );
  });

  test('are read before a loop writes what they read', () => {
    is(
      'const fill = (a, x) => { for (let i = a; i < 9; i = i + 1) put(i, x); };',
      '(a, b) => fill(a, get(b))',
      'i0 = store[code[1]];',
      'for (i1 = code[0]; i1 < 9; i1 = i1 + 1) {',
      '  store[i1] = i0;',
      '}',
    );
  });

  test('that are constants cost nothing, and neither do the conditions on them', () => {
    const source = `
      const table = { shift: 8, isLeft: true };
      const move = (t, x) => (t.isLeft ? x << (2 * t.shift) : x >> t.shift);
      const at = (a, n) => (n === 0 ? a : a + n);
      const both = (f) => { f(0); f(1); };`;
    is(
      source,
      '(d) => both((n) => put(at(d, n), move(table, n)))',
      'i0 = code[0];',
      'store[i0] = 0;',
      'store[i0 + 1] = 65536;',
    );
  });

  test('may be assigned: a parameter is a variable of its own', () => {
    is(
      'const limit = (x) => { if (x > LIMIT) x = LIMIT; return x; };',
      '(d, a) => put(d, limit(a))',
      'i0 = code[1];',
      'if (i0 > 9) {',
      '  i0 = 9;',
      '}',
      'store[code[0]] = i0;',
    );
  });
});

describe('functions', () => {
  test('are composed of functions', () => {
    const source =
      'const two = (f) => (d, a, b) => put(d, f(get(a), get(b))); const add = (x, y) => (x + y) | 0;';
    is(source, 'two(add)', 'store[code[0]] = store[code[1]] + store[code[2]] | 0;');
  });

  test('make one body of two', () => {
    const source = `
      const then = (f, g) => (d, a, b) => { f(d, a); g(d, b); };
      const move = (d, a) => put(d, get(a));
      const test = (a, b) => { if (get(a) === get(b)) stop(); };`;
    is(
      source,
      'then(move, test)',
      'i0 = code[0];',
      'store[i0] = store[code[1]];',
      'if (store[i0] === store[code[2]]) {',
      '  break out;',
      '}',
    );
  });

  test('end where they leave', () => {
    is(
      'const check = (x) => { if (x === 0) { stop(); put(x, 1); } };',
      '(a) => { check(get(a)); stop(); put(a, 2); }',
      'if (store[code[0]] === 0) {',
      '  break out;',
      '}',
      'break out;',
    );
    assert.equal(neverEnds([make.createBreakStatement('out')]), true);
    assert.equal(neverEnds([make.createIfStatement(name('a'), make.createBreakStatement('out'))]), false);
    const both = make.createIfStatement(
      name('a'),
      make.createContinueStatement(),
      make.createBlock([make.createReturnStatement()]),
    );
    assert.equal(neverEnds([both]), true);
  });

  test('are left out where the target omits them', () => {
    is(
      'const charge = (x) => { loop.fuel = loop.fuel - x; };',
      '(a) => { charge(a); put(a, 1); }',
      'store[code[0]] = 1;',
    );
  });

  test('of other files stay calls, and are named', () => {
    const library = parseLibrary({
      'source.ts': `${primitives} const BODY = (d, a) => put(d, helper(get(a)));`,
    });
    const { imports } = new Inliner(library, target).apply(library.constants.get('BODY')!, () => [
      { node: name('A') },
      { node: name('B') },
    ]);
    assert.deepEqual([...imports], ['helper']);
    assert.deepEqual(library.imports.get('helper'), { file: 'elsewhere.ts', isType: false });
  });
});

describe('variables', () => {
  test('share a temporary when they are not needed at once, and a kind of their own each', () => {
    is(
      '',
      '(d, a) => { const x = get(a); put(d, x); const y = get(d); const z: Float = y * 0.5; other[y] = z; put(d, y); }',
      'i0 = code[0];',
      'i1 = store[code[1]];',
      'store[i0] = i1;',
      'i1 = store[i0];',
      'd0 = i1 * 0.5;',
      'other[i1] = d0;',
      'store[i0] = i1;',
    );
  });

  test('live to the end of a loop that they were made before', () => {
    is(
      '',
      '(a, b) => { const x = get(b); for (let i = 0; i < 4; i = i + 1) { put(a, x); const y = get(a); put(a, y); } }',
      'i0 = code[0];',
      'i1 = store[code[1]];',
      'for (i2 = 0; i2 < 4; i2 = i2 + 1) {',
      '  store[i0] = i1;',
      '  i3 = store[i0];',
      '  store[i0] = i3;',
      '}',
    );
  });

  test('that a function returns are not copied', () => {
    is(
      'const twice = (x) => { const y = get(x); return y; };',
      '(d, a) => { const z = twice(a); put(d, z + z); }',
      'i0 = store[code[1]];',
      'store[code[0]] = i0 + i0;',
    );
  });
});

describe('expressions', () => {
  test('keep their order and their parentheses', () => {
    is(
      '',
      '(a) => put(a, (1.5 - (0.5 - get(4))) * (get(2) * get(6)))',
      'store[code[0]] = (1.5 - (0.5 - store[4])) * (store[2] * store[6]);',
    );
    is('', '(a) => put(a, -(-get(2)))', 'store[code[0]] = - -store[2];');
    is(
      'const isNan = (x) => x !== x;',
      '(a) => { if (!isNan(get(2))) put(a, 1); }',
      'i0 = store[2];',
      'if (i0 === i0) {',
      '  store[code[0]] = 1;',
      '}',
    );
  });

  test('of indices are added up where they are whole', () => {
    is('', '(a) => put(((a + 2) | 0) + 1, 7)', 'store[code[0] + 3] = 7;');
    is('', '(a) => put(0, get(a) + 0.5 + 1)', 'store[0] = store[code[0]] + 0.5 + 1;');
  });
});

describe('refuses', () => {
  const refused = (source: string, body: string, reason: RegExp): void => {
    assert.throws(() => inline(source, body), reason);
  };

  test('statements in a condition', () => {
    refused(
      'const f = (x) => { put(x, 1); return x; };',
      '(a) => { if (get(a) === 0 && f(a) === 0) stop(); }',
      /is in a condition/,
    );
  });

  test('effects on what the same expression has read', () => {
    refused(
      'const f = (x) => { put(x, 1); return x; };',
      '(a, b) => put(a, get(b) + f(a))',
      /give that a name/,
    );
  });

  test('unknown names, other syntax, and names of two files', () => {
    refused('', '(a) => put(a, nothing)', /unknown name: nothing/);
    refused('', '(a) => { while (true) put(a, 1); }', /cannot be inlined/);
    refused('const put = 1;', '(a) => put(a, 1)', /put is declared twice/);
  });

  test('lines that nobody can read', () => {
    refused(
      '',
      `(a) => put(a, ${Array.from({ length: 30 }, (_, i) => `get(${i})`).join(' + ')})`,
      /a line of/,
    );
  });
});
