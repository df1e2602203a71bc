/** Typed calls and typed host functions: what they convert at run time, and what TypeScript infers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type CurrentPlugin,
  codecs,
  createPlugin,
  type HostFunction,
  type Plugin,
  typedHostFunction,
  typedPlugin,
} from '../../src/node.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

const { plugin: bytes } = compileWat({
  plugin: `(module ${kernelImports}
    (import "extism:host/user" "repeat" (func $repeat (param i64 i32) (result i64)))
    (import "extism:host/user" "note" (func $note (param f64))) ${outputI64}
    (func (export "echo") (call $output_set (call $input_offset) (call $input_length)))
    (func (export "nothing"))
    (func (export "note") (call $note (f64.const 1.5)))
    (func (export "repeat") (local $result i64)
      (local.set $result (call $repeat (call $input_offset) (i32.const 3)))
      (call $output_set (local.get $result) (call $length (local.get $result)))))`,
});

/** Compiles only when two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isTrue = <T extends true>(): T | null => null;

const notes: number[] = [];
const repeat = typedHostFunction(
  { params: [codecs.text, 'i32'], result: codecs.json<string[]>() },
  (context, word, count) => {
    isTrue<Same<typeof context, CurrentPlugin>>();
    isTrue<Same<typeof word, string>>();
    isTrue<Same<typeof count, number>>();
    return Array<string>(count).fill(word);
  },
);
const note = typedHostFunction({ params: ['f64'] }, async (_, value) => {
  isTrue<Same<typeof value, number>>();
  notes.push(value);
});
const create = (functions: Record<string, HostFunction> = {}): Promise<Plugin> =>
  createPlugin(
    { wasm: [{ data: bytes }] },
    { functions: { 'extism:host/user': { repeat, note, ...functions } } },
  );

describe('typed calls', () => {
  test('inputs and outputs are converted', async () => {
    const api = await typedPlugin(await create(), {
      echo: { input: codecs.json<{ n: number }>(), output: codecs.json<{ n: number }>() },
      repeat: { input: codecs.text, output: codecs.json<string[]>() },
      nothing: { input: codecs.nothing, output: codecs.nothing },
    });
    const echoed = await api.echo({ n: 5 });
    isTrue<Same<typeof echoed, { n: number }>>();
    assert.deepEqual(echoed, { n: 5 });
    const words = await api.repeat('a');
    isTrue<Same<typeof words, string[]>>();
    assert.deepEqual(words, ['a', 'a', 'a']);
    isTrue<Same<Parameters<typeof api.repeat>[0], string>>();
    assert.equal(await api.nothing(), undefined);
    // @ts-expect-error: not a function that was given
    assert.equal(api.other, undefined);
  });
  test('text and bytes; a missing function is told at once', async () => {
    const plugin = await create();
    const asText = await typedPlugin(plugin, { echo: { input: codecs.text, output: codecs.bytes } });
    assert.deepEqual([...(await asText.echo('\u00e9'))], [0xc3, 0xa9]);
    await assert.rejects(
      typedPlugin(plugin, { nope: { input: codecs.text, output: codecs.text } }),
      /function "nope" does not exist/,
    );
    const asJson = await typedPlugin(plugin, {
      nothing: { input: codecs.json<unknown>(), output: codecs.json<unknown>() },
    });
    await assert.rejects(asJson.nothing({}), /no output to read JSON from/);
    await assert.rejects(asJson.nothing(undefined), /cannot be written as JSON/);
  });
});

describe('typed host functions', () => {
  test('blocks and numbers arrive as values, results go back as blocks', async () => {
    const plugin = await create();
    assert.equal((await plugin.call('repeat', 'ab'))?.text(), '["ab","ab","ab"]');
    await plugin.call('note');
    assert.deepEqual(notes, [1.5]);
  });
  test('an import of another type is refused when linking', async () => {
    const wrong = typedHostFunction({ params: ['i32'] }, () => undefined);
    await assert.rejects(create({ note: wrong }), {
      name: 'UnlinkableError',
      message: /"extism:host\/user" "note": expected func .*f64.*, got func .*i32/,
    });
  });
  test('a parameter that is no handle is refused', async () => {
    const plugin = await create({
      note: typedHostFunction({ params: ['f64'] }, () => undefined),
      repeat: typedHostFunction({ params: [codecs.text, 'i32'], result: codecs.text }, (context, word) => {
        isTrue<Same<typeof context, CurrentPlugin>>();
        return word;
      }),
    });
    assert.equal((await plugin.call('repeat', ''))?.text(), '', 'handle 0 is the empty block');
  });
  test('TypeScript refuses what does not fit', () => {
    // @ts-expect-error: the result is text
    typedHostFunction({ params: [], result: codecs.text }, () => 5);
    // @ts-expect-error: i64 is a bigint
    typedHostFunction({ params: ['i64'] }, (_, value: number) => void value);
    // @ts-expect-error: no such kind
    assert.throws(() => typedHostFunction({ params: ['i16'] }, () => undefined), { code: 'usage.argument' });
    assert.equal(typeof typedHostFunction({ params: [], result: 'i64' }, () => 5n), 'function');
  });
});
