/** `onInstruction` of `parseModule`: where each instruction of the binary stands in the text. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeModule, disassembleFunction } from '../../src/inspect.ts';
import { type InstructionPlace, parseModule, printModule } from '../../src/text.ts';
import { root } from '../shared.ts';

const placesOf = (text: string): { readonly bytes: Uint8Array; readonly places: InstructionPlace[] } => {
  const places: InstructionPlace[] = [];
  return { bytes: parseModule(text, { onInstruction: (place) => places.push(place) }), places };
};

/** Fails unless every instruction of the binary is told once, in its order, at its own keyword. */
const assertPlaced = (text: string): number => {
  const { bytes, places } = placesOf(text);
  const module = decodeModule(bytes);
  const lines = text.split(/\r\n|[\r\n]/);
  const instructions = module.funcs.flatMap(({ body }, index) =>
    body === null
      ? []
      : [...disassembleFunction(module, index)].filter(
          ({ offset, text: line }) => offset >= body.codeStart && !line.startsWith('(@'),
        ),
  );
  assert.deepEqual(
    places.map(({ offset }) => offset),
    instructions.map(({ offset }) => offset),
  );
  instructions.forEach(({ text: listing }, i) => {
    const { line, column } = places[i]!;
    const found = /^(?:\)|[a-z0-9_.]+)/.exec(lines[line - 1]!.slice(column - 1))?.[0];
    const mnemonic = listing.split(' ')[0];
    const wanted = found === ')' ? 'end' : found;
    assert.equal(wanted, mnemonic, `line ${line}, column ${column}`);
  });
  return places.length;
};

describe('places of instructions', () => {
  test('in texts by hand: folded, plain, mixed, in one line, with letters of several bytes', () => {
    const texts = [
      '(func)',
      '(func (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))',
      '(module\n  (func (result i32)\n    i32.const 1\n    (i32.add (i32.const 2))\n    block\n      nop\n    end))',
      '(module (func $"ä" (; ööö ;) (drop (i32.const 1)) (; 😀 ;) nop) (func $b\r\n  nop\r\n (loop (br 0))))',
      '(func if nop else nop end) (memory 1) (data "é") (func (i32.store8 offset=1 (i32.const 0) (i32.const 1)))'.replace(
        'if',
        'i32.const 0 if',
      ),
      '(tag $e) (func (try (do (throw $e)) (catch $e nop) (catch_all nop))) (func try try nop delegate 0 catch_all end)',
      '(tag $e) (func (try (do (try (do nop) (delegate 0))) (catch_all nop)))',
      '(func (block $a (@metadata.code.branch_hint "\\01") (br_if $a (i32.const 0))))',
    ];
    for (const text of texts) assert.ok(assertPlaced(text) > 0, text);
  });

  test('in printed plug-ins, plain and folded', () => {
    for (const name of ['greet', 'counter']) {
      const bytes = readFileSync(join(root, 'build/examples', `${name}.wasm`));
      for (const folded of [false, true]) assert.ok(assertPlaced(printModule(bytes, { folded })) > 500);
    }
  });

  test('of a module without functions, and of bytes, there are none', () => {
    assert.deepEqual(placesOf('(module (global i32 (i32.const 1)))').places, []);
    assert.deepEqual(placesOf('(module binary "\\00asm" "\\01\\00\\00\\00")').places, []);
  });

  test('asking does not change the module', () => {
    const text = printModule(readFileSync(join(root, 'build/examples/greet.wasm')));
    assert.deepEqual(placesOf(text).bytes, parseModule(text));
  });

  test('many instructions in one line take time in proportion', () => {
    const { places } = placesOf(`(func ${'nop '.repeat(200_000)})`);
    assert.equal(places.length, 200_001);
    assert.equal(places[200_000]!.column, 7 + 4 * 200_000);
  });
});
