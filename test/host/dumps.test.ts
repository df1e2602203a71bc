/**
 * Dumps of calls that failed: the coredump is a valid module of its own, and what it says of frames, locals, memories
 * and globals is what the program had.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ByteReader } from '../../src/decoder/byte-reader.ts';
import { createPlugin, type PluginFailure, type PluginOptions } from '../../src/node.ts';
import { decodeModule, defaultFeatures, type Module, validateModule } from '../../src/wasm.ts';
import { sleb } from '../assembler.ts';
import { runQuern } from '../cli/run-quern.ts';
import { compileWat, kernelImports } from '../wat.ts';

const manyLocals = Array.from({ length: 3000 }, () => 'i64').join(' ');
const modules = compileWat({
  program: `(module $program ${kernelImports}
    (import "helper" "divide" (func $divide (param i32 i32) (result i32)))
    (import "extism:host/user" "ask" (func $ask))
    (memory (export "memory") 3)
    (data (i32.const 16) "sixteen")
    (data (i32.const 131080) "on the third page")
    (global $count (mut i32) (i32.const 0))
    (global $wide i64 (i64.const -9000000000))
    (global $ratio (mut f64) (f64.const 0.5))
    (func $inner (param $a i32) (param $b i64) (result i32) (local $x f32) (local $y f64) (local $z i64)
      (local.set $x (f32.const 1.5)) (local.set $y (f64.const -2.25))
      (global.set $count (i32.add (global.get $count) (i32.const 41)))
      (i32.store8 (i32.const 16) (i32.const 83))
      (local.set $z (i64.add (local.get $b) (i64.const 1)))
      (f64.const 8) (i64.const 77)
      (call $divide (local.get $a) (i32.sub (local.get $a) (local.get $a)))
      (br 0))
    (func (export "run") (result i32) (local i32) (local.set 0 (i32.const -7))
      (call $inner (local.get 0) (i64.const 9000000000)))
    (func (export "large") (local ${manyLocals}) (local.set 2999 (i64.const 2999)) (local.set 0 (i64.const 1)) unreachable)
    (func $deep (param i32) (call $deep (i32.add (local.get 0) (i32.const 1))))
    (func (export "deep") (call $deep (i32.const 0)))
    (func (export "ask") (local i32) (local.set 0 (i32.const 5)) (call $ask))
    (func (export "spin") (local i32) (loop (local.set 0 (i32.const 6)) (br 0)))
    (func (export "refuse") (result i32) (i32.const 3))
    (func (export "fine") (nop)))`,
  helper: `(module $helper (memory 1) (data (i32.const 0) "helper")
    (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))`,
});

type Value = number | bigint | null;
interface Frame {
  readonly module: string;
  readonly funcIndex: number;
  readonly codeOffset: number;
  readonly locals: readonly Value[];
  readonly stack: readonly Value[];
}
interface Dump {
  readonly module: Module;
  readonly program: string;
  readonly instances: readonly { readonly module: string; memories: number[]; globals: number[] }[];
  readonly frames: readonly Frame[];
}

/** Reads a coredump with the decoder's own tools, and checks that it is a valid module. */
const readDump = (bytes: Uint8Array): Dump => {
  const module = decodeModule(bytes);
  validateModule(module, defaultFeatures);
  const read = (name: string): ByteReader => {
    const { start, end } = module.customs.find((custom) => custom.name === name)!;
    return new ByteReader(bytes, start, end);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const value = (r: ByteReader): Value => {
    const type = r.byte();
    if (type === 0x01) return null;
    const leb = (): bigint => {
      let result = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const b = r.byte();
        result |= BigInt(b & 0x7f) << shift;
        if (b < 0x80) return b & 0x40 ? result - (1n << (shift + 7n)) : result;
      }
    };
    if (type === 0x7f) return Number(leb());
    if (type === 0x7e) return leb();
    r.pos += type === 0x7d ? 4 : 8;
    return type === 0x7d ? view.getFloat32(r.pos - 4, true) : view.getFloat64(r.pos - 8, true);
  };
  const tagged = <T>(r: ByteReader, rest: () => T): T => {
    assert.equal(r.byte(), 0);
    return rest();
  };
  const core = read('core');
  const names = read('coremodules');
  const moduleNames = names.list(() => tagged(names, () => names.name()));
  const owners = read('coreinstances');
  const instances = owners.list(() =>
    tagged(owners, () => ({
      module: moduleNames[owners.u32()],
      memories: owners.list(() => owners.u32()),
      globals: owners.list(() => owners.u32()),
    })),
  );
  const stack = read('corestack');
  assert.equal(
    tagged(stack, () => stack.name()),
    'main',
  );
  const frames = stack.list(() =>
    tagged(stack, () => ({
      module: instances[stack.u32()].module,
      funcIndex: stack.u32(),
      codeOffset: stack.u32(),
      locals: stack.list(() => value(stack)),
      stack: stack.list(() => value(stack)),
    })),
  );
  for (const r of [core, names, owners, stack]) if (r !== core) assert.equal(r.pos, r.end);
  return { module, program: tagged(core, () => core.name()), instances, frames };
};

/** The failure of a call, with the dumps that were made in time. */
const failureOf = async (
  name: string,
  options: PluginOptions = {},
): Promise<{ error: unknown; caught: unknown; dump: Dump; memdump: Uint8Array }> => {
  let seen: { failure: PluginFailure; dump: Uint8Array; memdump: Uint8Array } | null = null;
  const plugin = await createPlugin(
    { wasm: [{ name: 'helper', data: modules.helper }, { data: modules.program }] },
    {
      functions: { 'extism:host/user': { ask: () => {} } },
      ...options,
      onFailure: (failure) => {
        assert.equal(seen, null, 'told once');
        seen = { failure, dump: failure.coredump(), memdump: failure.memdump() };
      },
    },
  );
  const caught = await plugin.call(name, 'the input').then(
    () => assert.fail('it succeeded'),
    (error) => error,
  );
  assert.ok(seen !== null, 'not told');
  const { failure, dump, memdump } = seen as {
    failure: PluginFailure;
    dump: Uint8Array;
    memdump: Uint8Array;
  };
  return { error: failure.error, caught, dump: readDump(dump), memdump };
};

const funcIndexOf = (bytes: Uint8Array, name: string): number =>
  decodeModule(bytes).exports.find((entry) => entry.name === name)!.index;
const INNER = funcIndexOf(modules.program, 'run') - 1;

describe('the coredump of a trap', () => {
  test('has the frames of all modules, with the values of their locals', async () => {
    const { error, caught, dump } = await failureOf('run');
    assert.equal(error, caught);
    const run = funcIndexOf(modules.program, 'run');
    assert.deepEqual(
      dump.frames.map(({ module, funcIndex, locals, stack }) => ({
        module,
        funcIndex,
        locals,
        stack,
      })),
      [
        { module: 'helper', funcIndex: 0, locals: [-7, 0], stack: [] },
        {
          module: 'program',
          funcIndex: INNER,
          locals: [-7, 9000000000n, 1.5, -2.25, 9000000001n],
          stack: [8, 77n],
        },
        { module: 'program', funcIndex: run, locals: [-7], stack: [] },
      ],
    );
    // Offsets are those of the backtrace, from the start of the function on.
    const frames = (error as { details: { backtrace: { offset: number; funcIndex: number }[] } }).details
      .backtrace;
    const { funcs } = decodeModule(modules.program);
    assert.equal(dump.frames[1].codeOffset, frames[1].offset - funcs[INNER].body!.start);
  });

  test('has memories and globals as they were', async () => {
    const { dump } = await failureOf('run');
    const { module, instances } = dump;
    assert.deepEqual(
      instances.map(({ module: name }) => name),
      ['helper', 'program'],
    );
    const [, program] = instances;
    assert.equal(module.memories[program.memories[0]].limits.min, 3n);
    const text = (memory: number, page: number): string => {
      const segments = module.data.filter(({ memoryIndex }) => memoryIndex === memory);
      const { start, end } = segments[page];
      assert.equal(end - start, 65536);
      return Buffer.from(module.bytes.subarray(start, end)).toString('latin1').replaceAll('\0', '');
    };
    assert.equal(text(instances[0].memories[0], 0), 'helper');
    assert.equal(text(program.memories[0], 0), 'Sixteen', 'what was written is there');
    assert.equal(text(program.memories[0], 1), 'on the third page', 'the second page is empty and left out');
    // i32.const 41, i64.const -9000000000, f64.const 0.5
    const constants = program.globals.map((index) => {
      const { start, end } = module.globals[index].init!;
      return Buffer.from(module.bytes.subarray(start, end)).toString('hex');
    });
    const wide = Buffer.from(sleb(-9_000_000_000n)).toString('hex');
    assert.deepEqual(constants, ['41290b', `42${wide}0b`, '44000000000000e03f0b']);
    assert.ok(program.globals.every((index) => !module.globals[index].type.isMutable));
  });

  test('reads large frames, and ends deep stacks', async () => {
    const { dump } = await failureOf('large');
    const [{ locals }] = dump.frames;
    assert.equal(locals.length, 3000);
    assert.deepEqual([locals[0], locals[1], locals[2999]], [1n, 0n, 2999n]);
    const deep = (await failureOf('deep')).dump.frames;
    assert.equal(deep.length, 10_000);
    const innermost = deep[0].locals[0] as number;
    assert.ok(innermost > 10_000);
    assert.deepEqual(
      deep.slice(1, 4).map((frame) => frame.locals[0]),
      [innermost - 1, innermost - 2, innermost - 3],
    );
  });
});

describe('dumps of other failures', () => {
  for (const [title, ask] of [
    ['throws', () => assert.fail('no')],
    ['rejects', async () => Promise.reject(new Error('no'))],
  ] as const) {
    test(`a host function that ${title}`, async () => {
      const { dump } = await failureOf('ask', { functions: { 'extism:host/user': { ask } } });
      assert.deepEqual(
        dump.frames.map(({ funcIndex, locals }) => [funcIndex, locals]),
        [[funcIndexOf(modules.program, 'ask'), [5]]],
      );
    });
  }

  for (const [title, options] of [
    ['out of fuel', { fuel: 10_000 }],
    ['a time-out', { timeoutMs: 250 }],
  ] as const) {
    test(title, async () => {
      const { dump, memdump } = await failureOf('spin', options);
      assert.deepEqual(
        dump.frames.map(({ funcIndex, locals }) => [funcIndex, locals]),
        [[funcIndexOf(modules.program, 'spin'), [6]]],
      );
      assert.ok(Buffer.from(memdump).includes('the input'), "the kernel's blocks");
    });
  }

  test('a call that is cut off while it waits stands in the call instruction', async () => {
    const dumpOf = async (ask: () => unknown): Promise<Dump> =>
      (await failureOf('ask', { functions: { 'extism:host/user': { ask } }, timeoutMs: 20 })).dump;
    const waiting = await dumpOf(() => new Promise(() => {}));
    assert.deepEqual(waiting.frames, (await dumpOf(() => assert.fail('no'))).frames);
  });

  test('none are made of calls that succeed, or that refuse by a return code', async () => {
    const plugin = await createPlugin(
      { wasm: [{ name: 'helper', data: modules.helper }, { data: modules.program }] },
      {
        functions: { 'extism:host/user': { ask: () => {} } },
        onFailure: () => assert.fail('told of a failure'),
      },
    );
    await plugin.call('fine');
    await assert.rejects(plugin.call('refuse'), { code: 'plugin.return-code' });
  });

  test('what the listener throws takes the place of the error, and the plug-in stays usable', async () => {
    const plugin = await createPlugin(
      { wasm: [{ name: 'helper', data: modules.helper }, { data: modules.program }] },
      {
        functions: { 'extism:host/user': { ask: () => {} } },
        onFailure: () => {
          throw new Error('disk full');
        },
      },
    );
    await assert.rejects(plugin.call('run'), { message: 'disk full' });
    await plugin.call('fine');
  });

  test('an invalid listener is refused', async () => {
    await assert.rejects(createPlugin({ wasm: [{ data: modules.helper }] }, { onFailure: 1 as never }), {
      code: 'usage.argument',
    });
  });
});

describe('dumps as files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-dumps-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const alone = join(folder, 'alone.wasm');
  const source = `(module $alone (func (export "run") (param) (local i32) unreachable) (func (export "fine")))`;
  writeFileSync(alone, compileWat({ alone: source }).alone);
  const [coredump, memdump] = ['core.wasm', 'memory.bin'].map((name) => join(folder, name));

  test('by flags', () => {
    const flags = ['--coredump', coredump, '--memdump', memdump];
    assert.equal(runQuern(['call', alone, 'fine', ...flags]).status, 0);
    assert.deepEqual([existsSync(coredump), existsSync(memdump)], [false, false]);
    assert.equal(runQuern(['call', alone, 'run', '-i', 'abc', ...flags]).status, 1);
    assert.deepEqual(readDump(readFileSync(coredump)).frames[0].locals, [0]);
    assert.ok(readFileSync(memdump).includes('abc'));
  });

  test('by the environment, as in the Rust SDK', () => {
    const file = join(folder, 'by-environment.wasm');
    const { status } = runQuern(['call', alone, 'run'], { environment: { EXTISM_COREDUMP: file } });
    assert.equal(status, 1);
    assert.equal(readDump(readFileSync(file)).frames.length, 1);
  });

  test('a file that cannot be written is reported beside the error', () => {
    const { status, stderr } = runQuern(['call', alone, 'run', '--coredump', join(folder, 'no', 'such')]);
    assert.equal(status, 1);
    assert.match(stderr, /^cannot write the dump: [^\n]*\nError: unreachable/);
  });
});
