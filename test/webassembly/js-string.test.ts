/** The builtins `wasm:js-string` and imported string constants. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWebAssembly, FuelTank, WebAssembly } from '../../src/webassembly.ts';
import { assemble, type Instruction, type ModuleSource, type Type, u32, valType } from '../assembler.ts';

const string: Type = { heap: 'extern', nullable: false };
const array: Type = { heap: 0, nullable: true };
/** Parameters and result of each builtin; type 0 is the array of i16. */
const builtins: readonly (readonly [string, readonly Type[], Type])[] = [
  ['cast', ['externref'], string],
  ['test', ['externref'], 'i32'],
  ['fromCharCodeArray', [array, 'i32', 'i32'], string],
  ['intoCharCodeArray', ['externref', array, 'i32'], 'i32'],
  ['fromCharCode', ['i32'], string],
  ['fromCodePoint', ['i32'], string],
  ['charCodeAt', ['externref', 'i32'], 'i32'],
  ['codePointAt', ['externref', 'i32'], 'i32'],
  ['length', ['externref'], 'i32'],
  ['concat', ['externref', 'externref'], string],
  ['substring', ['externref', 'i32', 'i32'], string],
  ['equals', ['externref', 'externref'], 'i32'],
  ['compare', ['externref', 'externref'], 'i32'],
];

const i16Array = [0x5e, 0x77, 1];
/** A module that exports a function for each builtin, and `make`, which makes an array. */
const source: ModuleSource = {
  types: [
    i16Array,
    ...builtins.map(([, params, result]) => ({ params, results: [result] })),
    { params: ['i32'], results: [array] },
  ],
  imports: builtins.map(([name], i) => ['wasm:js-string', name, [0, ...u32(i + 1)]] as const),
  funcs: [
    ...builtins.map(([, params], i) => ({
      type: i + 1,
      code: [...params.map((_, k): Instruction => ['local.get', k]), ['call', i] as Instruction],
    })),
    {
      type: builtins.length + 1,
      code: [
        ['local.get', 0],
        ['array.new_default', 0],
      ],
    },
  ],
  exports: [...builtins.map(([name]) => name), 'make'].map((name, i) => [name, 'func', builtins.length + i]),
};
const options = { builtins: ['js-string'] };
const bytes = assemble(source);
const load = (api: typeof WebAssembly) => new api.Instance(new api.Module(bytes, options), {}).exports;

describe('string builtins', () => {
  const strings = load(WebAssembly);
  const traps = (code: string, call: () => unknown): void => {
    assert.throws(call, (error: Error & { code: string }) => {
      assert.ok(error instanceof WebAssembly.RuntimeError, String(error));
      assert.equal(error.code, code);
      return true;
    });
  };

  test('do what those of JavaScript do', () => {
    const text = 'a☺𐀀z';
    assert.equal(strings['cast'](text), text);
    assert.deepEqual([strings['test'](text), strings['test'](1), strings['test'](null)], [1, 0, 0]);
    assert.equal(strings['length'](text), 5);
    assert.deepEqual([strings['charCodeAt'](text, 2), strings['codePointAt'](text, 2)], [0xd800, 0x10000]);
    assert.equal(strings['fromCharCode'](0x1_0041), 'A');
    assert.equal(strings['fromCodePoint'](0x1_0041), String.fromCodePoint(0x1_0041));
    assert.equal(strings['concat'](text, '!'), `${text}!`);
    assert.equal(strings['substring'](text, 1, -1), text.slice(1));
    assert.deepEqual([strings['substring'](text, 3, 2), strings['substring'](text, 6, 7)], ['', '']);
    assert.deepEqual(
      [strings['equals'](text, text), strings['equals'](null, null), strings['equals'](text, null)],
      [1, 1, 0],
    );
    assert.deepEqual(
      [strings['compare']('a', 'b'), strings['compare']('b', 'a'), strings['compare']('a', 'a')],
      [-1, 1, 0],
    );
  });

  test('copy to and from arrays, long strings too', () => {
    const text = '☺x'.repeat(20_000);
    const array = strings['make'](text.length + 2);
    assert.equal(strings['intoCharCodeArray'](text, array, 1), text.length);
    assert.equal(strings['fromCharCodeArray'](array, 1, text.length + 1), text);
    assert.equal(strings['fromCharCodeArray'](array, 0, 2), '\0☺');
  });

  test('trap on what is no string, and outside of strings and arrays', () => {
    traps('trap.cast', () => strings['length'](1));
    traps('trap.cast', () => strings['cast'](null));
    traps('trap.cast', () => strings['concat']('a', undefined));
    traps('trap.cast', () => strings['equals']('a', {}));
    traps('trap.string-bounds', () => strings['charCodeAt']('ab', 2));
    traps('trap.string-bounds', () => strings['codePointAt']('ab', -1));
    traps('trap.code-point', () => strings['fromCodePoint'](0x11_0000));
    traps('trap.null-array', () => strings['fromCharCodeArray'](null, 0, 0));
    traps('trap.array-bounds', () => strings['fromCharCodeArray'](strings['make'](2), 1, 3));
    traps('trap.array-bounds', () => strings['fromCharCodeArray'](strings['make'](2), 2, 1));
    traps('trap.array-bounds', () => strings['intoCharCodeArray']('abc', strings['make'](3), 1));
  });

  test('are paid by the characters that they copy', () => {
    const tank = new FuelTank(1_000_000);
    const { concat } = load(createWebAssembly({ fuel: tank }));
    const costOf = (text: string): number => {
      const before = tank.consumed;
      concat(text, text);
      return tank.consumed - before;
    };
    assert.equal(costOf('x'.repeat(3200)) - costOf(''), 200);
  });

  test('are not listed as imports, and need not be given', () => {
    const { Module } = WebAssembly;
    assert.deepEqual(Module.imports(new Module(bytes, options)), []);
    assert.equal(Module.imports(new Module(bytes)).length, builtins.length);
    assert.throws(() => new WebAssembly.Instance(new Module(bytes), {}), TypeError);
  });

  test('have exactly their types', () => {
    const wrong = assemble({
      types: [{ params: ['externref'], results: ['i64'] }],
      imports: [['wasm:js-string', 'length', [0, 0]]],
    });
    assert.equal(WebAssembly.validate(wrong), true);
    assert.equal(WebAssembly.validate(wrong, options), false);
    assert.equal(WebAssembly.validate(wrong, { builtins: ['unknown'] }), true);
    assert.throws(() => new WebAssembly.Module(wrong, options), WebAssembly.CompileError);
    assert.equal(WebAssembly.validate(bytes, { builtins: ['js-string', 'js-string'] }), false);
  });
});

describe('string constants', () => {
  const constant = (type: Type, isMutable = false): Uint8Array =>
    assemble({
      imports: [['strings', 'hello ☺', [3, ...valType(type), isMutable ? 1 : 0]]],
      exports: [['text', 'global', 0]],
    });

  test('are globals with the value of their name', () => {
    const module = new WebAssembly.Module(constant(string), { importedStringConstants: 'strings' });
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    // With nothing else to import, no imports are needed.
    for (const imports of [{}, undefined])
      assert.equal(new WebAssembly.Instance(module, imports).exports['text'].value, 'hello ☺');
    const plain = new WebAssembly.Module(constant(string));
    assert.throws(() => new WebAssembly.Instance(plain), /imports, but the import object is missing/);
  });

  test('must be immutable, and strings', () => {
    const { validate } = WebAssembly;
    const named = { importedStringConstants: 'strings' };
    assert.equal(validate(constant('externref'), named), true);
    assert.equal(validate(constant('externref', true), named), false);
    assert.equal(validate(constant('anyref'), named), false);
    assert.equal(validate(constant('anyref'), { importedStringConstants: 'others' }), true);
  });
});
