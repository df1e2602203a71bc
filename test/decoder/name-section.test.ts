/** Names: from the name section, else from exports and imports; damage is never an error. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeNames, type Names } from '../../src/inspect.ts';
import { decodeModule } from '../../src/wasm.ts';
import { assemble, list, text, u32 } from '../assembler.ts';

const subsection = (id: number, contents: readonly number[]): number[] => [
  id,
  ...u32(contents.length),
  ...contents,
];
const nameMap = (entries: readonly (readonly [number, string])[]): number[] =>
  list(entries.map(([index, name]) => [...u32(index), ...text(name)]));

const namesOf = (...subsections: number[][]): Names =>
  decodeNames(
    decodeModule(
      assemble({
        imports: [
          ['env', 'log', [0, 0]],
          ['env', 'memory', [2, 0, 1]],
          ['wasi', 'exit', [0, 0]],
        ],
        funcs: [{}, {}, {}],
        exports: [
          ['memory', 'memory', 0],
          ['run', 'func', 2],
          ['alias', 'func', 2],
          ['reexported', 'func', 1],
        ],
        customs: [['name', subsections.flat()]],
      }),
    ),
  );

const moduleName = subsection(0, text('demo'));
const funcNames = subsection(
  1,
  nameMap([
    [3, 'inner'],
    [4, 'naïve'],
  ]),
);
const localNames = subsection(
  2,
  list([
    [
      3,
      ...nameMap([
        [0, 'x'],
        [7, 'y'],
      ]),
    ],
  ]),
);

describe('decodeNames', () => {
  test('the name section', () => {
    const names = namesOf(moduleName, funcNames, localNames);
    assert.equal(names.moduleName, 'demo');
    assert.equal(names.funcName(3), 'inner');
    assert.equal(names.funcName(4), 'naïve');
    assert.equal(names.localName(3, 7), 'y');
    assert.equal(names.localName(3, 1), null);
    assert.equal(names.localName(4, 0), null);
  });

  test('imports and exports where it is silent; the first export counts', () => {
    const names = namesOf(funcNames);
    assert.equal(names.funcName(0), 'env.log');
    assert.equal(names.funcName(1), 'reexported');
    assert.equal(names.funcName(2), 'run');
    assert.equal(names.funcName(5), null);
    assert.equal(names.moduleName, null);
  });

  test('an unknown subsection is passed over', () => {
    assert.equal(namesOf(subsection(9, [1, 2, 3]), funcNames).funcName(3), 'inner');
  });

  test('damage costs only what is after it', () => {
    const broken = subsection(1, [...u32(3), ...u32(3), ...text('kept'), ...u32(4), 5, 0xff, 0xff]);
    const names = namesOf(moduleName, broken, localNames);
    assert.equal(names.moduleName, 'demo');
    assert.equal(names.funcName(3), 'kept');
    assert.equal(names.localName(3, 0), 'x');
  });

  test('any cut of the section leaves names usable', () => {
    const whole = [...moduleName, ...funcNames, ...localNames];
    for (let length = 0; length <= whole.length; length++) {
      const names = namesOf(whole.slice(0, length));
      names.localName(3, 0);
      assert.equal(names.funcName(2), 'run');
    }
  });
});
