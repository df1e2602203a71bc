/** Names of modules and plug-ins in messages, backtraces and logs: short, and without characters that steer a terminal. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { frameName, messageOf, nameText, printable, valueText } from '../../src/errors/texts.ts';
import { decodeModule, disassembleFunction, formatLine } from '../../src/inspect.ts';
import { createPlugin, isQuernError } from '../../src/node.ts';
import { compileModule } from '../../src/wasm.ts';
import { assemble, type ModuleSource, section, text, u32 } from '../assembler.ts';
import { runQuern } from '../cli/run-quern.ts';

const ESC = '\u001b';
const hostile = `a${ESC}[31m\nError: forged\u009b2J\u007f\u202eb`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const steering = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** A custom section that names function 0. */
const namesOf = (name: string): NonNullable<ModuleSource['customs']> => [
  ['name', section(1, [1, ...u32(0), ...text(name)])],
];

const sources = (name: string): readonly ModuleSource[] => [
  { imports: [[name, 'f', [0, 0]]] },
  { imports: [['env', name, [0, 0]]] },
  { imports: [['extism:host/env', name, [0, 0]]] },
  {
    funcs: [{}],
    exports: [
      [name, 'func', 0],
      [name, 'func', 0],
    ],
  },
];

describe('a name', () => {
  for (const [what, name] of [
    ['that steers the terminal', hostile],
    ['of megabytes', 'n'.repeat(1_000_000)],
  ] as const) {
    test(`${what} is short and printable in messages`, async () => {
      const failures: unknown[] = [];
      const functions = { env: { f: 1 as never } };
      for (const source of sources(name))
        await createPlugin(assemble(source)).catch((error: unknown) => failures.push(error));
      const plugin = await createPlugin(assemble({ funcs: [{}], exports: [['f', 'func', 0]] }));
      await plugin.call(name).catch((error: unknown) => failures.push(error));
      await createPlugin(assemble({}), { functions: { [name]: functions.env } }).catch((error: unknown) =>
        failures.push(error),
      );
      await createPlugin(assemble({}), { config: { [name]: null as never } }).catch((error: unknown) =>
        failures.push(error),
      );
      assert.equal(failures.length, sources(name).length + 3);
      for (const error of failures) {
        assert.ok(isQuernError(error), String(error));
        assert.ok(error.message.length < 1000, `${error.message.length}: ${error.message.slice(0, 300)}`);
        assert.doesNotMatch(error.message, steering);
        assert.doesNotMatch(error.message, /\n/);
      }
    });

    test(`${what} is printable in backtraces and listings`, async () => {
      const bytes = assemble({
        funcs: [{ code: ['unreachable'] }],
        exports: [['f', 'func', 0]],
        customs: namesOf(name),
      });
      const plugin = await createPlugin(bytes);
      const error: unknown = await plugin.call('f').catch((caught: unknown) => caught);
      assert.ok(isQuernError(error));
      const [frame] = error.details.backtrace!;
      assert.ok(frame!.funcName.length < 5000);
      assert.doesNotMatch(frame!.funcName, steering);
      assert.doesNotMatch(frame!.funcName, /\n/);
      assert.doesNotMatch(
        Array.from(disassembleFunction(decodeModule(bytes), 0), formatLine).join(''),
        steering,
      );
      assert.ok(compileModule(bytes));
    });
  }

  test('is printed escaped by quern inspect, and by quern call', () => {
    const folder = mkdtempSync(join(tmpdir(), 'quern-names-'));
    try {
      const path = join(folder, 'names.wasm');
      const customs = [...namesOf(hostile), [hostile, []] as const];
      const funcs = [{ code: ['unreachable'] }] as const;
      writeFileSync(
        path,
        assemble({
          funcs,
          exports: [
            [hostile, 'func', 0],
            ['f', 'func', 0],
          ],
          customs,
        }),
      );
      for (const flags of [[], ['--json'], ['-d'], ['-d', hostile]]) {
        const { stdout, stderr } = runQuern(['inspect', path, ...flags]);
        assert.doesNotMatch(stdout + stderr, steering);
        assert.doesNotMatch(stdout + stderr, /^Error: forged/m);
      }
      for (const name of ['f', hostile, `${hostile}!`])
        assert.doesNotMatch(runQuern(['call', path, name]).stderr, /[\u009b\u202e]|^Error: forged/m);
      const json = runQuern(['inspect', path, '--json']).stdout;
      assert.equal(JSON.parse(json).exports[0].name, hostile);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('any value has a text, and no conversion of it is called', () => {
  const refuse = (): never => assert.fail('was called');
  const trap = { toString: refuse, valueOf: refuse, [Symbol.toPrimitive]: refuse };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const value of [trap, proxy, Symbol('x'), () => 0, 1n << 100_000n, null, undefined, 'x'.repeat(1e6)])
    assert.ok(valueText(value).length < 200);
  const throws = {
    get message(): string {
      throw new Error('hidden');
    },
  };
  for (const value of [trap, proxy, throws, Symbol('x'), 5, 'text', new Error('text'), { message: 5 }])
    assert.equal(typeof messageOf(value === trap ? null : value), 'string');
  assert.equal(nameText('plain'), 'plain');
  assert.equal(nameText(`${'x'.repeat(99)}\ud83d\ude00`), `${'x'.repeat(99)}…`);
  assert.equal(printable(ESC), '\\u{1b}');
  assert.equal(frameName('std::vec::Vec<T>'), 'std::vec::Vec<T>');
});
